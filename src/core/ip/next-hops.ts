/** The way to a destination: its route, and the neighbour that packets are handed to, resolved and kept alive. */
import type { Link, Rng } from '../../ports.ts';
import { HOP_WORDS } from '../../wire/abi.ts';
import { ADDRESS_WORDS, isLoopback, isMapped } from '../../wire/address.ts';
import type { Addresses } from './addresses.ts';
import type { Arp } from './arp.ts';
import type { NeighbourDiscovery } from './nd.ts';
import { type Asker, HOP_ADDRESS, HOP_LINK, Neighbours } from './neighbours.ts';
import { Routes } from './routes.ts';

/** Whom it tells. */
export interface HopUp {
  /** Frames can be sent to the hop now, and could not before. */
  hopReady(hop: number): void;
  /** Nobody answers for the hop, which so many hold. */
  hopFailed(hop: number, holders: number): void;
}

export interface HopParts {
  readonly links: readonly Link[];
  /** The hop table that links read, HOP_WORDS each. */
  readonly hops: Int32Array;
  readonly up: HopUp;
  readonly rng: Rng;
  /** Index of the first 'loop' link, or -1. */
  readonly loop: number;
  readonly addresses: Addresses;
  readonly arp: Arp;
  readonly nd: NeighbourDiscovery;
}

/** Stands for the far end of a 'loop' link. */
const NOBODY = new Int32Array(ADDRESS_WORDS);

export class NextHops implements Asker {
  readonly routes = new Routes();
  readonly neighbours: Neighbours;
  private readonly parts: HopParts;
  private readonly next = new Int32Array(ADDRESS_WORDS);

  constructor(parts: HopParts) {
    this.parts = parts;
    this.neighbours = new Neighbours(parts.hops, parts.rng, this);
  }

  /** The entry of the neighbour that packets for `dst` go to, made when there is none; -1 without a route or room. */
  find(dst: Int32Array, at: number): number {
    const { addresses, loop, links } = this.parts;
    if (addresses.isOurs(dst, at) || isLoopback(dst, at)) return loop < 0 ? -1 : this.loopHop(loop);
    const route = this.routeTo(dst, at);
    if (route < 0) return -1;
    const link = this.routes.linkOf(route);
    if (links[link]!.kind === 'loop') return this.loopHop(link);
    this.routes.nextHop(route, dst, at, this.next);
    return this.neighbours.obtain(link, this.next, 0);
  }

  /** RFC 1122 §3.3.1.4, RFC 4861 §6.3.6: of equal routes the first whose gateway is not known to be dead. */
  private routeTo(dst: Int32Array, at: number): number {
    const first = this.routes.lookup(dst, at);
    for (let route = first; route >= 0; route = this.routes.another(route, dst, at)) {
      this.routes.nextHop(route, dst, at, this.next);
      const hop = this.neighbours.find(this.routes.linkOf(route), this.next, 0);
      if (hop < 0 || !this.neighbours.isDead(hop)) return route;
    }
    return first;
  }

  linkOf(hop: number): number {
    return this.parts.hops[hop * HOP_WORDS + HOP_LINK]!;
  }

  isIpv6(hop: number): boolean {
    return !isMapped(this.parts.hops, hop * HOP_WORDS + HOP_ADDRESS);
  }

  /** Nobody to look for: the MAC stays zero. */
  private loopHop(link: number): number {
    const hop = this.neighbours.obtain(link, NOBODY, 0);
    if (hop >= 0) this.neighbours.makePermanent(hop);
    return hop;
  }

  // ---- called by the neighbour cache ----------------------------------------------------------------------------------

  ask(hop: number, unicast: boolean): void {
    const { hops, arp, nd } = this.parts;
    if (isMapped(hops, hop * HOP_WORDS + HOP_ADDRESS)) arp.ask(hops, hop, unicast);
    else nd.ask(hops, hop, unicast);
  }

  resolved(hop: number): void {
    this.parts.up.hopReady(hop);
  }

  unreachable(hop: number): void {
    this.parts.up.hopFailed(hop, this.neighbours.holders(hop));
  }
}
