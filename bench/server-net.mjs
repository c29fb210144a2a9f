// As server.mjs, by `net` over the stack: node bench/server-net.mjs DEVICE IP BASE
// The same program as bench/peers/node_net.js; only where createServer comes from differs. USERTCP_SOCKETS=1: stack.createServer.
import { createStack } from '../dist/index.js';
import { use } from '../dist/net.js';
import { crc } from './peers/crc.js';

const [device = 'vb', ip = '10.77.0.2', base = '9001'] = process.argv.slice(2);
const port = Number(base);
const warmUp = !process.env.USERTCP_COLD;
const stack = await createStack({ device, addresses: [`${ip}/24`], tcp: { noDelay: true }, warmUp });
const { createServer } = process.env.USERTCP_SOCKETS ? stack : use(stack);
const chunk = Buffer.alloc(64 * 1024, 'y');
let sum = 0;

function listen(at, handle) {
  const server = createServer.call(stack, { noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    handle(socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: at, backlog: 4096 }, resolve);
  });
}

await listen(port, (s) => s.on('data', () => {}));
const source = (write) => (s) => {
  const pump = () => {
    while (!s.destroyed && write(s));
  };
  s.on('data', () => {});
  s.on('drain', pump);
  pump();
};
await listen(
  port + 1,
  source((s) => s.write(chunk)),
);
await listen(port + 2, (s) => s.on('data', (bytes) => s.write(bytes)));
await listen(port + 3, (s) => {
  s.on('data', (bytes) => {
    sum = crc(bytes, sum);
  });
});
await listen(
  port + 4,
  source((s) => {
    sum = crc(chunk, sum);
    return s.write(chunk);
  }),
);
console.log('ready');

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => Promise.resolve(stack.close()).finally(() => process.exit(0)));
}
