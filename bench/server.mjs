// Our row in the table of peers: node bench/server.mjs DEVICE IP BASE
// BASE+0 reads and drops, BASE+1 writes as fast as it can, BASE+2 echoes; BASE+3 and BASE+4 do as the first two, with
// CRC-32C over every byte. Prints a line that starts with `ready`.
// The source sends one buffer again and again from where it is; USERTCP_COPY=1 copies it into the stack instead. USERTCP_SPIN=0
// does not look for the next frame before it sleeps: what CPU time is left is work.
import { createStack } from '../dist/index.js';
import { crc } from './peers/crc.js';

const [device = 'vb', ip = '10.77.0.2', base = '9001'] = process.argv.slice(2);
const port = Number(base);
const warmUp = !process.env.USERTCP_COLD;
const spin = process.env.USERTCP_SPIN ? { spin: Number(process.env.USERTCP_SPIN) } : {};
const stack = await createStack({ device, addresses: [`${ip}/24`], tcp: { noDelay: true }, warmUp, ...spin });
const chunk = Buffer.alloc(64 * 1024, 'y');
const copy = (conn) => {
  while (conn.write(chunk));
};
const lend = (conn) => {
  while (conn.lend(chunk) === chunk.length);
};
const pump = process.env.USERTCP_COPY ? copy : lend;
let sum = 0;
const pumpRead = (conn) => {
  for (let taken = chunk.length; taken === chunk.length; ) {
    taken = conn.lend(chunk);
    if (taken > 0) sum = crc(taken === chunk.length ? chunk : chunk.subarray(0, taken), sum);
  }
};

// Without an `end` handler our side closes when the peer does.
await stack.serve(port, { data() {} });
await stack.serve(port + 1, { open: pump, drain: pump, data() {} });
await stack.serve(port + 2, { data: (conn, bytes) => void conn.write(bytes) });
await stack.serve(port + 3, {
  data(_conn, bytes) {
    sum = crc(bytes, sum);
  },
});
await stack.serve(port + 4, { open: pumpRead, drain: pumpRead, data() {} });
console.log('ready');

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => Promise.resolve(stack.close()).finally(() => process.exit(0)));
}
