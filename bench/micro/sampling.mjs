// node bench/micro/sampling.mjs: V8's sampling heap profiler on the core in steady state: who allocates how much per in-order segment, and per ACK
// that lets two more out, in bursts of 64, each in a process of its own. Collected objects count, too. What is in dist is the stack's; the rest is
// this bench and what runs it.
import { spawnSync } from 'node:child_process';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { receiver, sender } from './core.mjs';
import { MSS } from './wire-pair.mjs';

const BURST = 64;
const RUNS = 20_000;
const cases = {
  'in-order segment in': () => receiver(BURST),
  'ACK in, 2,896 B out': () => sender(BURST, 2 * MSS),
};

/** Bytes by the place that allocated them. */
function split(node, into = { stack: 0, bench: 0 }) {
  into[node.callFrame.url.includes('/dist/') ? 'stack' : 'bench'] += node.selfSize;
  for (const child of node.children) split(child, into);
  return into;
}

async function sample(label) {
  const { run } = cases[label]();
  for (let i = 0; i < 2 * RUNS; i++) run();
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.enable');
  const all = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
  await session.post('HeapProfiler.startSampling', { samplingInterval: 1024, ...all });
  for (let i = 0; i < RUNS; i++) run();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  const { stack, bench } = split(profile.head);
  const per = (bytes) => Number((bytes / RUNS / BURST).toFixed(3));
  return { group: 'sampled heap bytes per segment', label, stack: per(stack), bench: per(bench) };
}

const [label] = process.argv.slice(2);
if (label !== undefined) console.log(JSON.stringify(await sample(label)));
else
  for (const each of Object.keys(cases))
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), each], { stdio: 'inherit' });
