// The demo's comparison: medians of rounds, and the ratio of what was measured together.
import { expect, test } from 'vitest';
import { outcome, type Speeds } from '../../../src/cli/demo/race.ts';

const rounds = (...pairs: [ours: number, theirs: number][]): Speeds[] =>
  pairs.map(([ours, theirs]) => ({ ours: ours * 125e6, theirs: theirs * 125e6 }));

test('the ratio is the median of the ratios of rounds, not the ratio of the medians', () => {
  expect(outcome(rounds([20, 10], [30, 20], [10, 10]))).toEqual([
    '  usertcp     20.00 Gbit/s',
    "  Node's net  10.00 Gbit/s   (usertcp is 1.50 times as fast; 1.00 to 2.00 in 3 rounds)",
  ]);
});

test('an even number of rounds has its middle between two; one round has no spread', () => {
  expect(outcome(rounds([20, 10], [10, 10]))[1]).toContain('1.50 times as fast; 1.00 to 2.00 in 2 rounds');
  expect(outcome(rounds([9, 10]))[1]).toBe("  Node's net  10.00 Gbit/s   (usertcp is 0.90 times as fast)");
});
