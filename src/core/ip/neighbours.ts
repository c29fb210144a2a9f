/**
 * The neighbour cache of ARP and neighbour discovery, in the hop table that links read MACs from. States are those of
 * RFC 4861 §7.3, used for IPv4 as well (RFC 1122 §2.3.2.1 wants stale entries gone, §3.3.1.4 dead gateways found):
 *
 *   INCOMPLETE ─answer→ REACHABLE ─30 s→ STALE ─used, 5 s→ PROBE ─answer→ REACHABLE
 *        ├─3 questions, 1 s apart→ FAILED                  │
 *        └──────────────←─3 questions to it alone, 1 s apart─┘
 *
 * DELAY is STALE with a deadline. REACHABLE ends when somebody looks, so that an idle stack has no reason to wake.
 */

import type { Rng } from '../../ports.ts';
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS } from '../../wire/abi.ts';
import { ADDRESS_WORDS, sameAddress } from '../../wire/address.ts';
import { diff, since } from '../seq.ts';
import { lasts, NeighbourTimes } from './neighbour-times.ts';

export const HOP_STATE = 2;
export const HOP_LINK = 3;
export const HOP_ADDRESS = 4;
/** Tick: next question in INCOMPLETE and PROBE, end of REACHABLE, end of the delay in STALE (0 = not used since). */
export const HOP_DEADLINE = 8;
/** Questions asked. */
export const HOP_ASKED = 9;
/** Connections that hold this hop: it is not given to another neighbour while there are any. */
export const HOP_HOLDERS = 10;
/** Tick at which somebody last wanted it. */
export const HOP_USED = 11;

/** Belongs to no neighbour. */
export const FREE = 0;
export const INCOMPLETE = 1;
export const REACHABLE = 2;
export const STALE = 3;
export const PROBE = 4;
/** No MAC and nobody asks: what did not answer, and what nobody has wanted to send to yet. */
export const FAILED = 5;
/** Needs no resolution: the far end of a 'loop' link. */
export const PERMANENT = 6;

/** RFC 4861 §10: MAX_MULTICAST_SOLICIT = MAX_UNICAST_SOLICIT, DELAY_FIRST_PROBE_TIME. */
const QUESTIONS = 3;
const DELAY_MS = 5000;

export interface Asker {
  /** Sends an ARP request or a neighbour solicitation; to the neighbour alone when its MAC is known. */
  ask(hop: number, unicast: boolean): void;
  resolved(hop: number): void;
  unreachable(hop: number): void;
}

export class Neighbours {
  /** Tick of the present. */
  tick = 0;
  readonly times = new NeighbourTimes();
  private readonly hops: Int32Array;
  private readonly capacity: number;
  /** Open addressing over (link, address): hop + 1, 0 = empty. */
  private readonly slots: Int32Array;
  private readonly seed: number;
  private readonly rng: Rng;
  private readonly asker: Asker;
  /** No deadline is earlier than this tick; 0 = there is none. Deadlines given up leave it early, which is harmless. */
  private earliest = 0;

  constructor(hops: Int32Array, rng: Rng, asker: Asker) {
    this.hops = hops;
    this.capacity = (hops.length / HOP_WORDS) | 0;
    // At most half full.
    this.slots = new Int32Array(2 << (32 - Math.clz32(this.capacity)));
    this.seed = rng.u32();
    this.rng = rng;
    this.asker = asker;
  }

  state(hop: number): number {
    return this.hops[hop * HOP_WORDS + HOP_STATE]!;
  }

  /** It was asked for and did not answer; nobody asks at present. */
  isDead(hop: number): boolean {
    const h = hop * HOP_WORDS;
    return this.hops[h + HOP_STATE] === FAILED && this.hops[h + HOP_ASKED] !== 0;
  }

  find(link: number, w: Int32Array, at: number): number {
    const mask = this.slots.length - 1;
    for (let slot = this.hash(link, w, at) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const hop = this.slots[slot]! - 1;
      const h = hop * HOP_WORDS;
      if (this.hops[h + HOP_LINK] === link && sameAddress(this.hops, h + HOP_ADDRESS, w, at)) return hop;
    }
    return -1;
  }

  /** The entry of a neighbour, made when there is none; -1 when every entry is held. */
  obtain(link: number, w: Int32Array, at: number): number {
    let hop = this.find(link, w, at);
    if (hop < 0) {
      hop = this.vacancy();
      if (hop < 0) return -1;
      const h = hop * HOP_WORDS;
      this.hops.fill(0, h, h + HOP_WORDS);
      this.hops[h + HOP_STATE] = FAILED;
      this.hops[h + HOP_LINK] = link;
      for (let i = 0; i < ADDRESS_WORDS; i++) this.hops[h + HOP_ADDRESS + i] = w[at + i]!;
      this.insert(hop);
    }
    this.hops[hop * HOP_WORDS + HOP_USED] = this.tick;
    return hop;
  }

  hold(hop: number): void {
    this.hops[hop * HOP_WORDS + HOP_HOLDERS]!++;
  }

  release(hop: number): void {
    const h = hop * HOP_WORDS + HOP_HOLDERS;
    if (this.hops[h]! > 0) this.hops[h]!--;
  }

  holders(hop: number): number {
    return this.hops[hop * HOP_WORDS + HOP_HOLDERS]!;
  }

  makePermanent(hop: number): void {
    this.hops[hop * HOP_WORDS + HOP_STATE] = PERMANENT;
  }

  /**
   * Whether frames can be sent to the hop now; what is needed to keep or make it so is started. Called per turn of output,
   * hence the short way for the usual case.
   */
  ready(hop: number): boolean {
    const h = hop * HOP_WORDS;
    const state = this.hops[h + HOP_STATE]!;
    if (state === REACHABLE && lasts(this.hops[h + HOP_DEADLINE]!, this.tick)) return true;
    switch (state) {
      case REACHABLE:
        this.hops[h + HOP_STATE] = STALE;
        this.wake(h, DELAY_MS);
        return true;
      case STALE:
        // First use since it went stale: time for the transport to confirm before we ask (RFC 4861 §7.3.3, DELAY).
        if (this.hops[h + HOP_DEADLINE] === 0) this.wake(h, DELAY_MS);
        return true;
      case FAILED:
        this.hops[h + HOP_ASKED] = 0;
        this.hops[h + HOP_STATE] = INCOMPLETE;
        this.question(hop);
        return false;
      default:
        return state > INCOMPLETE;
    }
  }

  /** The transport got something through (RFC 4861 §7.3.1): no need to ask. */
  confirm(hop: number): void {
    const state = this.state(hop);
    if (state >= REACHABLE && state <= PROBE) this.reachable(hop * HOP_WORDS);
  }

  /** The transport gets nothing through (RFC 1122 §3.3.1.4): ask the neighbour now rather than when it has gone stale. */
  suspect(hop: number): void {
    const state = this.state(hop);
    if (state === REACHABLE || state === STALE) this.probe(hop);
  }

  /** A MAC came unasked, or as an aside: known, but whether our frames get there is open (RFC 4861 §7.2.3). */
  learn(hop: number, macHi: number, macLo: number): void {
    const h = hop * HOP_WORDS;
    const state = this.hops[h + HOP_STATE]!;
    if (state === PERMANENT || (state >= REACHABLE && state <= PROBE && this.hasMac(hop, macHi, macLo))) return;
    this.setMac(h, macHi, macLo);
    this.hops[h + HOP_STATE] = STALE;
    this.hops[h + HOP_DEADLINE] = 0;
    this.tell(hop, state);
  }

  /** The neighbour answered a question of ours. */
  answered(hop: number, macHi: number, macLo: number): void {
    const h = hop * HOP_WORDS;
    const state = this.hops[h + HOP_STATE]!;
    if (state === PERMANENT) return;
    this.setMac(h, macHi, macLo);
    this.reachable(h);
    this.tell(hop, state);
  }

  /** Whether this is the MAC frames are sent to. */
  hasMac(hop: number, macHi: number, macLo: number): boolean {
    const h = hop * HOP_WORDS;
    return this.hops[h + HOP_MAC_HI] === macHi && this.hops[h + HOP_MAC_LO]! >>> 16 === macLo;
  }

  /** RFC 4861 §7.2.5 I: somebody else claims the address and may not override: doubt what we have. */
  doubt(hop: number): void {
    const h = hop * HOP_WORDS;
    if (this.hops[h + HOP_STATE] !== REACHABLE) return;
    this.hops[h + HOP_STATE] = STALE;
    this.hops[h + HOP_DEADLINE] = 0;
  }

  /** MACs are not known any more, nor who is dead: who is wanted is asked for, of everybody. Who is being asked for still is. */
  linkDown(link: number): void {
    for (let h = 0; h < this.capacity * HOP_WORDS; h += HOP_WORDS) {
      const state = this.hops[h + HOP_STATE]!;
      if (this.hops[h + HOP_LINK] !== link || state === FREE || state === INCOMPLETE || state === PERMANENT) continue;
      this.hops[h + HOP_STATE] = FAILED;
      this.hops[h + HOP_ASKED] = 0;
    }
  }

  /** Does what is due at `tick`. */
  run(): void {
    if (this.earliest === 0 || diff(this.earliest, this.tick) > 0) return;
    this.earliest = 0;
    for (let hop = 0; hop < this.capacity; hop++) {
      const h = hop * HOP_WORDS;
      if (!this.waits(h)) continue;
      const at = this.hops[h + HOP_DEADLINE]!;
      if (diff(at, this.tick) <= 0) this.expire(hop);
      else if (this.earliest === 0 || diff(at, this.earliest) < 0) this.earliest = at;
    }
  }

  /** Tick at which `run` is to be called, 0 = never. */
  next(): number {
    return this.earliest;
  }

  private waits(h: number): boolean {
    const state = this.hops[h + HOP_STATE]!;
    return state === INCOMPLETE || state === PROBE || (state === STALE && this.hops[h + HOP_DEADLINE] !== 0);
  }

  private expire(hop: number): void {
    const h = hop * HOP_WORDS;
    if (this.hops[h + HOP_STATE] === STALE) {
      this.probe(hop);
    } else if (this.hops[h + HOP_ASKED]! < QUESTIONS) {
      this.question(hop);
    } else if (this.hops[h + HOP_STATE] === PROBE) {
      // It may have got another MAC without telling anybody: everyone is asked once more before it counts as gone.
      this.hops[h + HOP_STATE] = INCOMPLETE;
      this.hops[h + HOP_ASKED] = 0;
      this.question(hop);
    } else {
      this.hops[h + HOP_STATE] = FAILED;
      this.asker.unreachable(hop);
    }
  }

  private probe(hop: number): void {
    const h = hop * HOP_WORDS;
    this.hops[h + HOP_STATE] = PROBE;
    this.hops[h + HOP_ASKED] = 0;
    this.question(hop);
  }

  /** One question a second and neighbour at most: RFC 1122 §2.3.2.1. */
  private question(hop: number): void {
    const h = hop * HOP_WORDS;
    this.hops[h + HOP_ASKED]!++;
    this.wake(h, this.times.retryMs(this.hops, h + HOP_ADDRESS, this.hops[h + HOP_LINK]!));
    this.asker.ask(hop, this.hops[h + HOP_STATE] === PROBE);
  }

  /** For 0.5 to 1.5 times REACHABLE_TIME, so that neighbours do not ask in step (RFC 4861 §6.3.2). */
  private reachable(h: number): void {
    this.hops[h + HOP_STATE] = REACHABLE;
    const base = this.times.reachableMs(this.hops, h + HOP_ADDRESS, this.hops[h + HOP_LINK]!);
    this.deadline(h, (base >>> 1) + ((this.rng.u32() >>> 0) % base));
  }

  private deadline(h: number, ms: number): void {
    this.hops[h + HOP_DEADLINE] = (this.tick + ms) | 0 || 1;
  }

  /** A deadline that somebody must wake for. */
  private wake(h: number, ms: number): void {
    this.deadline(h, ms);
    const at = this.hops[h + HOP_DEADLINE]!;
    if (this.earliest === 0 || diff(at, this.earliest) < 0) this.earliest = at;
  }

  /** Whoever holds the hop and could not send can now. */
  private tell(hop: number, before: number): void {
    if ((before === INCOMPLETE || before === FAILED) && this.hops[hop * HOP_WORDS + HOP_HOLDERS]! > 0)
      this.asker.resolved(hop);
  }

  private setMac(h: number, macHi: number, macLo: number): void {
    this.hops[h + HOP_MAC_HI] = macHi;
    this.hops[h + HOP_MAC_LO] = (macLo << 16) | (this.hops[h + HOP_MAC_LO]! & 0xffff);
  }

  /** A free entry, or the one that nobody holds and nobody wanted for longest. */
  private vacancy(): number {
    let oldest = -1;
    for (let hop = 0; hop < this.capacity; hop++) {
      const h = hop * HOP_WORDS;
      if (this.hops[h + HOP_STATE] === FREE) return hop;
      if (this.hops[h + HOP_HOLDERS]! > 0 || this.hops[h + HOP_STATE] === PERMANENT) continue;
      if (oldest < 0 || this.unwantedFor(hop) > this.unwantedFor(oldest)) oldest = hop;
    }
    if (oldest >= 0) this.forget(oldest);
    return oldest;
  }

  private unwantedFor(hop: number): number {
    return since(this.tick, this.hops[hop * HOP_WORDS + HOP_USED]!);
  }

  private insert(hop: number): void {
    const mask = this.slots.length - 1;
    let slot = this.home(hop);
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = hop + 1;
  }

  /** Takes a hop out of the hash, closing the gap so that no probe sequence is cut. */
  private forget(hop: number): void {
    const mask = this.slots.length - 1;
    let gap = this.home(hop);
    while (this.slots[gap] !== hop + 1) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      // Move back whatever may stand at the gap: its home is not between the gap and itself.
      if (((slot - this.home(this.slots[slot]! - 1)) & mask) >= ((slot - gap) & mask)) {
        this.slots[gap] = this.slots[slot]!;
        gap = slot;
      }
    }
    this.slots[gap] = 0;
  }

  private home(hop: number): number {
    const h = hop * HOP_WORDS;
    return this.hash(this.hops[h + HOP_LINK]!, this.hops, h + HOP_ADDRESS) & (this.slots.length - 1);
  }

  private hash(link: number, w: Int32Array, at: number): number {
    let x = this.seed ^ link;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      x = Math.imul(x ^ w[at + i]!, 0x9e3779b1);
      x ^= x >>> 15;
    }
    return x;
  }
}
