/** The internet checksum (RFC 1071) and the pseudo headers of RFC 9293 §3.1 and RFC 8200 §8.1. */
import { put16 } from './bytes.ts';

/** Folds the carries back in: a value of 16 bits that is equal in one's complement arithmetic. */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** Bytes that can be added up before an int32 overflows: 2^14 words of 16 bits stay below 2^30. */
const BLOCK = 1 << 15;

/**
 * One's complement sum of `length` bytes, added to `start` (16 bits, or a little more); an odd last byte is padded with
 * zero. Folded, so sums may be chained without thinking of overflow; all parts but the last must be even.
 */
export function sum(b: Uint8Array, o: number, length: number, start = 0): number {
  let total = fold(start);
  let at = o;
  for (let left = length & ~1; left > 0; left -= BLOCK) {
    const end = at + (left < BLOCK ? left : BLOCK);
    let high = 0;
    let low = 0;
    for (; at + 8 <= end; at += 8) {
      high += b[at]! + b[at + 2]! + b[at + 4]! + b[at + 6]!;
      low += b[at + 1]! + b[at + 3]! + b[at + 5]! + b[at + 7]!;
    }
    for (; at < end; at += 2) {
      high += b[at]!;
      low += b[at + 1]!;
    }
    total = fold(total + (high << 8) + low);
  }
  if (length & 1) total += b[at]! << 8;
  return fold(total);
}

/** The field value for data whose sum is `total`. */
export function complement(total: number): number {
  return ~fold(total) & 0xffff;
}

/** Checksum of a block; 0 when the block contains its own correct checksum. */
export function checksum(b: Uint8Array, o: number, length: number, start = 0): number {
  return complement(sum(b, o, length, start));
}

/** Pseudo header of the IPv4 packet whose header starts at `ip`. */
export function pseudo4(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return sum(b, ip + 12, 8, protocol + length);
}

/** Pseudo header of the IPv6 packet whose header starts at `ip`. The length has 32 bits there. */
export function pseudo6(b: Uint8Array, ip: number, nextHeader: number, length: number): number {
  return sum(b, ip + 8, 32, nextHeader + (length >>> 16) + (length & 0xffff));
}

/** Pseudo header by the version nibble. */
export function pseudo(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return b[ip]! >>> 4 === 6 ? pseudo6(b, ip, protocol, length) : pseudo4(b, ip, protocol, length);
}

/** Whether a block that includes its checksum field is intact. */
export function verifies(b: Uint8Array, o: number, length: number, start = 0): boolean {
  return checksum(b, o, length, start) === 0;
}

/** Clears the field at `field`, then fills it with the checksum of the block around it. */
export function writeChecksum(b: Uint8Array, field: number, o: number, length: number, start = 0): void {
  put16(b, field, 0);
  put16(b, field, checksum(b, o, length, start));
}
