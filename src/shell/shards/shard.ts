/**
 * One of several stacks with one address, each in a thread of its own. A change of who has which buckets goes in three steps, so
 * that no flow is ever without its stack:
 *
 *   planned    somebody joined or retired; who gives buckets away lets their frames in through the socket aside, too
 *   steered    the last one that is ready for it tells the kernel: new flows reach their new owner
 *   followed   who gave buckets away opens nothing in them any more, and keeps what it has until it ends
 */
import type { Core } from '../../core/api.ts';
import { PORT_WORDS } from '../../core/share.ts';
import { BERTH_BUCKETS, BERTHS, BUCKET_WORDS, bucketInBerth } from '../../wire/bucket.ts';
import { StackError } from '../errors.ts';
import { type Channel, channelOf, LOOK, type ShardGroup } from './group.ts';
import { ABSENT } from './layout.ts';
import { socketsOf } from './sockets.ts';
import { ShardTable } from './table.ts';

/** The function that steers flows, as links take it. */
export interface Steering {
  readonly key0: number;
  readonly key1: number;
  /** UDP ports that stacks choose. */
  readonly first: number;
  readonly last: number;
  /** TCP ports that have buckets of their own, by berth. */
  readonly ports: Int32Array;
}

/** What a shard asks of the link that it has in common with others. */
export interface SharedLink {
  /**
   * Joins the groups of sockets for small and for large frames; -1 = new ones. Their numbers. Two words are for descriptors that are the
   * group's: whoever closes them takes the sockets out.
   */
  join(small: number, large: number, sockets: Int32Array): number[];
  /** Tells the kernel the position in the groups of who has each bucket. */
  steer(steering: Steering, positions: Uint8Array): void;
  /** Changes what the filter of its sockets lets in. */
  refine(part: {
    readonly steering?: Steering;
    readonly kept?: Int32Array;
    readonly keptSyns?: boolean;
    readonly icmp?: 'all' | 'errors';
  }): void;
  close(): unknown;
}

/** What a stack gives its shard when it is put together. */
export interface ShardParts {
  readonly core: Core;
  /** UDP ports from which ours are chosen. */
  readonly ephemeralPorts: readonly [number, number];
  /** The host speaks for the address, not one of us. */
  readonly hosted: boolean;
  /** We speak for the address from now on: another one did before. */
  readonly speak: () => void;
  /** Keeps the kernel from answering. */
  readonly fence: () => Promise<unknown>;
}

/** ms that a shard waits for the one that speaks: it may be looking for duplicates of the address. */
const OPENING = 30_000;
/** ms that a change may take when a thread is busy. */
const CHANGE = 5000;
/** ms for handshakes under way. */
const HANDSHAKE = 300;
const PAUSE = 4;
/** ms between looks at what is left of buckets of others; doubled up to the second. */
const FIRST_LOOK = 1000;
const LAST_LOOK = 30_000;

export class Shard {
  readonly index: number;
  readonly #table: ShardTable;
  readonly #channel: Channel;
  #link: SharedLink | undefined;
  #parts: ShardParts | undefined;
  #steering: Steering | undefined;
  readonly #kept = new Int32Array(BUCKET_WORDS);
  #prepared = 0;
  #followed = 0;
  #speaking = false;
  /** How many listeners there are on each port. */
  readonly #listeners = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #pause = FIRST_LOOK;

  constructor(index: number, group: ShardGroup, channel: Channel = channelOf(group)) {
    this.index = index;
    this.#table = new ShardTable(group.memory);
    this.#table.lock.watch();
    this.#channel = channel;
    this.#channel.onmessage = () => this.look();
    this.#channel.unref();
  }

  get secret(): Uint8Array {
    return new Uint8Array(this.#table.secret.buffer);
  }

  get speaks(): boolean {
    return this.#table.speaker === this.index;
  }

  /** Resolves when this one may open its link: true = it is the first, and speaks for the address. */
  async turn(): Promise<boolean> {
    const table = this.#table;
    table.locked(() => table.gone(this.index)); // a worker of this index that ended in disorder
    const patience = Date.now() + OPENING;
    while (!table.claim(this.index)) {
      if (table.ready >= 0) return false;
      if (Date.now() > patience) {
        throw new StackError('ERR_USERTCP_SHARD', `shard ${table.speaker}, which speaks for the address, did not open`);
      }
      await pause();
    }
    this.#speaking = true;
    return true;
  }

  /** The link is opened and its sockets join the others'. */
  open<L extends SharedLink>(make: () => L): L {
    const table = this.#table;
    return table.locked(() => {
      const link = make();
      try {
        table.enter(this.index, link.join(...table.groups, socketsOf(table.words, this.index)));
      } catch (error) {
        link.close();
        throw error;
      }
      this.#link = link;
      return link;
    });
  }

  /** The stack is there: from now on it has a part of the flows. */
  begin(parts: ShardParts): void {
    const [key0, key1] = this.#table.secret as unknown as [number, number];
    const [first, last] = parts.ephemeralPorts;
    this.#parts = parts;
    const ports = this.#table.locked(() => this.#table.ports());
    this.#steering = { key0, key1, first, last, ports };
    parts.core.share.berths.set(ports);
    parts.core.share.agreement = this.#table.seenBy(this.index, parts.core.share.berths);
    parts.core.share.begin(key0, key1, first, last);
    if (!this.speaks && !parts.hosted) parts.core.ip.leaveTo('stack', 0);
    this.#link!.refine({ steering: this.#steering, ...(!parts.hosted && { icmp: this.speaks ? 'all' : 'errors' }) });
  }

  /** The link knows its addresses. Resolves when every shard lives by the plan that has us in it. */
  async settled(): Promise<void> {
    const { epoch } = this.#table;
    this.look();
    for (const patience = Date.now() + CHANGE; Date.now() < patience && !this.#table.isFollowed(epoch); ) await pause();
  }

  /** One more listener on a port, or one less: the port's flows go to those who listen. */
  listens(port: number, more: boolean): void {
    const before = this.#listeners.get(port) ?? 0;
    const now = before + (more ? 1 : -1);
    if (now > 0) this.#listeners.set(port, now);
    else this.#listeners.delete(port);
    if (before > 0 === now > 0) return;
    const table = this.#table;
    if (table.locked(() => (now > 0 ? table.opens(this.index, port) : table.closes(this.index, port)))) {
      this.look();
      this.#tell();
    }
  }

  /** Resolves when the flows of a port that is to be listened on come here, to what lets go of it again. */
  async expect(port: number): Promise<() => void> {
    this.listens(port, true);
    await this.settled();
    return () => this.listens(port, false);
  }

  /** The others may open, too. */
  ready(): void {
    this.#table.ready = this.index;
  }

  /** The device came back: its sockets may stand in another order. */
  returned(): void {
    this.#table.locked(() => this.#table.returned());
    this.look();
    this.#tell();
  }

  /** Nothing new comes to this one; what it has stays. */
  async retire(): Promise<void> {
    const table = this.#table;
    if (!table.locked(() => table.retire(this.index))) return;
    this.#tell();
    await this.settled();
    const { core, hosted } = this.#parts!;
    // What was opened before the change becomes a connection yet.
    for (const patience = Date.now() + HANDSHAKE; Date.now() < patience && core.halfOpens > 0; ) await pause();
    if (!this.speaks) return;
    if (!hosted) {
      core.ip.leaveTo('stack', 0);
      this.#link!.refine({ icmp: 'errors' });
    }
    table.locked(() => table.passOn(this.index));
    this.#tell();
    for (const patience = Date.now() + CHANGE; Date.now() < patience; await pause()) {
      if (table.speaker < 0 || table.ready === table.speaker) return;
    }
  }

  /** The link is about to be closed: this one decides nothing any more. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#link = undefined;
  }

  /** The link is closed, or was never opened. */
  close(): void {
    this.#table.locked(() => {
      this.#table.gone(this.index);
      this.#table.passOn(this.index);
    });
    this.#tell();
    this.#channel.close();
  }

  #tell(): void {
    this.#channel.postMessage(LOOK);
  }

  /** The table may have changed. */
  look(): void {
    const table = this.#table;
    if (this.#link === undefined || this.#parts === undefined || table.stateOf(this.index) === ABSENT) return;
    if (table.epoch !== this.#prepared) this.#prepare();
    if (table.steered === table.epoch && this.#followed !== table.epoch) this.#follow();
    if (table.misplaced) table.locked(() => table.misplaced && this.#steer(false));
    const { avoided } = this.#parts.core.share;
    avoided.fill(0);
    table.left.addPorts(this.index, avoided);
    if (this.speaks && !this.#speaking) this.#speak(this.#parts);
  }

  #prepare(): void {
    const table = this.#table;
    const { owned } = this.#parts!.core.share;
    const plan = new Int32Array(BUCKET_WORDS);
    const live = new Int32Array(BUCKET_WORDS);
    const { epoch, ports } = table.locked(() => {
      table.comesToo(this.index, this.#listeners.keys());
      const planned = table.ports();
      table.planned(this.index, plan);
      table.seenBy(this.index, planned).addOurs(live);
      return { epoch: table.epoch, ports: planned };
    });
    // What comes back to us is another's yet: until the kernel follows the plan our connections there are kept.
    const reached = plan.map((word, n) => word & live[n]!);
    this.#moor(ports, reached);
    for (let n = 0; n < BUCKET_WORDS; n++) {
      owned[n]! |= live[n]!; // a plan that was carried out since we looked
      this.#kept[n] = (this.#kept[n]! & ~reached[n]!) | (owned[n]! & ~plan[n]!);
    }
    // A SYN must not reach two of us.
    this.#link!.refine({ steering: this.#steering!, kept: this.#kept, keptSyns: false });
    this.#prepared = epoch;
    table.locked(() => {
      if (table.prepared(this.index, epoch) && table.epoch === epoch) this.#steer(true);
    });
    this.#tell();
  }

  /** Berths have other ports: connections that are in other buckets by that, and not in those whose frames reach us, are kept. */
  #moor(ports: Int32Array, reached: Int32Array): void {
    const { core } = this.#parts!;
    const { owned, berths } = core.share;
    if (ports.every((port, berth) => port === berths[berth])) return;
    for (let berth = 0; berth < BERTHS; berth++) {
      if (ports[berth] === berths[berth]) continue;
      const first = bucketInBerth(berth, 0) >>> 5;
      owned.fill(0, first, first + (BERTH_BUCKETS >>> 5));
    }
    berths.set(ports);
    this.#steering = { ...this.#steering!, ports };
    const before = owned.slice();
    const kept = new Int32Array(BUCKET_WORDS);
    owned.set(reached);
    core.leftBehind(kept, new Int32Array(PORT_WORDS));
    owned.set(before);
    for (let n = 0; n < BUCKET_WORDS; n++) this.#kept[n]! |= kept[n]!;
    this.#table.locked(() => this.#table.left.more(this.index, kept));
  }

  #steer(carryOut: boolean): void {
    const positions = this.#table.positions(carryOut);
    // Ours may be of a plan that the kernel does not follow yet.
    this.#link!.steer({ ...this.#steering!, ports: this.#table.steeredPorts() }, positions);
  }

  #follow(): void {
    const table = this.#table;
    const { owned, berths } = this.#parts!.core.share;
    const epoch = table.locked(() => {
      owned.fill(0);
      table.seenBy(this.index, berths).addOurs(owned);
      return table.steered;
    });
    this.#followed = epoch;
    this.#pause = FIRST_LOOK;
    this.#leftBehind();
    table.follows(this.index, epoch);
    this.#tell();
  }

  /** Connections in buckets of others end some time; then the others need not heed them, nor we read their frames. */
  #leftBehind(): void {
    const buckets = new Int32Array(BUCKET_WORDS);
    const ports = new Int32Array(PORT_WORDS);
    this.#parts!.core.leftBehind(buckets, ports);
    this.#kept.set(buckets);
    this.#link!.refine({ kept: buckets, keptSyns: true });
    this.#table.locked(() => this.#table.left.set(this.index, buckets, ports, this.#followed));
    clearTimeout(this.#timer);
    if (buckets.every((word) => word === 0)) return;
    this.#timer = setTimeout(() => {
      if (this.#link === undefined || this.#prepared !== this.#followed) return;
      this.#leftBehind();
      this.#tell();
    }, this.#pause).unref();
    this.#pause = Math.min(2 * this.#pause, LAST_LOOK);
  }

  #speak({ hosted, speak, fence }: ShardParts): void {
    this.#speaking = true;
    if (!hosted) this.#link!.refine({ icmp: 'all' });
    speak();
    // Without a fence the kernel may disturb, but nobody else would speak.
    fence().then(
      () => this.ready(),
      () => this.ready(),
    );
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE));
}
