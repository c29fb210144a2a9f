import { expect, test } from 'vitest';
import { Scavenger } from '../../../src/shell/scavenger.ts';
import { Slab } from '../../../src/shell/slab.ts';

const MB = 1024 * 1024;

/** Collections after each MB of `given`, when each takes `ms`. */
function collections(given: number, ms: (n: number) => number): number[] {
  const at: number[] = [];
  let now = 0;
  const collect = ({ type }: { type: string }): void => {
    expect(type).toBe('minor');
    now += ms(at.length);
    at.push(mb);
  };
  const scavenger = new Scavenger(
    () => collect,
    () => now,
  );
  let mb = 1;
  for (; mb <= given; mb++) scavenger.gave(MB);
  return at;
}

test('young memory is collected for each 8 MB that were given away', () => {
  expect(collections(25, () => 0.5)).toEqual([8, 16, 24]);
  expect(collections(7, () => 0.5)).toEqual([]);
});

test('a program with many young objects is looked through as rarely as V8 does, until that is cheap again', () => {
  expect(collections(140, () => 5)).toEqual([8, 24, 56, 88, 120]);
  expect(collections(40, (n) => (n === 0 ? 5 : 1))).toEqual([8, 24, 32, 40]);
});

test('the function that collects is looked for once, and not before it is needed', () => {
  let asked = 0;
  const scavenger = new Scavenger(
    () => {
      asked++;
      return () => undefined;
    },
    () => 0,
  );
  scavenger.gave(7 * MB);
  expect(asked).toBe(0);
  for (let n = 0; n < 5; n++) scavenger.gave(8 * MB);
  expect(asked).toBe(1);
});

test('received chunks that nobody keeps never add up to what V8 would collect the whole heap for', () => {
  const slab = new Slab();
  const piece = new Uint8Array(64 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let n = 0; n < 4096; n++) {
    slab.keep(piece);
    if (n % 16 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeGreaterThan(2 * MB);
  expect(most).toBeLessThan(28 * MB);
  expect(Reflect.get(globalThis, 'gc')).toBe(undefined);
});
