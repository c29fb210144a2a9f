/**
 * Neighbour discovery for IPv6: RFC 4861 §7. Router advertisements are routers.ts; redirects are dropped, good ones
 * too (RFC 4861 §8.1; ADR 12).
 */
import type { Link } from '../../ports.ts';
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS } from '../../wire/abi.ts';
import {
  ADDRESS_WORDS,
  groupMacHi,
  groupMacLo,
  isMulticast,
  isSolicitedNode,
  isUnspecified,
  sameAddress,
  solicitedNode,
} from '../../wire/address.ts';
import { ETHERTYPE_IPV6, isGroupHi, macHi, macLo } from '../../wire/ethernet.ts';
import { icmpCode, icmpType } from '../../wire/icmp.ts';
import { ND_NEIGHBOR_ADVERTISEMENT, ND_NEIGHBOR_SOLICITATION } from '../../wire/icmp6.ts';
import { IPV6_HEADER, PROTO_ICMP6 } from '../../wire/ip.ts';
import {
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  NdOptions,
  NS_BYTES,
  naFlags,
  RS_BYTES,
  readNdTarget,
  writeNeighborAdvertisement,
  writeNeighborSolicitation,
  writeRouterSolicitation,
} from '../../wire/nd.ts';
import type { Addresses } from './addresses.ts';
import type { Duplicates } from './duplicates.ts';
import type { Frames } from './frames.ts';
import { HOP_ADDRESS, HOP_LINK, INCOMPLETE, type Neighbours, REACHABLE } from './neighbours.ts';
import type { Packet } from './packet.ts';

/** A message with its one link-layer address option. */
const MESSAGE = NS_BYTES + 8;
/** §7.1: a packet with another hop limit was forwarded, so it does not come from this link. */
const HOP_LIMIT = 255;
const NOBODY = new Int32Array(ADDRESS_WORDS);
const ALL_ROUTERS = Int32Array.of(0xff020000, 0, 0, 2);
const ALL_NODES = Int32Array.of(0xff020000, 0, 0, 1);

/** Hears what neighbours say of themselves. */
export interface RouterNews {
  /** Who has the address is a host, whatever it said before. */
  routesNoMore(link: number, address: Int32Array): void;
}

export class NeighbourDiscovery {
  private readonly links: readonly Link[];
  private readonly addresses: Addresses;
  private readonly frames: Frames;
  /** Hears of others that use our addresses. */
  duplicates: Duplicates | null = null;
  /** Hears of routers that are none any more. */
  routers: RouterNews | null = null;
  private readonly options = new NdOptions();
  private readonly target = new Int32Array(ADDRESS_WORDS);
  private readonly source = new Int32Array(ADDRESS_WORDS);
  private readonly group = new Int32Array(ADDRESS_WORDS);

  constructor(links: readonly Link[], addresses: Addresses, frames: Frames) {
    this.links = links;
    this.addresses = addresses;
    this.frames = frames;
  }

  /** The checks of §7.1.1 and §7.1.2 that both messages share; the checksum was verified before. */
  handle(packet: Packet, neighbours: Neighbours): void {
    const { memory: b, l4, end } = packet;
    if (packet.ttl !== HOP_LIMIT || icmpCode(b, l4) !== 0 || end - l4 < NS_BYTES) return;
    if (!this.options.read(b, l4 + NS_BYTES, end)) return;
    readNdTarget(b, l4, this.target);
    if (isMulticast(this.target)) return;
    const type = icmpType(b, l4);
    if (type === ND_NEIGHBOR_SOLICITATION) this.solicitation(packet, neighbours);
    else if (type === ND_NEIGHBOR_ADVERTISEMENT) this.advertisement(packet, neighbours);
  }

  /** Asks the solicited-node group, or only the neighbour whose MAC is to be confirmed (RFC 4861 §7.2.2, §7.3.3). */
  ask(hops: Int32Array, hop: number, unicast: boolean): void {
    const h = hop * HOP_WORDS;
    const link = hops[h + HOP_LINK]!;
    for (let i = 0; i < ADDRESS_WORDS; i++) this.target[i] = hops[h + HOP_ADDRESS + i]!;
    if (!this.addresses.sourceFor(link, this.target, this.source)) return;
    const tci = hops[h + HOP_MAC_LO]! & 0xffff;
    let hi = hops[h + HOP_MAC_HI]!;
    let lo = hops[h + HOP_MAC_LO]! >>> 16;
    if (!unicast) {
      solicitedNode(this.target, 0, this.group, 0);
      hi = groupMacHi(this.group);
      lo = groupMacLo(this.group);
    }
    if (this.frames.toMac(link, hi, lo, tci, ETHERTYPE_IPV6, IPV6_HEADER + MESSAGE) < 0) return;
    const o = this.frames.ip(this.source, unicast ? this.target : this.group, PROTO_ICMP6, MESSAGE, 0, HOP_LIMIT);
    writeNeighborSolicitation(this.frames.arena, o, this.target, 0, this.links[link]!.mac);
    this.frames.sendIcmp6();
  }

  /** Tells the link that an address of ours is here (§7.2.6). */
  announce(link: number, address: Int32Array): void {
    const hi = groupMacHi(ALL_NODES);
    const lo = groupMacLo(ALL_NODES);
    if (this.frames.toMac(link, hi, lo, 0, ETHERTYPE_IPV6, IPV6_HEADER + MESSAGE) < 0) return;
    this.advertise(link, address, ALL_NODES, NA_OVERRIDE);
  }

  /** Asks whether anybody has an address, as nobody and without a MAC (RFC 4862 §5.4.2). */
  probe(link: number, address: Int32Array): void {
    solicitedNode(address, 0, this.group, 0);
    const hi = groupMacHi(this.group);
    const lo = groupMacLo(this.group);
    if (this.frames.toMac(link, hi, lo, 0, ETHERTYPE_IPV6, IPV6_HEADER + NS_BYTES) < 0) return;
    const o = this.frames.ip(NOBODY, this.group, PROTO_ICMP6, NS_BYTES, 0, HOP_LIMIT);
    writeNeighborSolicitation(this.frames.arena, o, address, 0, null);
    this.frames.sendIcmp6();
  }

  /** Asks routers to say who they are (RFC 4861 §4.1); as nobody, and then without a MAC, while we have no address. */
  solicitRouters(link: number): void {
    const { mac } = this.links[link]!;
    const known = this.addresses.sourceFor(link, ALL_ROUTERS, this.source);
    if (!known) this.source.set(NOBODY);
    const bytes = known ? RS_BYTES + 8 : RS_BYTES;
    const hi = groupMacHi(ALL_ROUTERS);
    const lo = groupMacLo(ALL_ROUTERS);
    if (this.frames.toMac(link, hi, lo, 0, ETHERTYPE_IPV6, IPV6_HEADER + bytes) < 0) return;
    const o = this.frames.ip(this.source, ALL_ROUTERS, PROTO_ICMP6, bytes, 0, HOP_LIMIT);
    writeRouterSolicitation(this.frames.arena, o, known ? mac : null);
    this.frames.sendIcmp6();
  }

  /** Somebody else wants the target, or has it (RFC 4862 §5.4.3, §5.4.4); what we sent ourselves may come back. */
  private noticeConflict({ link, memory, frame }: Packet): void {
    const { mac } = this.links[link]!;
    const hi = macHi(memory, frame + 6);
    const lo = macLo(memory, frame + 6);
    if (hi !== macHi(mac, 0) || lo !== macLo(mac, 0)) this.duplicates?.conflict(link, this.target, hi, lo);
  }

  /** §7.2.3, RFC 4861 §7.2.4. */
  private solicitation(packet: Packet, neighbours: Neighbours): void {
    const options = this.options;
    const detection = isUnspecified(packet.src);
    if (detection) {
      if (!isSolicitedNode(packet.dst) || options.hasSourceMac) return;
      if (this.duplicates?.isProbing(this.target)) {
        this.noticeConflict(packet);
        return;
      }
    } else if (!this.addresses.isValidSource(packet.link, packet.src, 0)) {
      return;
    }
    if (!this.addresses.isOn(packet.link, this.target, 0) || !this.addresses.speaksOn(packet.link)) return;
    if (!isSolicitedNode(packet.dst) && !sameAddress(packet.dst, 0, this.target, 0)) return;
    if (options.hasSourceMac) {
      if (isGroupHi(options.sourceMacHi)) return;
      const hop = neighbours.obtain(packet.link, packet.src, 0);
      if (hop >= 0) neighbours.learn(hop, options.sourceMacHi, options.sourceMacLo);
    }
    if (detection) {
      // Somebody is about to take an address of ours: everybody, and so he, is told (RFC 4862 §5.4.3).
      this.announce(packet.link, this.target);
      return;
    }
    if (this.frames.toSender(packet, IPV6_HEADER + MESSAGE) < 0) return;
    this.advertise(packet.link, this.target, packet.src, NA_SOLICITED | NA_OVERRIDE);
  }

  private advertise(link: number, address: Int32Array, dst: Int32Array, flags: number): void {
    const o = this.frames.ip(address, dst, PROTO_ICMP6, MESSAGE, 0, HOP_LIMIT);
    writeNeighborAdvertisement(this.frames.arena, o, flags, address, 0, this.links[link]!.mac);
    this.frames.sendIcmp6();
  }

  /** §7.2.5. Only what we have asked for before is taken in. */
  private advertisement(packet: Packet, neighbours: Neighbours): void {
    const { options } = this;
    const flags = naFlags(packet.memory, packet.l4);
    if ((flags & NA_SOLICITED) !== 0 && isMulticast(packet.dst)) return;
    if (this.addresses.flagsOf(this.target) >= 0) {
      this.noticeConflict(packet);
      return;
    }
    if (!this.addresses.isValidSource(packet.link, packet.src, 0)) return;
    if (options.hasTargetMac && isGroupHi(options.targetMacHi)) return;
    const hop = neighbours.find(packet.link, this.target, 0);
    if (hop < 0 || !this.takeIn(hop, flags, neighbours)) return;
    // Last of all: whoever hears of it may ask for neighbours, and the target is overwritten.
    if ((flags & NA_ROUTER) === 0) this.routers?.routesNoMore(packet.link, this.target);
  }

  /** Brings the entry of a neighbour up to date; false when the advertisement is not to be believed. */
  private takeIn(hop: number, flags: number, neighbours: Neighbours): boolean {
    const { hasTargetMac, targetMacHi: hi, targetMacLo: lo } = this.options;
    const solicited = (flags & NA_SOLICITED) !== 0;
    const state = neighbours.state(hop);
    const known = state >= REACHABLE;
    if (!hasTargetMac) {
      // No address to take; without one of old there is nothing to confirm either.
      if (known && solicited) neighbours.confirm(hop);
      return known;
    }
    if (known && (flags & NA_OVERRIDE) === 0 && !neighbours.hasMac(hop, hi, lo)) {
      neighbours.doubt(hop);
      return false;
    }
    if (solicited && (known || state === INCOMPLETE)) neighbours.answered(hop, hi, lo);
    else neighbours.learn(hop, hi, lo);
    return true;
  }
}
