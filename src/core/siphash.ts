/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that an attacker who sees outputs cannot predict. The 64-bit
 * words are pairs of int32, low half first. Messages are whole int32 words, which is all that is hashed here.
 */

/** Two words: low and high half of the hash. */
export type Hash64 = Int32Array;

/**
 * Hashes `count` words of `words` from `at` on (taken as little-endian bytes) under a key of four words.
 */
export function sipHash24(key: Int32Array, words: Int32Array, at: number, count: number, out: Hash64): void {
  const k0l = key[0]!;
  const k0h = key[1]!;
  const k1l = key[2]!;
  const k1h = key[3]!;
  let v0l = k0l ^ 0x70736575;
  let v0h = k0h ^ 0x736f6d65;
  let v1l = k1l ^ 0x6e646f6d;
  let v1h = k1h ^ 0x646f7261;
  let v2l = k0l ^ 0x6e657261;
  let v2h = k0h ^ 0x6c796765;
  let v3l = k1l ^ 0x79746573;
  let v3h = k1h ^ 0x74656462;
  // Whole 64-bit words, one with the rest and the length in its top byte, then the finalization.
  const last = count >> 1;
  for (let block = 0; block <= last + 1; block++) {
    const i = at + block * 2;
    const ml = block < last ? words[i]! : block === last && (count & 1) === 1 ? words[i]! : 0;
    const mh = block < last ? words[i + 1]! : block === last ? (count << 2) << 24 : 0;
    if (block > last) v2l ^= 0xff;
    v3l ^= ml;
    v3h ^= mh;
    for (let round = block > last ? 4 : 2; round > 0; round--) {
      let low = (v0l + v1l) | 0;
      v0h = (v0h + v1h + carry(low, v0l)) | 0;
      v0l = low;
      low = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = low;
      low = v0l; // v0 <<<= 32
      v0l = v0h;
      v0h = low;
      low = (v2l + v3l) | 0;
      v2h = (v2h + v3h + carry(low, v2l)) | 0;
      v2l = low;
      low = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = low;
      low = (v0l + v3l) | 0;
      v0h = (v0h + v3h + carry(low, v0l)) | 0;
      v0l = low;
      low = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = low;
      low = (v2l + v1l) | 0;
      v2h = (v2h + v1h + carry(low, v2l)) | 0;
      v2l = low;
      low = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = low;
      low = v2l; // v2 <<<= 32
      v2l = v2h;
      v2h = low;
    }
    v0l ^= ml;
    v0h ^= mh;
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l;
  out[1] = v0h ^ v1h ^ v2h ^ v3h;
}

/** 1 when the 32-bit sum is below one of its terms. */
const carry = (sum: number, term: number): number => (sum >>> 0 < term >>> 0 ? 1 : 0);

/** A fresh key. */
export function sipKey(rng: { u32(): number }): Int32Array {
  const key = new Int32Array(4);
  for (let i = 0; i < 4; i++) key[i] = rng.u32();
  return key;
}
