import { expect, test } from 'vitest';
import { EV_ACCEPT, EV_CONNECT } from '../../../../src/core/events.ts';
import { announce, ourSynAcked, scaledWindow, takeWindow } from '../../../../src/core/tcp/established.ts';
import {
  F_KEEPALIVE,
  F_PASSIVE,
  F_WS,
  F2_TFO_PENDING,
  TIMER_KEEPALIVE,
  TIMER_REXMIT,
  TIMER_USER,
} from '../../../../src/core/tcp/row.ts';
import { type Bench, bench, ISS } from './bench.ts';

/** Our SYN left 20 ms ago; `rttAt` 0 = it was sent more than once. */
function synSent(again = false): Bench {
  const b = bench();
  b.tcb.sndUna = ISS;
  b.tcb.rttAt = again ? 0 : b.t.now - 20_000;
  b.tcb.rexmits = again ? 1 : 0;
  b.tcb.setTimer(TIMER_REXMIT, 5000);
  b.tcb.setTimer(TIMER_USER, 5000);
  return b;
}

test('the SYN gives the first round trip and is out of the way (RFC 6298 (2.2))', () => {
  const { t, tcb } = synSent();
  ourSynAcked(t, tcb);
  expect([tcb.srtt, tcb.rttvar, tcb.rto]).toEqual([20_000, 10_000, t.defaults.minRto]);
  expect([tcb.sndUna, tcb.timer(TIMER_REXMIT), tcb.timer(TIMER_USER), tcb.rttAt]).toEqual([ISS + 1, 0, 0, 0]);
  expect(tcb.cwnd).toBe(10 * tcb.sndMss); // RFC 6928
});

test('a SYN sent twice gives none, and RTO for data is 3 s at least (RFC 6298 (5.7))', () => {
  const { t, tcb } = synSent(true);
  ourSynAcked(t, tcb);
  expect([tcb.srtt, tcb.rto, tcb.rexmits]).toEqual([0, 3000, 0]);
  const slow = synSent(true);
  slow.tcb.rto = 8000;
  ourSynAcked(slow.t, slow.tcb);
  expect(slow.tcb.rto).toBe(8000);
});

test('text that went before the third ACK has both timers from there on [MUST-21] [7413-4.2.2]', () => {
  const { t, tcb, send } = synSent();
  send(100);
  tcb.userTimeout = 5000;
  tcb.flags2 |= F2_TFO_PENDING;
  ourSynAcked(t, tcb);
  expect([tcb.timer(TIMER_REXMIT), tcb.timer(TIMER_USER)]).toEqual([t.tick + tcb.rto, t.tick + 5000]);
});

test('a window is scaled when scaling was agreed, never in a SYN (RFC 7323 §2.2)', () => {
  const { t, tcb } = bench();
  tcb.scales = 7;
  t.seg.rawWnd = 0xffff;
  expect(scaledWindow(tcb, t.seg)).toBe(0xffff);
  tcb.flags |= F_WS;
  expect(scaledWindow(tcb, t.seg)).toBe(0xffff << 7);
  t.seg.unscaled = true;
  expect(scaledWindow(tcb, t.seg)).toBe(0xffff);
});

test('SND.WND may shrink, the largest one seen is remembered', () => {
  const { tcb } = bench();
  takeWindow(tcb, 70_000, 1, 2);
  takeWindow(tcb, 10, 3, 4);
  expect([tcb.sndWnd, tcb.maxSndWnd, tcb.sndWl1, tcb.sndWl2]).toEqual([10, 70_000, 3, 4]);
});

test('the user of an active OPEN is told CONNECT, the listener ACCEPT; keep-alive starts', () => {
  const active = bench();
  active.tcb.flags |= F_KEEPALIVE;
  active.tcb.keepIdle = 9000;
  announce(active.t, active.tcb);
  expect([active.events(), active.t.counters.passiveOpens, active.tcb.timer(TIMER_KEEPALIVE)]).toEqual([
    [[EV_CONNECT, 0, 0]],
    0,
    active.t.tick + 9000,
  ]);
  const passive = bench();
  passive.tcb.flags |= F_PASSIVE;
  passive.tcb.listener = 70;
  announce(passive.t, passive.tcb);
  expect([passive.events(), passive.t.counters.passiveOpens, passive.tcb.timer(TIMER_KEEPALIVE)]).toEqual([
    [[EV_ACCEPT, 70, 0]],
    1,
    0,
  ]);
});
