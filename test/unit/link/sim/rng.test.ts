import { expect, test } from 'vitest';
import { SeededRng } from '../../../../src/link/sim/rng.ts';

test('the same seed gives the same run; neighbouring and large seeds give others', () => {
  const run = (seed: number): string => {
    const rng = new SeededRng(seed);
    return Array.from({ length: 8 }, () => rng.u32()).join();
  };
  const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 40];
  expect(new Set(seeds.map(run)).size).toBe(seeds.length);
  expect(seeds.map(run)).toEqual(seeds.map(run));
});

test('fractions and integers are uniform within their bounds', () => {
  const rng = new SeededRng(5);
  const counts = new Array<number>(6).fill(0);
  for (let n = 0; n < 6000; n++) counts[rng.below(6)]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  for (let n = 0; n < 1000; n++) {
    const x = rng.float();
    expect(x >= 0 && x < 1).toBe(true);
  }
});

test('probability 0 draws nothing, so switching an impairment off does not shift the others', () => {
  const [a, b] = [new SeededRng(3), new SeededRng(3)];
  expect(a.chance(0)).toBe(false);
  expect(a.u32()).toBe(b.u32());
  expect([a.chance(1), a.chance(-1)]).toEqual([true, false]);
});
