// Our row in the table of peers: node bench/server.mjs DEVICE IP BASE
// BASE+0 reads and drops, BASE+1 writes as fast as it can, BASE+2 echoes. Prints a line that starts with `ready`.
// The source sends one buffer again and again from where it is; USERTCP_COPY=1 copies it into the stack instead.
import { createStack } from '../dist/index.js';

const [device = 'vb', ip = '10.77.0.2', base = '9001'] = process.argv.slice(2);
const port = Number(base);
const stack = await createStack({ device, addresses: [`${ip}/24`], tcp: { noDelay: true } });
const chunk = Buffer.alloc(64 * 1024, 'y');
const copy = (conn) => {
  while (conn.write(chunk));
};
const lend = (conn) => {
  while (conn.lend(chunk) === chunk.length);
};
const pump = process.env.USERTCP_COPY ? copy : lend;

// Without an `end` handler our side closes when the peer does.
await stack.serve(port, { data() {} });
await stack.serve(port + 1, { open: pump, drain: pump, data() {} });
await stack.serve(port + 2, { data: (conn, bytes) => void conn.write(bytes) });
console.log('ready');

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => Promise.resolve(stack.close()).finally(() => process.exit(0)));
}
