// F-RTO step by step (RFC 5682); scripts show it on the wire (test/conformance/loss-undo.test.ts).
import { describe, expect, test } from 'vitest';
import { add } from '../../../../src/core/seq.ts';
import { beginFrto, frtoAck, frtoRoom } from '../../../../src/core/tcp/frto.ts';
import { queueText, textAcked } from '../../../../src/core/tcp/held-text.ts';
import { reorderTimeout } from '../../../../src/core/tcp/loss.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { markAllLost } from '../../../../src/core/tcp/retransmission.ts';
import {
  F_CORK,
  F_DIRTY,
  F_NODELAY,
  F_RTO_RECOVERY,
  F_SACK,
  F2_FRTO,
  F2_FRTO_NEW,
  TIMER_PACE,
} from '../../../../src/core/tcp/row.ts';
import { acknowledge } from '../../../../src/core/tcp/scoreboard.ts';
import { type Bench, bench } from './bench.ts';

/** 3000 in flight, the timer has expired; 500 unsent. */
function expired(sack = false): Bench {
  const b = bench();
  for (let n = 0; n < 3; n++) b.send(1000);
  queueText(b.t, b.tcb, new Uint8Array(500), 0, 500);
  b.tcb.sndWnd = 10_000;
  if (sack) b.tcb.flags |= F_SACK;
  beginFrto(b.tcb);
  b.tcb.flags &= ~F_DIRTY;
  return b;
}

const asks = ({ tcb }: Bench): number => (tcb.flags2 & F2_FRTO ? 1 : 0) + (tcb.flags2 & F2_FRTO_NEW ? 2 : 0);

test('not entered again while an earlier timeout is being repaired [5682-2.1]', () => {
  const { tcb } = bench();
  tcb.flags2 |= F2_FRTO | F2_FRTO_NEW;
  tcb.flags |= F_RTO_RECOVERY;
  tcb.recover = add(tcb.sndUna, 1);
  beginFrto(tcb);
  expect(tcb.flags2 & (F2_FRTO | F2_FRTO_NEW)).toBe(0);
  tcb.recover = tcb.sndUna;
  beginFrto(tcb);
  expect([tcb.flags2 & (F2_FRTO | F2_FRTO_NEW), tcb.frtoSeq]).toEqual([F2_FRTO, tcb.sndNxt]);
  tcb.flags2 = 0;
  tcb.flags &= ~F_RTO_RECOVERY;
  tcb.recover = add(tcb.sndUna, 1);
  beginFrto(tcb);
  expect(tcb.flags2 & F2_FRTO).toBe(F2_FRTO);
});

test('a duplicate before the first advance: normal recovery, unless SACK says more [5682-2.1]', () => {
  for (const [sack, after] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const b = expired(sack);
    expect([frtoAck(b.t, b.tcb, false), asks(b), (b.tcb.flags & F_DIRTY) !== 0]).toEqual([false, after, !sack]);
  }
});

test('an advance lets new text out, if there is some and the window has room for it [5682-2.1]', () => {
  const b = expired();
  b.tcb.sndUna = add(b.tcb.sndUna, 1000);
  expect([frtoAck(b.t, b.tcb, true), asks(b)]).toEqual([false, 3]);
  const full = expired();
  full.tcb.sndUna = add(full.tcb.sndUna, 1000);
  full.tcb.sndWnd = 2000;
  expect([frtoAck(full.t, full.tcb, true), asks(full)]).toEqual([false, 0]);
  full.tcb.flags2 |= F2_FRTO;
  full.tcb.sndWnd = 2001;
  expect([frtoAck(full.t, full.tcb, true), asks(full)]).toEqual([false, 3]);
  const bare = bench();
  for (let n = 0; n < 3; n++) bare.send(1000);
  beginFrto(bare.tcb);
  bare.tcb.sndUna = add(bare.tcb.sndUna, 1000);
  bare.tcb.sndQueued -= 1000;
  expect([frtoAck(bare.t, bare.tcb, true), asks(bare)]).toEqual([false, 0]);
});

test('a first advance over all that was in flight says nothing: normal recovery [5682-2.1]', () => {
  const b = expired();
  b.tcb.sndUna = b.tcb.frtoSeq;
  expect([frtoAck(b.t, b.tcb, true), asks(b), (b.tcb.flags & F_DIRTY) !== 0]).toEqual([false, 0, true]);
});

test('after new text: a duplicate is normal recovery, which owes what was marked lost [5682-2.1]', () => {
  const b = expired();
  b.tcb.flags2 |= F2_FRTO_NEW;
  expect([frtoAck(b.t, b.tcb, false), asks(b), (b.tcb.flags & F_DIRTY) !== 0]).toEqual([false, 0, true]);
});

test('new text is two segments, counted from what was sent before the timeout [5682-2.1]', () => {
  const b = expired();
  expect(frtoRoom(b.tcb)).toBe(2 * b.tcb.sndMss);
  b.tcb.sndNxt = add(b.tcb.sndNxt, 300);
  expect(frtoRoom(b.tcb)).toBe(2 * b.tcb.sndMss - 300);
});

describe('new text that may not leave is not waited for [5682-2.1]', () => {
  /** The first segment was acknowledged, and new text is asked for. */
  function asked(flags: number): Bench {
    const b = expired();
    markAllLost(b.t, b.tcb);
    b.take();
    acknowledge(b.t, b.tcb, add(b.tcb.sndUna, 1000));
    b.tcb.sndUna = add(b.tcb.sndUna, 1000);
    textAcked(b.t, b.tcb, 1000);
    frtoAck(b.t, b.tcb, true);
    b.tcb.flags |= flags;
    return b;
  }
  const sent = (b: Bench): number[] => {
    b.tcb.flags &= ~F_DIRTY;
    output(b.t, b.tcb, 0);
    return b.take().map(({ seq }) => seq);
  };

  test('text that is corked: what is marked lost goes', () => {
    const b = asked(F_CORK);
    expect([sent(b), asks(b), (b.tcb.flags & F_DIRTY) !== 0]).toEqual([[], 0, true]);
    expect(sent(b)[0]).toBe(2000);
  });

  test('text that leaves is waited for, and so is what only waits for its turn', () => {
    const b = asked(F_NODELAY);
    expect([sent(b), asks(b)]).toEqual([[4000], 3]);
    const late = asked(F_NODELAY);
    late.tcb.setTimer(TIMER_PACE, late.t.tick + 5);
    expect([sent(late), asks(late)]).toEqual([[], 3]);
  });
});

test('the reordering timer is no ACK: step 3 goes on waiting for one [RFC 5682 §3.1]', () => {
  const b = expired(true);
  b.tcb.flags |= F_RTO_RECOVERY;
  b.tcb.recover = b.tcb.sndNxt;
  b.tcb.flags2 |= F2_FRTO_NEW;
  markAllLost(b.t, b.tcb);
  reorderTimeout(b.t, b.tcb);
  expect(asks(b)).toBe(3);
});
