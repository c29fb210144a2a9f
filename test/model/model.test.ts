// All interleavings of two small worlds, over the shipped core. docs/model-checking.md says what is checked.
// Longer: npm run model -- --minutes 10; another order: USERTCP_SEED=…
import { expect, test } from 'vitest';
import { StackCore } from '../../src/core/stack-core.ts';
import { Observer } from './observer.ts';
import { scenarios } from './scenarios.ts';
import { count, type Sum, search, variants } from './search.ts';
import { table } from './table.ts';
import { unreached } from './unreached.ts';

const slow = process.env.USERTCP_SLOW === '1';
const minutes = Number(process.env.USERTCP_MODEL_MINUTES ?? (slow ? 2 : 0));
const seed = Number(process.env.USERTCP_SEED ?? 1);
const LONG = minutes > 0;
const slice = (minutes * 60_000) / scenarios.length;
const observer = new Observer();
const sum: Sum = { states: 0, transitions: 0, ends: 0, complete: 0, searches: 0 };
const begin = performance.now();

test.each(scenarios)(
  '$name: no deadlock, no second connection, no byte lost or invented, every record dies',
  {
    timeout: 120_000 + 3 * slice,
  },
  (scenario) => {
    const from = performance.now();
    const limits = { drainEvery: 50, replayEvery: LONG ? 2000 : 300, seed };
    const done = variants(scenario);
    for (const [n, variant] of done.entries()) {
      // Calm histories are searched to the end: most rows of the table are among them.
      const states = n === 0 ? 4000 : variant.budget.cut > 0 ? 2500 : 500;
      count(sum, search(StackCore, variant, { ...limits, states }, observer));
      // So much at least, however slow the machine is; more of it as long as there is time.
      const late = (): boolean => performance.now() - from > slice;
      if (LONG && !late()) count(sum, search(StackCore, variant, { ...limits, states: 50_000, stop: late }, observer));
    }
    for (const id of scenario.ids ?? []) observer.reached.add(id);
    const stop = (): boolean => performance.now() - from > slice;
    // Depth first sees one corner of a large space for long: other seeds begin in other corners.
    for (let n = 1; LONG && !stop(); n++) {
      const result = search(StackCore, scenario, { ...limits, seed: seed + n, states: 200_000, stop }, observer);
      count(sum, result);
      if (result.complete) break;
    }
  },
);

test('every change of state is a row of transitions.tsv, and every row is reached or in the reviewed list', (context) => {
  if (sum.searches < scenarios.length) return context.skip();
  const seconds = (performance.now() - begin) / 1000;
  const { states, transitions, ends, complete, searches } = sum;
  process.stdout.write(
    `model: ${states} states, ${transitions} transitions, ${ends} ends, ${complete} of ${searches} searches complete, ` +
      `${Math.round(states / seconds)} states/s, ${observer.triples.size} triples, ${observer.reached.size} of ${table.size} rows\n`,
  );
  const missing = [...table.values()].filter((row) => !observer.reached.has(row.id) && !unreached.has(row.id));
  expect(missing.map((row) => `${row.id} ${row.state} ${row.event}`)).toEqual([]);
  const listed = [...unreached.keys()].filter((id) => observer.reached.has(id) || !table.has(id));
  expect(listed, 'in the reviewed list, but reached or no row').toEqual([]);
});
