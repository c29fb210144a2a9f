// node --expose-gc --min-semi-space-size=512 --max-semi-space-size=512 bench/micro/allocation.mjs [SEGMENTS]
// Bytes of JavaScript heap per segment in steady state. The young generation is made so large that no collection falls
// into a measurement: then what the heap grew by is what was allocated. Prints JSON rows; started by run.mjs.
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { median } from '../rows.mjs';
import { receiver, sender } from './core.mjs';
import { sink } from './harness.mjs';
import { MSS } from './wire-pair.mjs';

const segments = Number(process.argv[2] ?? 1e6);
let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });
const breath = () => new Promise((resolve) => setImmediate(() => setTimeout(resolve, 5)));
const used = () => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return [heap, external];
};

let kept;
const cases = {
  'control: nothing': [1, () => sink[0]++],
  'control: an object of two fields': [1, () => (kept = { a: sink[0]++, b: kept !== undefined })],
};
for (const burst of [1, 64]) {
  cases[`in-order segment in, bursts of ${burst}`] = [burst, receiver(burst).run];
  cases[`ACK in, 2,896 B out, bursts of ${burst}`] = [burst, sender(burst, 2 * MSS).run];
}

const rows = [];
for (const [label, [burst, run]] of Object.entries(cases)) {
  const calls = Math.ceil(segments / burst);
  for (let i = 0; i < calls / 4; i++) run();
  const tries = [];
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await breath();
    collections = 0;
    const before = used();
    for (let i = 0; i < calls; i++) run();
    const after = used();
    await breath();
    if (collections === 0) tries.push([0, 1].map((i) => (after[i] - before[i]) / (calls * burst)));
  }
  const middle = (i) => round(median(tries.map((t) => t[i])));
  const row = { group: 'bytes allocated per segment', label, segments: calls * burst, rounds: tries.length };
  if (tries.length === 0) rows.push({ ...row, skipped: 'the garbage collector ran in every round' });
  else rows.push({ ...row, heapBytes: middle(0), externalBytes: middle(1) });
}
console.log(JSON.stringify(rows));

function round(n) {
  return Math.round(n * 1000) / 1000;
}
