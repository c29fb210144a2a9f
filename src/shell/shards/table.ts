/**
 * What the stacks of one address agree on: a small table in shared memory that every thread writes under one lock. It holds
 * no packet and no connection; the kernel carries out what it says.
 */

import { addBucket, BERTH_BUCKETS, BERTHS, BUCKETS, bucketInBerth, COMMON_BUCKETS } from '../../wire/bucket.ts';
import { BERTHS_WORDS, Berths } from './berths.ts';
import { deal, NOBODY } from './deal.ts';
import {
  ABSENT,
  BIRTH,
  BIRTHS,
  EPOCH,
  FOLLOWED,
  JOINED,
  LARGE,
  LEAVING,
  LIVE,
  LIVE_PORTS,
  LOST,
  MEMBERS,
  MOST_SHARDS,
  ORDER,
  ORDER_STEERED,
  ORDERED,
  PLACES,
  PLAN,
  PREPARED,
  READY,
  SECRET,
  SECRET_WORDS,
  SMALL,
  SPEAKER,
  STATE,
  STEERED,
  WORDS,
} from './layout.ts';
import { Left } from './left.ts';
import { Lock } from './lock.ts';
import { CLOSED, closeSockets, hasSockets, socketsOf } from './sockets.ts';
import { View } from './view.ts';

/** A plan that is not waited for. */
const ANY_PLAN = 0x7fffffff;

export class ShardTable {
  readonly words: Int32Array;
  readonly lock: Lock;
  readonly left: Left;
  readonly #berths: Berths;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.left = new Left(this.words);
    this.lock = new Lock(this.words, () => this.#mend());
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
    return this.lock.hold(work);
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
    this.left.nothing(shard);
    Atomics.store(words, STATE + shard, JOINED);
    this.#plan();
  }

  /** Somebody ended under the lock, and what he wrote is undone; but not what the kernel did for him. */
  #mend(): void {
    const { words } = this;
    for (let shard = 0; shard < MOST_SHARDS; shard++) {
      const absent = this.stateOf(shard) === ABSENT;
      if (!absent && socketsOf(words, shard)[0] === CLOSED) this.gone(shard);
      if (!absent || !hasSockets(words, shard)) continue;
      if (words[SMALL] === 0) {
        // It was alone in its groups, and nobody knows their numbers: the next one makes new ones.
        closeSockets(words, shard);
        continue;
      }
      words[ORDER + words[MEMBERS]!++] = shard;
      words[BIRTH + shard] = ++words[BIRTHS]!;
      words[PREPARED + shard] = words[FOLLOWED + shard] = ANY_PLAN;
      Atomics.store(words, STATE + shard, LOST);
    }
    words[ORDERED]!++; // the kernel may follow a plan that is undone
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
    closeSockets(words, shard);
    const last = --words[MEMBERS]!;
    for (let n = 0; n < last; n++) if (words[ORDER + n] === shard) words[ORDER + n] = words[ORDER + last]!;
    if (last === 0) words[SMALL] = words[LARGE] = 0;
    this.left.nothing(shard);
    Atomics.store(words, STATE + shard, ABSENT);
    this.#berths.leave(shard);
    words[ORDERED]!++;
    // Another thread may have the index next: what the kernel gave to this one is not its.
    for (let n = LIVE; n < LIVE + BUCKETS; n++) if (words[n] === shard) words[n] = NOBODY;
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
      this.#clear(berth);
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

  /**
   * The berth is another port's now: flows of both ports change their buckets. Until each shard has said what it has, all of them may have
   * some in any of those. What the kernel does stays as it is until it is told.
   */
  #clear(berth: number): void {
    const { words } = this;
    const first = bucketInBerth(berth, 0);
    words.fill(NOBODY, PLAN + first, PLAN + first + BERTH_BUCKETS);
    for (let shard = 0; shard < MOST_SHARDS; shard++)
      if (this.stateOf(shard) !== ABSENT) this.left.mayBeIn(shard, berth);
  }

  // ---- plans ------------------------------------------------------------------------------------------------------------

  /** Adds the buckets that the shard has by the plan. */
  planned(shard: number, set: Int32Array): void {
    for (let n = 0; n < BUCKETS; n++) if (this.words[PLAN + n] === shard) addBucket(set, n);
  }

  /** What a shard may ask without the lock, whose berths are of these ports. */
  seenBy(shard: number, ports: Int32Array): View {
    return new View({ words: this.words, left: this.left, berths: this.#berths, shard, ports });
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

  /** Ports by berth, as the kernel's program has them. */
  steeredPorts(): Int32Array {
    return this.words.slice(LIVE_PORTS, LIVE_PORTS + BERTHS);
  }

  /** The kernel follows the plan from now on, when one is ready: position of each bucket. */
  positions(carryOut: boolean): Uint8Array {
    const { words } = this;
    if (carryOut) {
      words.copyWithin(LIVE, PLAN, PLAN + BUCKETS);
      words.set(this.ports(), LIVE_PORTS);
    }
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
      this.left.mayBe(owner, n);
    }
    Atomics.add(words, EPOCH, 1);
  }
}
