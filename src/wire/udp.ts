/** The UDP header (RFC 768). */
import { get16, put16 } from './bytes.ts';
import { complement, pseudo, sum, verifies } from './checksum.ts';
import { PROTO_UDP } from './ip.ts';

export const UDP_HEADER = 8;
const LENGTH = 4;
const CHECKSUM = 6;

/** Bytes of data in the datagram at `l4`, of which `end - l4` bytes are there; -1 when its length is impossible. */
export function udpData(b: Uint8Array, l4: number, end: number): number {
  if (end - l4 < UDP_HEADER) return -1;
  const length = get16(b, l4 + LENGTH);
  return length < UDP_HEADER || length > end - l4 ? -1 : length - UDP_HEADER;
}

/**
 * Whether the checksum is right (RFC 1122 §4.1.3.4). Zero says that there is none, which IPv4 allows and IPv6 does not
 * (RFC 8200 §8.1). Between interfaces of one machine the field holds the sum of the pseudo header only, for a device to
 * complete that the packet never met. The length was checked.
 */
export function udpIntact(b: Uint8Array, l3: number, l4: number): boolean {
  const field = get16(b, l4 + CHECKSUM);
  if (field === 0) return b[l3]! >>> 4 === 4;
  const length = get16(b, l4 + LENGTH);
  const start = pseudo(b, l3, PROTO_UDP, length);
  return field === start || verifies(b, l4, length, start);
}

/** Writes the header at `l4` for the `length` bytes of data behind it; the IP header at `l3` is there already. */
export function writeUdp(b: Uint8Array, l3: number, l4: number, from: number, to: number, length: number): void {
  const total = UDP_HEADER + length;
  put16(b, l4, from);
  put16(b, l4 + 2, to);
  put16(b, l4 + LENGTH, total);
  put16(b, l4 + CHECKSUM, 0);
  // RFC 768: a sum that comes out as zero is sent as its other form, for zero means that there is none.
  put16(b, l4 + CHECKSUM, complement(sum(b, l4, total, pseudo(b, l3, PROTO_UDP, total))) || 0xffff);
}
