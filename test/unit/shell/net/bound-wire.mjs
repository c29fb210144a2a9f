// An address of ours is bound, which the kernel does not have: a server and a client adopt it, on a simulated wire.
import { once } from 'node:events';
import { use } from '../../../../dist/net.js';
import { World } from '../../../../dist/sim.js';

const world = new World({ seed: 1 });
const near = world.host('10.0.0.1/24');
const far = world.host('10.0.0.2/24');
world.link(near, far, { delay: 1000 });
const [there, here] = [use(far), use(near)];
const bound = new there.BoundSocket({ host: '10.0.0.2' });
const { port } = bound.address();
console.log(JSON.stringify({ ...bound.address(), port: port > 0 }));
const server = there.createServer((socket) => {
  socket.on('error', () => {}); // the world ends before its FIN has come
  socket.resume().end(`${socket.remoteAddress} ${socket.remotePort}`);
});
const listening = once(server, 'listening');
server.listen(bound);
await world.settle(listening);
console.log(server.address().address, server.address().port === port);
try {
  new there.BoundSocket({ host: '10.0.0.2', port });
} catch ({ code, message }) {
  console.log(code, message.replace(String(port), 'PORT'));
}
const source = new here.BoundSocket({ host: '10.0.0.1' });
const from = source.address().port;
const socket = new here.Socket({ handle: source }).connect(port, '10.0.0.2');
const closed = once(socket, 'close');
const [said] = await world.settle(once(socket, 'data'));
await world.settle(closed);
console.log(String(said) === `10.0.0.1 ${from}`);
server.close();
await world.close();
