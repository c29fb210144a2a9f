// What programs do seldom, and stock net has an answer to. Prints it, in an order that is no question of time.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const listen = async (server, host) => {
  await once(server.listen(0, host), 'listening');
  return server.address().port;
};

// To connect to no address in particular, or to a mapped one: who each end says it talks to.
for (const [at, to] of [
  ['0.0.0.0', '0.0.0.0'],
  ['127.0.0.1', '0.0.0.0'],
  ['::', '0.0.0.0'],
  ['::', '::'],
  ['::1', '::'],
  ['0.0.0.0', '::ffff:127.0.0.1'],
  ['::', '::ffff:127.0.0.1'],
  ['0.0.0.0', '127.0.0.5'],
]) {
  const server = net.createServer((socket) => socket.end(`${socket.localAddress} ${socket.remoteAddress}`));
  const client = net.connect(await listen(server, at), to);
  let seen = '';
  client.on('connect', () => (seen = `${client.localAddress} ${client.remoteAddress} ${client.remoteFamily}`));
  const [said] = await once(client, 'data');
  console.log(at, to, '|', seen, '|', String(said));
  server.close();
}
{
  // Text that meets a reset after the peer's FIN.
  const server = net.createServer((socket) => socket.destroy());
  const client = net
    .connect({ port: await listen(server, '127.0.0.1'), host: '127.0.0.1', allowHalfOpen: true })
    .resume();
  const failed = once(client, 'error');
  await once(client, 'end');
  const writing = setInterval(() => client.write('x'), 5);
  const error = await failed.catch((reason) => [reason]);
  clearInterval(writing);
  console.log('after FIN:', error[0].message);
  server.close();
}
{
  // connect() of a socket that connects already, and of one that is connected.
  const server = net.createServer((socket) => socket.on('error', () => {}).resume());
  const to = { port: await listen(server, '127.0.0.1'), host: '127.0.0.1' };
  const early = net.connect(to);
  early.connect(to);
  const [{ syscall, code }] = await once(
    early.on('error', () => {}),
    'error',
  );
  console.log('connecting:', syscall, code);
  const late = net.connect(to);
  await once(late, 'connect');
  await wait(20);
  const before = late.localPort;
  late.connect(to);
  await once(late, 'connect');
  console.log('connected:', late.readyState, late.localPort === before);
  late.destroy();
  server.close();
}
// A reset that nobody reads: who ends is not told of it, who reads is, and the peer's end stays one.
for (const how of ['reset', 'end, then a reset'])
  for (const act of ['end', 'destroySoon', 'resume', 'end, then resume', 'resume twice']) {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const to = { port: await listen(server, '127.0.0.1'), host: '127.0.0.1', allowHalfOpen: true };
    const [client, [socket]] = [net.connect(to).on('error', () => {}), await once(server, 'connection')];
    const seen = [];
    for (const event of ['end', 'finish', 'error', 'close']) socket.on(event, (e) => seen.push(e?.message ?? event));
    if (how === 'reset') client.resetAndDestroy();
    else client.destroy();
    await wait(20);
    if (how !== 'reset') socket.write('x');
    await wait(20);
    for (const method of act.replace('twice', ', then pause, then resume').split(', then ')) {
      socket[method.trim()]();
      await wait(20);
    }
    console.log(`${how}; ${act}:`, seen.join(', '), socket.readyState);
    socket.destroy();
    server.close();
  }
{
  // Nobody was reached, so nobody is the peer.
  const client = net.connect(9, '127.0.0.1');
  client.on('connectionAttemptFailed', () => console.log('failed:', client.remoteAddress));
  await once(client, 'close').catch(() => {});
  await once(client, 'close');
  console.log('closed:', client.remoteAddress);
}
// Node checks no localPort beyond its type, and an address may have a zone.
for (const [localPort, localAddress] of [
  [70_000, undefined],
  [-1, undefined],
  [1.5, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [Number.NaN, undefined],
  [undefined, '::1%lo'],
]) {
  const server = net.createServer((socket) => socket.end());
  const port = await listen(server, '::');
  const client = net.connect({ port, host: localAddress === undefined ? '127.0.0.1' : '::1', localPort, localAddress });
  const opened = once(client, 'connect').then(() => `from ${client.localAddress}, ${client.localPort === 65535}`);
  console.log('localPort', localPort, await opened.catch((error) => error.message));
  client.destroy();
  server.close();
}
for (const backlog of ['511', -1, 2 ** 40, null]) {
  const server = net.createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog });
  await once(server, 'listening');
  console.log('backlog', backlog, server.listening);
  server.close();
}
{
  // A mapped address is IPv4 in the clothes of IPv6.
  const server = net.createServer((socket) => socket.end(`${socket.remoteFamily} ${socket.remoteAddress}`));
  const port = await listen(server, '::ffff:127.0.0.1');
  console.log('mapped:', server.address().family, server.address().address);
  for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.2', '::1']) {
    const client = net.connect({ port, host });
    const [said] = await Promise.race([once(client, 'data'), once(client, 'error')]).catch((error) => [error.code]);
    console.log('mapped', host, '|', said.code ?? String(said));
    client.destroy();
  }
  const second = net.createServer().listen(port, '127.0.0.1');
  console.log('mapped and not:', (await once(second, 'error'))[0].code);
  server.close();
}
{
  // A server that is told to listen on another's handle.
  const heard = [];
  const first = net.createServer((socket) => heard.push('first') && socket.end());
  const port = await listen(first, '127.0.0.1');
  const second = net.createServer((socket) => heard.push('second') && socket.end());
  await once(second.listen(first), 'listening');
  await once(net.connect(port, '127.0.0.1').resume(), 'close');
  console.log('one handle, two servers:', heard, second.address().port === port);
  second.close();
  first.close();
}
for (const [localAddress, host] of [
  ['::1', '127.0.0.1'],
  ['127.0.0.1', '::1'],
]) {
  const [error] = await once(net.connect({ port: 9, host, localAddress }), 'error');
  console.log('bound to the other family:', error.message);
}
{
  // A connect that was refused at once is over: the next one begins.
  const socket = new net.Socket().on('error', () => {});
  const codes = [];
  for (const port of [9, 9]) {
    socket.connect(port, '127.0.0.1');
    codes.push((await once(socket, 'error'))[0].code);
    await once(socket, 'close');
  }
  console.log('again:', codes);
}
{
  // A listener that throws: its connection goes on.
  process.on('uncaughtException', ({ message }) => console.log('uncaught:', message));
  const server = net.createServer(() => {
    throw new Error('in connection');
  });
  const client = net
    .connect(await listen(server, '127.0.0.1'), '127.0.0.1')
    .on('error', ({ code }) => console.log(code));
  await once(client, 'connect');
  await wait(30);
  console.log(client.readyState, await new Promise((resolve) => server.getConnections((_, count) => resolve(count))));
  process.exit();
}
