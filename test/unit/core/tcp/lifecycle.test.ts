// Birth and death of a row: what it is filled with, and that nothing of it stays.
import { expect, test } from 'vitest';
import { ECONNRESET, EV_CLOSED, OK } from '../../../../src/core/events.ts';
import { add, diff } from '../../../../src/core/seq.ts';
import { arm } from '../../../../src/core/tcp/context.ts';
import { CLOSED, ESTABLISHED, LISTEN, TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { beginTimeWait, inherit, numbers, remove, takeRow, uncount } from '../../../../src/core/tcp/lifecycle.ts';
import { hold } from '../../../../src/core/tcp/reassembly.ts';
import {
  F_COUNTED,
  F_FIXED_BUFFER,
  F_KEEPALIVE,
  F_LISTED,
  F_NODELAY,
  F2_OUT_OF_BAND,
  F2_SND_GROWS,
  F2_TFO_PENDING,
  F2_UTO,
  F2_UTO_DUE,
  F2_UTO_FIXED,
  TIMER_REXMIT,
  TIMER_STATE,
} from '../../../../src/core/tcp/row.ts';
import { FLAGS, type Tcb } from '../../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../../src/wire/abi.ts';
import { type Bench, bench, endTurn } from './bench.ts';
import { segment } from './bench-of-tables.ts';

const cursor = ({ t }: Bench): Tcb => t.cursor();

test('a row has the defaults of the stack, and what the user chose instead', () => {
  const b = bench({ tcp: { noDelay: true, receiveBuffer: 1 << 20, ttl: 33 } });
  const tcb = cursor(b);
  takeRow(b.t, tcb, {});
  expect([tcb.rcvBuf, tcb.rto, tcb.ip >> 8, tcb.flags & F_NODELAY, tcb.scales >> 8]).toEqual([
    65_536,
    1000,
    33,
    F_NODELAY,
    5,
  ]);
  takeRow(b.t, tcb, {
    noDelay: false,
    receiveBuffer: 4 << 20,
    ttl: 5,
    tos: 9, // the ECN bits are not the user's
    keepAlive: { idle: 1, interval: 2, count: 3 },
  });
  expect([tcb.rcvBuf, tcb.ip, tcb.flags & F_NODELAY, tcb.scales >> 8, tcb.keepCount]).toEqual([
    4 << 20,
    8 | (5 << 8),
    0,
    7,
    3,
  ]);
  const plain = bench({ tcp: { windowScaling: false } });
  takeRow(plain.t, plain.tcb, {});
  expect([plain.tcb.rcvBuf, plain.tcb.scales]).toEqual([0xffff, 0]);
});

test('a full table is counted', () => {
  const b = bench();
  const tcb = cursor(b);
  for (let n = 0; n < 7; n++) expect(takeRow(b.t, tcb, {})).toBeGreaterThan(0);
  expect([takeRow(b.t, tcb, {}), b.t.counters.noRows]).toEqual([-1, 1]);
});

test('a connection that ends gives everything back and tells its user once', () => {
  const b = bench();
  for (let n = 0; n < 3; n++) b.send(3000);
  hold(b.t, b.tcb, segment(5100, new Uint8Array(500)));
  remove(b.t, b.tcb, ECONNRESET, ESTABLISHED);
  endTurn(b);
  const { t, tcb } = b;
  expect([t.rows.used, t.arena.used, t.records.count, t.wheel.count, t.windowGranted, tcb.state]).toEqual([
    0,
    0,
    0,
    0,
    0,
    CLOSED,
  ]);
  expect([t.flows.find(tcb.i32, tcb.at), b.events()]).toEqual([-1, [[EV_CLOSED, ECONNRESET, ESTABLISHED]]]);
});

test('TIME_WAIT: 2 MSL and no other timer, memory given back, over for the user, still in the flow table', () => {
  const b = bench();
  const { t, tcb } = b;
  b.send(1000);
  arm(t, tcb, TIMER_REXMIT, 1000);
  tcb.state = TIME_WAIT;
  beginTimeWait(t, tcb);
  expect([tcb.timer(TIMER_REXMIT), tcb.timer(TIMER_STATE) - t.tick]).toEqual([0, 2 * t.defaults.msl]);
  expect([t.arena.used, t.records.count, t.rows.used, t.flows.find(tcb.i32, tcb.at)]).toEqual([0, 0, 1, tcb.row]);
  remove(t, tcb, OK, TIME_WAIT);
  expect(b.events()).toEqual([[EV_CLOSED, OK, TIME_WAIT]]);
});

test('a child takes what was set on its listener, and gives its place in the backlog back once', () => {
  const b = bench();
  const [listener, child] = [cursor(b), cursor(b)];
  takeRow(b.t, listener, { noDelay: true, userTimeout: 5000, tos: 8, keepAlive: { idle: 1, interval: 2, count: 3 } });
  listener.state = LISTEN;
  listener.backlog = 5 | (2 << 16);
  takeRow(b.t, child, {});
  inherit(b.t, child, listener);
  expect([
    child.userTimeout,
    child.ip & 0xff,
    child.flags,
    child.keepIdle,
    child.keepInterval,
    child.keepCount,
    child.listener,
  ]).toEqual([5000, 8, F_NODELAY | F_KEEPALIVE, 1, 2, 3, listener.row]);
  child.flags |= F_COUNTED;
  uncount(b.t, child);
  uncount(b.t, child);
  expect(listener.backlog).toBe(5 | (1 << 16));
});

test('options of the user that are flags; a buffer that has a size keeps it', () => {
  const b = bench({ tcp: { userTimeoutOption: true } });
  const tcb = cursor(b);
  takeRow(b.t, tcb, {});
  const words = (): number[] => [tcb.flags & F_FIXED_BUFFER, tcb.flags2 & (F2_UTO | F2_OUT_OF_BAND | F2_UTO_FIXED)];
  expect([words(), tcb.lastRcvAt, tcb.flags & F_KEEPALIVE]).toEqual([[0, F2_UTO], b.t.tick, 0]);
  takeRow(b.t, tcb, { receiveBuffer: 9000, userTimeout: 7, outOfBand: true });
  expect(words()).toEqual([F_FIXED_BUFFER, F2_UTO | F2_OUT_OF_BAND | F2_UTO_FIXED]);
  expect([tcb.userTimeout, tcb.rcvBuf]).toEqual([7, 9000]);
  const plain = bench({ tcp: { windowScaling: false, userTimeoutOption: false } });
  takeRow(plain.t, plain.tcb, { receiveBuffer: 9000, outOfBand: false });
  expect([plain.tcb.rcvBuf, plain.tcb.scales, plain.tcb.flags2 & (F2_UTO | F2_OUT_OF_BAND)]).toEqual([9000, 0, 0]);
});

test('the scale is made for the larger of the buffer and what it may become [RFC 7323 §2.3]', () => {
  const b = bench({ tcp: { receiveBuffer: 1 << 20 } });
  takeRow(b.t, b.tcb, { receiveBuffer: 1000 });
  expect(b.tcb.scales >> 8).toBe(5);
});

test('a child has all of what its listener has, and the growth of its buffer as the listener says', () => {
  const b = bench();
  const [listener, child] = [cursor(b), cursor(b)];
  takeRow(b.t, listener, { receiveBuffer: 5000, sendBuffer: 6000, userTimeout: 5000, outOfBand: true });
  takeRow(b.t, child, {});
  listener.cc = 2;
  child.lastRcvAt = 0;
  for (const grows of [0, F2_SND_GROWS]) {
    listener.flags2 = (listener.flags2 & ~F2_SND_GROWS) | grows;
    child.flags2 |= F2_UTO_DUE;
    child.flags2 ^= F2_SND_GROWS;
    inherit(b.t, child, listener);
    expect(child.flags2 & F2_SND_GROWS).toBe(grows);
  }
  expect([child.sndBuf, child.rcvBuf, child.scales, child.cc, child.lastRcvAt]).toEqual([
    listener.sndBuf,
    5000,
    listener.scales,
    2,
    b.t.tick,
  ]);
  expect([child.flags & F_FIXED_BUFFER, child.flags2 & (F2_OUT_OF_BAND | F2_UTO_FIXED | F2_UTO_DUE)]).toEqual([
    F_FIXED_BUFFER,
    F2_OUT_OF_BAND | F2_UTO_FIXED | F2_UTO_DUE,
  ]);
});

test('a place in the backlog is given back to a LISTEN, and to nothing else', () => {
  const b = bench();
  const [other, child] = [cursor(b), cursor(b)];
  takeRow(b.t, other, {});
  other.backlog = 5 | (2 << 16);
  other.state = ESTABLISHED;
  takeRow(b.t, child, {});
  child.flags |= F_COUNTED;
  child.listener = other.row;
  uncount(b.t, child);
  expect([other.backlog, child.flags & F_COUNTED]).toEqual([5 | (2 << 16), 0]);
  child.flags |= F_COUNTED;
  child.listener = -1;
  const before = b.t.rows.words.slice();
  uncount(b.t, child);
  before[child.row * ROW_WORDS + FLAGS]! &= ~F_COUNTED;
  expect(b.t.rows.words).toEqual(before);
});

test('[MAY-2] the ISS of the next incarnation lies 64000 above the last SND.NXT, or where the clock is beyond that', () => {
  const { t, tcb } = bench();
  numbers(t, tcb);
  const clock = tcb.iss;
  numbers(t, tcb, clock);
  expect(diff(tcb.iss, clock)).toBe(64_000);
  numbers(t, tcb, add(clock, -64_000));
  expect(tcb.iss).toBe(clock);
  numbers(t, tcb, add(clock, -1_000_000));
  expect(tcb.iss).toBe(clock);
  expect([tcb.sndUna, tcb.sndNxt, tcb.sndUp, tcb.sndWl2, tcb.recover]).toEqual(Array(5).fill(clock));
});

test('who ends gives back its hop, its place among listeners, and one that was promised to Fast Open', () => {
  const b = bench();
  const released: number[] = [];
  const settled: number[] = [];
  const gone: number[] = [];
  Object.assign(b.t.ip, { release: (hop: number) => void released.push(hop) });
  Object.assign(b.t.fastOpens, { settle: (listener: number) => void settled.push(listener) });
  Object.assign(b.t.listeners, { remove: (row: number) => void gone.push(row) });
  const tcb = cursor(b);
  for (const [hop, flags, flags2] of [
    [3, 0, 0],
    [-1, F_LISTED, 0],
    [0, 0, F2_TFO_PENDING],
  ] as const) {
    takeRow(b.t, tcb, {});
    tcb.hop = hop;
    tcb.flags |= flags;
    tcb.flags2 |= flags2;
    tcb.listener = 5;
    tcb.state = ESTABLISHED;
    remove(b.t, tcb, OK, ESTABLISHED);
    expect(tcb.state).toBe(CLOSED);
  }
  expect([released, settled, gone.length]).toEqual([[3, 0], [5], 1]);
});
