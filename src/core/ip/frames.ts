/** Writes the few frames that are not TCP data: questions, answers, errors. */
import type { Link, Rng } from '../../ports.ts';
import { HOP_WORDS, ROUTE_LENGTH } from '../../wire/abi.ts';
import { isMapped } from '../../wire/address.ts';
import { get16, put16 } from '../../wire/bytes.ts';
import { ETHER_HEADER, macHi, macLo, putMac, writeEthernet } from '../../wire/ethernet.ts';
import { ICMP_HEADER, writeIcmp4 } from '../../wire/icmp.ts';
import { sealIcmp6, writeIcmp6 } from '../../wire/icmp6.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_ICMP4, PROTO_ICMP6, writeIpv4, writeIpv6 } from '../../wire/ip.ts';
import { fillWayBack, writeRoute } from '../../wire/source-route.ts';
import { Fragmentation } from './fragmentation.ts';
import type { LinkMtus } from './link-mtus.ts';
import type { Packet } from './packet.ts';

/** Where whole frames go out. */
export interface RawOut {
  readonly arena: Uint8Array;
  /** Room for a frame of `bytes` on its way to `link`: an offset in the arena, or -1. */
  reserve(link: number, bytes: number): number;
  commit(link: number, offset: number, length: number): void;
  /** Room in the arena until the turn ends; -1 when there is none. */
  borrow(bytes: number): number;
}

/** What the length field of IPv4 can say. */
const LONGEST_PACKET = 65_535;

export class Frames {
  readonly arena: Uint8Array;
  private readonly links: readonly Link[];
  private readonly mtus: LinkMtus;
  private readonly raw: RawOut;
  private readonly fragmentation: Fragmentation;
  /** The frame being written. */
  private link = 0;
  private at = 0;
  private l3 = 0;
  private l4 = 0;
  private length = 0;
  /** The source route it goes by, as an entry of the hop table has it. */
  private readonly route = new Int32Array(HOP_WORDS);

  constructor(links: readonly Link[], mtus: LinkMtus, raw: RawOut, rng: Rng) {
    this.links = links;
    this.mtus = mtus;
    this.fragmentation = new Fragmentation(raw, rng);
    this.raw = raw;
    this.arena = raw.arena;
  }

  /** Begins a frame to a MAC; returns where its `bytes` of layer 3 go, or -1: then there is nothing to finish. */
  toMac(link: number, hi: number, lo: number, tci: number, etherType: number, bytes: number): number {
    const header = tci === 0 ? ETHER_HEADER : ETHER_HEADER + 4;
    if (!this.reserve(link, header, bytes)) return -1;
    writeEthernet(this.arena, this.at, hi, lo, this.links[link]!.mac, etherType, tci);
    return this.l3;
  }

  /**
   * Begins a frame back to where one came from: to its source MAC, under the same VLAN tags. Nothing is resolved, so a
   * stateless answer cannot be made to cost more than the packet that asked for it.
   */
  toSender(packet: Packet, bytes: number): number {
    const header = packet.l3 - packet.frame;
    if (!this.reserve(packet.link, header, bytes)) return -1;
    const mac = this.links[packet.link]!.mac;
    putMac(this.arena, this.at, macHi(packet.memory, packet.frame + 6), macLo(packet.memory, packet.frame + 6));
    putMac(this.arena, this.at + 6, macHi(mac, 0), macLo(mac, 0));
    for (let o = 12; o < header; o += 2) put16(this.arena, this.at + o, get16(packet.memory, packet.frame + o));
    return this.l3;
  }

  /** Writes the IP header; returns where `bytes` of layer 4 go. TTL 0 stands for the default. */
  ip(src: Int32Array, dst: Int32Array, protocol: number, bytes: number, tos: number, ttl: number): number {
    if (isMapped(dst)) {
      writeIpv4(this.arena, this.l3, tos, IPV4_HEADER + bytes, ttl, protocol, src[3]!, dst[3]!);
      this.l4 = this.l3 + IPV4_HEADER;
    } else {
      writeIpv6(this.arena, this.l3, tos, bytes, ttl, protocol, src, 0, dst, 0);
      this.l4 = this.l3 + IPV6_HEADER;
    }
    return this.l4;
  }

  /** Begins an IP packet that answers another: addresses swapped. Where its layer 4 goes, or -1. */
  private answer(packet: Packet, protocol: number, bytes: number, tos: number): number {
    const header = packet.version === 4 ? IPV4_HEADER : IPV6_HEADER;
    if (this.toSender(packet, header + bytes) < 0) return -1;
    return this.ip(packet.dst, packet.src, protocol, bytes, tos, 0);
  }

  /** The same, along the way back of a packet that came by a source route (RFC 1122 §3.2.2.6). -2 = it came by none. */
  private answerAlong(packet: Packet, protocol: number, bytes: number, tos: number): number {
    const { route } = this;
    if (packet.version !== 4 || !fillWayBack(route, 0, packet.memory, packet.l3, packet.l4)) return -2;
    const options = route[ROUTE_LENGTH]!;
    const o = this.answer(packet, protocol, options + bytes, tos);
    if (o < 0) return -1;
    writeRoute(this.arena, this.l3, route, 0);
    return o + options;
  }

  /** Sends an ICMP message of either version back to where a packet came from, with `length` bytes of its memory. */
  answerIcmp(
    packet: Packet,
    type: number,
    code: number,
    word: number,
    from: number,
    length: number,
    tos: number,
  ): boolean {
    const four = packet.version === 4;
    const bytes = ICMP_HEADER + length;
    let o = this.answerAlong(packet, PROTO_ICMP4, bytes, tos);
    if (o === -2) o = this.answer(packet, four ? PROTO_ICMP4 : PROTO_ICMP6, bytes, tos);
    if (o < 0) return false;
    if (four) writeIcmp4(this.arena, o, type, code, word, packet.memory, from, length);
    else writeIcmp6(this.arena, this.l3, o, type, code, word, packet.memory, from, length);
    this.send();
    return true;
  }

  /** Completes and sends the ICMPv6 message written where `ip` said, or so many bytes of extension headers behind it. */
  sendIcmp6(skip = 0): void {
    const l4 = this.l4 + skip;
    sealIcmp6(this.arena, this.l3, l4, this.at + this.length - l4);
    this.send();
  }

  /** In fragments when it is larger than what the link carries. */
  send(): void {
    const { link, at, l3, length } = this;
    const mtu = this.mtus.of(link, this.arena[l3]! >>> 4 === 6);
    if (at + length - l3 > mtu) this.fragmentation.send(link, at, l3, length, mtu);
    else this.raw.commit(link, at, length);
  }

  private reserve(link: number, header: number, bytes: number): boolean {
    if (bytes > LONGEST_PACKET) return false;
    const at = this.raw.reserve(link, header + bytes);
    if (at < 0) return false;
    this.link = link;
    this.at = at;
    this.l3 = at + header;
    this.length = header + bytes;
    return true;
  }
}
