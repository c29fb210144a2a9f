// The SYN queue: entries of 100 bytes, what comes back from them, and what a listener drops.
import { expect, test } from 'vitest';
import { ECONNREFUSED, EV_CLOSED } from '../../../../src/core/events.ts';
import { rst } from '../../../../src/core/tcp/arrives/rst.ts';
import { STOP } from '../../../../src/core/tcp/arrives/verdict.ts';
import { acceptQueueFull, synQueueFull } from '../../../../src/core/tcp/backlog.ts';
import { CLOSED, EV, LISTEN, SYN_RECEIVED } from '../../../../src/core/tcp/figure5.ts';
import { dropHalfOpens, HalfOpens } from '../../../../src/core/tcp/half-opens.ts';
import { unfold } from '../../../../src/core/tcp/handshakes.ts';
import { takeRow } from '../../../../src/core/tcp/lifecycle.ts';
import { F_PASSIVE, F_SACK, F_TS, F_WS, F2_ACCECN } from '../../../../src/core/tcp/row.ts';
import { Segment } from '../../../../src/core/tcp/segment.ts';
import { blank } from '../../../../src/core/tcp/syn-ack.ts';
import type { Tcb } from '../../../../src/core/tcp/tcb.ts';
import { TRACE_EVENT, TRACE_FROM, TRACE_TO, TRACE_WORDS, TraceQueue } from '../../../../src/core/trace.ts';
import { RST } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';

function listener(b: Bench, backlog: number): Tcb {
  const tcb = b.t.cursor();
  takeRow(b.t, tcb, {});
  tcb.state = LISTEN;
  tcb.backlog = backlog;
  return tcb;
}

function enter(b: Bench, of: Tcb, port: number): number {
  const { t } = b;
  const tcb = blank(t, t.rows.scratch());
  for (let n = 0; n < 9; n++) tcb.i32[tcb.at + n] = b.tcb.i32[b.tcb.at + n]!;
  Object.assign(tcb, {
    ports: port,
    listener: of.row,
    state: SYN_RECEIVED,
    iss: 100,
    irs: 200,
    tsRecent: 5,
    tsOffset: 6,
  });
  Object.assign(tcb, {
    scales: 0x0703,
    peerMss: 1400,
    sndWnd: 0xffff,
    hop: b.tcb.hop,
    oowAt: 9,
    ecnState: 2,
    uto: 200_000,
  });
  tcb.flags = F_PASSIVE | F_TS | F_SACK | F_WS;
  tcb.flags2 = F2_ACCECN;
  const rec = t.halfOpens.take(tcb.i32, tcb.at);
  of.halfOpen++;
  t.halfOpens.store(rec, tcb, t.now);
  t.halfOpens.sent(rec, t.tick, tcb.flags2);
  return rec;
}

test('an entry takes 100 bytes', () => {
  expect(HalfOpens.regionBytes(11) - HalfOpens.regionBytes(10)).toBe(100);
});

test('what the SYN said comes back from the entry', () => {
  const b = bench();
  const rec = enter(b, listener(b, 5), 1);
  const g = unfold(b.t, rec);
  expect([g.state, g.iss, g.sndUna, g.sndNxt, g.irs, g.rcvNxt, g.tsRecent, g.tsOffset]).toEqual([
    SYN_RECEIVED,
    100,
    100,
    101,
    200,
    201,
    5,
    6,
  ]);
  expect([g.scales, g.peerMss, g.sndWnd, g.hop, g.oowAt, g.ecnState & 3, g.rto, g.rexmits]).toEqual([
    0x0703,
    1400,
    0xffff,
    b.tcb.hop,
    9,
    2,
    1000,
    0,
  ]);
  expect([g.uto, g.userTimeout]).toEqual([200_000, 300_000]); // RFC 5482 §3.1: the longer of both wishes
  expect(g.flags & (F_PASSIVE | F_TS | F_SACK | F_WS)).toBe(F_PASSIVE | F_TS | F_SACK | F_WS);
});

test('RTO doubles up to a minute, and the age follows', () => {
  const b = bench();
  const rec = enter(b, listener(b, 5), 1);
  const ages = Array.from({ length: 9 }, () => {
    const seen = [unfold(b.t, rec).rto, b.t.halfOpens.age(rec)];
    b.t.halfOpens.tryAgain(rec);
    return seen;
  });
  expect(ages.map(([rto]) => rto)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(ages.map(([, age]) => age)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000]);
  expect(unfold(b.t, rec).rttAt).toBe(0); // Karn
});

test('the backlog bounds each queue; a listener that goes takes its entries along, and no others', () => {
  const b = bench();
  const [one, two] = [listener(b, 2), listener(b, 3)];
  for (let n = 1; n <= 2; n++) enter(b, one, n);
  enter(b, two, 3);
  expect([synQueueFull(b.t, one.row), synQueueFull(b.t, two.row), acceptQueueFull(b.t, one.row)]).toEqual([
    true,
    false,
    false,
  ]);
  one.backlog = 2 | (2 << 16);
  expect(acceptQueueFull(b.t, one.row)).toBe(true);
  dropHalfOpens(b.t, one.row);
  expect([b.t.halfOpens.used, one.halfOpen, two.halfOpen]).toEqual([1, 0, 1]);
});

/** The arrows it takes, as the trace has them, and what its user hears. */
function refused(b: Bench, tcb: Tcb): unknown {
  const trace = (b.t.trace = new TraceQueue());
  const seg = Object.assign(new Segment(), { flags: RST, seq: tcb.rcvNxt });
  expect(rst(b.t, tcb, seg)).toBe(STOP);
  const arrows = Array.from({ length: trace.count }, (_, n) => {
    const at = n * TRACE_WORDS;
    return [TRACE_FROM, TRACE_TO, TRACE_EVENT].map((word) => trace.words[at + word]);
  });
  return { arrows, events: b.events() };
}

test('a RST goes back to LISTEN or says "refused": where the connection came from decides [T130] [T131] [MUST-11]', () => {
  const b = bench();
  const of = listener(b, 5);
  const entry = unfold(b.t, enter(b, of, 1));
  expect(refused(b, entry)).toEqual({ arrows: [[SYN_RECEIVED, LISTEN, EV.backToListen]], events: [] });
  expect([b.t.halfOpens.used, of.halfOpen]).toEqual([0, 0]);
  b.tcb.state = SYN_RECEIVED;
  expect(refused(b, b.tcb)).toEqual({
    arrows: [[SYN_RECEIVED, CLOSED, EV.rcvRst]],
    events: [[EV_CLOSED, ECONNREFUSED, SYN_RECEIVED]],
  });
  expect(b.t.counters.attemptFails).toBe(2);
});
