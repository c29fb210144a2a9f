// A path that reorders and loses nothing: a transfer must not collapse on it, and after the first rounds next to nothing is sent
// again (users.md: "RACK/SACK made things slower"). The figures are printed. Which segment is late when matters to one transfer by
// five times, so it is the median of some.
import { describe, expect, test } from 'vitest';
import type { Impairments } from '../../src/link/sim.ts';
import { CASE, PLAN, run } from '../property/pair/run.ts';

const SIZE = 4 << 20;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

interface Transfer {
  readonly mbit: number;
  readonly resent: number;
  readonly duplicates: number;
}

function transfer(both: Partial<Impairments>, seed = 1): Transfer {
  const { took, pair } = run({
    ...CASE,
    seed,
    early: true,
    faults: [both, both],
    plans: [
      { ...PLAN, size: SIZE, write: 65536 },
      { ...PLAN, size: 0, closeLast: true },
    ],
  });
  const { retransSegs, spuriousRetransmits } = pair.hosts[0].core.counters;
  return { mbit: (SIZE * 8) / took, resent: retransSegs, duplicates: spuriousRetransmits };
}

/** By their rate, the slowest first. */
function transfers(both: Partial<Impairments>): Transfer[] {
  return SEEDS.map((seed) => transfer(both, seed)).sort((a, b) => a.mbit - b.mbit);
}

const rows: readonly (readonly [string, Partial<Impairments>, number])[] = [
  ['20 ms, 1 % by 2 ms', { delay: 10_000, reorder: 0.01, reorderBy: 2000 }, 40],
  ['20 ms, 10 % by 2 ms', { delay: 10_000, reorder: 0.1, reorderBy: 2000 }, 40],
  ['20 ms, 5 % by 5 ms, a quarter of min_RTT', { delay: 10_000, reorder: 0.05, reorderBy: 5000 }, 30],
  ['20 ms, 5 % by 12 ms, more than that', { delay: 10_000, reorder: 0.05, reorderBy: 12_000 }, 30],
  ['1 ms, 5 % by 500 µs', { delay: 500, reorder: 0.05, reorderBy: 500 }, 200],
  ['100 µs, 5 % by 500 µs', { delay: 50, reorder: 0.05, reorderBy: 500 }, 400],
];

describe('reordering [RFC 8985 §6.2-b] [RFC 8985 §6.2-d]', () => {
  for (const [name, both, floor] of rows) {
    test(`${name}: at least ${floor} Mbit/s, and one segment in fifty sent again at the most`, {
      timeout: 60_000,
    }, () => {
      const clean = transfer({ delay: both.delay! });
      const all = transfers(both);
      const r = all[all.length >> 1]!;
      console.log(
        `reordering | ${name} | ${r.mbit.toFixed(1)} of ${clean.mbit.toFixed(1)} Mbit/s | ${r.resent} sent again, ${r.duplicates} for nothing`,
      );
      expect(r.mbit).toBeGreaterThan(floor);
      expect(all[0]!.mbit).toBeGreaterThan(floor / 4);
      expect(all.reduce((sum, { resent }) => sum + resent, 0)).toBeLessThan((all.length * SIZE) / 1448 / 50);
    });
  }
});
