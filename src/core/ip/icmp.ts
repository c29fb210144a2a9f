/** ICMP of both versions: echo, errors about our connections, errors about what nobody here wants. */
import type { Micros } from '../../ports.ts';
import { ADDRESS_WORDS, isMapped, isMulticast } from '../../wire/address.ts';
import { get16 } from '../../wire/bytes.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR } from '../../wire/flow-key.ts';
import { HeaderChain, UNKNOWN_NEXT_HEADER } from '../../wire/header-chain.ts';
import {
  FRAGMENTATION_NEEDED,
  ICMP_HEADER,
  ICMP4_ECHO,
  ICMP4_ECHO_REPLY,
  ICMP4_PARAMETER_PROBLEM,
  ICMP4_REDIRECT,
  ICMP4_TIME_EXCEEDED,
  ICMP4_UNREACHABLE,
  icmp4Mtu,
  icmpCode,
  icmpType,
  icmpWord,
  UNREACHABLE_PORT,
  UNREACHABLE_PROTOCOL,
} from '../../wire/icmp.ts';
import { IcmpQuote } from '../../wire/icmp-quote.ts';
import {
  ICMP6_ECHO,
  ICMP6_ECHO_REPLY,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER_PROBLEM,
  ICMP6_UNREACHABLE,
  ND_REDIRECT,
  UNREACHABLE6_PORT,
} from '../../wire/icmp6.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_ICMP4, PROTO_ICMP6, PROTO_NONE, PROTO_UDP } from '../../wire/ip.ts';
import { udpData, udpIntact } from '../../wire/udp.ts';
import type { Addresses } from './addresses.ts';
import type { IpCounters } from './counters.ts';
import type { Frames } from './frames.ts';
import type { Packet } from './packet.ts';
import { TokenBucket } from './token-bucket.ts';

/** What an ICMP error says to TCP; the arrays are valid during the call only. */
export interface IcmpUp {
  /** `mtu` is 0 unless a packet was too big. */
  icmpError(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    seq: number,
    type: number,
    code: number,
    version: 4 | 6,
    mtu: number,
  ): void;
}

/** UDP as the IP layer sees it. */
export interface DatagramUp {
  /** A datagram, whole; false = it is for an address of ours and nobody has the port. */
  arrives(packet: Packet): boolean;
  /** As IcmpUp.icmpError. */
  udpError(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    type: number,
    code: number,
    version: 4 | 6,
    mtu: number,
  ): void;
}

/** RFC 1812 §4.3.2.3: as much as fits into 576 bytes. */
const ERROR4_QUOTE = 576 - IPV4_HEADER - ICMP_HEADER;
/** RFC 4443 §2.4 (c): as much as fits into the least MTU. */
const MIN_MTU6 = 1280;
const ERROR6_QUOTE = MIN_MTU6 - IPV6_HEADER - ICMP_HEADER;
/** RFC 791: every link carries this. */
const MIN_MTU4 = 68;
const MAX_MTU = 65535;
/** RFC 4443 §2.4 (f), RFC 1812 §4.3.2.8. */
const ERRORS_PER_SECOND = 100;
const ERRORS_AT_ONCE = 50;
/** RFC 1191 §7.1: MTUs that are likely, for routers that do not tell theirs. */
const PLATEAUS = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296] as const;

export class Icmp {
  private readonly addresses: Addresses;
  private readonly frames: Frames;
  private readonly up: IcmpUp;
  private readonly counters: IpCounters;
  private readonly quote = new IcmpQuote();
  private readonly laddr = new Int32Array(ADDRESS_WORDS);
  private readonly raddr = new Int32Array(ADDRESS_WORDS);
  private readonly chain = new HeaderChain();
  private readonly bucket = new TokenBucket(ERRORS_PER_SECOND, ERRORS_AT_ONCE);
  /** Hears of errors about datagrams. */
  udp: DatagramUp | null = null;

  constructor(addresses: Addresses, frames: Frames, up: IcmpUp, counters: IpCounters) {
    this.addresses = addresses;
    this.frames = frames;
    this.up = up;
    this.counters = counters;
  }

  /**
   * RFC 1122 §3.2.2. Unknown types are dropped in silence, and so are source quench [MUST-55] (RFC 5927 §6) and redirects: acceptance
   * of those is a matter of trust in everybody on the link, and a host that ignores them still works (RFC 1122 §3.3.1.2; ADR 12).
   * It sends none either (RFC 1122 §3.2.2.2).
   */
  handle4(packet: Packet): void {
    const { memory: b, l4 } = packet;
    switch (icmpType(b, l4)) {
      case ICMP4_ECHO:
        this.echo(packet, ICMP4_ECHO_REPLY);
        break;
      case ICMP4_UNREACHABLE:
        this.error(packet, icmpCode(b, l4) === FRAGMENTATION_NEEDED);
        break;
      case ICMP4_TIME_EXCEEDED:
      case ICMP4_PARAMETER_PROBLEM:
        this.error(packet, false);
        break;
      case ICMP4_REDIRECT:
        this.counters.redirectsIgnored++;
    }
  }

  /** RFC 4443 §2.4: errors, known or not, go up (a); unknown informational messages are dropped (b). */
  handle6(packet: Packet): void {
    const type = icmpType(packet.memory, packet.l4);
    if (type === ICMP6_ECHO) this.echo(packet, ICMP6_ECHO_REPLY);
    else if (type < ICMP6_ECHO && type >= ICMP6_UNREACHABLE) this.error(packet, type === ICMP6_PACKET_TOO_BIG);
    else if (type === ND_REDIRECT) this.counters.redirectsIgnored++;
  }

  /** Port unreachable for a datagram to one of our addresses (RFC 1122 §4.1.3.1). */
  portUnreachable(packet: Packet, now: Micros): void {
    const { memory: b, l3, l4, end } = packet;
    if (udpData(b, l4, end) < 0 || !udpIntact(b, l3, l4)) return;
    if (packet.version === 4) this.complain(packet, ICMP4_UNREACHABLE, UNREACHABLE_PORT, 0, now, false, true);
    else this.complain(packet, ICMP6_UNREACHABLE, UNREACHABLE6_PORT, 0, now, false, true);
  }

  /** A protocol that we do not have: RFC 1122 §3.2.2.1, RFC 8200 §4. */
  protocolUnreachable(packet: Packet, now: Micros): void {
    if (packet.version === 4) {
      this.complain(packet, ICMP4_UNREACHABLE, UNREACHABLE_PROTOCOL, 0, now);
      return;
    }
    const { chain } = this;
    chain.walk(packet.memory, packet.l3, packet.end);
    // "No next header" means just that (RFC 8200 §4.7); a packet that is cut short has no field to point at.
    const unknown = chain.code < 0 && !chain.cut && chain.protocol !== PROTO_NONE;
    const code = unknown ? UNKNOWN_NEXT_HEADER : chain.code;
    if (code >= 0) this.complain(packet, ICMP6_PARAMETER_PROBLEM, code, chain.pointer, now, chain.evenToGroup);
  }

  /**
   * RFC 1122 §3.2.2.6, RFC 4443 §4.2: from the address pinged, identifier, sequence number and data as they came, along the reverse of
   * the source route if they came by one.
   */
  private echo(packet: Packet, reply: number): void {
    const { memory: b, l4, end } = packet;
    // Answers to a group would let one packet draw many (smurf attack).
    if (packet.group || icmpCode(b, l4) !== 0 || !this.speaksFor(packet)) return;
    const from = l4 + ICMP_HEADER;
    if (this.frames.answerIcmp(packet, reply, 0, icmpWord(b, l4), from, end - from, packet.tos))
      this.counters.echoReplies++;
  }

  /**
   * Demultiplexes to the connection or socket that caused the error [MUST-54] (RFC 1122 §3.2.2.1, §3.2.2.4); the quoted packet must
   * be one of ours.
   */
  private error(packet: Packet, tooBig: boolean): void {
    const { memory: b, l4, end } = packet;
    const { quote } = this;
    const { key } = quote;
    if (
      packet.group ||
      !this.addresses.isFor(packet.link, packet.dst, 0) ||
      !quote.read(b, l4 + ICMP_HEADER, end) ||
      isMapped(key, KEY_LADDR) !== (packet.version === 4) ||
      isMapped(key, KEY_RADDR) !== (packet.version === 4) ||
      !this.addresses.isOurs(key, KEY_LADDR)
    ) {
      this.counters.icmpIgnored++;
      return;
    }
    const mtu = tooBig ? (packet.version === 4 ? this.mtu4(packet) : mtu6(packet)) : 0;
    if (mtu < 0) {
      this.counters.icmpIgnored++;
      return;
    }
    this.counters.icmpErrors++;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      this.laddr[i] = key[KEY_LADDR + i]!;
      this.raddr[i] = key[KEY_RADDR + i]!;
    }
    const { laddr, raddr } = this;
    const [lport, rport] = [key[KEY_PORTS]! >>> 16, key[KEY_PORTS]! & 0xffff];
    const [type, code, version] = [icmpType(b, l4), icmpCode(b, l4), packet.version === 4 ? 4 : 6] as const;
    if (quote.protocol !== PROTO_UDP)
      this.up.icmpError(laddr, lport, raddr, rport, quote.seq, type, code, version, mtu);
    else this.udp?.udpError(laddr, lport, raddr, rport, type, code, version, mtu);
  }

  private speaksFor({ link, dst }: Packet): boolean {
    return this.addresses.speaksOn(link) && this.addresses.isFor(link, dst, 0);
  }

  /** RFC 1191 §3: never below 68. A router that says 0 means the next plateau below what it dropped (§5). */
  private mtu4(packet: Packet): number {
    const told = icmp4Mtu(packet.memory, packet.l4);
    if (told >= MIN_MTU4) return told;
    if (told > 0) return MIN_MTU4;
    for (const plateau of PLATEAUS) if (plateau < this.quote.packet) return plateau;
    return MIN_MTU4;
  }

  /**
   * Sends an error unless RFC 1122 §3.2.2 or RFC 4443 §2.4 (e) forbid it: about a group, to a group, to nobody, about an error, about
   * a fragment that is not the first of IPv4. `evenToGroup`: RFC 4443 §2.4 (e.3) lets an unknown option ask for it. `ours`: the
   * datagram is this stack's, whoever speaks for the address.
   */
  complain(
    packet: Packet,
    type: number,
    code: number,
    word: number,
    now: Micros,
    evenToGroup = false,
    ours = false,
  ): void {
    if (isError(packet, this.chain)) return;
    if (packet.group || isMulticast(packet.dst)) {
      if (!evenToGroup || !this.addresses.speaksOn(packet.link)) return;
      // A group is nobody's source: one of ours takes its place.
      if (!this.addresses.sourceFor(packet.link, packet.src, packet.dst)) return;
    } else if (!this.addresses.isFor(packet.link, packet.dst, 0)) return;
    else if (ours ? this.addresses.isHosted(packet.link) : !this.addresses.speaksOn(packet.link)) return;
    if (!this.bucket.take(now)) {
      this.counters.icmpLimited++;
      return;
    }
    // The answer has the options of a source route again.
    const most = packet.version === 4 ? ERROR4_QUOTE - (packet.l4 - packet.l3 - IPV4_HEADER) : ERROR6_QUOTE;
    const quoted = packet.end - packet.l3 < most ? packet.end - packet.l3 : most;
    if (this.frames.answerIcmp(packet, type, code, word, packet.l3, quoted, 0)) this.counters.icmpSent++;
  }
}

/** Whether the packet is an ICMP error or redirect, or in IPv4 a fragment in which that could not be seen. */
function isError(packet: Packet, chain: HeaderChain): boolean {
  const { memory: b, l3, l4 } = packet;
  if (packet.version === 6) {
    chain.walk(b, l3, packet.end);
    if (chain.protocol !== PROTO_ICMP6) return false;
    const type = icmpType(b, chain.at);
    return type < ICMP6_ECHO || type === ND_REDIRECT;
  }
  if ((get16(b, l3 + 6) & 0x1fff) !== 0) return true;
  return b[l3 + 9] === PROTO_ICMP4 && icmpType(b, l4) !== ICMP4_ECHO && icmpType(b, l4) !== ICMP4_ECHO_REPLY;
}

/** RFC 8201 §4: a claim below the least MTU is not believed (-1). */
function mtu6(packet: Packet): number {
  const told = icmpWord(packet.memory, packet.l4) >>> 0;
  return told < MIN_MTU6 ? -1 : told > MAX_MTU ? MAX_MTU : told;
}
