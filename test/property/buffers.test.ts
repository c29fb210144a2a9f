// Buffers that change their size at any moment, and budgets that are always too small: nothing ever stalls, and the sums stay exact.
// (The sums are claimed after every turn, by pair/invariants.ts.)
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRng } from '../../src/link/sim.ts';
import { transfers } from './pair/arbitraries.ts';
import { CASE, type Case, open, Pair } from './pair/run.ts';

const S = 1_000_000;
const numRuns = Number(process.env.USERTCP_RUNS ?? 40);
const seed = Number(process.env.USERTCP_SEED ?? 813);
const SIZES = [2048, 3000, 10_000, 65_536, 300_000, 1 << 20];

/** Every `every` µs one buffer of one end gets another size. */
function resize(c: Case, every: number): void {
  const pair = new Pair(c, { record: false });
  const ends = open(c, pair);
  const rng = new SeededRng(c.seed);
  const turn = (): void => {
    for (const end of ends) {
      if (!end.opened || end.closed) continue;
      const size = SIZES[rng.below(SIZES.length)]!;
      const { core } = end.host;
      end.host.turn(() => {
        core.callSetBuffer(end.row, rng.below(2) === 0 ? 'send' : 'receive', size);
      });
    }
    if (ends.some((end) => !end.done)) pair.clock.schedule(pair.clock.now() + every, turn);
  };
  turn();
  const limit = pair.clock.now() + 600 * S;
  pair.clock.runWhile(() => ends.some((end) => !end.done), limit);
  for (const [n, end] of ends.entries()) {
    expect(end.wrong).toBe('');
    expect([end.done, end.received]).toEqual([true, c.plans[1 - n]!.size]);
  }
}

test('both buffers of both ends change at random on a wire that loses nothing: the transfer ends', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(transfers, fc.constantFrom(100, 3000, 50_000), (c, every) => {
      const faults = [{ delay: c.faults[0].delay! }, { delay: c.faults[1].delay! }] as const;
      resize({ ...c, faults, simultaneous: false }, every);
    }),
    { numRuns, seed },
  );
});

test('budgets of two chunks, and a network that loses and reorders: exact bytes, nothing held above the limit', {
  timeout: 60_000,
}, () => {
  const limits = fc.record({
    total: fc.constantFrom(128 << 10, 300_000, 1 << 20),
    perPrefix: fc.constantFrom(128 << 10, Infinity),
    perListener: fc.constantFrom(128 << 10, Infinity),
  });
  fc.assert(
    fc.property(transfers, limits, (c, budget) => {
      const pair = new Pair(c, { record: false, budget });
      const ends = open({ ...c, early: false }, pair);
      pair.clock.runWhile(
        () => {
          for (const { t } of pair.hosts)
            if (t.budget.held > budget.total) throw new Error(`${t.budget.held} are held`);
          return ends.some((end) => !end.done);
        },
        pair.clock.now() + 10_800 * S,
      );
      for (const [n, end] of ends.entries()) {
        expect(end.wrong).toBe('');
        expect([end.done, end.reason, end.received]).toEqual([true, 0, c.plans[1 - n]!.size]);
      }
      for (const { t } of pair.hosts) expect([t.budget.held, t.budget.peers]).toEqual([0, 0]);
    }),
    { numRuns, seed },
  );
});

test('when the connection is over the stack holds nothing, and what it ever touched is free', () => {
  const pair = new Pair({ ...CASE, tcp: [{ msl: 10 }, { msl: 10 }] }, { record: false });
  const ends = open(CASE, pair);
  pair.clock.runWhile(() => ends.some((end) => !end.done), pair.clock.now() + 60 * S);
  pair.clock.run(pair.clock.now() + 60 * S);
  const { rows, folded, flights, records, arena, touched, reserved, lent } = pair.hosts[0].core.memory;
  const { send, outOfOrder, passing, free, scratch, untouched } = arena;
  expect([rows.used, folded.used, flights.used, records.used, send, outOfOrder, passing, lent]).toEqual([
    0, 0, 0, 0, 0, 0, 0, 0,
  ]);
  expect(rows.free + folded.free + flights.free + records.free + free + scratch - untouched).toBe(touched);
  expect(touched).toBeLessThan(reserved);
});
