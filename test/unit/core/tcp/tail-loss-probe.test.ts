// Tail loss probes by numbers (RFC 8985 §7); scripts show them on the wire (test/conformance/loss-rack.test.ts). MSS is 1000.
import { describe, expect, test } from 'vitest';

import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { lossAck } from '../../../../src/core/tcp/loss.ts';
import {
  F_CORK,
  F_DIRTY,
  F_FIN_QUEUED,
  F_FIN_SENT,
  F_PERSIST,
  F_RECOVERY,
  F_RTO_RECOVERY,
  F_SACK,
  F2_PTO,
  F2_TLP_DUE,
  F2_TLP_OUT,
  F2_TLP_RESENT,
  F2_TLP_SPENT,
  TIMER_LOSS,
  TIMER_REXMIT,
} from '../../../../src/core/tcp/row.ts';
import { sendText } from '../../../../src/core/tcp/send-text.ts';
import {
  cancelProbe,
  probeAnswered,
  probeTimeout,
  scheduleProbe,
  sendTailProbe,
} from '../../../../src/core/tcp/tail-loss-probe.ts';
import { ACK, FIN, OPT_SACK } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';

const TLP = F2_TLP_OUT | F2_TLP_SPENT | F2_TLP_RESENT | F2_TLP_DUE;

function flying(...sizes: number[]): Bench {
  const b = bench();
  b.tcb.flags |= F_SACK;
  for (const size of sizes) b.send(size);
  b.tcb.setTimer(TIMER_REXMIT, b.t.tick + 3000);
  b.take();
  return b;
}

const due = ({ t, tcb }: Bench): number | undefined =>
  tcb.timer(TIMER_LOSS) === 0 ? undefined : tcb.timer(TIMER_LOSS) - t.tick;

describe('PTO [RFC 8985 §7.2]', () => {
  test('two round trips, a delayed ACK more for less than two full segments, a second before anything was measured', () => {
    for (const [srtt, sizes, ms] of [
      [0, [1000, 1000], 1000],
      [0, [1000], 1200],
      [100_000, [2000], 200],
      [100_000, [1999], 400],
      [100_001, [2000], 201],
      [1000, [2000], 10],
      [5001, [2000], 11],
    ] as const) {
      const b = flying(...sizes);
      b.tcb.srtt = srtt;
      scheduleProbe(b.t, b.tcb);
      expect([srtt, sizes, due(b), b.tcb.flags2 & F2_PTO]).toEqual([srtt, sizes, ms, F2_PTO]);
    }
  });

  test('no timer beside a retransmission timer that is as early: that one sends the probe', () => {
    for (const [rto, ms] of [
      [201, 200],
      [200, undefined],
      [10, undefined],
    ] as const) {
      const b = flying(2000);
      b.tcb.srtt = 100_000;
      b.tcb.setTimer(TIMER_LOSS, b.t.tick + 5);
      b.tcb.setTimer(TIMER_REXMIT, b.t.tick + rto);
      scheduleProbe(b.t, b.tcb);
      expect([rto, due(b), b.tcb.flags2 & F2_PTO]).toEqual([rto, ms, F2_PTO]);
    }
  });

  test('none without SACK, in recovery, on a closed window, with something SACKed, or after a probe', () => {
    for (const change of [
      (b: Bench) => void (b.tcb.flags &= ~F_SACK),
      (b: Bench) => void (b.tcb.flags |= F_RECOVERY),
      (b: Bench) => void (b.tcb.flags |= F_RTO_RECOVERY),
      (b: Bench) => void (b.tcb.flags |= F_PERSIST),
      (b: Bench) => void (b.tcb.sackedOut = 1),
      (b: Bench) => void (b.tcb.flags2 |= F2_TLP_OUT),
      (b: Bench) => void (b.tcb.flags2 |= F2_TLP_SPENT),
    ]) {
      const b = flying(2000);
      scheduleProbe(b.t, b.tcb);
      change(b);
      scheduleProbe(b.t, b.tcb);
      expect([due(b), b.tcb.flags2 & F2_PTO]).toEqual([undefined, 0]);
    }
  });

  test('a reordering timer is not taken for one', () => {
    const b = flying(2000);
    b.tcb.setTimer(TIMER_LOSS, b.t.tick + 5);
    cancelProbe(b.tcb);
    expect(due(b)).toBe(5);
  });
});

test('when it expires a probe is due, and the retransmission timer begins anew [RFC 8985 §7.3]', () => {
  const b = flying(2000);
  b.tcb.rto = 700;
  b.tcb.flags &= ~F_DIRTY;
  b.tcb.flags2 |= F2_PTO;
  probeTimeout(b.t, b.tcb);
  expect([b.tcb.flags2 & (F2_PTO | F2_TLP_DUE), b.tcb.flags & F_DIRTY]).toEqual([F2_TLP_DUE, F_DIRTY]);
  expect(b.tcb.timer(TIMER_REXMIT) - b.t.tick).toBe(700);
  const idle = bench();
  probeTimeout(idle.t, idle.tcb);
  expect([idle.tcb.flags2 & F2_TLP_DUE, idle.tcb.timer(TIMER_REXMIT)]).toEqual([0, 0]);
});

/** Sends the probe that is due; what went out, and what is noted of it. */
function probed(b: Bench): readonly (readonly number[])[] {
  b.tcb.flags2 |= F2_TLP_DUE;
  expect(sendTailProbe(b.t, b.tcb, 0)).toBe(true);
  expect([b.tcb.flags2 & F2_TLP_DUE, b.tcb.probes]).toEqual([0, b.t.counters.tailLossProbes]);
  return b.take().map(({ seq, len }) => [seq, len]);
}

describe('the probe [RFC 8985 §7.3]', () => {
  const unsent = (bytes: number, ...sizes: number[]): Bench => {
    const b = flying(...sizes);
    queueText(b.t, b.tcb, new Uint8Array(bytes), 0, bytes);
    return b;
  };

  test('is new text where there is some that the window takes, whatever cwnd says', () => {
    const b = unsent(1500, 1000);
    b.tcb.cwnd = 1000;
    b.tcb.sndWnd = 2000;
    b.tcb.flags2 |= F2_TLP_RESENT;
    expect(probed(b)).toEqual([[2000, 1000]]);
    expect([b.tcb.flags2 & TLP, b.tcb.tlpEndSeq, b.tcb.retransmits]).toEqual([F2_TLP_OUT | F2_TLP_SPENT, 3000, 0]);
    const short = unsent(300, 1000);
    expect(probed(short)).toEqual([[2000, 300]]);
  });

  test('else the last segment, be it part of a larger one', () => {
    for (const [size, seq, len] of [
      [2500, 3000, 500],
      [2000, 2000, 1000],
      [1000, 1000, 1000],
      [10, 1000, 10],
    ] as const) {
      const b = flying(size);
      expect(probed(b)).toEqual([[seq, len]]);
      expect([b.tcb.flags2 & TLP, b.tcb.tlpEndSeq]).toEqual([F2_TLP_OUT | F2_TLP_SPENT | F2_TLP_RESENT, 1000 + size]);
      expect(b.tcb.retransmits).toBe(1);
    }
  });

  test('new text that does not fit the window, or that a cork holds back, stays', () => {
    const narrow = unsent(1500, 1000);
    narrow.tcb.sndWnd = 1999;
    expect(probed(narrow)).toEqual([[1000, 1000]]);
    const corked = unsent(300, 1000);
    corked.tcb.flags |= F_CORK;
    expect(probed(corked)).toEqual([[1000, 1000]]);
    const full = unsent(1000, 1000);
    full.tcb.flags |= F_CORK;
    expect(probed(full)).toEqual([[2000, 1000]]);
  });

  test('a FIN that went alone', () => {
    const b = flying();
    b.tcb.flags |= F_FIN_QUEUED;
    sendText(b.t, b.tcb, 0, 0, 0, 1000);
    b.take();
    b.tcb.flags2 |= F2_TLP_DUE;
    sendTailProbe(b.t, b.tcb, 0);
    expect(b.take().map(({ seq, len, flags }) => [seq, len, flags])).toEqual([[1000, 0, ACK | FIN]]);
  });

  test('nothing beyond a window that shrank', () => {
    const b = flying(1000);
    b.tcb.sndWnd = 999;
    expect([probed(b), b.tcb.flags2 & TLP]).toEqual([[], 0]);
    const edge = flying(1000);
    edge.tcb.sndWnd = 1000;
    expect(probed(edge)).toEqual([[1000, 1000]]);
  });

  test('none when it is not needed any more', () => {
    for (const change of [
      (b: Bench) => void (b.tcb.sndUna = b.tcb.sndNxt),
      (b: Bench) => void (b.tcb.sackedOut = 1),
      (b: Bench) => void (b.tcb.lostOut = 1),
      (b: Bench) => void (b.tcb.flags |= F_RECOVERY),
      (b: Bench) => void (b.tcb.flags |= F_RTO_RECOVERY),
    ]) {
      const b = flying(1000);
      change(b);
      expect([probed(b), b.tcb.flags2 & TLP]).toEqual([[], 0]);
    }
  });

  test('waits for a link that is full', () => {
    const b = flying(1000);
    b.tcb.flags2 |= F2_TLP_DUE;
    b.t.out.hasRoom = () => false;
    expect([sendTailProbe(b.t, b.tcb, 0), b.tcb.flags2 & TLP]).toEqual([false, F2_TLP_DUE]);
  });
});

test('what an ACK says of it: only a probe that went again, was needed, and leaves no other trace is a loss [RFC 8985 §7.4.2]', () => {
  const rows: readonly (readonly [string, object, boolean, boolean])[] = [
    ['not there yet', { una: 2999 }, true, false],
    ['new text, not there yet', { resent: false, una: 2999 }, true, false],
    ['new text, at its end', { resent: false }, false, false],
    ['new text, and beyond', { resent: false, una: 4000 }, false, false],
    ['at its end: the next ACK will tell', {}, true, false],
    ['at its end, a duplicate with blocks', { advanced: false, sack: true }, true, false],
    ['a bare duplicate: both arrived', { advanced: false }, false, false],
    ['D-SACK: both arrived', { dsack: 3000 }, false, false],
    ['D-SACK, and beyond', { dsack: 3000, una: 4000 }, false, false],
    ['D-SACK of something else', { dsack: 2000 }, true, false],
    ['beyond it, and nothing else: it repaired a loss', { una: 4000 }, false, true],
  ];
  for (const [what, { resent = true, una = 3000, advanced = true, sack = false, dsack = 0 }, out, lost] of rows as [
    string,
    { resent?: boolean; una?: number; advanced?: boolean; sack?: boolean; dsack?: number },
    boolean,
    boolean,
  ][]) {
    const { t, tcb } = flying(1000, 1000, 1000);
    tcb.flags2 |= F2_TLP_OUT | (resent ? F2_TLP_RESENT : 0);
    tcb.tlpEndSeq = 3000;
    tcb.sndUna = una;
    t.news.dsack = dsack !== 0;
    t.news.dsackRight = dsack;
    t.news.delivered = 8000;
    t.seg.opts = sack ? OPT_SACK : 0;
    probeAnswered(t, tcb, t.seg, advanced);
    expect([what, (tcb.flags2 & F2_TLP_OUT) !== 0, tcb.recoveries, t.counters.recoveries]).toEqual([
      what,
      out,
      lost ? 1 : 0,
      lost ? 1 : 0,
    ]);
    expect(tcb.cwnd).toBe(lost ? (tcb.sndNxt - una + 8000) / 2 : 20_000);
  }
});

test('that it came twice says nothing of reordering or of a recovery, with a FIN behind it neither [RFC 8985 §6.2-b]', () => {
  for (const [resent, fin, right, grows] of [
    [true, false, 4000, false],
    [true, true, 4001, false],
    [true, false, 3999, true],
    [false, false, 4000, true],
  ] as const) {
    const { t, tcb } = flying(1000, 1000, 1000);
    tcb.sndNxt += fin ? 1 : 0;
    tcb.flags |= fin ? F_FIN_SENT : 0;
    tcb.flags2 |= resent ? F2_TLP_RESENT : 0;
    tcb.tlpEndSeq = tcb.sndNxt;
    Object.assign(t.news, { dsack: true, dsackLeft: 3000, dsackRight: right });
    lossAck(t, tcb, t.seg, 0);
    expect([right, (tcb.reoWnd & 0xff) > 0, t.counters.spuriousRetransmits]).toEqual([right, grows, 1]);
  }
});
