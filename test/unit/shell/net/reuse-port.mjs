// Two servers on one port: who may listen beside whom. With `stock` by node:net, else by usertcp/net. One line for each pair; then eight
// connections to two that share, and some of each family where one of them takes IPv6 only. `busy`: somebody is on the first port.
import { once } from 'node:events';
import { createStack } from '../../../../dist/index.js';

const stock = process.argv[2] === 'stock';
const busy = process.argv[3] === 'busy';
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

/** What the machine has on one port, it does not have on so many. */
const TRIES = 5;
/**
 * One after the other on one port. It is free where the first one listens; where the second does, it may be anybody's of the machine,
 * so EADDRINUSE is believed when several ports say so.
 */
const both = async (a, b) => {
  for (let tries = 1; ; tries++) {
    const first = await listen({ ...a, port: 0 });
    const { port } = first.server.address();
    const other = busy && tries === 1 ? await listen({ ...b, port, reusePort: false }) : undefined;
    const second = await listen({ ...b, port });
    if (other !== undefined) await close(other.server);
    if (!second.outcome.startsWith('EADDRINUSE') || tries === TRIES) return { first, second, port };
    await close(second.server);
    await close(first.server);
  }
};

for (const a of places)
  for (const b of places) {
    const outcomes = [];
    for (const [one, two] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const { first, second } = await both({ ...a, reusePort: one }, { ...b, reusePort: two });
      outcomes.push(second.outcome);
      await close(second.server);
      await close(first.server);
    }
    console.log(a.host, a.ipv6Only ?? false, b.host, b.ipv6Only ?? false, outcomes.join(', '));
  }

/** How many each of them took. */
const counting = (...servers) => {
  const taken = servers.map(() => 0);
  servers.forEach(({ server }, i) => {
    server.on('connection', (socket) => {
      taken[i]++;
      socket.end('hello').resume();
    });
  });
  return taken;
};
const connect = async (port, host, times) => {
  for (let i = 0; i < times; i++) {
    const socket = net.connect(port, host).resume();
    await once(socket, 'close').catch((error) => console.log(host, error.code));
  }
};

const { first, second, port } = await both(
  { host: '127.0.0.1', reusePort: true },
  { host: '127.0.0.1', reusePort: true },
);
const taken = counting(first, second);
await connect(port, '127.0.0.1', 8);
console.log('all taken', taken[0] + taken[1]);
if (!stock) console.error('each', ...taken);
await close(first.server);
const before = taken[1];
await connect(port, '127.0.0.1', 4);
console.log('the other one alone', taken[1] - before);
await close(second.server);

for (const ipv6Only of [false, true]) {
  const shared = await both({ host: '::', ipv6Only, reusePort: true }, { host: '::', ipv6Only: true, reusePort: true });
  const taken = counting(shared.first, shared.second);
  await connect(shared.port, '127.0.0.1', 4);
  console.log('of IPv4, beside one of IPv6 only', ...taken);
  await connect(shared.port, '::1', 4);
  console.log('of both families', taken[0] + taken[1]);
  await close(shared.first.server);
  await close(shared.second.server);
}
