/** How a datagram leaves: its source address, the link and the next hop, and the packet itself in a chunk of the arena. */
import type { Link } from '../../ports.ts';
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS } from '../../wire/abi.ts';
import {
  ADDRESS_WORDS,
  groupMacHi,
  groupMacLo,
  isMapped,
  isMulticast,
  isUnspecified,
  mapIpv4,
} from '../../wire/address.ts';
import { ETHER_HEADER, ETHERTYPE_IPV4, ETHERTYPE_IPV6, writeEthernet } from '../../wire/ethernet.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_UDP, writeIpv4, writeIpv6 } from '../../wire/ip.ts';
import { UDP_HEADER, writeUdp } from '../../wire/udp.ts';
import { type Arena, LARGE_CHUNK } from '../arena.ts';
import { EACCES, EADDRNOTAVAIL, EINVAL, EMSGSIZE, ENETUNREACH, ENOBUFS, OK } from '../events.ts';
import type { IpLayer } from '../ip/ip-layer.ts';
import type { UdpBinding } from './sockets.ts';

export interface EgressParts {
  readonly links: readonly Link[];
  /** The hop table. */
  readonly hops: Int32Array;
  readonly ip: IpLayer;
  readonly arena: Arena;
}

/** RFC 1112 §6.1: groups get 1 unless somebody says otherwise. */
const GROUP_TTL = 1;
const ANY4 = new Int32Array(ADDRESS_WORDS);
mapIpv4(0, ANY4);
/** First four bytes of the broadcast MAC, as a word. */
const ALL_ONES = -1;

export class Egress {
  /** Of the datagram at hand: the hop, held, or -1 for a group, and the link. */
  hop = -1;
  link = 0;
  /** Where its packet begins in the arena, and its length. */
  offset = 0;
  length = 0;
  private readonly parts: EgressParts;
  private readonly source = new Int32Array(ADDRESS_WORDS);

  constructor(parts: EgressParts) {
    this.parts = parts;
  }

  /** Decides where a datagram to `dst` goes and what it is sent from. OK or an error. */
  route(socket: UdpBinding, dst: Int32Array, wanted: Int32Array | null): number {
    const { ip } = this.parts;
    const broadcast = !isMulticast(dst) && ip.isBroadcast(dst, 0);
    if (broadcast && !socket.broadcast) return EACCES;
    const group = broadcast || isMulticast(dst);
    const sourced = this.chooseSource(socket, dst, group, wanted);
    if (sourced < 0) return sourced;
    if (!group) return this.toHost(dst);
    // A group has no neighbour to ask for: it is on the link of the source address, or on the first wire.
    const own = ip.linkOfAddress(this.source);
    this.link = own >= 0 ? own : this.wire();
    this.hop = -1;
    return OK;
  }

  /** Makes the packet in a chunk of its own, with room for a layer 2 header in front. The chunk, or an error. */
  pack(socket: UdpBinding, bytes: Uint8Array, from: number, length: number, dst: Int32Array, port: number): number {
    const { arena } = this.parts;
    const four = isMapped(dst);
    const header = four ? IPV4_HEADER : IPV6_HEADER;
    const total = header + UDP_HEADER + length;
    // Not fragmented: RFC 8085 §3.2 wants whoever sends to know what the path carries.
    if (total > this.mtu(!four) || total > LARGE_CHUNK - ETHER_HEADER) return EMSGSIZE;
    const chunk = arena.take(ETHER_HEADER + total);
    if (chunk < 0) return ENOBUFS;
    const l3 = arena.offset(chunk) + ETHER_HEADER;
    const l4 = l3 + header;
    const b = arena.bytes;
    const ttl = socket.ttl === 0 && isMulticast(dst) ? GROUP_TTL : socket.ttl;
    if (four) writeIpv4(b, l3, socket.tos, total, ttl, PROTO_UDP, this.source[3]!, dst[3]!);
    else writeIpv6(b, l3, socket.tos, total - header, ttl, PROTO_UDP, this.source, 0, dst, 0);
    b.set(from === 0 && length === bytes.length ? bytes : bytes.subarray(from, from + length), l4 + UDP_HEADER);
    writeUdp(b, l3, l4, socket.port, port, length);
    this.offset = l3;
    this.length = total;
    if (this.hop < 0) this.addressGroup(l3 - ETHER_HEADER, dst);
    return chunk;
  }

  /** Writes the layer 2 header in front of the packet at `l3`, to a hop that is ready. */
  addressHop(l3: number, hop: number, link: number): void {
    const { hops, arena } = this.parts;
    const h = hop * HOP_WORDS;
    const four = arena.bytes[l3]! >>> 4 === 4;
    this.writeMac(l3 - ETHER_HEADER, hops[h + HOP_MAC_HI]!, hops[h + HOP_MAC_LO]! >>> 16, link, four);
  }

  private addressGroup(at: number, dst: Int32Array): void {
    if (isMulticast(dst)) this.writeMac(at, groupMacHi(dst), groupMacLo(dst), this.link, isMapped(dst));
    else this.writeMac(at, ALL_ONES, 0xffff, this.link, true);
  }

  private writeMac(at: number, hi: number, lo: number, link: number, four: boolean): void {
    const { arena, links } = this.parts;
    writeEthernet(arena.bytes, at, hi, lo, links[link]!.mac, four ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
  }

  /** RFC 1122 §4.1.3.5: the one that was asked for, the one the socket is bound to, or by route. */
  private chooseSource(socket: UdpBinding, dst: Int32Array, group: boolean, wanted: Int32Array | null): number {
    const { ip } = this.parts;
    const given = wanted ?? (isUnspecified(socket.laddr) ? null : socket.laddr);
    if (given !== null && !isUnspecified(given)) {
      if (!ip.isOurs(given, 0)) return EADDRNOTAVAIL;
      if (isMapped(given) !== isMapped(dst)) return EINVAL;
      this.source.set(given);
      return OK;
    }
    if (socket.nameless && group) {
      this.source.set(ANY4);
      return isMapped(dst) ? OK : EINVAL;
    }
    const found = group ? ip.sourceOn(this.wire(), dst, this.source) : ip.sourceFor(dst, this.source);
    return found ? OK : ENETUNREACH;
  }

  private toHost(dst: Int32Array): number {
    const { ip } = this.parts;
    const hop = ip.routeTo(dst, 0);
    if (hop < 0) return ENETUNREACH;
    this.hop = hop;
    this.link = ip.linkOf(hop);
    return OK;
  }

  private mtu(ipv6: boolean): number {
    const { ip } = this.parts;
    return this.hop >= 0 ? ip.mtuOf(this.hop) : ip.mtuOn(this.link, ipv6);
  }

  private wire(): number {
    const ether = this.parts.links.findIndex(({ kind }) => kind === 'ether');
    return ether < 0 ? 0 : ether;
  }
}
