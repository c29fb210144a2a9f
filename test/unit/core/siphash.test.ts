import { expect, test } from 'vitest';
import { sipHash24 } from '../../../src/core/siphash.ts';

// Key 00 01 .. 0f, message 00 01 .. (n - 1): the reference vectors whose length is a multiple of four, as bytes in hex.
const VECTORS: readonly (readonly [bytes: number, hash: string])[] = [
  [0, '310e0edd47db6f72'],
  [4, 'b7877127e09427cf'],
  [8, '6224939a79f5f593'],
  [12, 'fbe50e86bc8f1e75'],
  [16, 'db9bc2577fcc2a3f'],
  [20, '98eea21af25cd6be'],
  [24, '94af49f6c650adb8'],
  [28, 'a5c91da7acaa4dde'],
  [32, 'ce7cf2722f512771'],
  [36, 'b4a31508beff4d31'],
  [40, 'd0a704536ba93e0e'],
  [44, 'f21df2e41d4535f9'],
  [48, '51a9cb9ecba312e6'],
  [52, 'b274cb8ebf87870a'],
  [56, 'bd838d3aafbf8db7'],
  [60, 'e1915f5cb1eca46c'],
];

const key = new Int32Array([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]);

const hex = (words: Int32Array): string => {
  let s = '';
  for (const w of words) for (let i = 0; i < 32; i += 8) s += ((w >>> i) & 255).toString(16).padStart(2, '0');
  return s;
};

test.each(VECTORS)('reference vector of %i bytes', (bytes, hash) => {
  // Two words in front, so that the offset counts.
  const words = new Int32Array(2 + 16);
  for (let i = 0; i < 64; i++) words[2 + (i >> 2)] = words[2 + (i >> 2)]! | (i << ((i & 3) * 8));
  const out = new Int32Array(2);
  sipHash24(key, words, 2, bytes / 4, out);
  expect(hex(out)).toBe(hash);
});
