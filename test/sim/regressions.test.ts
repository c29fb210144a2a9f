// One script for each defect that reading or a property run has found.
import { describe, expect, test } from 'vitest';
import { EHOSTUNREACH, ETIMEDOUT, EV_CLOSED, EV_DATA, EV_DRAIN } from '../../src/core/events.ts';
import { ESTABLISHED, SYN_RECEIVED } from '../../src/core/tcp/figure5.ts';
import { FLIGHT_WORDS } from '../../src/core/tcp/tcb.ts';
import type { Host } from '../property/pair/host.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const MS = 1000;
const S = 1_000_000;

interface Setup {
  pair: Pair;
  a: Host;
  b: Host;
  /** Rows of the two ends. */
  ra: number;
  rb: number;
}

type PairOptions = Partial<Pick<typeof CASE, 'cards' | 'tcp' | 'v6'>> & { checkEvery?: number; delay?: number };

function pairOf({ checkEvery, delay = 0, ...c }: PairOptions = {}): Pair {
  const pair = new Pair({ ...CASE, ...c }, { record: false, ...(checkEvery === undefined ? {} : { checkEvery }) });
  pair.warm();
  pair.wire.impair({ delay });
  return pair;
}

function connect(pair: Pair, options = {}): { ra: number; rb: number } {
  const [a, b] = pair.hosts;
  let rb = -1;
  b.accept = (row) => {
    rb = row;
    b.core.callAccepted(row);
    return undefined;
  };
  const ra = a.connect(pair.addresses[1], 80, options);
  pair.clock.runWhile(() => rb < 0, pair.clock.now() + S);
  pair.clock.advance(100 * MS);
  return { ra, rb };
}

function setup(options: PairOptions = {}, connection = {}): Setup {
  const pair = pairOf(options);
  pair.hosts[1].listen(80);
  return { pair, a: pair.hosts[0], b: pair.hosts[1], ...connect(pair, connection) };
}

const send = (host: Host, row: number, length: number): number =>
  host.turn(() => host.core.callSend(row, new Uint8Array(length), 0, length, host.now));
const stateOf = (host: Host, row: number): number => host.core.state(row, host.core.generation(row));
const closed = (host: Host, row: number): number | undefined =>
  host.events.find((e) => e.type === EV_CLOSED && e.row === row)?.a;
const bytes = (host: Host, row: number): number =>
  host.events.filter((e) => e.type === EV_DATA && e.row === row).reduce((n, e) => n + e.c, 0);

describe('time', () => {
  test('a write after an idle time is timed from the write, not from the last segment', () => {
    const { pair, a, b, ra } = setup({ delay: 50 * MS });
    const { rb: other } = connect(pair);
    pair.clock.advance(10 * S);
    send(a, ra, 10);
    pair.clock.advance(20 * MS);
    send(b, other, 10);
    pair.clock.advance(60 * MS);
    expect(a.core.counters.timeouts).toBe(0);
  });

  test('a user timeout does not count the idle time before the write', () => {
    const { pair, a, b, ra } = setup({ delay: 50 * MS, tcp: [{ userTimeout: 5000 }, {}] });
    const { rb: other } = connect(pair);
    pair.clock.advance(10 * S);
    send(a, ra, 10);
    pair.clock.advance(20 * MS);
    send(b, other, 10);
    pair.clock.advance(60 * MS);
    expect(stateOf(a, ra)).toBe(ESTABLISHED);
  });

  test('a user timeout set while text is outstanding counts', () => {
    const { pair, a, ra } = setup();
    pair.wire.blackhole(true);
    send(a, ra, 10);
    pair.clock.advance(S);
    a.turn(() => a.core.callSetUserTimeout(ra, 3000));
    pair.clock.advance(4 * S);
    expect(closed(a, ra)).toBe(ETIMEDOUT);
  });
});

describe('keep-alive', () => {
  test('answered probes count even when they are further apart than the idle time', () => {
    const { pair, a, ra } = setup({}, { keepAlive: { idle: 1000, interval: 5000, count: 3 } });
    pair.clock.advance(600 * S);
    expect(stateOf(a, ra)).toBe(ESTABLISHED);
  });

  test('text outstanding for long does not make it spin', () => {
    const { pair, a, ra } = setup({}, { keepAlive: { idle: 100, interval: 100, count: 3 } });
    pair.wire.blackhole(true);
    send(a, ra, 10);
    pair.clock.advance(S);
    const before = a.wakes;
    pair.clock.advance(30 * S);
    expect(a.wakes - before).toBeLessThan(700);
  });
});

describe('opening', () => {
  function simultaneous(options: PairOptions = {}): Setup {
    const pair = pairOf({ ...options, delay: 50 * MS });
    const [a, b] = pair.hosts;
    const ra = a.connect(pair.addresses[1], 2000, {}, 1000);
    const rb = b.connect(pair.addresses[0], 1000, {}, 2000);
    pair.clock.advance(75 * MS);
    expect([stateOf(a, ra), stateOf(b, rb)]).toEqual([SYN_RECEIVED, SYN_RECEIVED]);
    return { pair, a, b, ra, rb };
  }

  test('CLOSE in SYN_RECEIVED: the acknowledgment of our SYN is not taken for text [T050] [T282]', () => {
    const { pair, a, b, ra, rb } = simultaneous();
    a.turn(() => a.core.callClose(ra, a.now));
    pair.clock.advance(S);
    expect(send(b, rb, 3000)).toBe(3000);
    b.turn(() => b.core.callClose(rb, b.now));
    pair.clock.advance(120 * S);
    expect([bytes(a, ra), closed(a, ra), closed(b, rb)]).toEqual([3000, 0, 0]);
    expect([a.leftovers(), b.leftovers()]).toEqual(['', '']);
  });

  test('the window of a SYN,ACK is not scaled in a simultaneous open either', () => {
    const { pair, a, b, ra, rb } = simultaneous();
    pair.clock.advance(S);
    expect([stateOf(a, ra), stateOf(b, rb)]).toEqual([ESTABLISHED, ESTABLISHED]);
    expect([a.tcb(ra).maxSndWnd, b.tcb(rb).maxSndWnd]).toEqual([65535, 65535]);
  });

  test('a SYN in TIME_WAIT that finds the backlog full harms no other connection', () => {
    const pair = pairOf();
    const [a, b] = pair.hosts;
    b.listen(80, 1);
    const rows: number[] = [];
    b.accept = (row) => {
      rows.push(row);
      return undefined;
    };
    const first = a.connect(pair.addresses[1], 80, {}, 5000);
    pair.clock.advance(S);
    b.turn(() => b.core.callAccepted(rows[0]!));
    b.turn(() => b.core.callClose(rows[0]!, b.now));
    a.turn(() => a.core.callClose(first, a.now));
    pair.clock.advance(S);
    expect(b.core.timeWaits).toBe(1);
    const second = a.connect(pair.addresses[1], 80, {}, 5001); // fills the backlog
    pair.clock.advance(S);
    // An ISS below that of TIME_WAIT, so that the number of the next one must be raised.
    const una = b.tcb(rows[1]!).sndUna;
    a.connect(pair.addresses[1], 80, {}, 5000);
    pair.clock.advance(S);
    expect(b.tcb(rows[1]!).sndUna).toBe(una);
    send(b, rows[1]!, 100);
    pair.clock.advance(S);
    expect(bytes(a, second)).toBe(100);
  });
});

describe('windows', () => {
  test('rounding up to the scale does not let small segments past the buffer', () => {
    const { pair, a, ra, rb, b } = setup({ tcp: [{ noDelay: true }, { initialWindow: 2000 }] });
    for (let n = 0; n < 4000; n++) pair.clock.schedule(pair.clock.now() + n * MS, () => send(a, ra, 1));
    pair.clock.advance(10 * S);
    expect(b.tcb(rb).rcvUser).toBeLessThanOrEqual(2000 + 32);
  });

  test('text of the other direction flows while our window stays closed [T288]', () => {
    const { pair, a, b, ra, rb } = setup({ delay: 10 * MS, tcp: [{}, { initialWindow: 2000 }] });
    send(a, ra, 100_000);
    pair.clock.advance(5 * S); // its probes run
    b.turn(() => b.core.callSetBuffer(rb, 'send', 1 << 20));
    send(b, rb, 200_000);
    let taken = 0;
    const end = pair.clock.now() + 10 * S;
    while (pair.clock.now() < end) {
      pair.clock.advance(5 * MS);
      const got = bytes(a, ra);
      a.turn(() => a.core.callConsumed(ra, got - taken));
      taken = got;
    }
    expect(bytes(a, ra)).toBe(200_000);
    expect(stateOf(b, rb)).toBe(ESTABLISHED);
  });

  test('a timer of silly-window avoidance that is not needed any more resends nothing', () => {
    const { pair, a, b, ra, rb } = setup({ delay: 20 * MS, tcp: [{ noDelay: true }, { initialWindow: 2000 }] });
    a.turn(() => a.core.callCork(ra, true));
    send(a, ra, 100);
    pair.clock.advance(150 * MS);
    a.turn(() => a.core.callCork(ra, false));
    pair.clock.advance(45 * MS);
    send(a, ra, 100);
    pair.clock.advance(S);
    expect(bytes(b, rb)).toBe(200);
    expect(a.core.counters.retransSegs).toBe(0);
  });
});

describe('room', () => {
  test('a pool of records that ran dry holds text back, it does not lose it', () => {
    const { pair, a, b, ra, rb } = setup({ checkEvery: 0 });
    const taken: number[] = [];
    for (let rec = a.t.records.take(); rec >= 0; rec = a.t.records.take()) taken.push(rec);
    send(a, ra, 5000);
    a.turn(() => a.core.callClose(ra, a.now));
    pair.clock.advance(S);
    for (const rec of taken) a.t.records.give(rec);
    pair.clock.advance(10 * S);
    expect(bytes(b, rb)).toBe(5000);
  });

  test('a writer that found the arena full is told when there is room again', () => {
    const { pair, a, ra } = setup({ checkEvery: 0 });
    const taken: number[] = [];
    for (const size of [1, 65536]) for (let c = a.t.arena.take(size); c >= 0; c = a.t.arena.take(size)) taken.push(c);
    expect(send(a, ra, 100)).toBe(0);
    for (const chunk of taken) a.t.arena.give(chunk);
    pair.clock.advance(S);
    expect(a.events.some((e) => e.type === EV_DRAIN && e.row === ra)).toBe(true);
    pair.clock.advance(100 * S);
    expect(a.core.pollAlarm()).toBe(Infinity);
  });

  test('text for a neighbour that is known to be dead is not kept for ever', () => {
    const { pair, a, b, ra } = setup();
    const { ra: other } = connect(pair);
    b.stop();
    send(a, ra, 10);
    pair.clock.advance(60 * S);
    send(a, other, 10);
    pair.clock.advance(3600 * S);
    expect([ETIMEDOUT, EHOSTUNREACH]).toContain(closed(a, ra));
    expect([ETIMEDOUT, EHOSTUNREACH]).toContain(closed(a, other));
    expect(a.leftovers()).toBe('');
  });

  test('a grown window that was taken over is given back once', () => {
    const { pair, a, b, ra, rb } = setup({ tcp: [{}, { initialWindow: 2000 }] });
    for (let n = 0; n < 50; n++) {
      send(a, ra, 4000);
      pair.clock.advance(MS);
      const held = b.tcb(rb).rcvUser;
      b.turn(() => b.core.callConsumed(rb, held, b.now));
      pair.clock.advance(49 * MS);
    }
    expect(b.t.windowGranted).toBeGreaterThan(0);
    const snapshot = b.turn(() => b.core.exportConnection(rb, b.now));
    expect(b.t.windowGranted).toBe(0);
    const again = b.turn(() => b.core.importConnection(snapshot, b.now));
    expect(b.t.windowGranted).toBeGreaterThan(0);
    b.turn(() => b.core.callAbort(again, b.now));
    expect(b.t.windowGranted).toBe(0);
  });
});

test('a reader who comes back after an idle time writes nothing into the flight block of nobody', () => {
  const { pair, a, b, ra, rb } = setup();
  send(a, ra, 5000);
  pair.clock.advance(60 * S);
  expect(b.tcb(rb).flight).toBe(0);
  const nobodys = b.t.flights.words.slice(0, FLIGHT_WORDS);
  b.turn(() => b.core.callConsumed(rb, 5000, b.now));
  expect(b.t.flights.words.slice(0, FLIGHT_WORDS)).toEqual(nobodys);
});

test('a hole that nobody fills wakes nobody, and the block goes back once it is filled', () => {
  const { pair, a, b, ra, rb } = setup({ tcp: [{ noDelay: true }, {}] });
  pair.wire.impair({ loss: 1 }, a.link);
  send(a, ra, 100);
  pair.wire.impair({ loss: 0 }, a.link);
  send(a, ra, 100);
  pair.clock.advance(MS);
  expect(b.tcb(rb).oooBytes).toBe(100);
  pair.wire.impair({ loss: 1 }, a.link);
  pair.clock.advance(100 * S);
  expect(b.core.pollAlarm()).toBe(Infinity);
  pair.wire.impair({ loss: 0 }, a.link);
  pair.clock.advance(300 * S);
  expect(bytes(b, rb)).toBe(200);
  expect(b.tcb(rb).flight).toBe(0);
  expect(b.core.pollAlarm()).toBe(Infinity);
});

describe('found by seeded worlds', () => {
  test('text that trickles in does not push a scaled window along beyond the buffer', () => {
    const { pair, a, b, ra, rb } = setup({ tcp: [{ noDelay: true }, { initialWindow: 5000 }] });
    expect(b.tcb(rb).scales >> 8).toBe(5);
    for (let n = 0; n < 1500; n++) {
      send(a, ra, 7);
      pair.clock.advance(5 * MS);
    }
    pair.clock.advance(600 * S);
    // Nobody reads. Rounding up to a multiple of the scale may have promised one unit more.
    expect(b.tcb(rb).rcvUser).toBeGreaterThan(4900);
    expect(b.tcb(rb).rcvUser).toBeLessThanOrEqual(5000 + 32);
  });

  test('a buffer larger than any window puts no edge half the sequence space away', () => {
    const { pair, a, b, ra, rb } = setup();
    for (const [host, row] of [
      [a, ra],
      [b, rb],
    ] as const) {
      for (const which of ['send', 'receive'] as const)
        host.turn(() => host.core.callSetBuffer(row, which, 2 ** 31 - 1));
    }
    send(a, ra, 5000);
    pair.clock.advance(S);
    expect(bytes(b, rb)).toBe(5000);
    expect(b.tcb(rb).rcvBuf).toBe(2 ** 30);
    // What the window's 16 scaled bits cannot say is not offered again and again.
    const said = b.core.counters.outSegs;
    for (let n = 0; n < 5; n++) b.turn(() => b.core.callSetBuffer(rb, 'receive', 2 ** 30));
    expect(b.core.counters.outSegs).toBe(said);
    expect(a.tcb(ra).sndBuf).toBe(2 ** 30);
  });
});

test('an acknowledgment alone is not owed for ever to a neighbour that is gone [MUST-20]', () => {
  const { pair, a, b, ra, rb } = setup();
  send(b, rb, 60_000);
  pair.clock.advance(S);
  pair.wire.blackhole(true);
  const read = (n: number): void => a.turn(() => a.core.callConsumed(ra, n, a.now));
  for (const n of [10_000, 10_000, 40_000]) {
    read(n); // the window opens, and the peer is to hear of it
    pair.clock.advance(120 * S);
  }
  const { frames } = pair.wire.stats(a.link);
  pair.clock.advance(3600 * S);
  expect([pair.wire.stats(a.link).frames - frames, a.core.pollAlarm(), stateOf(a, ra)]).toEqual([
    0,
    Infinity,
    ESTABLISHED,
  ]);
  pair.wire.blackhole(false);
  send(b, rb, 1000);
  pair.clock.advance(5 * S);
  expect([bytes(a, ra), b.tcb(rb).sndUna === b.tcb(rb).sndNxt]).toEqual([61_000, true]);
});
