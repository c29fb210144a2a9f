/** How a super-segment is cut: what the kernel does for GSO, as arithmetic on the transmit descriptor. */
import { CWR, FIN, KIND_RAW, PSH, TX_GSO, TX_TOTAL } from './abi.ts';
import { kindOf } from './pieces.ts';

/** Segments this descriptor becomes when cut: a raw frame and a segment without payload are one. */
export function segmentCount(desc: Int32Array, at: number): number {
  const size = desc[at + TX_GSO]!;
  const total = desc[at + TX_TOTAL]!;
  if (size === 0 || total <= size || kindOf(desc, at) === KIND_RAW) return 1;
  return (total - (total % size)) / size + (total % size === 0 ? 0 : 1);
}

/** Offset in the payload at which segment `index` starts: also what its sequence number is ahead by. */
export function segmentFrom(desc: Int32Array, at: number, index: number): number {
  return desc[at + TX_GSO]! * index;
}

export function segmentLength(desc: Int32Array, at: number, index: number): number {
  const left = desc[at + TX_TOTAL]! - segmentFrom(desc, at, index);
  const size = desc[at + TX_GSO]!;
  return size === 0 || left < size ? left : size;
}

/**
 * FIN ends the last segment, and PSH asks only at the end of the data (RFC 9293 §3.9.1.2). CWR answers once, on the
 * first (RFC 3168 §6.1.2).
 */
export function segmentFlags(flags: number, index: number, count: number): number {
  const clear = (index === 0 ? 0 : CWR) | (index === count - 1 ? 0 : FIN | PSH);
  return flags & ~clear;
}
