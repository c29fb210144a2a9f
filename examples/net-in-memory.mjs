/**
 * `node:net` over stacks of one's own: two hosts on a simulated wire, 40 ms apart and with 2 % of loss, in virtual time. What is
 * written for `net` is tried on a bad network in a moment, and the same seed gives the same run.
 * Usage: node examples/net-in-memory.mjs [SEED]
 */
import { use } from 'usertcp/net';
import { World } from 'usertcp/sim';

const world = new World({ seed: Number(process.argv[2] ?? 1) });
const near = world.host('10.0.0.1/24');
const far = world.host('10.0.0.2/24');
world.link(near, far, { delay: 20_000, loss: 0.02 });

// What `use` returns has the functions and classes of node:net; its sockets are Node's own.
// A stack without a device keeps to itself: nothing of it touches the kernel's network.
const server = use(far).createServer((socket) => socket.pipe(socket));
await world.settle(new Promise((resolve) => server.listen(7, resolve)));

const socket = use(near).connect(7, '10.0.0.2');
const echoed = new Promise((resolve, reject) => {
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  socket.on('end', () => resolve(bytes)).on('error', reject);
});
socket.end(Buffer.alloc(1_000_000));
console.log(`${await world.settle(echoed)} bytes came back after ${Math.round(world.now)} ms`);
console.log(`${near.metrics().core.retransSegs + far.metrics().core.retransSegs} segments were sent again`);

server.close();
await world.close();
