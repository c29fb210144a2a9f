import { expect, test } from 'vitest';
import { halfSipHash } from '../../../src/wire/halfsiphash.ts';

// HalfSipHash-1-3 as Linux publishes it (lib/tests/siphash_kunit.c, 32-bit build): key 00..07, input the bytes 0..n-1.
// Those of a whole number of words.
const vectors = [
  [0, 0x5814c896],
  [4, 0x7e059ea6],
  [8, 0x577999b1],
  [12, 0x6b28096c],
  [16, 0x8b31d501],
  [20, 0x911bb605],
  [24, 0x57150ad7],
  [28, 0x0a4100d0],
  [32, 0xbc6dda8d],
] as const;

test.each(vectors)('of the first %i bytes', (bytes, hash) => {
  const words = Int32Array.from({ length: 10 }, (_, i) => Math.imul(4 * (i - 2), 0x01010101) + 0x03020100);
  expect(halfSipHash(0x03020100, 0x07060504, words, 2, bytes / 4) >>> 0).toBe(hash);
});
