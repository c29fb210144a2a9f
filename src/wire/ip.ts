/** Fixed headers of IPv4 (RFC 791) and IPv6 (RFC 8200). Addresses are int32 words; IPv4 is the last of a mapped four. */
import { writeIpv6Address } from './address.ts';
import { put16, put32 } from './bytes.ts';
import { writeChecksum } from './checksum.ts';

export const IPV4_HEADER = 20;
/** Most bytes of options in an IPv4 header. */
export const IPV4_OPTIONS = 40;
export const IPV6_HEADER = 40;
/** RFC 9293 §3.9.2 [MUST-49]: configurable, default 64. */
export const DEFAULT_TTL = 64;

export const PROTO_HOP_BY_HOP = 0;
export const PROTO_ICMP4 = 1;
export const PROTO_TCP = 6;
export const PROTO_UDP = 17;
export const PROTO_ROUTING = 43;
export const PROTO_FRAGMENT = 44;
export const PROTO_AH = 51;
export const PROTO_ICMP6 = 58;
/** IPv6: nothing follows. */
export const PROTO_NONE = 59;
export const PROTO_DEST_OPTIONS = 60;

const DONT_FRAGMENT = 0x4000;

/** Atomic datagram: DF set, identification 0 (RFC 6864 §4, §4.1). `total` is header and payload. */
export function writeIpv4(
  out: Uint8Array,
  o: number,
  tos: number,
  total: number,
  ttl: number,
  protocol: number,
  src: number,
  dst: number,
): void {
  out[o] = 0x45;
  out[o + 1] = tos;
  put16(out, o + 2, total);
  put16(out, o + 4, 0);
  put16(out, o + 6, DONT_FRAGMENT);
  out[o + 8] = ttl === 0 ? DEFAULT_TTL : ttl;
  out[o + 9] = protocol;
  put32(out, o + 12, src);
  put32(out, o + 16, dst);
  writeChecksum(out, o + 10, o, IPV4_HEADER);
}

/** `payload` counts what follows the fixed header. Four words each for the addresses. Flow label 0 (RFC 6437 §3). */
export function writeIpv6(
  out: Uint8Array,
  o: number,
  trafficClass: number,
  payload: number,
  hopLimit: number,
  nextHeader: number,
  src: Int32Array,
  srcAt: number,
  dst: Int32Array,
  dstAt: number,
): void {
  put32(out, o, 0x60000000 | (trafficClass << 20));
  put16(out, o + 4, payload);
  out[o + 6] = nextHeader;
  out[o + 7] = hopLimit === 0 ? DEFAULT_TTL : hopLimit;
  writeIpv6Address(out, o + 8, src, srcAt);
  writeIpv6Address(out, o + 24, dst, dstAt);
}
