// A worker of bench/shards.mjs: a core on a wire of memory, for so many ms; nothing is shared with other workers.
import { parentPort, workerData } from 'node:worker_threads';
import { receiver } from './micro/core.mjs';

const BURST = 64;
const { run } = receiver(BURST);
const spend = (ms) => {
  let runs = 0;
  for (const end = performance.now() + ms; performance.now() < end; runs += 16) for (let n = 0; n < 16; n++) run();
  return runs;
};

spend(2000); // compiled, and V8's own threads are done
parentPort.postMessage('ready');
parentPort.once('message', () => {
  const began = performance.now();
  const runs = spend(workerData.ms);
  parentPort.postMessage((runs * BURST) / (performance.now() - began) / 1000);
});
