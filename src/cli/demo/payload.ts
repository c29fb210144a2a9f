/** Bytes that everybody can make again: one pseudo-random block, repeated. */
import { createHash } from 'node:crypto';

export const MIB = 1 << 20;
export const GIB = 1 << 30;

/** Marsaglia's xorshift32 from a fixed seed. */
function makeBlock(): Buffer {
  const block = Buffer.alloc(MIB);
  let x = 0x2545f491;
  for (let i = 0; i < block.length; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    block.writeInt32LE(x | 0, i);
  }
  return block;
}

/** Nobody writes to it. */
const block = makeBlock();

/** SHA-256 of the first `bytes` of the endless payload. */
export function payloadHash(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of payload(bytes)) hash.update(piece);
  return hash.digest('hex');
}

/** The first `bytes` of the payload in pieces of at most a block, none of them copied. */
export function* payload(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= MIB) yield left >= MIB ? block : block.subarray(0, left);
}
