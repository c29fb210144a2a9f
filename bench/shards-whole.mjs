// A worker of bench/shards.mjs: two whole stacks, a server's and its clients', on a cable in memory, for so many ms of one load.
// What the packet sockets would do is left out; shell, core and what the addon has in JavaScript elsewhere are in it, for both ends.
import { parentPort, workerData } from 'node:worker_threads';
import { checkOptions } from '../dist/shell/options/stack-options.js';
import { assemble } from '../dist/stack.js';
import { rehearse } from '../dist/stack-rehearsal.js';

const NOTHING = { roundTrips: 0, connections: 0, sockets: 0, whole: 0, inPieces: 0, withLosses: 0, again: 0 };
const settings = checkOptions({});

await rehearse(assemble, settings, 10_000); // compiled
parentPort.postMessage('ready');
parentPort.on('message', async (load) => {
  const began = performance.now();
  const done = await rehearse(assemble, settings, workerData.ms, undefined, { ...NOTHING, [load]: Infinity });
  parentPort.postMessage((done[load] / (performance.now() - began)) * 1000);
});
