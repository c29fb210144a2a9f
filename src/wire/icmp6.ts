/** ICMPv6 (RFC 4443): types, and the writer with the pseudo header in its checksum. Neighbor Discovery is in nd.ts. */
import { pseudo6, writeChecksum } from './checksum.ts';
import { writeIcmpBody } from './icmp.ts';
import { PROTO_ICMP6 } from './ip.ts';

export const ICMP6_UNREACHABLE = 1;
export const ICMP6_PACKET_TOO_BIG = 2;
export const ICMP6_TIME_EXCEEDED = 3;
export const ICMP6_PARAMETER_PROBLEM = 4;
export const ICMP6_ECHO = 128;
export const ICMP6_ECHO_REPLY = 129;
export const ND_ROUTER_SOLICITATION = 133;
export const ND_ROUTER_ADVERTISEMENT = 134;
export const ND_NEIGHBOR_SOLICITATION = 135;
export const ND_NEIGHBOR_ADVERTISEMENT = 136;
export const ND_REDIRECT = 137;

export const UNREACHABLE6_PROHIBITED = 1;
export const UNREACHABLE6_PORT = 4;

/** Fills in the checksum of the message at `o`; the IPv6 header at `ip` is written already. */
export function sealIcmp6(out: Uint8Array, ip: number, o: number, length: number): void {
  writeChecksum(out, o + 2, o, length, pseudo6(out, ip, PROTO_ICMP6, length));
}

/** Any message of the form type, code, word, body: echo, or an error with the quoted packet. Returns its length. */
export function writeIcmp6(
  out: Uint8Array,
  ip: number,
  o: number,
  type: number,
  code: number,
  word: number,
  body: Uint8Array,
  from: number,
  length: number,
): number {
  const total = writeIcmpBody(out, o, type, code, word, body, from, length);
  sealIcmp6(out, ip, o, total);
  return total;
}
