// What is told in which order, where a program can see it. Prints it; stock net says the same.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

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
