/** Source address selection: RFC 6724 §5 for IPv6; for IPv4 the address of the network that the route leads to. */
import { isMapped, MAPPED_BITS } from '../../wire/address.ts';

/** Scopes of RFC 4007 §5, as their numbers in multicast addresses. */
const INTERFACE_LOCAL = 1;
const LINK_LOCAL = 2;
const SITE_LOCAL = 5;
const GLOBAL = 14;

/** RFC 6724 §2.1: the default policy table, prefix words, length, label. */
const LABELS: readonly (readonly [number, number, number, number, number, number])[] = [
  [0, 0, 0, 1, 128, 0],
  [0, 0, 0xffff, 0, 96, 4],
  [0, 0, 0, 0, 96, 3],
  [0x20010000, 0, 0, 0, 32, 5],
  [0x20020000, 0, 0, 0, 16, 2],
  [0x3ffe0000, 0, 0, 0, 16, 12],
  [0xfec00000, 0, 0, 0, 10, 11],
  [0xfc000000, 0, 0, 0, 7, 13],
];
const OTHER_LABEL = 1;

/** §3.1. */
export function scope(w: Int32Array, at: number): number {
  const first = w[at]! >>> 0;
  if (isMapped(w, at)) {
    const a = w[at + 3]! >>> 0;
    return a >>> 24 === 127 || a >>> 16 === 0xa9fe ? LINK_LOCAL : GLOBAL;
  }
  if (first >>> 24 === 0xff) return (first >>> 16) & 15;
  if (first >>> 22 === 0x3fa) return LINK_LOCAL;
  if (first >>> 22 === 0x3fb) return SITE_LOCAL;
  return first === 0 && w[at + 1] === 0 && w[at + 2] === 0 && w[at + 3] === 1 ? INTERFACE_LOCAL + 1 : GLOBAL;
}

export function label(w: Int32Array, at: number): number {
  for (const [a, b, c, d, bits, value] of LABELS) {
    const probe = [a, b, c, d];
    let same = true;
    for (let n = 0; n < bits && same; n += 32) {
      const mask = bits - n >= 32 ? -1 : ~(0xffffffff >>> (bits - n));
      same = ((w[at + (n >>> 5)]! ^ probe[n >>> 5]!) & mask) === 0;
    }
    if (same) return value;
  }
  return OTHER_LABEL;
}

/** Leading bits that two addresses have in common, at most `most`: no more than the source's prefix counts (§2.2). */
export function commonPrefix(a: Int32Array, aAt: number, b: Int32Array, bAt: number, most: number): number {
  for (let i = 0; i < 4; i++) {
    const differ = a[aAt + i]! ^ b[bAt + i]!;
    if (differ !== 0) return Math.min(most, 32 * i + Math.clz32(differ));
  }
  return most;
}

export interface Candidate {
  /** Index of the link it is on, length of its prefix. */
  link: number;
  prefix: number;
  deprecated: boolean;
}

/**
 * Whether source `a` is better than `b` (both words of `w`) for `dst` out of `link`: the rules of §5 in their order. Home and
 * temporary addresses (4, 7) there are none; §5.5 asks for nothing.
 */
export function isBetter(
  w: Int32Array,
  a: number,
  aIs: Candidate,
  b: number,
  bIs: Candidate,
  dst: Int32Array,
  link: number,
): boolean {
  const wanted = scope(dst, 0);
  const scopeA = scope(w, a);
  const scopeB = scope(w, b);
  // Rule 2: the smallest scope that is large enough.
  if (scopeA < scopeB) return scopeA >= wanted;
  if (scopeB < scopeA) return scopeB < wanted;
  // Rule 3: not one that is about to go.
  if (aIs.deprecated !== bIs.deprecated) return bIs.deprecated;
  // Rule 5: of the interface that it leaves by.
  if ((aIs.link === link) !== (bIs.link === link)) return aIs.link === link;
  // Rule 6.
  const wantedLabel = label(dst, 0);
  const labelA = label(w, a) === wantedLabel;
  if (labelA !== (label(w, b) === wantedLabel)) return labelA;
  // Rule 8.
  return commonPrefix(w, a, dst, 0, aIs.prefix) > commonPrefix(w, b, dst, 0, bIs.prefix);
}

/** IPv4: on the link, in the network of the next hop, then the longest common prefix. */
export function isBetter4(
  w: Int32Array,
  a: number,
  aIs: Candidate,
  b: number,
  bIs: Candidate,
  hop: Int32Array,
  link: number,
): boolean {
  if ((aIs.link === link) !== (bIs.link === link)) return aIs.link === link;
  const near = (at: number, is: Candidate): boolean =>
    is.prefix > MAPPED_BITS && commonPrefix(w, at, hop, 0, is.prefix) === is.prefix;
  if (near(a, aIs) !== near(b, bIs)) return near(a, aIs);
  // A link-local address (RFC 3927 §2.7) speaks to its like only.
  const local = scope(w, a) === scope(hop, 0);
  return local && scope(w, b) !== scope(hop, 0);
}
