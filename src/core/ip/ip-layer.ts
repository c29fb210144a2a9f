/**
 * The layer below TCP: who we are, where packets go, and everything on the wire that is not TCP. TCP segments themselves
 * pass it by: links make their headers from the row and the hop table, and deliver them to TCP directly.
 */
import type { Link, Micros, Rng } from '../../ports.ts';
import { KIND_ARP, KIND_FRAGMENT, KIND_ICMP4, KIND_ICMP6, KIND_OTHER, KIND_UDP } from '../../wire/abi.ts';
import { ADDRESS_WORDS } from '../../wire/address.ts';
import { icmpType } from '../../wire/icmp.ts';
import { ND_NEIGHBOR_ADVERTISEMENT, ND_NEIGHBOR_SOLICITATION, ND_ROUTER_ADVERTISEMENT } from '../../wire/icmp6.ts';
import { diff } from '../seq.ts';
import { Addresses, type Speaker } from './addresses.ts';
import { Arp } from './arp.ts';
import { IpCounters } from './counters.ts';
import { Fragments } from './fragments.ts';
import { Frames, type RawOut } from './frames.ts';
import { type DatagramUp, Icmp, type IcmpUp } from './icmp.ts';
import { LinkMtus } from './link-mtus.ts';
import { MLD_QUERY, Mld } from './mld.ts';
import { NeighbourDiscovery } from './nd.ts';
import type { Neighbours } from './neighbours.ts';
import { type HopUp, NextHops } from './next-hops.ts';
import { Packet } from './packet.ts';
import { Residence } from './residence.ts';
import { Routers, type RouterUp } from './routers.ts';
import type { Routes } from './routes.ts';
import type { IpSettings } from './settings.ts';

export type { RawOut } from './frames.ts';
export type { DatagramUp } from './icmp.ts';

/** Whom the IP layer tells. */
export interface IpUp extends IcmpUp, HopUp, RouterUp {}

export interface IpParts {
  readonly links: readonly Link[];
  /** The hop table that links read, HOP_WORDS each. */
  readonly hops: Int32Array;
  readonly raw: RawOut;
  readonly up: IpUp;
  readonly rng: Rng;
  /** Memory of the datagrams that are not whole yet. */
  readonly fragments: ArrayBuffer;
  readonly settings: IpSettings;
}

export class IpLayer {
  readonly counters = new IpCounters();
  private readonly mtus: LinkMtus;
  private readonly loop: number;
  private readonly addresses: Addresses;
  private readonly hops: NextHops;
  private readonly routes: Routes;
  private readonly neighbours: Neighbours;
  private readonly frames: Frames;
  private readonly arp: Arp;
  private readonly nd: NeighbourDiscovery;
  private readonly icmp: Icmp;
  private readonly fragments: Fragments;
  private readonly mld: Mld;
  private readonly residence: Residence;
  private readonly routers: Routers;
  private readonly slaac: boolean;
  private readonly packet = new Packet();
  private readonly next = new Int32Array(ADDRESS_WORDS);
  private now: Micros = 0;

  constructor({ links, hops, raw, up, rng, fragments, settings }: IpParts) {
    this.mtus = new LinkMtus(links);
    this.loop = links.findIndex((l) => l.kind === 'loop');
    this.addresses = new Addresses(this.loop);
    const { mtus } = this;
    this.frames = new Frames(links, mtus, raw, rng);
    this.arp = new Arp(links, this.addresses, this.frames);
    this.nd = new NeighbourDiscovery(links, this.addresses, this.frames);
    this.icmp = new Icmp(this.addresses, this.frames, up, this.counters);
    const { loop, addresses, arp, nd } = this;
    this.hops = new NextHops({ links, hops, up, rng, loop, addresses, arp, nd });
    this.routes = this.hops.routes;
    const { icmp, counters, routes } = this;
    this.mld = new Mld({ links, rng, addresses, frames: this.frames });
    const { mld } = this;
    this.residence = new Residence({ links, settings, rng, addresses, routes, arp, nd, mld, up, counters });
    const { residence } = this;
    const { neighbours } = this.hops;
    this.routers = new Routers({ links, mtus, rng, addresses, routes, residence, neighbours, nd, up });
    this.slaac = settings.slaac;
    this.fragments = new Fragments({ memory: fragments, raw, addresses, icmp, counters });
    this.neighbours = this.hops.neighbours;
  }

  /** Whom datagrams go to; before that every port is closed. */
  serve(udp: DatagramUp): void {
    this.icmp.udp = udp;
  }

  // ---- configuration ------------------------------------------------------------------------------------------------

  /**
   * An address of ours on a link, and the network around it. The prefix is that of the mapped form: IPv4 /24 is 120. `atOnce`: it is
   * in use while neighbours are asked whether it is theirs, also where others wait for that.
   */
  addAddress(address: Int32Array, prefix: number, link: number, atOnce = false): void {
    this.residence.add(address, prefix, link, true, atOnce);
  }

  /** Gateway null = the destinations are neighbours. ::ffff:0:0/96 is the default route of IPv4, ::/0 that of IPv6. */
  addRoute(dst: Int32Array, prefix: number, gateway: Int32Array | null, link: number): void {
    this.routes.add(dst, prefix, gateway, link);
  }

  /** The address is not ours any more, nor is its network on the link. */
  removeAddress(address: Int32Array): void {
    this.residence.remove(address);
  }

  /** Takes a route off that was added with the same words. */
  removeRoute(dst: Int32Array, prefix: number, gateway: Int32Array | null, link: number): void {
    this.routes.remove(dst, prefix, gateway, link);
  }

  /** Destination addresses for `Link.setAddresses`. */
  acceptedBy(link: number): Int32Array {
    return this.addresses.listFor(link);
  }

  /** The host, or another stack, has the addresses of a link and speaks for them; we ask neighbours, but answer and announce nothing. */
  leaveTo(speaker: Speaker, link: number): void {
    this.addresses.leaveTo(speaker, link);
  }

  /**
   * Tells the neighbours on a link which addresses are here now (gratuitous ARP, unsolicited neighbour advertisement), or asks
   * them first whether they are somebody else's.
   */
  announce(link: number): void {
    this.residence.announce(link);
    if (this.slaac) this.routers.start(link, this.now);
  }

  /** The link has another MAC address: its neighbours learn it. */
  moved(link: number): void {
    this.residence.moved(link);
  }

  /** The link is down. What is behind it when it comes back may be another network: who is there is asked anew, and what routers said is over. */
  linkDown(link: number): void {
    this.neighbours.linkDown(link);
    this.routers.linkDown(link);
  }

  // ---- questions ----------------------------------------------------------------------------------------------------

  isOurs(words: Int32Array, at: number): boolean {
    return this.addresses.isOurs(words, at);
  }

  /** Whether a TCP segment from this address may be answered at all [MUST-57] [MUST-63]. */
  isValidSource(link: number, words: Int32Array, at: number): boolean {
    return this.addresses.isValidSource(link, words, at);
  }

  /** Whether a packet that came in by this link is for one of our addresses. */
  isFor(link: number, words: Int32Array, at: number): boolean {
    return this.addresses.isFor(link, words, at);
  }

  isBroadcast(words: Int32Array, at: number): boolean {
    return this.addresses.isBroadcastFor(words, at);
  }

  /** Link of an address of ours, or -1. */
  linkOfAddress(words: Int32Array): number {
    return this.addresses.linkOf(words);
  }

  /** Our address for packets that leave by a link without a route: to groups. */
  sourceOn(link: number, dst: Int32Array, out: Int32Array): boolean {
    return this.addresses.sourceFor(link, dst, out);
  }

  /** Our address for a connection to `dst` whose user left it open [MUST-44]. */
  sourceFor(dst: Int32Array, out: Int32Array): boolean {
    if (this.loop >= 0 && this.isOurs(dst, 0)) return this.addresses.sourceFor(this.loop, dst, out);
    const route = this.routes.lookup(dst, 0);
    if (route < 0) return false;
    this.routes.nextHop(route, dst, 0, this.next);
    return this.addresses.sourceFor(this.routes.linkOf(route), dst, out, this.next);
  }

  // ---- next hops ----------------------------------------------------------------------------------------------------

  /**
   * The next hop to a destination, -1 when there is no route, when it is a group, which TCP does not talk to, or when every
   * entry of the table is held. The caller holds the hop, and it stays that neighbour's, until `release`. Resolution
   * begins; `ready` tells.
   */
  routeTo(dst: Int32Array, at: number): number {
    if (!this.addresses.isUnicast(dst, at)) return -1;
    const hop = this.hops.find(dst, at);
    if (hop < 0) return -1;
    this.neighbours.hold(hop);
    this.neighbours.ready(hop);
    return hop;
  }

  /** Another way to `dst` than a hop that failed, held for the caller; -1 when there is none. */
  wayAround(hop: number, dst: Int32Array, at: number): number {
    return this.hops.find(dst, at) === hop ? -1 : this.routeTo(dst, at);
  }

  release(hop: number): void {
    this.neighbours.release(hop);
  }

  /** Whether frames can leave to this hop now. One that failed is asked for again. */
  ready(hop: number): boolean {
    return this.neighbours.ready(hop);
  }

  /** TCP got an acknowledgment of new data by this hop: it works (RFC 4861 §7.3.1, RFC 1122 §3.3.1.4). */
  confirm(hop: number): void {
    this.neighbours.confirm(hop);
  }

  /** TCP had to retransmit by timeout: the hop may be dead. */
  suspect(hop: number): void {
    this.neighbours.suspect(hop);
  }

  linkOf(hop: number): number {
    return this.hops.linkOf(hop);
  }

  /** Largest packet that leaves to the hop. */
  mtuOf(hop: number): number {
    return this.mtus.of(this.linkOf(hop), this.hops.isIpv6(hop));
  }

  /** The same of all that a link carries: its own MTU, or what its routers say for IPv6, where that is less. */
  mtuOn(link: number, ipv6: boolean): number {
    return this.mtus.of(link, ipv6);
  }

  // ---- time ---------------------------------------------------------------------------------------------------------

  /** Runs what is due. The first call of every entry into the core, for deadlines are counted from the last `tick`. */
  tick(now: Micros): void {
    this.now = now;
    this.neighbours.tick = (now / 1000) | 0;
    this.neighbours.run();
    this.fragments.held.tick = this.neighbours.tick;
    this.fragments.run(now);
    this.residence.duplicates.tick = this.neighbours.tick;
    this.routers.run(now);
    this.mld.run(now);
    this.residence.duplicates.run();
  }

  /** When `tick` must be called; Infinity = never. */
  nextDeadline(): Micros {
    const next = Math.min(
      this.deadline(this.neighbours.next()),
      this.deadline(this.fragments.held.next()),
      this.deadline(this.residence.duplicates.next()),
      this.mld.next(),
      this.routers.next(),
    );
    // Mostly nothing is due, each turn anew: a constant is returned as it is, a computed number takes 16 bytes of heap.
    if (next === Infinity) return Infinity;
    return next;
  }

  /** 0 = never. */
  private deadline(tick: number): Micros {
    return tick === 0 ? Infinity : (Math.floor(this.now / 1000) + diff(tick, this.neighbours.tick)) * 1000;
  }

  // ---- packets ------------------------------------------------------------------------------------------------------

  /**
   * A received packet of any kind but TCP: the descriptor at word `base` of `rx`. True when it was the last fragment of a datagram,
   * which is to be taken as if it had just come: `whole`, with its bytes in the arena.
   */
  handle(link: number, rx: Int32Array, base: number, memory: Uint8Array, now: Micros): boolean {
    const packet = this.packet;
    this.tick(now);
    packet.read(link, rx, base, memory);
    if (packet.kind === KIND_ARP) {
      this.arp.handle(packet, this.neighbours);
      return false;
    }
    // Neighbour discovery has rules of its own for sources: the unspecified one is looking for duplicates.
    if (packet.kind === KIND_ICMP6 && this.takeControl(packet, now)) return false;
    if (!this.addresses.isValidSource(link, packet.src, 0) && !packet.seeksAddress) {
      this.counters.badSource++;
      return false;
    }
    // A datagram may not be made of fragments of fragments.
    if (packet.kind === KIND_FRAGMENT) return !packet.assembled && this.fragments.handle(packet, now);
    this.take(packet, now);
    return false;
  }

  /** Neighbour discovery and multicast listeners; false for any other ICMPv6 message. */
  private takeControl(packet: Packet, now: Micros): boolean {
    const type = icmpType(packet.memory, packet.l4);
    // RFC 6980 (§5): what came in fragments is dropped.
    const whole = !packet.assembled;
    switch (type) {
      case ND_NEIGHBOR_SOLICITATION:
      case ND_NEIGHBOR_ADVERTISEMENT:
        if (whole) this.nd.handle(packet, this.neighbours);
        return true;
      case ND_ROUTER_ADVERTISEMENT:
        if (whole) this.routers.advertisement(packet, now);
        return true;
      case MLD_QUERY:
        if (whole) this.mld.query(packet, now);
        return true;
      default:
        return false;
    }
  }

  /** The datagram that `handle` said is whole, at word 0. */
  get whole(): Int32Array {
    return this.fragments.rx;
  }

  private take(packet: Packet, now: Micros): void {
    switch (packet.kind) {
      case KIND_ICMP4:
        this.icmp.handle4(packet);
        break;
      case KIND_ICMP6:
        this.icmp.handle6(packet);
        break;
      case KIND_UDP:
        if (!(this.icmp.udp?.arrives(packet) ?? false)) this.icmp.portUnreachable(packet, now);
        break;
      case KIND_OTHER:
        this.icmp.protocolUnreachable(packet, now);
    }
  }
}
