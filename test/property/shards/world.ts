// Shards of one address, each at its own pace: the kernel's part, the threads' turns and the peers are played here. What a shard does with a
// segment that it does not know is `core/arrival.ts` in a few lines, over the real Share; what they agree on is the real Shard.
import type { Core } from '../../../src/core/api.ts';
import { Share } from '../../../src/core/share.ts';
import { type Channel, createShardGroup, forgetShard } from '../../../src/shell/shards/group.ts';
import { Shard, type SharedLink, type Steering } from '../../../src/shell/shards/shard.ts';
import { ShardTable } from '../../../src/shell/shards/table.ts';
import { BUCKET_WORDS, hasBucket } from '../../../src/wire/bucket.ts';

export type Step = readonly [op: number, a: number, b: number];

interface Flow {
  readonly key: Int32Array;
  readonly port: number;
  /** Whose it is, by what the peer heard first. */
  owner: Member | undefined;
}

interface Frame {
  readonly flow: Flow;
  readonly syn: boolean;
}

interface Member {
  readonly index: number;
  readonly share: Share;
  readonly shard: Shard;
  readonly flows: Set<Flow>;
  readonly listening: Set<number>;
  readonly ring: Frame[];
  filter: { steering?: Steering; kept: Int32Array; keptSyns: boolean };
  alive: boolean;
  told: boolean;
  retired: boolean;
}

const MOST = 4;
const PORTS = Array.from({ length: 31 }, (_, n) => 8000 + n);
const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];

function bucketOf({ key0, key1, ports }: Steering, { key }: Flow): number {
  const share = new Share();
  share.begin(key0, key1, 49152, 65535);
  share.berths.set(ports);
  return share.bucketOf(key, 0);
}

export class World {
  readonly group = createShardGroup();
  readonly table = new ShardTable(this.group.memory);
  readonly members: Member[] = [];
  readonly flows: Flow[] = [];
  readonly log: string[] = [];
  #order: number[] = [];
  #program: { steering: Steering; positions: Uint8Array } | undefined;
  #inner: Step[];
  /** Who is in the middle of something. */
  readonly #busy: Member[] = [];
  #flows = 0;

  /** `inner`: what others do while one of them is in the middle of a change. */
  constructor(inner: readonly Step[]) {
    this.#inner = [...inner];
  }

  async join(): Promise<void> {
    const index = Array.from({ length: MOST }, (_, n) => n).find((n) => !this.members.some((m) => m.index === n));
    if (index === undefined) return;
    const share = new Share();
    const link: SharedLink = {
      join: () => {
        this.#order.push(index);
        return [5, 6];
      },
      close: () => {},
      steer: (steering, positions) => {
        this.#program = { steering, positions };
      },
      refine: (part) => {
        Object.assign(member.filter, part.kept === undefined ? part : { ...part, kept: part.kept.slice() });
        this.#others(member);
      },
    };
    const leftBehind = (buckets: Int32Array, ports: Int32Array): void => {
      for (const { key } of member.flows) share.note(key, 0, buckets, ports);
      this.#others(member);
    };
    const channel: Channel = { onmessage: null, postMessage: () => this.#tell(), close: () => {}, unref: () => {} };
    const member: Member = {
      index,
      share,
      shard: new Shard(index, this.group, channel),
      flows: new Set(),
      listening: new Set(),
      ring: [],
      filter: { kept: new Int32Array(BUCKET_WORDS), keptSyns: false },
      alive: true,
      told: false,
      retired: false,
    };
    this.members.push(member);
    this.log.push(`${index} joins`);
    await member.shard.turn();
    member.shard.open(() => link);
    const core = { share, leftBehind, halfOpens: 0 } as unknown as Core;
    member.shard.begin({ core, ephemeralPorts: [49152, 65535], hosted: true, speak: () => {}, fence: async () => {} });
    if (member.shard.speaks) member.shard.ready();
    this.#in(member, () => void member.shard.settled());
  }

  do([op, a, b]: Step): void {
    const member = pick(this.#alive(), a);
    if (member === undefined || this.#busy.includes(member)) return;
    const port = PORTS[b % 3 === 0 ? b % PORTS.length : 0]!;
    if (op < 20) return this.#look(member);
    if (op < 40) return this.#process(member, 1 + (b % 8));
    if (op < 55) return void this.#open(port);
    if (op < 75) return this.#data(pick(this.#established(), b));
    if (op < 80) return this.#end(pick(this.#established(), b));
    if (op < 86) return this.#listen(member, port);
    if (op < 91) return this.#unlisten(member, b % 2 === 0 ? pick([...member.listening], b) : port);
    if (op < 94) return this.#connect(member, b);
    if (op < 96) return this.#terminate(member);
    if (op < 98) return this.#forget();
    if (b % 2 === 0) return this.#retire(member);
    return this.#close();
  }

  /** Everybody comes to rest. */
  rest(): void {
    this.#inner = [];
    for (const dead of this.members.filter((m) => !m.alive)) this.#remove(dead);
    for (let n = 0; n < 10; n++) {
      for (const member of this.#alive()) {
        this.#look(member, true);
        this.#process(member, 1000);
      }
    }
  }

  /** What must hold at rest: each SYN to a port that is served gets one answer, by one who serves it; connections are where they were. */
  judge(): void {
    const serving = this.#alive().filter((m) => !m.retired);
    if (serving.length === 0) return;
    for (const flow of this.#established()) this.#data(flow);
    for (const port of new Set(serving.flatMap((m) => [...m.listening]))) {
      for (let n = 0; n < 12; n++) {
        const flow = this.#open(port);
        for (const member of this.#alive()) this.#process(member, 1000);
        const having = this.#alive().filter((m) => m.flows.has(flow));
        if (having.length !== 1 || !having[0]!.listening.has(port)) this.#wrong(`port ${port} at rest`, flow, having);
      }
    }
    for (const member of this.#alive()) this.#process(member, 1000);
  }

  #alive = (): Member[] => this.members.filter((m) => m.alive);
  #established = (): Flow[] => this.flows.filter(({ owner }) => owner?.alive);

  #tell(): void {
    for (const member of this.members) member.told = true;
  }

  #in(member: Member, act: () => void): void {
    this.#busy.push(member);
    act();
    this.#busy.pop();
  }

  /** Another thread goes on in the middle of what `member` does. */
  #others(member: Member): void {
    const step = this.#busy.at(-1) === member ? this.#inner.pop() : undefined;
    if (step !== undefined) this.do(step);
  }

  #look(member: Member, anyway = false): void {
    if (!member.told && !anyway) return;
    member.told = false;
    this.log.push(`${member.index} looks`);
    this.#in(member, () => member.shard.look());
  }

  #open(port: number): Flow {
    const n = this.#flows++;
    const key = Int32Array.of((port << 16) | (20_000 + ((n * 7919) % 9973)), 0, 0, 0xffff, 1, 0, 0, 0xffff, 2 + n);
    const flow: Flow = { key, port, owner: undefined };
    this.flows.push(flow);
    this.#send({ flow, syn: true });
    return flow;
  }

  #connect(member: Member, n: number): void {
    const port = 50_000 + n;
    const key = Int32Array.of((port << 16) | 443, 0, 0, 0xffff, 1, 0, 0, 0xffff, 2 + this.#flows++);
    if (!member.share.canOpen(key, 0)) return;
    const flow: Flow = { key, port, owner: member };
    member.flows.add(flow);
    this.flows.push(flow);
    this.log.push(`${member.index} connects from ${port}`);
    this.#data(flow);
  }

  #data(flow: Flow | undefined): void {
    if (flow === undefined) {
      const waiting = this.flows.findLast(({ owner }) => owner === undefined);
      if (waiting !== undefined) this.#send({ flow: waiting, syn: true }); // the peer sends its SYN again
      return;
    }
    const heard = this.#send({ flow, syn: false });
    if (!heard.includes(flow.owner!) && !this.table.misplaced) this.#wrong('not heard', flow, heard);
  }

  #end(flow: Flow | undefined): void {
    if (flow === undefined) return;
    flow.owner!.flows.delete(flow);
    this.flows.splice(this.flows.indexOf(flow), 1);
    for (const { ring } of this.members)
      for (const frame of ring.filter((f) => f.flow === flow)) ring.splice(ring.indexOf(frame), 1);
  }

  #listen(member: Member, port: number): void {
    if (member.listening.has(port) || member.retired) return;
    this.log.push(`${member.index} listens on ${port}`);
    // As `expect` does: the table knows before there is a listener, and the socket follows when it may.
    this.#in(member, () => member.shard.listens(port, true));
    member.listening.add(port);
  }

  #unlisten(member: Member, port: number | undefined): void {
    if (port === undefined || !member.listening.delete(port)) return;
    this.log.push(`${member.index} closes ${port}`);
    this.#in(member, () => member.shard.listens(port, false));
  }

  #terminate(member: Member): void {
    if (member.index === 0) return; // the main thread
    this.log.push(`${member.index} ends`);
    member.alive = false;
    member.listening.clear();
    for (const flow of member.flows) if (flow.owner === member) this.flows.splice(this.flows.indexOf(flow), 1);
  }

  #forget(): void {
    const dead = this.members.find((m) => !m.alive);
    if (dead !== undefined) this.#remove(dead);
  }

  #remove(dead: Member): void {
    this.log.push(`${dead.index} is gone`);
    this.members.splice(this.members.indexOf(dead), 1);
    this.#takeOut(dead);
    forgetShard(this.group, dead.index);
    this.#tell();
  }

  /** The kernel puts the last socket of a group in its place. */
  #takeOut({ index }: Member): void {
    const at = this.#order.indexOf(index);
    const last = this.#order.pop()!;
    if (at < this.#order.length) this.#order[at] = last;
  }

  #retire(member: Member): void {
    if (member.index === 0 || member.retired) return;
    for (const port of [...member.listening]) this.#unlisten(member, port);
    this.log.push(`${member.index} retires`);
    member.retired = true;
    this.#in(member, () => void member.shard.retire());
  }

  #close(): void {
    const member = this.#alive().find((m) => m.retired && m.flows.size === 0 && !this.#busy.includes(m));
    if (member === undefined) return;
    this.log.push(`${member.index} closes`);
    member.alive = false;
    member.shard.leave();
    this.members.splice(this.members.indexOf(member), 1);
    this.#takeOut(member);
    member.shard.close();
  }

  #send(frame: Frame): Member[] {
    const { positions, steering } = this.#program!;
    const { length } = this.#order;
    const steered = this.#order[positions[bucketOf(steering, frame.flow)]! % length];
    const heard = this.#alive().filter(({ index, filter }) => {
      if (index === steered) return true;
      const { kept, keptSyns } = filter;
      return filter.steering && (keptSyns || !frame.syn) && hasBucket(kept, bucketOf(filter.steering, frame.flow));
    });
    for (const { ring } of heard) ring.push(frame);
    return heard;
  }

  #process(member: Member, many: number): void {
    for (const frame of member.ring.splice(0, many)) this.#arrive(member, frame);
  }

  #arrive(member: Member, { flow, syn }: Frame): void {
    const { share } = member;
    const key = flow.key;
    if (member.flows.has(flow)) {
      // An opening of ours that the peer does not know: its ACK is not for our SYN.
      if (!syn && flow.owner !== member && share.mayRefuse(key, 0))
        this.#wrong('an old opening refuses', flow, [member]);
      return;
    }
    if (syn) {
      if (!share.owns(key, 0)) return;
      if (member.listening.has(flow.port)) {
        member.flows.add(flow);
        flow.owner ??= member;
        return;
      }
      if (share.agreement.isServed(flow.port)) return;
      const serving = this.#alive().filter((m) => m.listening.has(flow.port) && !m.retired);
      if (serving.length > 0) this.#wrong('a SYN is refused', flow, [member]);
      return;
    }
    if (!share.reaches(key, 0) || !share.mayRefuse(key, 0)) return;
    if (flow.owner?.alive) this.#wrong('reset', flow, [member]);
  }

  #wrong(what: string, { port, owner }: Flow, by: readonly Member[]): never {
    const names = by.map((m) => m.index).join(' ');
    throw new Error(`${what}: port ${port} of ${owner?.index}, by ${names}\n${this.log.slice(-40).join('\n')}`);
  }
}
