import { expect, test, vi } from 'vitest';
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

const BLOCK = 1024 * 1024;

test('copies share a block, aligned; what is larger than a block gets its own', () => {
  const slab = new Slab();
  const [a, b, large] = [slab.keep(filled(3, 1)), slab.keep(filled(10, 2)), slab.keep(filled(BLOCK + 1, 3))];
  expect([b.buffer === a.buffer, b.byteOffset - a.byteOffset]).toEqual([true, 8]);
  expect([large.buffer === a.buffer, large.buffer.byteLength]).toEqual([false, BLOCK + 1]);
});

test('a full block is followed by a new one', () => {
  const slab = new Slab();
  const copies = Array.from({ length: 33 }, (_, n) => slab.keep(filled(32 * 1024, n)));
  expect(new Set(copies.map((copy) => copy.buffer)).size).toBe(2);
  for (const [n, copy] of copies.entries()) expect([copy[0], copy.at(-1)]).toEqual([n, n]);
});

test('pieces that follow each other are one copy, as long as a read of node:net', () => {
  const slab = new Slab();
  const [a, b] = [filled(1448, 1), filled(1448, 2)];
  expect(slab.join(a, 1448)).toBe(null);
  expect(slab.join(b, 0)).toEqual(Buffer.concat([a, b]));
  const half = filled(32 * 1024, 3);
  expect([slab.join(half, half.length), slab.join(half, 1)?.length, slab.join(a, 0)?.length]).toEqual([
    null,
    65536,
    1448,
  ]);
});

test('a copy is not joined over the end of a block', () => {
  const slab = new Slab();
  slab.keep(filled(BLOCK - 2000, 1));
  const first = slab.join(filled(1448, 2), 1448);
  const second = slab.join(filled(1448, 3), 0);
  expect([first, second]).toEqual([Buffer.alloc(1448, 2), Buffer.alloc(1448, 3)]);
});

test('blocks come from a source as long as it has any; what is larger does not', () => {
  const slab = new Slab();
  const blocks = [new ArrayBuffer(BLOCK), new ArrayBuffer(BLOCK)];
  const wanted = [...blocks];
  slab.source = { take: () => blocks.shift(), release: () => {} };
  const half = filled(BLOCK / 2, 1);
  const from = Array.from({ length: 6 }, () => slab.keep(half).buffer);
  expect([from[0], from[1], from[2], from[3]]).toEqual([wanted[0], wanted[0], wanted[1], wanted[1]]);
  expect([from[4] === from[5], wanted.includes(from[4] as ArrayBuffer)]).toEqual([true, false]);
  expect(slab.keep(filled(BLOCK + 1, 2)).buffer.byteLength).toBe(BLOCK + 1);
});

test('when somebody transfers a block away, each chunk from then on has an ArrayBuffer of its own', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const slab = new Slab();
  const buffer = slab.keep(filled(10, 1)).buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
  const after = [
    slab.keep(filled(10, 2)),
    slab.join(filled(10, 3), 10),
    slab.join(filled(10, 4), 0),
    slab.keep(filled(0, 0)),
  ];
  expect(after.map((chunk) => [chunk?.[0], chunk?.length, chunk?.buffer.byteLength])).toEqual([
    [2, 10, 10],
    [3, 10, 10],
    [4, 10, 10],
    [undefined, 0, 0],
  ]);
  expect(warned).toHaveBeenCalledOnce();
  warned.mockRestore();
});

test('what is kept while a copy is half made is a copy of its own', () => {
  const slab = new Slab();
  const [a, b, c] = [filled(100, 1), filled(50, 2), filled(7, 3)];
  expect(slab.join(a, b.length)).toBe(null);
  expect([slab.joining, slab.keep(c)]).toEqual([true, Buffer.from(c)]);
  expect(slab.join(b, 0)).toEqual(Buffer.concat([a, b]));
  expect(slab.joining).toBe(false);
});

test('a copy that is dropped when half made is in nobody else’s', () => {
  const slab = new Slab();
  expect(slab.join(filled(100, 1), 50)).toBe(null);
  slab.drop();
  expect([slab.joining, slab.join(filled(7, 3), 0)]).toEqual([false, Buffer.alloc(7, 3)]);
});
