// What is told in which order, where a program can see it. Prints it; stock net says the same.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import tls from 'node:tls';

const pem = (name) => readFileSync(new URL(`../../api/tls/${name}.pem`, import.meta.url));
const identity = { key: pem('key'), cert: pem('cert') };

// The text of an answer and the end of its connection come together; what waits for the text finds the connection there.
for (const version of ['TLSv1.2', 'TLSv1.3']) {
  const versions = { minVersion: version, maxVersion: version };
  const server = https.createServer({ ...identity, ...versions }, (_req, res) => res.end('ok'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  const ask = () =>
    new Promise((resolve, reject) => {
      const options = { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false };
      https.get(options, (res) => res.resume().on('end', () => resolve(res.socket))).on('error', reject);
    });
  console.log(version, 'answered:', (await ask()).isSessionReused());
  const asking = https.get({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false });
  const [answer] = await once(asking, 'response');
  console.log(version, 'begins:', answer.socket.isSessionReused());
  answer.resume();
  await once(answer, 'end');
  server.close();
}

const server = net.createServer((socket) => socket.on('error', () => {}).resume());
await once(server.listen(0, '127.0.0.1'), 'listening');
const opened = async () => {
  const client = net.connect(server.address().port, '127.0.0.1').on('error', () => {});
  await once(client, 'connect');
  return client;
};
for (const [phase, next] of [
  ['timers', () => wait(1)],
  ['check', () => turn()],
]) {
  const client = await opened();
  const order = [];
  await next();
  client.on('close', () => order.push('close')).destroy();
  setImmediate(() => order.push('immediate'));
  for (let i = 0; i < 3; i++) await turn();
  console.log('destroyed in', phase, order.join(' '));
}
{
  // In a callback that brings bytes, which libuv calls in its poll phase: the immediates of the same turn come before 'close'.
  const echo = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  const client = net.connect(echo.address().port, '127.0.0.1').on('error', () => {});
  const order = [];
  client.on('close', () => order.push('close')).write('x');
  await once(client, 'data');
  client.destroy();
  setImmediate(() => order.push('immediate'));
  for (let i = 0; i < 3; i++) await turn();
  console.log('destroyed with the bytes', order.join(' '));
  echo.close();
}
{
  const client = await opened();
  const order = [];
  client.on('finish', () => order.push('finish')).end();
  process.nextTick(() => Promise.resolve().then(() => process.nextTick(() => order.push('ticks'))));
  await once(client, 'close');
  console.log('end', order.join(' '));
}
{
  // Closed in one turn: ticks between, and one that throws keeps nobody from hearing.
  const clients = [await opened(), await opened(), await opened()];
  const order = [];
  process.on('uncaughtException', (error) => order.push(`(${error.message})`));
  clients.forEach((client, i) => {
    client.on('close', () => {
      order.push(`close ${i}`);
      process.nextTick(() => order.push(`tick ${i}`));
      Promise.resolve().then(() => order.push(`promise ${i}`));
      if (i === 1) throw new Error('thrown');
    });
    client.destroy();
  });
  setImmediate(() => order.push('immediate'));
  for (let i = 0; i < 3; i++) await turn();
  process.removeAllListeners('uncaughtException');
  console.log('destroyed together', order.join(', '));
}
server.close();
for (const [name, of, connect] of [
  ['http', http, net.connect],
  ['https', https, tls.connect],
]) {
  // A server hears of a head, of a body, and of the next request in one segment: what each has left for a tick comes before the next.
  const order = [];
  const listener = async (req, res) => {
    order.push(`head ${req.url}`);
    process.nextTick(() => order.push(`tick ${req.url}`));
    req
      .on('data', (data) => order.push(`body ${req.url} ${data.length}`))
      .on('end', () => order.push(`end ${req.url}`));
    await null;
    order.push(`promise ${req.url}`);
    if (req.url === '/3') res.setHeader('Connection', 'close');
    res.end();
  };
  const server = of.createServer(identity, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
  const requests = ['/1', '/2', '/3'].map((url) => `POST ${url} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`);
  client.write(requests.join(''));
  await once(client, 'close');
  console.log(name, 'requests in one segment:', order.join(', '));
  server.close();
}
