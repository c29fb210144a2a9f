// FLUSH (RFC 9293 §3.9.1.7): what it takes back, and what it may not.
import { expect, test } from 'vitest';
import { arm } from '../../../../src/core/tcp/context.ts';
import { SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { waitForHop } from '../../../../src/core/tcp/output.ts';
import { F_FIN_QUEUED, F_SND_URG, F_SYN_ACKED, TIMER_USER } from '../../../../src/core/tcp/row.ts';
import { discardUnsent } from '../../../../src/core/tcp/unsent.ts';
import { type Bench, bench } from './bench.ts';

function queue({ t, tcb }: Bench, bytes: number): void {
  queueText(t, tcb, new Uint8Array(bytes).fill(7), 0, bytes);
}

test('text up to urgent data stays: the peer was told where it ends, and takes that octet out of the text', () => {
  const b = bench();
  b.send(1000);
  queue(b, 101);
  b.tcb.flags |= F_SND_URG;
  b.tcb.sndUp = b.tcb.sndNxt + 101;
  queue(b, 300);
  expect([discardUnsent(b.t, b.tcb), b.tcb.sndQueued]).toEqual([300, 1101]);
  expect([discardUnsent(b.t, b.tcb), b.tcb.sndQueued]).toEqual([0, 1101]);
});

test('urgent data that was sent keeps nothing, nor does what is urgent no more', () => {
  for (const [flags, up] of [
    [F_SND_URG, 0],
    [F_SND_URG, -500],
    [0, 101],
  ] as const) {
    const b = bench();
    b.send(1000);
    queue(b, 401);
    b.tcb.flags |= flags;
    b.tcb.sndUp = b.tcb.sndNxt + up;
    expect([flags, up, discardUnsent(b.t, b.tcb), b.tcb.sndQueued]).toEqual([flags, up, 401, 1000]);
  }
});

test('the user timeout of what waited for the neighbour goes with it; that of what else waits stays', () => {
  for (const [why, prepare, runs] of [
    ['nothing is left', () => {}, false],
    ['text is in flight', (b: Bench) => b.send(100), true],
    ['a FIN waits', (b: Bench) => void (b.tcb.flags |= F_FIN_QUEUED), true],
  ] as const) {
    const b = bench();
    b.tcb.userTimeout = 5000;
    prepare(b);
    queue(b, 100);
    waitForHop(b.t, b.tcb);
    expect(b.tcb.timer(TIMER_USER)).not.toBe(0);
    discardUnsent(b.t, b.tcb);
    expect([why, b.tcb.timer(TIMER_USER) !== 0, b.tcb.firstSentAt !== 0]).toEqual([why, runs, runs]);
  }
});

test('before the SYN has left only text goes: it has no sequence number that could be given back', () => {
  for (const [text, fin, urgent, gone, kept] of [
    [0, 0, 0, 0, 0],
    [5, 0, 0, 5, 0],
    [0, F_FIN_QUEUED, 0, 0, 0],
    [5, F_FIN_QUEUED, 0, 5, 0],
    [5, 0, 3, 2, 3],
  ] as const) {
    const b = bench();
    const { t, tcb } = b;
    tcb.state = SYN_SENT;
    tcb.flags = (tcb.flags & ~F_SYN_ACKED) | fin | (urgent > 0 ? F_SND_URG : 0);
    tcb.sndUna = tcb.sndNxt = tcb.iss;
    tcb.sndUp = tcb.iss + 1 + urgent;
    if (text > 0) queue(b, text);
    arm(t, tcb, TIMER_USER, 5000);
    expect([text, fin, discardUnsent(t, tcb), tcb.sndQueued]).toEqual([text, fin, gone, kept]);
    expect(tcb.timer(TIMER_USER)).not.toBe(0); // for the SYN, which still waits
  }
});

test('what the silent neighbour cost in attempts goes with the text: the next begins with the RTO of the path, and all its tries', () => {
  for (const [inFlight, rexmits, rto] of [
    [0, 0, 300],
    [100, 7, 60_000],
  ] as const) {
    const b = bench();
    const { t, tcb } = b;
    tcb.srtt = 100_000;
    tcb.rttvar = 50_000;
    if (inFlight > 0) b.send(inFlight);
    queue(b, 100);
    tcb.rexmits = 7;
    tcb.rto = 60_000;
    expect([discardUnsent(t, tcb), tcb.rexmits, tcb.rto]).toEqual([100, rexmits, rto]);
  }
});
