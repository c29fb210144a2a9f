import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
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

test('young memory is collected for each 6 MB that were given away', () => {
  expect(collections(20, () => 0.5)).toEqual([6, 12, 18]);
  expect(collections(5, () => 0.5)).toEqual([]);
});

test('a program with many young objects is looked through as rarely as V8 does, until that is cheap again', () => {
  expect(collections(140, () => 5)).toEqual([6, 12, 24, 48, 80, 112]);
  expect(collections(40, (n) => (n < 2 ? 5 : 1))).toEqual([6, 12, 24, 30, 36]);
});

test('one that took long is chance', () => {
  expect(collections(20, (n) => (n === 0 ? 5 : 1))).toEqual([6, 12, 18]);
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
  scavenger.gave(5 * MB);
  expect(asked).toBe(0);
  for (let n = 0; n < 5; n++) scavenger.gave(8 * MB);
  expect(asked).toBe(1);
});

test('where it cannot be had, it is looked for a few times', () => {
  let asked = 0;
  const scavenger = new Scavenger(
    () => void asked++,
    () => 0,
  );
  for (let n = 0; n < 9; n++) scavenger.gave(8 * MB);
  expect(asked).toBe(4);
});

test("received chunks have V8 collect its young objects, and `gc` is nobody else's", async () => {
  const seen: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void seen.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const slab = new Slab();
  const piece = new Uint8Array(64 * 1024);
  for (let n = 0; n < 1024; n++) slab.keep(piece);
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer.disconnect();
  const { NODE_PERFORMANCE_GC_MINOR: minor, NODE_PERFORMANCE_GC_FLAGS_FORCED: forced } = constants;
  const ours = seen.filter((entry) => {
    const { kind, flags } = (entry as unknown as { detail: { kind: number; flags: number } }).detail;
    return kind === minor && (flags & forced) !== 0;
  });
  expect(ours.length).toBeGreaterThan(1);
  expect(ours.length).toBeLessThan(13);
  expect(Reflect.get(globalThis, 'gc')).toBe(undefined);
});
