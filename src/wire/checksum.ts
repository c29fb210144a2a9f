/** The internet checksum (RFC 1071) and the pseudo headers of RFC 9293 §3.1 and RFC 8200 §8.1. */
import { put16 } from './bytes.ts';

/** Folds the carries back in: a value of 16 bits that is equal in one's complement arithmetic. */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

/**
 * One's complement sum of `length` bytes, added to `start`; an odd last byte is padded with zero. Folded, so sums may
 * be chained without thinking of overflow; all parts but the last must be even.
 */
export function sum(b: Uint8Array, o: number, length: number, start = 0): number {
  let total = start;
  const even = o + (length & ~1);
  for (let i = o; i < even; i += 2) total += (b[i]! << 8) | b[i + 1]!;
  if (length & 1) total += b[even]! << 8;
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
