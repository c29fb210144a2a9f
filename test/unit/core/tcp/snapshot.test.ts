// A row as bytes and back, in another stack whose clock and arena are not the first one's. The property test moves whole
// transfers (test/property/handover.test.ts); here is what each word must become.
import { expect, test } from 'vitest';
import { EADDRINUSE, EINVAL, ENETUNREACH, ENOBUFS } from '../../../../src/core/events.ts';
import { arm, disarm } from '../../../../src/core/tcp/context.ts';
import { tsval } from '../../../../src/core/tcp/emit.ts';
import { CLOSED, LISTEN } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { remove } from '../../../../src/core/tcp/lifecycle.ts';
import { hold } from '../../../../src/core/tcp/reassembly.ts';
import { inFlight } from '../../../../src/core/tcp/retransmission.ts';
import {
  F_CORK,
  F_COUNTED,
  F_DIRTY,
  F_IN_FLOWS,
  F_SACK,
  F_TS,
  TIMER_KEEPALIVE,
  TIMER_REXMIT,
  TIMER_STATE,
} from '../../../../src/core/tcp/row.ts';
import { applyBlock } from '../../../../src/core/tcp/scoreboard.ts';
import { exportRow, importRow } from '../../../../src/core/tcp/snapshot.ts';
import { type Bench, bench, endTurn } from './bench.ts';
import { chain, segment } from './bench-of-tables.ts';

/** 3000 sent of which the second 1000 are SACKed, 500 unsent, 40 held behind a hole of 60. */
function busy(): Bench {
  const b = bench();
  b.tcb.flags |= F_SACK | F_TS | F_CORK | F_COUNTED;
  for (let n = 0; n < 3; n++) b.send(1000);
  applyBlock(b.t, b.tcb, 2000, 3000);
  queueText(b.t, b.tcb, new Uint8Array(500).fill(9), 0, 500);
  hold(b.t, b.tcb, segment(5060, new Uint8Array(40).fill(3)));
  b.tcb.tsOffset = 1234;
  arm(b.t, b.tcb, TIMER_KEEPALIVE, 7000);
  b.take();
  return b;
}

/** A stack without connections, `ahead` ms later by its own clock. */
function empty(ahead = 0): Bench {
  const b = bench();
  exportRow(b.t, b.tcb);
  endTurn(b);
  b.t.now += ahead * 1000;
  b.t.tick += ahead;
  Object.assign(b.t.ip, { routeTo: () => 0 });
  return b;
}

test('the exporter keeps nothing and tells its user nothing', () => {
  const b = busy();
  exportRow(b.t, b.tcb);
  endTurn(b);
  expect([b.t.rows.used, b.t.arena.used, b.t.records.count, b.t.windowGranted, b.events()]).toEqual([0, 0, 0, 0, []]);
});

test('queues, marks and text come back', () => {
  const to = empty();
  const row = importRow(to.t, to.tcb, exportRow(...pair(busy())));
  const { t, tcb } = to;
  expect(row).toBe(tcb.row);
  expect([tcb.sndUna, tcb.sndNxt, tcb.sndQueued, tcb.sackedOut, inFlight(tcb), tcb.oooBytes]).toEqual([
    1000, 4000, 3500, 1000, 2000, 40,
  ]);
  expect(chain(t, tcb.rtxHead).map((rec) => [t.records.seq(rec), t.records.len(rec)])).toEqual([
    [1000, 1000],
    [2000, 1000],
    [3000, 1000],
  ]);
  const chunk = t.records.chunk(tcb.oooHead);
  expect([t.records.seq(tcb.oooHead), [...t.arena.view(chunk, 0, 40)]]).toEqual([5060, Array(40).fill(3)]);
  expect([...t.arena.view(tcb.sndChunk, tcb.sndOffset, tcb.sndOffset + 500)]).toEqual(Array(500).fill(9));
  expect(tcb.flags & (F_IN_FLOWS | F_DIRTY | F_COUNTED | F_CORK)).toBe(F_IN_FLOWS | F_DIRTY | F_CORK);
});

function pair(b: Bench): [Bench['t'], Bench['tcb']] {
  return [b.t, b.tcb];
}

test('one that does not ask for rest is filed in the wheel once, and by no links of the exporter', () => {
  const from = busy();
  disarm(from.tcb, TIMER_STATE); // a hole that stays (flights.ts)
  const to = empty(5000);
  importRow(to.t, to.tcb, exportRow(...pair(from)));
  expect([to.t.wheel.count, to.tcb.timer(TIMER_STATE)]).toEqual([1, 0]);
  remove(to.t, to.tcb, 0, to.tcb.state);
  expect([to.t.wheel.count, to.t.wheel.next(to.t.tick)]).toEqual([0, 0]);
});

test.each([0, 5, 3_600_000, -900])(
  'a clock %d ms ahead: deadlines keep their distance, TSval goes on (RFC 7323 §5.4)',
  (ahead) => {
    const from = busy();
    const before = tsval(...pair(from));
    const to = empty(ahead);
    importRow(to.t, to.tcb, exportRow(...pair(from)));
    expect(tsval(to.t, to.tcb)).toBe(before);
    expect([TIMER_REXMIT, TIMER_KEEPALIVE].map((timer) => to.tcb.timer(timer) - to.t.tick)).toEqual([1000, 7000]);
    expect(to.t.wheel.count).toBe(1);
    expect((to.t.now | 0) - to.t.records.sentAt(to.tcb.rtxHead)).toBe(0);
  },
);

test('what is no connection is not exported', () => {
  for (const state of [CLOSED, LISTEN]) {
    const b = bench();
    b.tcb.state = state;
    expect(() => exportRow(b.t, b.tcb)).toThrow(RangeError);
  }
});

function refused(to: Bench, snapshot: ArrayBuffer): number {
  const used = to.t.rows.used;
  const result = importRow(to.t, to.tcb, snapshot);
  endTurn(to);
  expect([to.t.rows.used - used, to.t.records.count, to.t.arena.used, to.events()]).toEqual([0, 0, 0, []]);
  return result;
}

test('a four-tuple in use, a host without a route, and too small an arena refuse it and keep nothing', () => {
  const snapshot = exportRow(...pair(busy()));
  const taken = bench();
  expect(importRow(taken.t, taken.tcb, snapshot)).toBe(EADDRINUSE);
  const lost = empty();
  Object.assign(lost.t.ip, { routeTo: () => -1 });
  expect(refused(lost, snapshot)).toBe(ENETUNREACH);
  const full = empty();
  const { arena } = full.t;
  Object.assign(arena, { take: () => -1 });
  expect(refused(full, snapshot)).toBe(ENOBUFS);
});

test.each([
  ['empty', (s: ArrayBuffer) => s.slice(0, 0)],
  ['cut in its row', (s: ArrayBuffer) => s.slice(0, 100)],
  ['cut in its records', (s: ArrayBuffer) => s.slice(0, (8 + 96) * 4 + 10)],
  ['cut in its text', (s: ArrayBuffer) => s.slice(0, s.byteLength - 1)],
  ['of another version', (s: ArrayBuffer) => (new Int32Array(s)[1]!++, s)],
  ['of something else', (s: ArrayBuffer) => (new Uint8Array(s)[0]!++, s)],
])('a snapshot that is %s is EINVAL', (_what, spoil) => {
  expect(refused(empty(), spoil(exportRow(...pair(busy()))))).toBe(EINVAL);
});
