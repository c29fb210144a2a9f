import { expect, test } from 'vitest';
import { ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, EV_CLOSED, EV_SOFT_ERROR } from '../../../../src/core/events.ts';
import { CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { icmpError } from '../../../../src/core/tcp/icmp-errors.ts';
import { F_KEEPALIVE, F_PASSIVE, F_PERSIST, F_SYN_ACKED, TIMER_KEEPALIVE } from '../../../../src/core/tcp/row.ts';
import { segmentArrives } from '../../../../src/core/tcp/segment-arrives.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { ACK } from '../../../../src/wire/abi.ts';
import { type Bench, bench, IRS } from './bench.ts';
import { segment } from './bench-of-tables.ts';

function inState(state: number, flags = 0): Bench {
  const b = bench();
  b.send(100);
  b.take();
  b.tcb.state = state;
  b.tcb.flags |= flags;
  return b;
}

const soft = (type: number, code: number): [number, number, number] => [
  EV_SOFT_ERROR,
  (1 << 31) | (type << 8) | code,
  0,
];

test.each([
  ['IPv4 protocol unreachable', 3, 2, 4],
  ['IPv4 port unreachable', 3, 3, 4],
  ['IPv6 administratively prohibited', 1, 1, 6],
  ['IPv6 port unreachable', 1, 4, 6],
])('hard errors end an opening, and only that [MUST-56] [SHLD-26]: %s', (_what, type, code, version) => {
  const b = inState(SYN_SENT);
  icmpError(b.t, b.tcb, 1000, type, code, version);
  expect([b.tcb.state, b.events(), b.t.counters.attemptFails]).toEqual([
    CLOSED,
    [[EV_CLOSED, ECONNREFUSED, SYN_SENT]],
    1,
  ]);
  const open = inState(ESTABLISHED);
  icmpError(open.t, open.tcb, 1000, type, code, version);
  expect([open.tcb.state, open.events(), open.tcb.softError]).toEqual([ESTABLISHED, [soft(type, code)], EHOSTUNREACH]);
});

test('an opening is ours to lose: a simultaneous one is ended, one that came from LISTEN is not', () => {
  const ours = inState(SYN_RECEIVED);
  icmpError(ours.t, ours.tcb, 1000, 3, 3, 4);
  expect(ours.tcb.state).toBe(CLOSED);
  const passive = inState(SYN_RECEIVED, F_PASSIVE);
  icmpError(passive.t, passive.tcb, 1000, 3, 3, 4);
  expect(passive.tcb.state).toBe(SYN_RECEIVED);
});

test.each([
  ['network unreachable', 3, 0, 4, EHOSTUNREACH],
  ['host unreachable', 3, 1, 4, EHOSTUNREACH],
  ['fragmentation needed', 3, 4, 4, EHOSTUNREACH],
  ['source route failed', 3, 5, 4, EHOSTUNREACH],
  ['time exceeded', 11, 0, 4, 0],
  ['parameter problem', 12, 0, 4, 0],
  ['IPv6 no route', 1, 0, 6, EHOSTUNREACH],
  ['IPv6 time exceeded', 3, 0, 6, 0],
  ['an IPv4 type in IPv6', 3, 3, 6, 0],
  ['a code that does not exist', 3, 35, 4, EHOSTUNREACH],
])('soft errors are told and end nothing [MUST-56]: %s', (_what, type, code, version, reason) => {
  const b = inState(SYN_SENT);
  icmpError(b.t, b.tcb, 1000, type, code, version);
  expect([b.tcb.state, b.events(), b.tcb.softError]).toEqual([SYN_SENT, [soft(type, code)], reason]);
});

test('only a sequence number in flight is believed (RFC 5927 §4.1)', () => {
  for (const [seq, believed] of [
    [999, false],
    [1000, true],
    [1099, true],
    [1100, false],
    [1000 + 2 ** 31, false],
  ] as const) {
    const b = inState(SYN_SENT);
    icmpError(b.t, b.tcb, seq | 0, 3, 3, 4);
    expect([seq, b.tcb.state === CLOSED]).toEqual([seq, believed]);
  }
  const idle = bench();
  icmpError(idle.t, idle.tcb, 1000, 3, 1, 4);
  expect(idle.events()).toEqual([]);
});

function acked(b: Bench, ack: number): void {
  segmentArrives(b.t, b.tcb, Object.assign(segment(IRS + 1, new Uint8Array(0), ACK), { ack, rawWnd: 60_000 }));
}

test('what got through since makes a soft error stale: it is no reason for an end of much later', () => {
  const b = inState(ESTABLISHED);
  icmpError(b.t, b.tcb, 1000, 3, 1, 4);
  acked(b, 1100);
  Object.assign(b.tcb, { keepIdle: 1000, keepInterval: 1000, keepCount: 0 });
  b.tcb.flags |= F_KEEPALIVE;
  b.t.tick += 100_000;
  b.tcb.setTimer(TIMER_KEEPALIVE, b.t.tick);
  b.events();
  expire(b.t, b.tcb);
  expect(b.events()).toEqual([[EV_CLOSED, ETIMEDOUT, ESTABLISHED]]);
});

test('the SYN that was acknowledged, and an answered probe of a closed window, got through as well', () => {
  const opening = inState(SYN_RECEIVED);
  Object.assign(opening.tcb, { sndUna: 999, sndNxt: 1000, rtxHead: -1, rtxTail: -1, softError: EHOSTUNREACH });
  opening.tcb.flags &= ~F_SYN_ACKED;
  acked(opening, 1000);
  expect([opening.tcb.state, opening.tcb.softError]).toEqual([ESTABLISHED, 0]);
  const closed = inState(ESTABLISHED, F_PERSIST);
  closed.tcb.sndWnd = 0;
  closed.tcb.softError = EHOSTUNREACH;
  acked(closed, 1000);
  expect(closed.tcb.softError).toBe(0);
});

test('an ACK of nothing new says nothing of the way there', () => {
  const b = inState(ESTABLISHED);
  icmpError(b.t, b.tcb, 1000, 3, 1, 4);
  acked(b, 1000);
  expect(b.tcb.softError).toBe(EHOSTUNREACH);
});
