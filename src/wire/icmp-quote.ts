/** The packet that an ICMP error quotes: which of our connections or sockets it speaks of (RFC 9293 §3.9.2.2). */
import { mapIpv4, readIpv6Address } from './address.ts';
import { get16, get32 } from './bytes.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR, KEY_WORDS } from './flow-key.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_TCP, PROTO_UDP } from './ip.ts';
import { quotedDestination } from './source-route.ts';

export class IcmpQuote {
  /** Identity of the flow: the quoted packet was ours, so its source is our local end. */
  readonly key = new Int32Array(KEY_WORDS);
  /** TCP or UDP. */
  protocol = PROTO_TCP;
  /** SEG.SEQ of the quoted segment: RFC 5927 §4.1 asks that it is one in flight. */
  seq = 0;
  /** Bytes the whole packet had, by its IP length: RFC 1191 §5 estimates an MTU from it. */
  packet = 0;

  /**
   * Reads the quoted packet in [o, end). False unless it shows addresses and ports, and of TCP the sequence number: 8 bytes
   * of the header behind IP's are all that RFC 792 promises. Extension headers of IPv6 are not followed; we send none.
   */
  read(b: Uint8Array, o: number, end: number): boolean {
    if (end - o < IPV4_HEADER) return false;
    const version = b[o]! >>> 4;
    const l4 = version === 6 ? this.#readIpv6(b, o, end) : version === 4 ? this.#readIpv4(b, o, end) : end;
    if (end - l4 < 8) return false;
    this.key[KEY_PORTS] = get32(b, l4);
    this.seq = get32(b, l4 + 4);
    return true;
  }

  /** Offset of the TCP or UDP header, or one too far for anything to follow. */
  #readIpv4(b: Uint8Array, o: number, end: number): number {
    const header = (b[o]! & 15) * 4;
    const laterFragment = (get16(b, o + 6) & 0x1fff) !== 0;
    if (!this.#isOurs(b[o + 9]!) || header < IPV4_HEADER || laterFragment) return Number.MAX_SAFE_INTEGER;
    mapIpv4(get32(b, o + 12), this.key, KEY_LADDR);
    mapIpv4(
      header > IPV4_HEADER ? quotedDestination(b, o, Math.min(o + header, end)) : get32(b, o + 16),
      this.key,
      KEY_RADDR,
    );
    this.packet = get16(b, o + 2);
    return o + header;
  }

  #readIpv6(b: Uint8Array, o: number, end: number): number {
    if (end - o < IPV6_HEADER || !this.#isOurs(b[o + 6]!)) return Number.MAX_SAFE_INTEGER;
    readIpv6Address(b, o + 8, this.key, KEY_LADDR);
    readIpv6Address(b, o + 24, this.key, KEY_RADDR);
    this.packet = IPV6_HEADER + get16(b, o + 4);
    return o + IPV6_HEADER;
  }

  #isOurs(protocol: number): boolean {
    this.protocol = protocol;
    return protocol === PROTO_TCP || protocol === PROTO_UDP;
  }
}
