import { expect, test } from 'vitest';
import { Arena, LARGE_CHUNK, SMALL_CHUNK } from '../../../src/core/arena.ts';
import { LentRegions } from '../../../src/core/lent-regions.ts';
import { fakeLink, OUR_MAC } from './ip/harness.ts';

const SCRATCH = 512 * 1024;

/** Room for 32 small and 3 large chunks. */
function make(): Arena {
  const bytes = SCRATCH + 4 * LARGE_CHUNK;
  const links = [{ ...fakeLink('ether', OUR_MAC), lend: () => {} }];
  return new Arena(
    new ArrayBuffer(bytes),
    new ArrayBuffer(Arena.recordBytes(bytes)),
    new LentRegions(links, new ArrayBuffer(0)),
  );
}

function drain(arena: Arena, wanted: number): number[] {
  const taken: number[] = [];
  for (let chunk = arena.take(wanted); chunk >= 0; chunk = arena.take(wanted)) taken.push(chunk);
  return taken;
}

test('a quarter of the room is small chunks; when they are used up large ones serve, never the other way', () => {
  const large = make();
  expect(drain(large, SMALL_CHUNK + 1).map((chunk) => large.capacity(chunk))).toEqual([
    LARGE_CHUNK,
    LARGE_CHUNK,
    LARGE_CHUNK,
  ]);
  const small = make();
  const sizes = drain(small, 1).map((chunk) => small.capacity(chunk));
  expect([sizes.filter((n) => n === SMALL_CHUNK).length, sizes.filter((n) => n === LARGE_CHUNK).length]).toEqual([
    32, 3,
  ]);
});

test('chunks lie beside each other, inside the region and behind the scratch ring', () => {
  const arena = make();
  const spans = drain(arena, 1).map(
    (chunk) => [arena.offset(chunk), arena.offset(chunk) + arena.capacity(chunk)] as const,
  );
  spans.sort((a, b) => a[0] - b[0]);
  expect(spans[0]![0]).toBe(SCRATCH);
  for (const [n, [from]] of spans.entries()) if (n > 0) expect(from).toBeGreaterThanOrEqual(spans[n - 1]![1]);
  expect(spans.at(-1)![1]).toBeLessThanOrEqual(arena.bytes.length);
});

test('what is given back is taken again, empty and unlinked, and `used` returns to 0', () => {
  const arena = make();
  const all = drain(arena, 1);
  expect(arena.used).toBe(32 * SMALL_CHUNK + 3 * LARGE_CHUNK);
  for (const chunk of all) {
    arena.setNext(chunk, 7);
    arena.setStart(chunk, 1);
    arena.setEnd(chunk, 2);
    arena.give(chunk);
  }
  expect(arena.used).toBe(0);
  const again = drain(arena, 1);
  expect(new Set(again)).toEqual(new Set(all));
  for (const chunk of again) expect([arena.next(chunk), arena.start(chunk), arena.end(chunk)]).toEqual([-1, 0, 0]);
});

test('a lent chunk is full, has no room for more, and costs the arena nothing', () => {
  const arena = make();
  const theirs = Uint8Array.from({ length: 9000 }, (_, n) => n);
  const region = arena.regions.take(0, theirs.buffer);
  const chunk = arena.takeLent(region, 1000, 5000);
  expect([
    arena.region(chunk),
    arena.offset(chunk),
    arena.start(chunk),
    arena.end(chunk),
    arena.capacity(chunk),
  ]).toEqual([region, 1000, 0, 5000, 5000]);
  expect(arena.used).toBe(0);
  expect([...arena.view(chunk, 10, 13)]).toEqual([1010 & 255, 1011 & 255, 1012 & 255]);
  const own = arena.take(10);
  expect(arena.region(own)).toBe(0);
  arena.give(chunk);
  expect(arena.used).toBe(SMALL_CHUNK);
  expect(arena.takeLent(region, 0, 1)).toBe(chunk);
});

test('scratch bytes are aligned, apart, and come back only when the turn is over', () => {
  const arena = make();
  expect([arena.scratch(1), arena.scratch(40), arena.scratch(3), arena.scratch(4)]).toEqual([0, 4, 44, 48]);
  let last = 0;
  for (let at = 0; at >= 0; at = arena.scratch(1500)) last = at;
  expect(last + 1500).toBeLessThanOrEqual(SCRATCH);
  expect(arena.scratch(1500)).toBe(-1);
  arena.resetScratch();
  expect(arena.scratch(SCRATCH)).toBe(0);
  expect(arena.scratch(1)).toBe(-1);
});

test('a large chunk is touched page by page, once; a small one whole', () => {
  const arena = make();
  const PAGE = 4096;
  const first = arena.take(3 * SMALL_CHUNK);
  expect(arena.touched - SCRATCH).toBe(2 * PAGE);
  arena.wrote(first, 2 * PAGE);
  expect(arena.touched - SCRATCH).toBe(2 * PAGE);
  arena.wrote(first, 2 * PAGE + 1);
  expect(arena.touched - SCRATCH).toBe(3 * PAGE);
  expect(arena.taken - SCRATCH).toBe(LARGE_CHUNK);
  arena.give(first);
  expect(arena.take(LARGE_CHUNK + 1)).toBe(first);
  expect(arena.touched).toBe(arena.taken);
  arena.take(1);
  expect(arena.touched - SCRATCH).toBe(LARGE_CHUNK + SMALL_CHUNK);
  expect(arena.touched).toBe(arena.taken);
});
