import { expect, test } from 'vitest';
import { Slab } from '../../../src/shell/slab.ts';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

test('copies outlive their source and never overlap', () => {
  const slab = new Slab();
  const source = filled(5000, 0);
  const kept = Array.from({ length: 200 }, (_, n) => {
    const length = (n * 37) % 5000;
    source.fill(n);
    return [slab.keep(source.subarray(0, length)), length, n] as const;
  });
  source.fill(255);
  for (const [copy, length, byte] of kept) expect(copy.equals(filled(length, byte))).toBe(true);
});

test('small ones share a block, aligned; large ones get their own', () => {
  const slab = new Slab();
  const [a, b, large] = [slab.keep(filled(3, 1)), slab.keep(filled(10, 2)), slab.keep(filled(32 * 1024 + 1, 3))];
  expect([b.buffer === a.buffer, b.byteOffset - a.byteOffset]).toEqual([true, 8]);
  expect([large.buffer === a.buffer, large.buffer.byteLength]).toEqual([false, 32 * 1024 + 1]);
});

test('a full block is followed by a new one', () => {
  const slab = new Slab();
  const copies = Array.from({ length: 9 }, (_, n) => slab.keep(filled(32 * 1024, n)));
  expect(new Set(copies.map((copy) => copy.buffer)).size).toBe(2);
  for (const [n, copy] of copies.entries()) expect([copy[0], copy.at(-1)]).toEqual([n, n]);
});
