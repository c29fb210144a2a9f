/** What a router says about a packet that does not fit the next link (RFC 1191 §4, RFC 4443 §3.2). */
import { readIpv6Address } from '../../wire/address.ts';
import { get16, get32 } from '../../wire/bytes.ts';
import { ETHER_HEADER, ETHERTYPE_IPV4, ETHERTYPE_IPV6, macHi, macLo, writeEthernet } from '../../wire/ethernet.ts';
import { FRAGMENTATION_NEEDED, ICMP_HEADER, ICMP4_UNREACHABLE, writeIcmp4 } from '../../wire/icmp.ts';
import { ICMP6_PACKET_TOO_BIG, writeIcmp6 } from '../../wire/icmp6.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_ICMP4, PROTO_ICMP6, writeIpv4, writeIpv6 } from '../../wire/ip.ts';

/** Enough of the packet for its sender to know which connection it belongs to. */
const QUOTE = 128;
const TTL = 64;

/** The router speaks from the address that the packet was for. Undefined for what is no IP packet. */
export function tooBig(frame: Uint8Array, mtu: number): Uint8Array | undefined {
  const type = get16(frame, 12);
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return undefined;
  const quoted = Math.min(QUOTE, frame.length - ETHER_HEADER);
  const header = type === ETHERTYPE_IPV4 ? IPV4_HEADER : IPV6_HEADER;
  const out = new Uint8Array(ETHER_HEADER + header + ICMP_HEADER + quoted);
  writeEthernet(out, 0, macHi(frame, 6), macLo(frame, 6), frame.subarray(0, 6), type);
  const ip = ETHER_HEADER;
  const icmp = ip + header;
  if (type === ETHERTYPE_IPV4) {
    const [src, dst] = [get32(frame, ip + 16), get32(frame, ip + 12)];
    writeIpv4(out, ip, 0, out.length - ip, TTL, PROTO_ICMP4, src, dst);
    writeIcmp4(out, icmp, ICMP4_UNREACHABLE, FRAGMENTATION_NEEDED, mtu, frame, ip, quoted);
  } else {
    const ends = new Int32Array(8);
    readIpv6Address(frame, ip + 24, ends.subarray(0, 4));
    readIpv6Address(frame, ip + 8, ends.subarray(4, 8));
    writeIpv6(out, ip, 0, out.length - icmp, TTL, PROTO_ICMP6, ends, 0, ends, 4);
    writeIcmp6(out, ip, icmp, ICMP6_PACKET_TOO_BIG, 0, mtu, frame, ip, quoted);
  }
  return out;
}
