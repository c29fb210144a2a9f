/**
 * Classes of addresses. An address is four words in network order; IPv4 is held mapped (0, 0, 0xffff, address), so one
 * prefix length from 0 to 128 serves both: a /24 of IPv4 is 96 + 24.
 */
import { get32, put32 } from './bytes.ts';

/** Third word of an IPv4-mapped address (RFC 4291 §2.5.5.2). */
const MAPPED = 0xffff;
export const ADDRESS_WORDS = 4;
/** Bits of prefix that an IPv4 prefix has more in the mapped form. */
export const MAPPED_BITS = 96;

/** First word of ff02::, multicast of link-local scope. */
const LINK_SCOPE = 0xff020000 | 0;

export function isMapped(w: Int32Array, at = 0): boolean {
  return w[at] === 0 && w[at + 1] === 0 && w[at + 2] === MAPPED;
}

export function mapIpv4(address: number, out: Int32Array, at = 0): void {
  out[at] = 0;
  out[at + 1] = 0;
  out[at + 2] = MAPPED;
  out[at + 3] = address;
}

/** IPv6 address from its 16 bytes. */
export function readIpv6Address(b: Uint8Array, o: number, out: Int32Array, at = 0): void {
  for (let i = 0; i < 4; i++) out[at + i] = get32(b, o + 4 * i);
}

export function writeIpv6Address(b: Uint8Array, o: number, w: Int32Array, at = 0): void {
  for (let i = 0; i < 4; i++) put32(b, o + 4 * i, w[at + i]!);
}

export function sameAddress(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  return a[aAt + 3] === b[bAt + 3] && a[aAt + 2] === b[bAt + 2] && a[aAt + 1] === b[bAt + 1] && a[aAt] === b[bAt];
}

/** Whether the first `bits` bits (0..128) are equal. */
export function samePrefix(a: Int32Array, aAt: number, b: Int32Array, bAt: number, bits: number): boolean {
  for (let i = 0; i < 4; i++) {
    const here = bits - 32 * i;
    if (here <= 0) return true;
    const different = a[aAt + i]! ^ b[bAt + i]!;
    if (here >= 32 ? different !== 0 : different >>> (32 - here) !== 0) return false;
  }
  return true;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(w: Int32Array, at = 0): boolean {
  return w[at + 3] === 0 && w[at] === 0 && w[at + 1] === 0 && (w[at + 2] === 0 || w[at + 2] === MAPPED);
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(w: Int32Array, at = 0): boolean {
  if (isMapped(w, at)) return w[at + 3]! >>> 24 === 127;
  return w[at] === 0 && w[at + 1] === 0 && w[at + 2] === 0 && w[at + 3] === 1;
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(w: Int32Array, at = 0): boolean {
  return isMapped(w, at) ? w[at + 3]! >>> 28 === 14 : w[at]! >>> 24 === 0xff;
}

/** 255.255.255.255; IPv6 has no broadcast. */
export function isLimitedBroadcast(w: Int32Array, at = 0): boolean {
  return w[at + 3] === -1 && isMapped(w, at);
}

/** All ones behind the prefix of an IPv4 network: its directed broadcast; 0 when it has none, as behind more than 30 bits (RFC 3021). */
export function broadcastOf(net: Int32Array, at: number, bits: number): number {
  const host = 32 - (bits - MAPPED_BITS);
  return host < 2 || host > 31 ? 0 : net[at + 3]! | ~(-1 << host);
}

/** Limited broadcast, or all ones behind the prefix of `net` (a prefix longer than /30 has none, RFC 3021). */
export function isBroadcast(w: Int32Array, at: number, net: Int32Array, netAt: number, bits: number): boolean {
  if (!isMapped(w, at)) return false;
  if (w[at + 3] === -1) return true;
  const last = broadcastOf(net, netAt, bits);
  return last !== 0 && w[at + 3] === last && isMapped(net, netAt);
}

/** 169.254.0.0/16 or fe80::/10. */
export function isLinkLocal(w: Int32Array, at = 0): boolean {
  return isMapped(w, at) ? w[at + 3]! >>> 16 === 0xa9fe : w[at]! >>> 22 === 0x3fa;
}

/** ff02::1:ff00:0/104, the groups of RFC 4291 §2.7.1. */
export function isSolicitedNode(w: Int32Array, at = 0): boolean {
  return w[at] === LINK_SCOPE && w[at + 1] === 0 && w[at + 2] === 1 && w[at + 3]! >>> 24 === 0xff;
}

/** The solicited-node group of an address. */
export function solicitedNode(w: Int32Array, at: number, out: Int32Array, outAt: number): void {
  out[outAt] = LINK_SCOPE;
  out[outAt + 1] = 0;
  out[outAt + 2] = 1;
  out[outAt + 3] = 0xff000000 | w[at + 3]!;
}

/** First four bytes of the MAC of a group (RFC 1112 §6.4, RFC 2464 §7). */
export function groupMacHi(w: Int32Array, at = 0): number {
  if (isMapped(w, at)) return 0x01005e00 | ((w[at + 3]! >>> 16) & 0x7f);
  return 0x33330000 | (w[at + 3]! >>> 16);
}

/** Its last two bytes. */
export function groupMacLo(w: Int32Array, at = 0): number {
  return w[at + 3]! & 0xffff;
}
