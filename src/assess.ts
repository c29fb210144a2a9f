/**
 * Congestion controllers on trial, in virtual time: flows that share a bottleneck, and gates that a controller must pass
 * before it may meet other people's traffic.
 */

import type { Conn } from './shell/conn.ts';
import type { CongestionChoice } from './shell/options/congestion.ts';
import { checkCongestion } from './shell/options/congestion.ts';
import { World } from './world.ts';

/** A path with one bottleneck, and the flows that meet there, each with its controller. */
export interface RaceOptions {
  /** The controller of each flow: a name, or one of your own. */
  flows: readonly CongestionChoice[];
  /** bit/s of the bottleneck. */
  rate: number;
  /** Round trip without any queue, ms. */
  rtt: number;
  /** Packets that fit in the bottleneck's queue; default one bandwidth-delay product, at least 16. */
  queue?: number;
  /** Share of packets lost beside those the queue drops. Default 0. */
  loss?: number;
  /** Virtual seconds that are measured. Default 10. */
  seconds?: number;
  /** Virtual seconds before that. Default 1. */
  warmup?: number;
  /** Virtual seconds from the start of one flow to that of the next. Default 0.1. */
  apart?: number;
  /** The same seed is the same race. Default 1. */
  seed?: number;
  /** Paces controllers that do not ask for it. */
  pacing?: boolean;
}

/** What a race came to. */
export interface RaceResult {
  /** bit/s of text that arrived, of each flow. */
  readonly goodput: readonly number[];
  /** Of all flows, as a share of what text the bottleneck can carry. */
  readonly share: number;
  /** Jain's index of the flows: 1 = equal, 1/n = one has it all. */
  readonly fairness: number;
  /** Segments sent again, as a share of all sent. */
  readonly resent: number;
}

/** One thing a controller must do, and what it did. */
export interface Gate {
  /** What is asked, in words. */
  readonly name: string;
  /** Whether it did. */
  readonly passed: boolean;
  /** The figure; a share or a ratio, as `name` says. */
  readonly measured: number;
  /** What `measured` must be at least, or at most. */
  readonly wanted: string;
}

/** How a controller did at all gates. */
export interface Assessment {
  /** Of the controller. */
  readonly name: string;
  /** All gates. */
  readonly passed: boolean;
  /** Each of them, in the order they were tried. */
  readonly gates: readonly Gate[];
}

const PORT = 80;
const CARD = { poison: false };
const MTU = 1500;
const FRAME = 1514;
/** Text in a full frame with timestamps. */
const TEXT = 1448;
const CHUNK = new Uint8Array(65536);

/** Lets flows race; rejects when one of their connections fails. */
export async function race(options: RaceOptions): Promise<RaceResult> {
  const { flows, rate, rtt, loss = 0, seconds = 10, warmup = 1, apart = 0.1 } = options;
  for (const [n, choice] of flows.entries()) checkCongestion(`flows[${n}]`, choice);
  const bdp = (rate * rtt) / 1000 / 8 / MTU;
  const queuePackets = options.queue ?? Math.max(16, Math.ceil(bdp));
  await using world = new World({ seed: options.seed ?? 1 });
  const sender = world.host('10.0.0.1/24', { loopback: false, card: CARD, tcp: { pacing: options.pacing ?? false } });
  const receiver = world.host('10.0.0.2/24', { loopback: false, card: CARD });
  const conns: Conn[] = [];
  const failed: Error[] = [];
  const fill = (conn: Conn): void => {
    while (conn.write(CHUNK));
  };
  sender.serve(PORT, {
    open: (conn) => {
      conn.setCongestionControl(flows[conns.length]!);
      conns.push(conn);
      fill(conn);
    },
    drain: fill,
    end: () => {}, // the receiver's FIN: it only wants to read
    close: (_conn, error) => {
      if (error !== null) failed.push(error);
    },
  });
  world.impair(receiver, { delay: rtt * 500 });
  world.impair(sender, { delay: rtt * 500, rate, queuePackets, loss });
  for (const _flow of flows) {
    const reader = await world.settle(receiver.open({ host: '10.0.0.1', port: PORT }));
    reader.end().catch(() => {}); // throws away what arrives
    world.clock.advance(apart * 1e6);
  }
  world.clock.advance(warmup * 1e6);
  const before = conns.map(arrived);
  const segments = sender.metrics().core;
  world.clock.advance(seconds * 1e6);
  if (failed.length > 0) throw failed[0];
  const goodput = conns.map((conn, n) => ((arrived(conn) - before[n]!) * 8) / seconds);
  const after = sender.metrics().core;
  const total = goodput.reduce((a, b) => a + b, 0);
  return {
    goodput,
    share: total / ((rate * TEXT) / FRAME),
    fairness: jain(goodput),
    resent: (after.retransSegs! - segments.retransSegs!) / Math.max(1, after.outSegs! - segments.outSegs!),
  };
}

function arrived(conn: Conn): number {
  return conn.info()?.bytesOut ?? 0;
}

function jain(rates: readonly number[]): number {
  const sum = rates.reduce((a, b) => a + b, 0);
  const squares = rates.reduce((a, b) => a + b * b, 0);
  return squares === 0 ? 0 : (sum * sum) / (rates.length * squares);
}

/**
 * Puts a controller before its gates: it must fill a path, live with loss, back off where all overload a small queue, share
 * with its like, and leave room to NewReno and CUBIC. Some seconds of computing; the same seed gives the same figures.
 */
export async function assessController(
  controller: CongestionChoice,
  options: { seed?: number } = {},
): Promise<Assessment> {
  const seed = options.seed ?? 1;
  const name = typeof controller === 'string' ? controller : controller.name;
  const gates: Gate[] = [];
  const gate = (what: string, measured: number, atLeast: boolean, bound: number): void => {
    const passed = atLeast ? measured >= bound : measured <= bound;
    gates.push({ name: what, passed, measured, wanted: `${atLeast ? 'at least' : 'at most'} ${bound}` });
  };
  const same = (n: number): CongestionChoice[] => Array.from({ length: n }, () => controller);

  const alone = await race({ flows: same(1), rate: 1e7, rtt: 40, warmup: 2, seed });
  gate('fills an empty path (share)', alone.share, true, 0.7);

  const lossy = await race({ flows: same(1), rate: 1e7, rtt: 20, loss: 0.01, seconds: 20, seed });
  gate('lives with 1 % of loss (share)', lossy.share, true, 0.1);

  const crowd = await race({ flows: same(8), rate: 2e6, rtt: 40, queue: 32, warmup: 5, seconds: 20, seed });
  gate('eight in a small queue: no collapse (share)', crowd.share, true, 0.6);
  gate('eight in a small queue: segments sent for nothing (share)', crowd.resent, false, 0.25);

  const peers = await race({ flows: same(4), rate: 5e6, rtt: 40, warmup: 10, seconds: 20, seed });
  gate('shares with its like (Jain index of four)', peers.fairness, true, 0.7);

  for (const other of ['newreno', 'cubic']) {
    const both = await race({ flows: [other, controller], rate: 5e6, rtt: 40, warmup: 5, seconds: 25, seed });
    const [theirs, ours] = both.goodput as [number, number];
    gate(`leaves room to ${other} (share of it)`, theirs / (theirs + ours), true, 0.1);
    gate(`holds its own beside ${other} (share of it)`, ours / (theirs + ours), true, 0.05);
  }
  return { name, passed: gates.every(({ passed }) => passed), gates };
}
