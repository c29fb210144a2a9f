// benchmark.js with what it does not do by itself: a sink that the compiler cannot see through, a negative control (the
// same loop without the work), alternating order over rounds, medians, and a check of the result before it is timed.
import Benchmark from 'benchmark';
import { median } from '../rows.mjs';

/** Results go here, and it is printed at the end: work whose result nobody reads may be deleted. */
export const sink = new Int32Array(16);

/** benchmark.js times from the first call on; until the compiler is done with a case that says little. */
function warm(fn, quick) {
  const end = performance.now() + (quick ? 150 : 300);
  while (performance.now() < end) for (let i = 0; i < 10; i++) fn();
}

function time(fn, quick) {
  const bench = new Benchmark({ fn, minTime: quick ? 0.05 : 0.1, maxTime: quick ? 0.1 : 0.3, minSamples: 5 });
  bench.run();
  if (bench.error) throw bench.error;
  // The mean of the samples is dominated by those in which somebody else had the processor.
  return median(bench.stats.sample) * 1e9;
}

/**
 * group: {name, control: fn, cases: {label: fn | {why}}, check?: {label: () => boolean}, bytes?, per?}
 * `per`: how many units of work one call does. Each fn takes nothing and ends by writing into the sink.
 */
export function measure(group, { rounds, quick }) {
  const results = [];
  const live = [['control', group.control]];
  for (const [label, fn] of Object.entries(group.cases)) {
    const why = typeof fn !== 'function' ? fn.why : reason(group.check?.[label]);
    if (why) results.push({ group: group.name, label, skipped: why });
    else live.push([label, fn]);
  }
  for (const [, fn] of live) warm(fn, quick);
  const samples = new Map(live.map(([label]) => [label, []]));
  for (let r = 0; r < rounds; r++) {
    for (const [label, fn] of r % 2 ? [...live].reverse() : live) samples.get(label).push(time(fn, quick));
  }
  const per = group.per ?? 1;
  const idle = median(samples.get('control')) / per;
  for (const [label, list] of samples) {
    const ns = median(list) / per;
    const row = {
      group: group.name,
      label,
      ns: round(ns),
      min: round(Math.min(...list) / per),
      max: round(Math.max(...list) / per),
    };
    if (label !== 'control') row.overControl = round(ns - idle);
    if (label !== 'control' && group.bytes) row.gbps = round((group.bytes * 8) / ns);
    results.push(row);
  }
  return results;
}

function reason(check) {
  if (!check) return undefined;
  try {
    return check() ? undefined : 'its result differs from the reference';
  } catch (error) {
    return `cannot be called: ${error.message}`;
  }
}

const round = (n) => Math.round(n * 100) / 100;
