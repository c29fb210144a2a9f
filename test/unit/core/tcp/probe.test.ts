import { expect, test } from 'vitest';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { holdBack } from '../../../../src/core/tcp/pacing.ts';
import { sendProbe } from '../../../../src/core/tcp/probe.ts';
import { R_RESENT } from '../../../../src/core/tcp/records.ts';
import { markAllLost } from '../../../../src/core/tcp/retransmission.ts';
import { F_FIN_QUEUED, F_FIN_SENT, F_RESEND, TIMER_PERSIST } from '../../../../src/core/tcp/row.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { ACK, FIN, PSH } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { chain } from './bench-of-tables.ts';

function queued(bytes: number, window: number): Bench {
  const b = bench();
  queueText(b.t, b.tcb, new Uint8Array(bytes), 0, bytes);
  b.tcb.sndWnd = window;
  return b;
}

test('a closed window is probed with one octet of new text [MUST-36]', () => {
  const b = queued(5000, 0);
  sendProbe(b.t, b.tcb, 0);
  expect(b.take()).toMatchObject([{ seq: 1000, len: 1, flags: ACK }]);
  expect([b.tcb.sndNxt, b.t.counters.zeroWindowProbes]).toEqual([1001, 1]);
});

test('the next probe is the same octet again, although a super-segment was in flight when the window closed', () => {
  const b = bench();
  b.send(3000);
  b.take();
  markAllLost(b.t, b.tcb);
  b.tcb.sndWnd = 0;
  b.t.now += 1000;
  sendProbe(b.t, b.tcb, 0);
  expect(b.take()).toMatchObject([{ seq: 1000, len: 1, flags: ACK | PSH }]);
  const [first, rest] = chain(b.t, b.tcb.rtxHead).map((rec) => [
    b.t.records.len(rec),
    b.t.records.flags(rec) & R_RESENT,
  ]);
  expect([first, rest]).toEqual([
    [1, R_RESENT],
    [2999, 0],
  ]);
  expect([b.tcb.sndNxt, b.tcb.lostOut, b.t.counters.retransSegs]).toEqual([4000, 2999, 1]);
});

test('a window that is merely small takes all that fits (T327), never more than a segment', () => {
  const small = queued(5000, 300);
  sendProbe(small.t, small.tcb, 0);
  expect(small.take()).toMatchObject([{ seq: 1000, len: 300 }]);
  expect(small.t.counters.zeroWindowProbes).toBe(0);
  const large = queued(5000, 4000);
  sendProbe(large.t, large.tcb, 0);
  expect(large.take()).toMatchObject([{ seq: 1000, len: 1000 }]);
});

test('with no text left the FIN is the probe, first and again', () => {
  const b = queued(0, 0);
  b.tcb.flags |= F_FIN_QUEUED;
  sendProbe(b.t, b.tcb, 0);
  sendProbe(b.t, b.tcb, 0);
  expect(b.take()).toMatchObject([
    { seq: 1000, len: 0, flags: ACK | FIN },
    { seq: 1000, len: 0, flags: ACK | FIN },
  ]);
  expect([b.tcb.sndNxt, b.tcb.flags & F_FIN_SENT]).toEqual([1001, F_FIN_SENT]);
});

test('what overrides silly-window avoidance is paid out of the rate, and waits where text is held back [RFC 3168 §6.1.2-b]', () => {
  const paid = queued(5000, 300);
  Object.assign(paid.tcb, { pacingRate: 1000, paceBudget: 1000 });
  sendProbe(paid.t, paid.tcb, 0);
  expect(paid.tcb.paceBudget).toBe(700);
  for (const [window, held, leaves] of [
    [300, true, false],
    [300, false, true],
    [0, true, true],
  ] as const) {
    const b = queued(5000, window);
    b.tcb.setTimer(TIMER_PERSIST, b.t.tick);
    if (held) holdBack(b.t, b.tcb, 500);
    expire(b.t, b.tcb);
    expect([window, held, (b.tcb.flags & F_RESEND) !== 0]).toEqual([window, held, leaves]);
  }
});
