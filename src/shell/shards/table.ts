/**
 * What the stacks of one address agree on: a small table in shared memory that every thread writes under one lock. It holds
 * no packet and no connection; the kernel carries out what it says.
 */

import { PORT_WORDS } from '../../core/share.ts';
import {
  addBucket,
  BERTH_BUCKETS,
  BERTHS,
  BUCKET_WORDS,
  BUCKETS,
  bucketInBerth,
  COMMON_BUCKETS,
} from '../../wire/bucket.ts';
import { BERTHS_WORDS, Berths } from './berths.ts';
import { deal, NOBODY } from './deal.ts';

/** How many stacks there may be. */
export const MOST_SHARDS = 64;
export const SECRET_WORDS = 8;

const LOCK = 0;
/** Number of the plan, and of the plan that the kernel follows. */
const EPOCH = 1;
const STEERED = 2;
/** Who speaks for the address, and whose fence stands: index + 1. */
const SPEAKER = 3;
const READY = 4;
const MEMBERS = 5;
/** Numbers of the groups of sockets, + 1. */
const SMALL = 6;
const LARGE = 7;
const BIRTHS = 8;
/** Counts changes of the order of sockets; and the one that the kernel's program knows. */
const ORDERED = 9;
const ORDER_STEERED = 10;
const SECRET = 16;
/** Shard at each position of the groups. */
const ORDER = SECRET + SECRET_WORDS;
const STATE = ORDER + MOST_SHARDS;
const PREPARED = STATE + MOST_SHARDS;
const FOLLOWED = PREPARED + MOST_SHARDS;
const BIRTH = FOLLOWED + MOST_SHARDS;
/** Shard of each bucket: as planned, and as steered. */
const PLAN = BIRTH + MOST_SHARDS;
const LIVE = PLAN + BUCKETS;
/** Of each shard: buckets of others, and local ports, of which it has connections. */
const KEPT = LIVE + BUCKETS;
const PORTS = KEPT + MOST_SHARDS * BUCKET_WORDS;
/** Ports that some of them listen on. */
const PLACES = PORTS + MOST_SHARDS * PORT_WORDS;
/** Thread that has each index, and those that started it (seats.ts). */
export const SEATS = PLACES + BERTHS_WORDS;
/** Words of a seat. */
export const SEAT_WORDS = 4;
const WORDS = SEATS + MOST_SHARDS * SEAT_WORDS;

export const ABSENT = 0;
export const JOINED = 1;
/** Ends what it has; nothing new comes. */
export const LEAVING = 2;

/** ms after which the holder of the lock is taken for dead: it is held for a few ms. */
const PATIENCE = 5000;

export class ShardTable {
  readonly words: Int32Array;
  readonly #berths: Berths;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.#berths = new Berths(this.words.subarray(PLACES, PLACES + BERTHS_WORDS));
  }

  /** A table of nobody. */
  static make(secret: Int32Array): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(WORDS * 4);
    const words = new Int32Array(memory);
    words.set(secret.subarray(0, SECRET_WORDS), SECRET);
    words.fill(NOBODY, PLAN, PLAN + 2 * BUCKETS);
    return memory;
  }

  locked<T>(work: () => T): T {
    const { words } = this;
    while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) {
      if (Atomics.wait(words, LOCK, 1, PATIENCE) === 'timed-out') break;
    }
    try {
      return work();
    } finally {
      Atomics.store(words, LOCK, 0);
      Atomics.notify(words, LOCK, 1);
    }
  }

  get epoch(): number {
    return Atomics.load(this.words, EPOCH);
  }
  get steered(): number {
    return Atomics.load(this.words, STEERED);
  }
  get secret(): Int32Array {
    return this.words.slice(SECRET, SECRET + SECRET_WORDS);
  }
  stateOf(shard: number): number {
    return Atomics.load(this.words, STATE + shard);
  }

  // ---- who speaks for the address -------------------------------------------------------------------------------------

  /** Index of the speaker, or -1. */
  get speaker(): number {
    return Atomics.load(this.words, SPEAKER) - 1;
  }
  /** The shard whose fence against the kernel stands, or -1. */
  get ready(): number {
    return Atomics.load(this.words, READY) - 1;
  }
  set ready(shard: number) {
    Atomics.store(this.words, READY, shard + 1);
  }

  /** Whether this shard is the speaker: it becomes that when nobody is. */
  claim(shard: number): boolean {
    const before = Atomics.compareExchange(this.words, SPEAKER, 0, shard + 1);
    return before === 0 || before === shard + 1;
  }

  /** The speaker goes: the next one, or nobody. */
  passOn(shard: number): void {
    if (this.speaker !== shard) return;
    const next = this.#members().find((other) => other !== shard) ?? NOBODY;
    Atomics.store(this.words, SPEAKER, next + 1);
  }

  // ---- joining and leaving: under the lock ------------------------------------------------------------------------------

  /** Numbers of the groups for the sockets of the next one, -1 = new ones. */
  get groups(): [number, number] {
    return [this.words[SMALL]! - 1, this.words[LARGE]! - 1];
  }

  /** Sockets have joined the groups, at their end. */
  enter(shard: number, groups: readonly number[]): void {
    const { words } = this;
    words[SMALL] = groups[0]! + 1;
    words[LARGE] = groups[1]! + 1;
    words[ORDER + words[MEMBERS]!++] = shard;
    words[BIRTH + shard] = ++words[BIRTHS]!;
    words[PREPARED + shard] = words[FOLLOWED + shard] = 0;
    words.fill(0, KEPT + shard * BUCKET_WORDS, KEPT + (shard + 1) * BUCKET_WORDS);
    Atomics.store(words, STATE + shard, JOINED);
    this.#plan();
  }

  /** The shard takes nothing new any more: true when there is another one to take it. */
  retire(shard: number): boolean {
    if (this.stateOf(shard) !== JOINED || this.#members().length === 1) return false;
    Atomics.store(this.words, STATE + shard, LEAVING);
    this.#plan();
    return true;
  }

  /** The shard's sockets are closed: the kernel puts the last one of a group in the place of one that goes. */
  gone(shard: number): void {
    const { words } = this;
    if (this.stateOf(shard) === ABSENT) return;
    const last = --words[MEMBERS]!;
    for (let n = 0; n < last; n++) if (words[ORDER + n] === shard) words[ORDER + n] = words[ORDER + last]!;
    if (last === 0) words[SMALL] = words[LARGE] = 0;
    words.fill(0, KEPT + shard * BUCKET_WORDS, KEPT + (shard + 1) * BUCKET_WORDS);
    words.fill(0, PORTS + shard * PORT_WORDS, PORTS + (shard + 1) * PORT_WORDS);
    Atomics.store(words, STATE + shard, ABSENT);
    this.#berths.leave(shard);
    words[ORDERED]!++;
    this.passOn(shard);
    if (this.ready === shard) this.ready = NOBODY;
    // Also after one that had retired: those who prepare a plan may be waiting for it.
    this.#plan();
  }

  /** The device was down: the kernel put the sockets into their groups again, the oldest first. */
  returned(): void {
    const { words } = this;
    const order = words.subarray(ORDER, ORDER + words[MEMBERS]!);
    const sorted = Array.from(order).sort((a, b) => words[BIRTH + a]! - words[BIRTH + b]!);
    if (sorted.every((shard, n) => shard === order[n])) return;
    order.set(sorted);
    words[ORDERED]!++;
  }

  // ---- who listens: under the lock ----------------------------------------------------------------------------------------

  /** The shard listens on a port from now on. False: no plan comes of it. */
  opens(shard: number, port: number): boolean {
    if (this.stateOf(shard) !== JOINED) return false;
    let berth = this.#berths.find(port);
    if (berth < 0) {
      berth = this.#berths.give(port);
      if (berth < 0) return false; // all are in use: its flows are everybody's
      this.#clear(berth, shard);
    }
    this.#berths.mark(berth, shard, true);
    this.#plan();
    return true;
  }

  /** Ports that it listens on and that were everybody's may have a berth by now, since another one began to listen there. */
  comesToo(shard: number, ports: Iterable<number>): void {
    if (this.stateOf(shard) !== JOINED) return;
    for (const port of ports) {
      const berth = this.#berths.find(port);
      if (berth < 0 || this.#berths.listens(berth, shard)) continue;
      this.#berths.mark(berth, shard, true);
      this.#plan();
    }
  }

  /** It listens no longer. Who is the last keeps the port's flows, to refuse them. */
  closes(shard: number, port: number): boolean {
    const berth = this.#berths.find(port);
    if (berth < 0 || !this.#berths.listens(berth, shard)) return false;
    this.#berths.mark(berth, shard, false);
    this.#plan();
    return true;
  }

  /** Ports by berth. */
  ports(): Int32Array {
    return Int32Array.from({ length: BERTHS }, (_, berth) => this.#berths.portOf(berth));
  }

  /** The berth is another port's now: its buckets are nobody's yet, and anybody may have connections in them. */
  #clear(berth: number, shard: number): void {
    const { words } = this;
    const first = bucketInBerth(berth, 0);
    words.fill(NOBODY, PLAN + first, PLAN + first + BERTH_BUCKETS);
    words.fill(NOBODY, LIVE + first, LIVE + first + BERTH_BUCKETS);
    for (let other = 0; other < MOST_SHARDS; other++) {
      if (other === shard || this.stateOf(other) === ABSENT) continue;
      const kept = KEPT + other * BUCKET_WORDS;
      words.fill(-1, kept + (first >>> 5), kept + ((first + BERTH_BUCKETS) >>> 5));
    }
  }

  // ---- plans ------------------------------------------------------------------------------------------------------------

  /** Adds the buckets that the shard has by the plan, or by what the kernel does. */
  bucketsOf(shard: number, which: 'plan' | 'live', set: Int32Array): void {
    const from = which === 'plan' ? PLAN : LIVE;
    for (let n = 0; n < BUCKETS; n++) if (this.words[from + n] === shard) addBucket(set, n);
  }

  /** What the shard may have left besides, before the kernel follows the plan. */
  keepMore(shard: number, buckets: Int32Array): void {
    for (let n = 0; n < BUCKET_WORDS; n++) Atomics.or(this.words, KEPT + shard * BUCKET_WORDS + n, buckets[n]!);
  }

  /** What the shard has left of buckets of others. */
  keep(shard: number, buckets: Int32Array, ports: Int32Array): void {
    for (let n = 0; n < BUCKET_WORDS; n++) Atomics.store(this.words, KEPT + shard * BUCKET_WORDS + n, buckets[n]!);
    this.words.set(ports, PORTS + shard * PORT_WORDS);
  }

  /** Adds what the others have left. */
  keptByOthers(shard: number, buckets: Int32Array, ports: Int32Array): void {
    const { words } = this;
    for (let other = 0; other < MOST_SHARDS; other++) {
      if (other === shard || this.stateOf(other) === ABSENT) continue;
      let any = 0;
      for (let n = 0; n < BUCKET_WORDS; n++) {
        const kept = Atomics.load(words, KEPT + other * BUCKET_WORDS + n);
        buckets[n]! |= kept;
        any |= kept;
      }
      if (any !== 0) for (let n = 0; n < PORT_WORDS; n++) ports[n]! |= words[PORTS + other * PORT_WORDS + n]!;
    }
  }

  /** The shard's filters let in what it keeps under this plan. True when all of them do. */
  prepared(shard: number, epoch: number): boolean {
    this.words[PREPARED + shard] = epoch;
    return this.#all(PREPARED, epoch);
  }

  /** The shard lives by this plan. */
  follows(shard: number, epoch: number): void {
    Atomics.store(this.words, FOLLOWED + shard, epoch);
  }

  /** Whether every shard lives by this plan or a later one. */
  isFollowed(epoch: number): boolean {
    return this.#all(FOLLOWED, epoch);
  }

  /** The kernel follows the plan from now on, when one is ready: position of each bucket. */
  positions(carryOut: boolean): Uint8Array {
    const { words } = this;
    if (carryOut) words.copyWithin(LIVE, PLAN, PLAN + BUCKETS);
    const at = new Uint8Array(MOST_SHARDS);
    for (let n = 0; n < words[MEMBERS]!; n++) at[words[ORDER + n]!] = n;
    words[ORDER_STEERED] = words[ORDERED]!;
    if (carryOut) Atomics.store(words, STEERED, words[EPOCH]!);
    return Uint8Array.from(words.subarray(LIVE, LIVE + BUCKETS), (shard) => (shard < 0 ? 0 : at[shard]!));
  }

  /** Whether sockets changed places since the kernel was told where they are. */
  get misplaced(): boolean {
    return this.words[ORDER_STEERED] !== this.words[ORDERED];
  }

  #members(): number[] {
    const { words } = this;
    return Array.from(words.subarray(ORDER, ORDER + words[MEMBERS]!)).filter((n) => this.stateOf(n) === JOINED);
  }

  #all(since: number, epoch: number): boolean {
    const { words } = this;
    const order = words.subarray(ORDER, ORDER + words[MEMBERS]!);
    return order.every((shard) => Atomics.load(words, since + shard) >= epoch);
  }

  #dealBerth(berth: number, members: readonly number[]): void {
    const first = PLAN + bucketInBerth(berth, 0);
    const owners = this.words.subarray(first, first + BERTH_BUCKETS);
    const takers = members.filter((shard) => this.#berths.listens(berth, shard));
    if (takers.length > 0) deal(owners, takers);
    else if (!owners.every((owner) => members.includes(owner))) deal(owners, members);
  }

  /** A new plan. Who gives a bucket away may have connections in it, until he says that he has not. */
  #plan(): void {
    const { words } = this;
    const before = words.slice(PLAN, PLAN + BUCKETS);
    const members = this.#members();
    deal(words.subarray(PLAN, PLAN + COMMON_BUCKETS), members);
    for (let berth = 0; berth < BERTHS; berth++) if (this.#berths.portOf(berth) !== 0) this.#dealBerth(berth, members);
    for (let n = 0; n < BUCKETS; n++) {
      const owner = before[n]!;
      if (owner === words[PLAN + n] || owner < 0 || this.stateOf(owner) === ABSENT) continue;
      Atomics.or(words, KEPT + owner * BUCKET_WORDS + (n >>> 5), 1 << (n & 31));
    }
    Atomics.add(words, EPOCH, 1);
  }
}
