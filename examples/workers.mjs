/**
 * One address on all cores: a worker for each, every one with a stack of its own that gets a part of the connections.
 * Usage: node examples/workers.mjs DEVICE ADDRESS/PREFIX [WORKERS]; for example
 *        sudo node examples/workers.mjs eth0 10.0.0.2/24 4 and, from another host, nc 10.0.0.2 7
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createShardGroup, createStack } from 'usertcp';

if (isMainThread) start(...process.argv.slice(2));
else await serve(workerData);

function start(device, address, workers = availableParallelism()) {
  if (address === undefined) {
    console.log('usage: node examples/workers.mjs DEVICE ADDRESS/PREFIX [WORKERS]');
    return;
  }
  const group = createShardGroup();
  let ending = false;
  const running = new Set();
  const spawn = (index) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { device, address, index, group } });
    running.add(worker);
    worker.on('error', (error) => console.error(`worker ${index}: ${error.message}`));
    worker.on('exit', (code) => {
      running.delete(worker);
      // One of the same index takes the place of a worker that failed. Or: forgetShard(group, index).
      if (code !== 0 && !ending) setTimeout(spawn, 1000, index);
    });
  };
  for (let index = 0; index < Number(workers); index++) spawn(index);
  process.on('SIGINT', () => {
    ending = true;
    for (const worker of running) worker.postMessage('close');
  });
}

async function serve({ device, address, index, group }) {
  const stack = await createStack({ device, addresses: [address], shard: { index, group } });
  // Every worker listens on the same port and gets the connections whose four-tuple is its own.
  stack.serve(7, {
    open: (conn) => console.log(`worker ${index}: ${conn.remoteAddress}:${conn.remotePort}`),
    data: (conn, chunk) => void (conn.write(chunk) || conn.pause()),
    drain: (conn) => conn.resume(),
  });
  console.log(`worker ${index}: echo on port 7 of ${stack.addresses.join(', ')}`);
  parentPort.once('message', async () => {
    await stack.close();
    parentPort.close();
  });
}
