// Whatever the wire does, both applications get exactly the bytes the other one wrote, and nothing is left of the connection.
// More runs: USERTCP_RUNS=5000; another start: USERTCP_SEED=…
import fc from 'fast-check';
import { test } from 'vitest';
import { transfers } from './pair/arbitraries.ts';
import { type Case, run } from './pair/run.ts';

const numRuns = Number(process.env.USERTCP_RUNS ?? 80);
const seed = Number(process.env.USERTCP_SEED ?? 9293);
const check = (cases: fc.Arbitrary<Case>): void => {
  fc.assert(
    fc.property(cases, (c) => void run(c)),
    { numRuns, seed },
  );
};

test('any faults after the handshake: exact bytes, empty tables', { timeout: 60_000 }, () => check(transfers));

test('faults from the first SYN on: the connection works or fails, and leaves nothing', { timeout: 60_000 }, () =>
  check(transfers.map((c) => ({ ...c, early: true, simultaneous: false }))),
);

test('an abort at any moment leaves nothing at either end', { timeout: 60_000 }, () =>
  check(
    fc.tuple(transfers, fc.nat(1_000_000), fc.boolean(), fc.boolean()).map(([c, at, first, both]) => {
      const [a, b] = c.plans;
      return { ...c, plans: [first || both ? { ...a, abortAt: at } : a, !first || both ? { ...b, abortAt: at } : b] };
    }),
  ),
);

test('a wire that loses and reorders nothing sees nothing twice', { timeout: 60_000 }, () => {
  const clean = transfers.map(
    (c): Case => ({
      ...c,
      simultaneous: false,
      early: true,
      // Below the least RTO, whatever the delayed ACK adds.
      faults: [{ delay: c.faults[0].delay! / 10 }, { delay: c.faults[1].delay! / 10 }],
      tcp: [
        { ...c.tcp[0], minRto: 1000 },
        { ...c.tcp[1], minRto: 1000 },
      ],
      plans: [
        { ...c.plans[0], readPause: 0 },
        { ...c.plans[1], readPause: 0 },
      ],
    }),
  );
  fc.assert(
    fc.property(clean, (c) => {
      const { pair } = run(c);
      for (const host of pair.hosts) {
        const { retransSegs, timeouts } = host.core.counters;
        if (retransSegs + timeouts > 0)
          throw new Error(`seed ${c.seed}: ${retransSegs} sent again, ${timeouts} timeouts: ${JSON.stringify(c)}`);
      }
    }),
    { numRuns, seed },
  );
});
