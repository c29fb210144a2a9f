/** Plays a world to its end, and says what was wrong: bytes, ends, tables, timers. */
import { End } from '../../property/pair/end.ts';
import { Pair } from '../../property/pair/run.ts';
import { meddle } from './meddler.ts';
import { Router } from './router.ts';
import type { Flow, World } from './world.ts';

const HOUR = 3600e6;
const PORT = 80;
/** A world that needs more events than this never comes to rest. */
const MOST_EVENTS = 3_000_000;

export interface Played {
  /** Virtual µs until all flows had ended. */
  readonly took: number;
  readonly frames: number;
  readonly bytes: number;
  /** Of every frame that was sent, in order: the same for the same seed. */
  readonly print: number;
}

interface Running {
  readonly flow: Flow;
  readonly ends: readonly [End, End];
  /** Why it never began. */
  refused: boolean;
}

/** Throws with seed, case and capture when anything is wrong. */
export function play(w: World): Played {
  const more = { maxConnections: 64, checkEvery: w.checkEvery, ahead: w.ahead, arenaBytes: w.arenaBytes };
  const pair = new Pair(w, more);
  const router = new Router(w);
  pair.wire.hook = (frame, direction) => router.pass(frame, direction);
  let print = 0;
  pair.wire.onFrame((bytes, direction, time) => {
    print = (Math.imul(print, 31) + Math.imul(time, 7) + direction + bytes.length) | 0;
    for (let at = 14; at < bytes.length; at += 5) print = (Math.imul(print, 31) + bytes[at]!) | 0;
  });
  try {
    pair.warm();
    const start = pair.clock.now();
    for (const { at, faults } of w.weather)
      pair.clock.schedule(start + at, () => {
        for (const n of [0, 1] as const)
          pair.wire.impair({ blackhole: false, mtu: Infinity, ...faults[n] }, pair.hosts[n].link);
      });
    const running = w.flows.map((flow, n) => begin(w, pair, flow, n));
    const took = finish(pair, running);
    for (const one of running) judge(one, pair);
    pair.clock.run(pair.clock.now() + HOUR / 4);
    // Who was handed over only now, by a card that hands on late, may have missed the reset of one that was gone by then.
    for (const one of running) forsake(one);
    pair.clock.run(pair.clock.now() + HOUR / 4);
    for (const [n, host] of pair.hosts.entries()) {
      host.invariants.check();
      const left = host.leftovers(1);
      if (left !== '') throw new Error(`host ${n} is left with ${left}`);
    }
    const stats = pair.hosts.map((host) => pair.wire.stats(host.link));
    const sum = (of: 'frames' | 'bytes'): number => stats[0]![of] + stats[1]![of];
    return { took, frames: sum('frames'), bytes: sum('bytes'), print };
  } catch (error) {
    const text = (error as Error).message;
    throw new Error(`seed ${w.seed}: ${text}\n${pair.capture()}\n${JSON.stringify(w)}`, { cause: error });
  }
}

function begin(w: World, pair: Pair, flow: Flow, n: number): Running {
  const hosts = [pair.hosts[flow.from]!, pair.hosts[1 - flow.from]!] as const;
  // Salts differ by flow, so that text of another connection is noticed.
  const ends = [
    new End(hosts[0], flow.plans[0], 2 * n, w.seed),
    new End(hosts[1], flow.plans[1], 2 * n + 1, w.seed),
  ] as const;
  const one: Running = { flow, ends, refused: false };
  const ports = [2000 + n, 3000 + n] as const;
  const open = (side: 0 | 1, to: number, from: number): void => {
    const row = hosts[side].connect(pair.addresses[hosts[1 - side] === pair.hosts[0] ? 0 : 1]!, to, {}, from);
    if (row < 0) one.refused = true;
    else ends[side].take(row);
  };
  if (n === 0) for (const host of pair.hosts) host.listen(PORT);
  const accepts = hosts[1].accept;
  if (!flow.crossed)
    hosts[1].accept = (row, gen, listener) => {
      if ((hosts[1].tcb(row).ports & 0xffff) !== ports[0]) return accepts(row, gen, listener);
      ends[1].take(row, hosts[1], gen);
      return ends[1];
    };
  pair.clock.schedule(pair.clock.now() + flow.at, () => {
    open(0, flow.crossed ? ports[1] : PORT, ports[0]);
    for (const [side, end] of ends.entries())
      if (flow.meddles > 0 && !one.refused) meddle(end, flow.meddles, w.seed * 64 + 2 * n + side);
    if (flow.crossed && !one.refused) open(1, ports[0], ports[1]);
  });
  return one;
}

function finish(pair: Pair, running: readonly Running[]): number {
  const start = pair.clock.now();
  let events = 0;
  const over = ({ ends, refused }: Running): boolean => refused || (ends[0].done && (ends[1].done || ends[1].row < 0));
  const busy = (): boolean => {
    for (const one of running) leave(one);
    if (++events > MOST_EVENTS) throw new Error('does not come to rest');
    return !running.every(over);
  };
  for (let hour = 1; hour <= 12 && pair.clock.runWhile(busy, start + hour * HOUR); hour++) {
    pair.clock.run(start + hour * HOUR);
    for (const one of running) forsake(one);
  }
  return pair.clock.now() - start;
}

/** One end gave up before it was open, and nobody could tell the other, who may wait for ever: its user goes. */
function leave({ ends }: Running): void {
  for (const [n, end] of ends.entries()) {
    const other = ends[1 - n]!;
    if (!end.done || end.opened || other.row < 0 || other.done || other.aborted) continue;
    abort(other);
  }
}

/**
 * Nothing may tell an end that the other has gone: its reset was lost, or the third ACK, and then its host forgot of it in
 * silence. An end that has nothing to send waits for ever, then, without keep-alive, as it should.
 */
function forsake({ ends }: Running): void {
  for (const [n, end] of ends.entries()) {
    const other = ends[1 - n]!;
    if (end.done || !end.opened || !(other.row < 0 || other.aborted)) continue;
    const tcb = end.host.tcb(end.row);
    if (tcb.sndUna === tcb.sndNxt && tcb.sndQueued === 0) abort(end);
  }
}

function abort(end: End): void {
  end.aborted = true;
  end.host.turn(() => end.host.core.callAbort(end.row, end.host.now));
}

function judge({ flow, ends, refused }: Running, pair: Pair): void {
  const aborted = ends.some((e) => e.aborted);
  for (const [n, end] of ends.entries()) {
    const say = (what: string): never => {
      const all = ends.map(
        (e) =>
          `${e.received} in, ${e.written} out, opened ${e.opened}, ended ${e.ended}, closed ${e.closed} for ${e.reason}`,
      );
      throw new Error(
        `flow ${flow.at} from ${flow.from}, end ${n}: ${what}; ${all.join(' | ')} at ${pair.clock.now()}`,
      );
    };
    if (refused) say('refused');
    if (end.wrong !== '') say(end.wrong);
    if (end.row >= 0 && !end.closed) say('did not finish');
    // An end that was reset, or that never got through, knows why; what it received is a prefix all the same.
    if (aborted || !ends[0].opened || !ends[1].opened) continue;
    if (end.reason !== 0) say(`closed for ${end.reason}`);
    if (end.received !== flow.plans[1 - n]!.size) say(`got ${end.received} of ${flow.plans[1 - n]!.size} bytes`);
    if (!end.ended) say('no FIN');
  }
}
