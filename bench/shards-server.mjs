// Server of bench/shards.mjs: node bench/shards-server.mjs DEVICE IP BASE SHARDS SPIN. As server.mjs (BASE reads, BASE+2 echoes),
// in so many workers with one address; 0 = one worker that shares with nobody. A line on standard input: CPU seconds so far.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createShardGroup, createStack } from '../dist/index.js';

if (isMainThread) {
  const [device, ip, base, count, spin] = process.argv.slice(2);
  const group = createShardGroup();
  const workers = Array.from({ length: Math.max(1, Number(count)) }, (_, index) => {
    const shard = count === '0' ? undefined : { index, group };
    return new Worker(fileURLToPath(import.meta.url), {
      workerData: { device, ip, base: Number(base), spin: Number(spin), shard },
    });
  });
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  console.log('ready');
  createInterface({ input: process.stdin })
    .on('line', async () => {
      const asked = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)));
      for (const worker of workers) worker.postMessage('accepted');
      const accepted = await Promise.all(asked);
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify({ cpu: (user + system) / 1e6, accepted }));
    })
    .on('close', () => process.exit(0));
} else {
  const { device, ip, base, spin, shard } = workerData;
  let accepted = 0;
  const open = () => void accepted++;
  const stack = await createStack({
    device,
    addresses: [`${ip}/24`],
    spin,
    tcp: { noDelay: true },
    ...(shard && { shard }),
  });
  stack.serve(base, { open, data() {} });
  stack.serve(base + 2, { open, data: (conn, bytes) => void conn.write(bytes) });
  parentPort.on('message', () => parentPort.postMessage(accepted));
  parentPort.postMessage('ready');
}
