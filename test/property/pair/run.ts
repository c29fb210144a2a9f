/** A pair of hosts, a fault schedule, a connection: runs it to the end and says what was wrong. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import type { BudgetLimits } from '../../../src/core/budget.ts';
import type { TcpDefaults } from '../../../src/core/stack-core.ts';
import { type Impairments, type SimLinkOptions, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';
import { End, type Plan } from './end.ts';
import { ANY, Host } from './host.ts';

export interface Case {
  readonly seed: number;
  readonly v6: boolean;
  /** What happens to the frames of each, once the neighbours know each other. */
  readonly faults: readonly [Partial<Impairments>, Partial<Impairments>];
  /** In force from the SYN on, or from ESTABLISHED. */
  readonly early: boolean;
  readonly cards: readonly [SimLinkOptions, SimLinkOptions];
  readonly tcp: readonly [Partial<TcpDefaults>, Partial<TcpDefaults>];
  readonly plans: readonly [Plan, Plan];
  readonly simultaneous: boolean;
}

export const PLAN: Plan = { size: 100_000, write: 20_000, writePause: 0, pauseUs: 1, readPause: 0, closeLast: false };
export const CASE: Case = {
  seed: 1,
  v6: false,
  faults: [{}, {}],
  early: false,
  cards: [{}, {}],
  tcp: [{}, {}],
  plans: [PLAN, PLAN],
  simultaneous: false,
};

const HOUR = 3600e6;
const ADDRESSES = [
  ['10.0.0.1', '10.0.0.2'],
  ['fd00::1', 'fd00::2'],
] as const;

export class Pair {
  readonly clock = new VirtualClock();
  readonly wire: SimWire;
  readonly hosts: readonly [Host, Host];
  readonly addresses: readonly [string, string];
  #frames: { bytes: Uint8Array; direction: number; time: number }[] = [];

  constructor(
    c: Pick<Case, 'seed' | 'v6' | 'cards' | 'tcp'>,
    more: {
      maxConnections?: number;
      arenaBytes?: number;
      budget?: Partial<BudgetLimits>;
      checkEvery?: number;
      record?: boolean;
      ahead?: readonly [number, number];
    } = {},
  ) {
    this.wire = new SimWire({ clock: this.clock, seed: c.seed });
    this.addresses = ADDRESSES[c.v6 ? 1 : 0];
    const bits = c.v6 ? 64 : 24;
    const { record, ahead = [0, 0], ...host } = more;
    this.hosts = [0, 1].map(
      (n) =>
        new Host(this.wire, {
          addresses: [`${this.addresses[n]}/${bits}`],
          seed: c.seed * 2 + n,
          tcp: c.tcp[n]!,
          card: c.cards[n]!,
          ahead: ahead[n]!,
          ...host,
        }),
    ) as unknown as readonly [Host, Host];
    if (record !== false) {
      this.wire.onFrame((bytes, direction, time) => {
        if (this.#frames.length < 20_000) this.#frames.push({ bytes: bytes.slice(0, 128), direction, time });
      });
    }
  }

  /** Both learn the other's MAC, so that faults meet TCP alone. */
  warm(): void {
    for (const n of [0, 1] as const) {
      const host = this.hosts[n];
      host.turn(() => {
        const hop = host.core.ip.routeTo(parseAddress(this.addresses[1 - n]!), 0);
        host.core.ip.release(hop);
      });
      this.clock.advance(10_000);
    }
    this.clock.advance(5e6);
  }

  /** Leaves the packets in a temporary folder; returns the path. */
  capture(): string {
    const path = join(mkdtempSync(join(tmpdir(), 'usertcp-')), 'failed.pcapng');
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block));
    const face = writer.addInterface({ name: 'wire' });
    for (const { bytes, direction, time } of this.#frames) {
      writer.packet(face, time, bytes, { comment: `sent by host ${direction}` });
    }
    writeFileSync(path, Buffer.concat(blocks));
    return path;
  }
}

export interface Outcome {
  readonly pair: Pair;
  readonly ends: readonly [End, End];
  /** Virtual µs from the SYN to the last byte or the end of both. */
  readonly took: number;
}

/** Opens the connection of the case; the ends go on by themselves. */
export function open(c: Case, pair: Pair): readonly [End, End] {
  const [a, b] = pair.hosts;
  const ends = [new End(a, c.plans[0], 0, c.seed), new End(b, c.plans[1], 1, c.seed)] as const;
  pair.warm();
  const impair = (): void => {
    for (const n of [0, 1] as const) pair.wire.impair(c.faults[n], pair.hosts[n].link);
  };
  if (c.early) impair();
  if (c.simultaneous) {
    const [x, y] = pair.addresses;
    pair.wire.impair({ delay: 1000 });
    ends[0].take(a.connect(y, 2000, {}, 1000));
    ends[1].take(b.connect(x, 1000, {}, 2000));
  } else {
    b.listen(80);
    b.accept = (row, gen) => {
      ends[1].take(row, b, gen);
      return ends[1];
    };
    ends[0].take(a.connect(pair.addresses[1], 80));
  }
  if (!c.early) {
    pair.clock.runWhile(() => !(ends[0].opened && ends[1].opened), pair.clock.now() + 10e6);
    pair.wire.impair({ delay: 0 });
    impair();
  }
  return ends;
}

/** Runs a case; throws with seed and capture when anything is wrong. `limit` is virtual µs until both ends are done. */
export function run(c: Case, limit = 3 * HOUR): Outcome {
  const pair = new Pair(c);
  try {
    const ends = open(c, pair);
    const start = pair.clock.now();
    pair.clock.runWhile(() => !(ends[0].done && (ends[1].done || !ends[1].opened)), start + limit);
    const took = pair.clock.now() - start;
    judge(c, ends, took >= limit);
    pair.clock.run(pair.clock.now() + HOUR / 4);
    for (const [n, host] of pair.hosts.entries()) {
      const left = host.leftovers(n === 1 && !c.simultaneous ? 1 : 0);
      if (left !== '') throw new Error(`host ${n} is left with ${left}`);
    }
    return { pair, ends, took };
  } catch (error) {
    throw new Error(`seed ${c.seed}: ${(error as Error).message}\n${pair.capture()}\n${JSON.stringify(c)}`, {
      cause: error,
    });
  }
}

function judge(c: Case, ends: readonly [End, End], late: boolean): void {
  const aborts = c.plans.some((p) => p.abortAt !== undefined) && ends.some((e) => e.aborted);
  for (const [n, end] of ends.entries()) {
    const say = (what: string): never => {
      throw new Error(
        `end ${n}: ${what}; ${ends.map((e) => `${e.received} in, ${e.written} out, reason ${e.reason}, state ${e.host.core.info(e.row < 0 ? 64 : e.row).state}`).join(' | ')}`,
      );
    };
    if (end.wrong !== '') say(end.wrong);
    if (late && end.opened && !end.closed) say('did not finish');
    if (aborts) continue;
    if (c.early && !ends[1].opened) {
      if (!end.opened && n === 0 && !end.closed) say('neither opened nor failed');
      continue;
    }
    if (!end.closed || end.reason !== 0) say(`closed ${end.closed} for ${end.reason}`);
    if (end.received !== c.plans[1 - n]!.size) say(`got ${end.received} of ${c.plans[1 - n]!.size} bytes`);
    if (!end.ended) say('no FIN');
  }
}

export { ANY };
