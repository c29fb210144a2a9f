/** What an ICMP error about a datagram means to its sender (RFC 1122 §4.1.3.3; the numbers are those of sockets). */
import { FRAGMENTATION_NEEDED, ICMP4_UNREACHABLE, UNREACHABLE_PORT, UNREACHABLE_PROTOCOL } from '../../wire/icmp.ts';
import { ICMP6_PACKET_TOO_BIG, ICMP6_UNREACHABLE, UNREACHABLE6_PORT } from '../../wire/icmp6.ts';
import { ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH } from '../events.ts';

/** RFC 792, RFC 1122 §3.2.2.1: network unreachable, unknown, and for this type of service. */
const NETWORK4 = (1 << 0) | (1 << 6) | (1 << 11);
/** RFC 4443 §3.1: no route to destination. */
const NO_ROUTE6 = 0;

export function udpErrorOf(type: number, code: number, version: 4 | 6): number {
  if (version === 4) {
    if (type !== ICMP4_UNREACHABLE) return EHOSTUNREACH;
    if (code === UNREACHABLE_PORT || code === UNREACHABLE_PROTOCOL) return ECONNREFUSED;
    if (code === FRAGMENTATION_NEEDED) return EMSGSIZE;
    return code < 16 && (NETWORK4 >> code) & 1 ? ENETUNREACH : EHOSTUNREACH;
  }
  if (type === ICMP6_PACKET_TOO_BIG) return EMSGSIZE;
  if (type !== ICMP6_UNREACHABLE) return EHOSTUNREACH;
  if (code === UNREACHABLE6_PORT) return ECONNREFUSED;
  return code === NO_ROUTE6 ? ENETUNREACH : EHOSTUNREACH;
}
