// Two servers on one port: who may listen beside whom. With `stock` by node:net, else by usertcp/net. One line for each pair; then eight
// connections to two that share.
import { once } from 'node:events';
import { createStack } from '../../../../dist/index.js';

const stock = process.argv[2] === 'stock';
const net = stock
  ? await import('node:net')
  : (await import('../../../../dist/net.js')).use(await createStack(), { loopback: process.argv[2] ?? 'own' });

const places = [
  { host: '127.0.0.1' },
  { host: '127.0.0.2' },
  { host: '::1' },
  { host: '0.0.0.0' },
  { host: '::' },
  { host: '::', ipv6Only: true },
];
const listen = async (options) => {
  const server = net.createServer();
  server.listen(options);
  const outcome = await Promise.race([
    once(server, 'listening').then(() => 'ok'),
    once(server, 'error').then(([error]) => `${error.code} ${error.syscall} ${error.address}`),
  ]).catch((error) => `${error.code} ${error.syscall} ${error.address}`);
  return { server, outcome };
};
const close = (server) => new Promise((resolve) => server.close(resolve));

for (const a of places)
  for (const b of places) {
    const outcomes = [];
    for (const [one, two] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const first = await listen({ ...a, port: 0, reusePort: one });
      const second = await listen({ ...b, port: first.server.address().port, reusePort: two });
      outcomes.push(second.outcome);
      await close(second.server);
      await close(first.server);
    }
    console.log(a.host, a.ipv6Only ?? false, b.host, b.ipv6Only ?? false, outcomes.join(', '));
  }

const taken = [0, 0];
const first = await listen({ host: '127.0.0.1', port: 0, reusePort: true });
const { port } = first.server.address();
const second = await listen({ host: '127.0.0.1', port, reusePort: true });
[first, second].forEach(({ server }, i) => {
  server.on('connection', (socket) => {
    taken[i]++;
    socket.end('hello').resume();
  });
});
const visit = async () => {
  const socket = net.connect(port, '127.0.0.1').resume();
  await once(socket, 'close');
};
for (let i = 0; i < 8; i++) await visit();
console.log('all taken', taken[0] + taken[1]);
if (!stock) console.error('each', ...taken);
await close(first.server);
const before = taken[1];
for (let i = 0; i < 4; i++) await visit();
console.log('the other one alone', taken[1] - before);
await close(second.server);
