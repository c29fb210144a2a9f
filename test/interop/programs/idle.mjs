// Our stack with an open connection and a listener, then two seconds of nothing: says what they cost.
import { setTimeout as sleep } from 'node:timers/promises';
import { openStack } from './open.mjs';

const [device, own, host, port] = process.argv.slice(2);
const stack = await openStack({ device, addresses: [`${own}/24`] });
stack.createServer(() => {}).listen({ port: 80 });
const socket = stack.connect({ host, port: Number(port) });
for (let i = 0; i < 20; i++) {
  socket.write('hello');
  await sleep(5);
}
await sleep(1000); // delayed ACKs, neighbours, what was compiled lately
const spins = () => Object.values(stack.metrics().links).reduce((sum, { spins = 0 }) => sum + spins, 0);
const before = spins();
const used = process.cpuUsage();
await sleep(2000);
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ idle: { micros: user + system, spins: spins() - before } }));
process.exit(0);
