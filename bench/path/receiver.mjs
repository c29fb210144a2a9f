// The receiver of bench/goodput.mjs, on the kernel: takes what comes to PORT and answers each line on standard input with the
// milliseconds and the bytes so far by local address.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PORT = 5001;
const bytes = {};

const server = createServer((socket) => {
  const { localAddress } = socket;
  bytes[localAddress] ??= 0;
  socket.on('data', (chunk) => {
    bytes[localAddress] += chunk.length;
  });
  socket.on('error', () => {}); // senders end with a RST
});
server.listen(PORT, '0.0.0.0', () => console.log('ready'));
createInterface({ input: process.stdin })
  .on('line', () => console.log(JSON.stringify({ ms: performance.now(), bytes })))
  .on('close', () => process.exit(0));
