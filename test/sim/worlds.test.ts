// Some seeded worlds in every test run; docs/simulation.md says what they are. For longer: npm run sim -- --minutes 10
import { expect, test } from 'vitest';
import { play } from './worlds/play.ts';
import { worldOf } from './worlds/world.ts';

const SEEDS = Array.from({ length: 6 }, (_, n) => n * 10 + 1);

test.each(SEEDS)(
  'ten worlds from seed %d: exact bytes, nothing left, a timer for whatever waits',
  { timeout: 60_000 },
  (first) => {
    for (let seed = first; seed < first + 10; seed++) play(worldOf(seed));
  },
);

/** Worlds that once failed, and in which nothing but the defect was unusual. */
test.each([
  [278250590074, 'a lost probe of the path MTU, without SACK: what duplicates stand for is bounded'],
  [344650231004, 'a delayed ACK was due when its neighbour was given up: it is owed no more'],
  [347643871572, 'an end that was accepted after the other had gone, whose reset was lost'],
  [
    338253311820,
    'a mark on a window of one segment while paced: the wait is in time, not in bytes of a rate that falls',
  ],
])('seed %d: %s', { timeout: 60_000 }, (seed) => {
  play(worldOf(seed));
});

test('the same seed is the same world, frame by frame', () => {
  const prints = [7, 8, 7].map((seed) => play(worldOf(seed)).print);
  expect(prints[2]).toBe(prints[0]);
  expect(prints[1]).not.toBe(prints[0]);
});
