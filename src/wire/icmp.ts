/** ICMP (RFC 792) by offset over a byte array. ICMPv6 has the same first 8 bytes (RFC 4443), so readers serve both. */
import { get16, get32, put32 } from './bytes.ts';
import { writeChecksum } from './checksum.ts';

export const ICMP_HEADER = 8;

export const ICMP4_ECHO_REPLY = 0;
export const ICMP4_UNREACHABLE = 3;
export const ICMP4_REDIRECT = 5;
export const ICMP4_ECHO = 8;
export const ICMP4_TIME_EXCEEDED = 11;
export const ICMP4_PARAMETER_PROBLEM = 12;

export const UNREACHABLE_PROTOCOL = 2;
export const UNREACHABLE_PORT = 3;
export const FRAGMENTATION_NEEDED = 4;

export function icmpType(b: Uint8Array, o: number): number {
  return b[o]!;
}

export function icmpCode(b: Uint8Array, o: number): number {
  return b[o + 1]!;
}

/** The second word: identifier and sequence number of an echo; MTU or pointer in an ICMPv6 error; else mostly unused. */
export function icmpWord(b: Uint8Array, o: number): number {
  return get32(b, o + 4);
}

/** Next-hop MTU of "fragmentation needed" (RFC 1191 §4); 0 from a router that does not tell. */
export function icmp4Mtu(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/**
 * Any ICMPv4 message: type, code, second word and `length` bytes of body (echo data, or the quoted packet).
 * Returns its length.
 */
export function writeIcmp4(
  out: Uint8Array,
  o: number,
  type: number,
  code: number,
  word: number,
  body: Uint8Array,
  from: number,
  length: number,
): number {
  const total = writeIcmpBody(out, o, type, code, word, body, from, length);
  writeChecksum(out, o + 2, o, total);
  return total;
}

/** The message without its checksum, which differs between the versions. */
export function writeIcmpBody(
  out: Uint8Array,
  o: number,
  type: number,
  code: number,
  word: number,
  body: Uint8Array,
  from: number,
  length: number,
): number {
  put32(out, o, (type << 24) | (code << 16));
  put32(out, o + 4, word);
  out.set(body.subarray(from, from + length), o + ICMP_HEADER);
  return ICMP_HEADER + length;
}
