/**
 * HalfSipHash-1-3 (Aumasson and Bernstein): a keyed hash of 32 bits, so that nobody outside can choose addresses and
 * ports that meet in one place of the flow table. Words are taken as they are; a byte string would be read little-endian.
 */

/** Hash of `count` words of `words` from `at` on. */
export function halfSipHash(key0: number, key1: number, words: Int32Array, at: number, count: number): number {
  let v0 = key0 | 0;
  let v1 = key1 | 0;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  // The last rounds are the finalisation: 1 per word, 1 for the length, 3 after v2 ^= 0xff.
  for (let i = 0; i < count + 4; i++) {
    let m = 0;
    if (i < count) m = words[at + i]!;
    else if (i === count) m = (count * 4) << 24;
    else if (i === count + 1) v2 ^= 0xff;
    v3 ^= m;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= m;
  }
  return v1 ^ v3;
}
