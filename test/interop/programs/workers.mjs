// node workers.mjs DEVICE ADDRESS: an echo server in a worker, three times; each is terminated when told to.
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openStack } from './open.mjs';

const fds = () => readdirSync('/proc/self/fd').length;

async function serve({ device, address }) {
  const stack = await openStack({ device, addresses: [address] });
  const { port } = stack.serve(0, {
    data: (conn, bytes) => void (conn.write(bytes) || conn.pause()),
    drain: (conn) => conn.resume(),
  });
  parentPort.postMessage(port);
}

async function main() {
  const [device, address] = process.argv.slice(2);
  const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  let before = 0;
  for (let round = 0; round < 3; round++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { device, address } });
    const port = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    console.log(JSON.stringify({ round, port }));
    await told.next();
    await worker.terminate();
    await sleep(100);
    if (round === 0) before = fds();
  }
  console.log(JSON.stringify({ fds: { before, after: fds() } }));
  process.stdin.destroy();
}

await (isMainThread ? main() : serve(workerData));
