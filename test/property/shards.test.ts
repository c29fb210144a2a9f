// However the threads of an address run beside each other: no connection is reset or unheard while its thread lives, no SYN to a port that
// somebody serves is refused, and at rest each has one answer (docs/sharding.md). More runs: USERTCP_RUNS=5000; another start: USERTCP_SEED=…
import fc from 'fast-check';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { type Step, World } from './shards/world.ts';

const numRuns = Number(process.env.USERTCP_RUNS ?? 150);
const seed = Number(process.env.USERTCP_SEED ?? 50);
const steps = (most: number, first = 0): fc.Arbitrary<Step[]> =>
  fc.array(fc.tuple(fc.integer({ min: first, max: 99 }), fc.nat(1000), fc.nat(1000)), { maxLength: most, size: 'max' });
/** In the middle of another one's: mostly what makes plans. */
const inner = steps(100, 70);

// What waits for others goes on when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

test('any order of turns: one answer for each SYN, and each connection stays where it is', { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(steps(300), inner, fc.nat(3), async (outer, within, others) => {
      const world = new World(within);
      for (let n = 0; n <= others; n++) await world.join();
      for (const [n, step] of outer.entries()) {
        world.do(step);
        if (n % 40 === 39) await world.join();
        if (n % 25 === 24) vi.advanceTimersByTime(1000);
      }
      world.rest();
      world.judge();
      vi.clearAllTimers();
    }),
    { numRuns, seed },
  ),
);
