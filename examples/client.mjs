/**
 * The promise level: `for await` on both sides, half-close, AbortSignal, and what the connection says about itself.
 * Usage: node examples/client.mjs
 */
import { createStack } from 'usertcp';

const stack = await createStack();
const listener = stack.listen(9000);

async function answer() {
  for await (const conn of listener) {
    let bytes = 0;
    for await (const chunk of conn) bytes += chunk.length;
    await conn.end(`${bytes} bytes came\n`);
  }
}
const answering = answer();

const conn = await stack.open({ host: '::1', port: 9000, signal: AbortSignal.timeout(1000) });
console.log(`${conn.localAddress}:${conn.localPort} is ${conn.state}`);
for (let i = 0; i < 100; i++) await conn.write(Buffer.alloc(10_000, i));
const info = conn.info();
console.log(`round trip ${info?.srttUs} µs, congestion window ${info?.cwnd} bytes`);
conn.closeWrite();
for await (const chunk of conn) process.stdout.write(chunk);
await conn.closed();

listener.close();
await answering;

await stack.close();
