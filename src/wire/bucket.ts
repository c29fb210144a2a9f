/**
 * Which bucket a flow belongs to, for stacks that share one address: a keyed function of the four-tuple that classic BPF can
 * compute as well (native/core/steering.cc; docs/adr). Who holds the key can tell on which port an answer comes back to
 * himself; who does not cannot aim at one stack.
 */
import { isMapped } from './address.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR } from './flow-key.ts';

/** As a rule far more than stacks: what a stack has too many of it can give away. */
export const COMMON_BUCKETS = 256;
/** A local port that somebody listens on may have buckets of its own, in a berth: only who listens there has them. */
export const BERTHS = 28;
export const BERTH_BUCKETS = 64;
export const BUCKETS = COMMON_BUCKETS + BERTHS * BERTH_BUCKETS;
/** A set of buckets is so many words, the first bucket lowest. */
export const BUCKET_WORDS = BUCKETS / 32;

const FIRST_FACTOR = 0x9e3779b1;
const SECOND_FACTOR = 0x6a09e667;

export function hasBucket(set: Int32Array, bucket: number): boolean {
  return ((set[bucket >>> 5]! >>> (bucket & 31)) & 1) !== 0;
}

export function addBucket(set: Int32Array, bucket: number): void {
  set[bucket >>> 5]! |= 1 << (bucket & 31);
}

/** Of the nine identity words at `at`, whatever has a berth: TCP, and UDP to ports that everybody knows. */
export function bucketOfFlow(key0: number, key1: number, identity: Int32Array, at: number): number {
  const factor = key0 | 1;
  let h: number;
  if (isMapped(identity, at + KEY_LADDR) && isMapped(identity, at + KEY_RADDR)) {
    h = (Math.imul(identity[at + KEY_LADDR + 3]!, factor) + identity[at + KEY_RADDR + 3]!) | 0;
  } else {
    h = identity[at + KEY_LADDR]!;
    for (let n = 1; n < 8; n++) h = (Math.imul(h, factor) + identity[at + KEY_LADDR + n]!) | 0;
  }
  h = (h + key1) | 0;
  h = Math.imul(h ^ (h >>> 16), SECOND_FACTOR);
  const ports = identity[at + KEY_PORTS]!;
  return finish(key0, h ^ ((ports << 16) | (ports >>> 16)));
}

/** Where a flow goes whose local port has a berth. */
export function bucketInBerth(berth: number, bucket: number): number {
  return COMMON_BUCKETS + berth * BERTH_BUCKETS + Math.floor(bucket / (COMMON_BUCKETS / BERTH_BUCKETS));
}

/** The berth of a bucket; negative: it is everybody's. */
export function berthOf(bucket: number): number {
  return Math.floor((bucket - COMMON_BUCKETS) / BERTH_BUCKETS);
}

/** Of a UDP port that was chosen for a socket: its peers may be many, and all answers must come to one stack. */
export function bucketOfPort(key0: number, key1: number, port: number): number {
  return finish(key0, port ^ key1);
}

function finish(key0: number, mixed: number): number {
  let h = (mixed + key0) | 0;
  h = Math.imul(h ^ (h >>> 16), FIRST_FACTOR);
  h = Math.imul(h ^ (h >>> 15), SECOND_FACTOR);
  return h >>> 24;
}
