// HTTP/2 in clear text: what nghttp2 does in which order depends on how its bytes come and go. Prints it; stock net says the same.
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

const listen = async (options) => {
  const server = http2.createServer(options);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
};
const frame = (type, flags, stream, payload = []) => [
  ...[payload.length >> 16, payload.length >> 8, payload.length].map((octet) => octet & 255),
  type,
  flags,
  ...[0, 0, 0, stream],
  ...payload,
];
const PREFACE = [...Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ...frame(4, 0, 0)];
// :method POST, :scheme http, :path /, :authority x, from the static table.
const headers = (stream, flags = 4) => frame(1, flags, stream, [0x83, 0x86, 0x84, 0x41, 1, 0x78]);
const data = (stream, text, flags = 0) => frame(0, flags, stream, [...Buffer.from(text)]);
const cancel = (stream) => frame(3, 0, stream, [0, 0, 0, 8]);

/** What a server tells of frames that come in one write, or in `cut` writes. */
async function told(name, frames, options) {
  const server = await listen(options);
  const order = [];
  server.on('sessionError', (error) => order.push(error.message));
  server.on('stream', (stream) => {
    const say = (event) => order.push(`${stream.id} ${event}`);
    say('stream');
    stream.on('data', (chunk) => say(`data ${chunk}`)).on('error', ({ message }) => say(message));
    for (const event of ['end', 'aborted', 'close', 'finish']) stream.on(event, () => say(event));
    try {
      stream.respond();
      stream.end('ok');
    } catch ({ code }) {
      say(code);
    }
  });
  const client = net.connect(server.address().port, '127.0.0.1').resume();
  await once(client, 'connect');
  client.write(Buffer.from([...PREFACE, ...frames.flat()]));
  for (let i = 0; i < 10; i++) await turn();
  client.destroy();
  server.close();
  await once(server, 'close');
  console.log(name, order.join(', '));
}
await told('cancelled at once', [headers(1), cancel(1)]);
await told('two', [headers(1), headers(3), data(1, 'a'), data(3, 'b')]);
await told('too much', [headers(1), ...Array.from({ length: 5 }, () => data(1, 'eighteen octets...'.slice(0, 18)))], {
  settings: { initialWindowSize: 18 },
});

// A stream that is destroyed behind what it wrote: the peer hears of the text, or at least of the end.
{
  const server = await listen();
  server.on('stream', (stream) => {
    stream.resume().on('end', () => {
      stream.respond();
      stream.write('foo');
      stream.destroy();
    });
  });
  const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const order = [];
  const stream = client.request({ ':method': 'POST' }).resume();
  for (const event of ['response', 'end', 'close', 'aborted']) stream.on(event, () => order.push(event));
  stream.end();
  await once(stream, 'close');
  client.close();
  server.close();
  console.log('destroyed after a write', order.join(' '));
}
// A session's code reaches the client's session and streams.
{
  const server = await listen();
  const order = [];
  server.on('session', (session) => session.on('error', ({ message }) => order.push(`server ${message}`)));
  server.on('stream', (stream) => {
    stream.on('error', ({ message }) => order.push(`stream ${message}`));
    stream.session.destroy(http2.constants.NGHTTP2_REFUSED_STREAM);
  });
  const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
  client.on('error', ({ message }) => order.push(`client ${message}`));
  const stream = client.request().on('error', ({ message }) => order.push(`request ${message}`));
  await once(stream, 'close').catch(() => {});
  await once(client, 'close').catch(() => {});
  server.close();
  console.log('refused', order.join(', '));
}
// Who ends a socket hears of it before its peer does, whatever the phase.
for (const [phase, next] of [
  ['timers', () => wait(1)],
  ['check', () => turn()],
]) {
  const order = [];
  const server = net.createServer((socket) => socket.on('end', () => order.push("the peer's end")).resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = net.connect(server.address().port, '127.0.0.1').resume();
  await once(client, 'connect');
  client.on('finish', () => order.push('finish'));
  await next();
  client.end();
  await once(client, 'close');
  server.close();
  console.log('ended in', phase, order.join(', '));
}
// A peer that reads no more keeps nobody alive who is done with it.
{
  const server = net.createServer({ pauseOnConnect: true }, () => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = net.connect(server.address().port, '127.0.0.1', () => client.write(Buffer.alloc(90_000)));
  await once(server, 'connection');
  await turn();
  client.destroy();
}
