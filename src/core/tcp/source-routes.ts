/**
 * Source routes of connections (RFC 9293 §3.9.2.1, docs/adr/0042): the one that an active OPEN named [MUST-51], and the way back of a
 * passive connection whose peer came by one [MUST-53]. They stand behind the neighbours in the hop table, where links read them,
 * found by the connection's identity: few have one, so a list is looked through. Nobody takes a route off when its connection
 * ends; the list is swept when it is full.
 */
import {
  HOP_WORDS,
  ROUTE_FIRST,
  ROUTE_LENGTH,
  ROUTE_OPTIONS,
  ROW_LADDR,
  ROW_PORTS,
  ROW_RADDR,
  RX_FRAME,
  RX_L3L4,
} from '../../wire/abi.ts';
import { ADDRESS_WORDS, isMapped, mapIpv4 } from '../../wire/address.ts';
import { KEY_WORDS } from '../../wire/flow-key.ts';
import { fillRoute, fillWayBack, findSourceRoute, isCompleted, routeHops, SSRR } from '../../wire/source-route.ts';
import type { Tcp } from './context.ts';
import type { Tcb } from './tcb.ts';

/** Most of them at a time. */
export const SOURCE_ROUTES = 256;
/** With the two that belong to nobody. */
export const ROUTE_ENTRIES = SOURCE_ROUTES + 2;
/** Words of an entry that only the core reads: whose it is. */
const PORTS = 12;
const LOCAL = 13;
const REMOTE = 14;
/** Turn in which it was written, or named by a descriptor: until that has left the entry must not change hands. */
const USED = 15;
/** What links read of it. */
export const SHARED_WORDS = PORTS;

/** What an active OPEN names: IPv4 addresses to go by, the destination not among them. */
export interface SourceRoute {
  readonly strict: boolean;
  readonly hops: readonly number[];
}

export class SourceRoutes {
  /** Whether those of others are taken; otherwise what comes by one is dropped. */
  readonly accept: boolean;
  /** The packet at hand came by a route, and `ARRIVED` is the way back. */
  arrived = false;
  private readonly hops: Int32Array;
  private readonly first: number;
  /** No entry from here on is in use. */
  private top = 0;
  private turn = 1;
  private readonly towards = new Int32Array(ADDRESS_WORDS);

  /** `first`: index of the first of ROUTE_ENTRIES in the hop table that are ours. */
  constructor(hops: Int32Array, first: number, accept: boolean) {
    this.hops = hops;
    this.first = first;
    this.accept = accept;
  }

  /** The entry of the connection with the nine identity words at `at`; 0 = it has none. */
  of(w: Int32Array, at: number): number {
    for (let n = 0; n < this.top; n++) {
      const e = (this.first + n) * HOP_WORDS;
      const { hops } = this;
      if (hops[e + PORTS] !== w[at + ROW_PORTS] || hops[e + REMOTE] !== w[at + ROW_RADDR + 3]) continue;
      if (hops[e + LOCAL] === w[at + ROW_LADDR + 3] && isMapped(w, at + ROW_RADDR)) return this.first + n;
    }
    return 0;
  }

  /** The same, for a descriptor. */
  named(w: Int32Array, at: number): number {
    const entry = this.of(w, at);
    if (entry !== 0) this.hops[entry * HOP_WORDS + USED] = this.turn;
    return entry;
  }

  /** What was named has left. A turn may last longer than a tick. */
  endTurn(): void {
    this.turn = (this.turn + 1) | 0;
  }

  /** Bytes of options that the route takes of every packet. */
  bytes(entry: number): number {
    return entry === 0 ? 0 : this.hops[entry * HOP_WORDS + ROUTE_LENGTH]!;
  }

  /** Address that packets of the route are handed to, in four words for a moment. */
  next(entry: number): Int32Array {
    mapIpv4(this.hops[entry * HOP_WORDS + ROUTE_FIRST]!, this.towards, 0);
    return this.towards;
  }

  isStrict(entry: number): boolean {
    return ((this.hops[entry * HOP_WORDS + ROUTE_OPTIONS]! >>> 16) & 0xff) === SSRR;
  }

  /** The way back of the packet at hand. */
  get arrivedEntry(): number {
    return this.first + SOURCE_ROUTES;
  }

  /** Writes what an OPEN names; 0 = it cannot be written. */
  draft(route: SourceRoute, destination: number): number {
    const entry = this.first + SOURCE_ROUTES + 1;
    return fillRoute(this.hops, entry * HOP_WORDS, route.strict, route.hops, destination) ? entry : 0;
  }

  /**
   * Reads the route that a packet came by. False: no host may take the packet, for it has to go on (RFC 1122 §3.3.5), or the option is
   * malformed.
   */
  read(rx: Int32Array, base: number, b: Uint8Array): boolean {
    const layers = rx[base + RX_L3L4]!;
    const l3 = rx[base + RX_FRAME]! + (layers & 0xffff);
    const l4 = rx[base + RX_FRAME]! + (layers >>> 16);
    const o = findSourceRoute(b, l3, l4);
    if (routeHops(b, o, l4) < 0 || !isCompleted(b, o)) return false;
    this.arrived = this.accept && fillWayBack(this.hops, this.arrivedEntry * HOP_WORDS, b, l3, l4);
    return true;
  }

  /** What links read of an entry, to be kept elsewhere. */
  words(entry: number): Int32Array {
    return this.hops.subarray(entry * HOP_WORDS, entry * HOP_WORDS + SHARED_WORDS);
  }

  /** The other way round: the entry of nobody that now has these words. */
  recall(words: Int32Array): number {
    this.words(this.arrivedEntry).set(words);
    return this.arrivedEntry;
  }

  /** Copies an entry to that of the connection with these identity words. 0 = there is no room. */
  keep(t: Tcp, from: number, w: Int32Array, at: number): number {
    const entry = this.of(w, at) || this.vacancy(t);
    if (entry === 0) return 0;
    const e = entry * HOP_WORDS;
    this.hops.copyWithin(e, from * HOP_WORDS, from * HOP_WORDS + SHARED_WORDS);
    this.hops[e + PORTS] = w[at + ROW_PORTS]!;
    this.hops[e + LOCAL] = w[at + ROW_LADDR + 3]!;
    this.hops[e + REMOTE] = w[at + ROW_RADDR + 3]!;
    this.hops[e + USED] = this.turn;
    return entry;
  }

  /** Whether two entries lead the same way. */
  agree(one: number, other: number): boolean {
    const { hops } = this;
    const words = ROUTE_OPTIONS + hops[one * HOP_WORDS + ROUTE_LENGTH]! / 4;
    for (let n = 0; n < words; n++) if (hops[one * HOP_WORDS + n] !== hops[other * HOP_WORDS + n]) return false;
    return true;
  }

  private vacancy(t: Tcp): number {
    let entry = this.free();
    if (entry === 0) {
      this.sweep(t);
      entry = this.free();
    }
    this.top = Math.max(this.top, entry - this.first + 1);
    return entry;
  }

  private free(): number {
    for (let n = 0; n < SOURCE_ROUTES; n++)
      if (this.hops[(this.first + n) * HOP_WORDS + PORTS] === 0) return this.first + n;
    return 0;
  }

  /** Those whose connection is gone go; what was used in this turn may be on its way and stays. */
  private sweep(t: Tcp): void {
    const key = new Int32Array(KEY_WORDS);
    for (let n = 0; n < SOURCE_ROUTES; n++) {
      const e = (this.first + n) * HOP_WORDS;
      key[ROW_PORTS] = this.hops[e + PORTS]!;
      mapIpv4(this.hops[e + LOCAL]!, key, ROW_LADDR);
      mapIpv4(this.hops[e + REMOTE]!, key, ROW_RADDR);
      const live = t.flows.find(key, 0) >= 0 || t.halfOpens.find(key, 0) >= 0 || t.timeWaits.find(key, 0) >= 0;
      if (!live && this.hops[e + USED] !== this.turn) this.hops[e + PORTS] = 0;
    }
  }
}

/** TX_HOP of a connection with a route. */
export function routedHop(t: Tcp, tcb: Tcb): number {
  return tcb.hop | (t.sourceRoutes.named(tcb.i32, tcb.at) << 16);
}
