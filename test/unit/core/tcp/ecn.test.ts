// Marks that arrive, and what the peer says of ours, one segment at a time; test/conformance/ecn.test.ts shows them on the wire.
import { describe, expect, test } from 'vitest';
import { beginAccurate } from '../../../../src/core/tcp/accurate-ecn.ts';
import { newReno } from '../../../../src/core/tcp/congestion/newreno.ts';
import { AE, ecnArrives, ecnFeedback, ecnOfSyn } from '../../../../src/core/tcp/ecn.ts';
import {
  F_ACK_NOW,
  F_RECOVERY,
  F2_ACCECN,
  F2_CWR,
  F2_ECE,
  F2_ECN,
  TIMER_PACE,
  TIMER_REXMIT,
} from '../../../../src/core/tcp/row.ts';
import { ACK, CWR, ECE, RX_IP, SYN } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { segment } from './bench-of-tables.ts';

function agreed(flags2: number): Bench {
  const b = bench();
  b.tcb.flags2 |= flags2;
  return b;
}

/** A segment with so much text of which so many frames were marked on the way. */
function arrives({ t, tcb }: Bench, length: number, marks: number): void {
  const seg = segment(tcb.rcvNxt, new Uint8Array(length));
  seg.rx[RX_IP] = (marks << 16) | 3;
  ecnArrives(t, tcb, seg);
}

describe('marks on what arrives', () => {
  test('are counted; only those on text are echoed [RFC 3168 §6.1.3] [RFC 3168 §6.1.4]', () => {
    const b = agreed(F2_ECN);
    arrives(b, 0, 1);
    expect([b.t.counters.ceMarks, b.tcb.flags2 & F2_ECE]).toEqual([1, 0]);
    arrives(b, 100, 0);
    expect([b.t.counters.ceMarks, b.tcb.flags2 & F2_ECE]).toEqual([1, 0]);
    arrives(b, 3000, 2);
    expect([b.t.counters.ceMarks, b.tcb.flags2 & F2_ECE]).toEqual([3, F2_ECE]);
  });

  test('accurate: text that is marked hurries the ACK, a marked ACK does not, or two ends would never be silent [RFC 9768 §3.2.2.5]', () => {
    const b = agreed(F2_ACCECN);
    arrives(b, 0, 1);
    arrives(b, 100, 0);
    expect(b.tcb.flags & F_ACK_NOW).toBe(0);
    arrives(b, 100, 1);
    expect(b.tcb.flags & F_ACK_NOW).toBe(F_ACK_NOW);
  });
});

describe('what the peer says of ours [RFC 3168 §6.1.2]', () => {
  /** Ten segments in flight; what each reduction was told of the flight. */
  function sender(): Bench & { readonly told: number[] } {
    const b = agreed(F2_ECN);
    const told: number[] = [];
    b.t.congestion.change(b.tcb, { ...newReno, name: 'ear', onEce: (_v, flight) => void told.push(flight) }, 0);
    b.send(10_000);
    return { ...b, told };
  }
  const echo = ({ t, tcb }: Bench, acked: number, flags = ACK | ECE): void => {
    ecnFeedback(t, tcb, segment(tcb.rcvNxt, new Uint8Array(0), flags), acked);
  };

  test('an ACK of old text counts as one of new; one without ECE says nothing, nor does a SYN,ACK', () => {
    const b = sender();
    echo(b, 0, ACK);
    echo(b, 0, ACK | SYN | ECE);
    expect([b.told, b.t.counters.ecnReductions, b.tcb.flags2 & F2_CWR]).toEqual([[], 0, 0]);
    echo(b, 0);
    expect([b.told, b.t.counters.ecnReductions, b.tcb.flags2 & F2_CWR]).toEqual([[10_000], 1, F2_CWR]);
  });

  test('the flight is all of what was sent: SACKed and just acknowledged text was under way as well [RFC 9438 §4.6-a]', () => {
    const b = sender();
    b.tcb.sackedOut = 2000;
    b.tcb.deliveredCe = 7;
    b.tcb.sndUna += 1000;
    echo(b, 1000);
    expect([b.told, b.tcb.deliveredCe]).toEqual([[10_000], 1007]);
  });

  test('a recovery is an answer already; CWR goes all the same', () => {
    const b = sender();
    b.tcb.flags |= F_RECOVERY;
    echo(b, 0);
    expect([b.told, b.t.counters.ecnReductions, b.tcb.flags2 & F2_CWR]).toEqual([[], 0, F2_CWR]);
  });

  test('the one segment there may be is in flight: its timer starts anew; nothing is: the next one waits [RFC 3168 §6.1.2-b]', () => {
    for (const [flying, timer, other] of [
      [1000, TIMER_REXMIT, TIMER_PACE],
      [0, TIMER_PACE, TIMER_REXMIT],
    ] as const) {
      const b = agreed(F2_ECN);
      b.tcb.cwnd = b.tcb.sndMss;
      b.tcb.rto = 700;
      if (flying > 0) b.send(flying);
      b.t.tick += 50;
      echo(b, 0);
      expect([b.tcb.timer(timer), b.tcb.timer(other)]).toEqual([b.t.tick + 700, 0]);
    }
  });
});

test('who was asked by a SYN hears from the first ACK whether the path lets the bits through [RFC 9768 §3.2.2.4]', () => {
  for (const [first, on] of [
    [ACK | ECE, F2_ACCECN],
    [ACK, 0],
  ] as const) {
    const { t, tcb } = bench({ tcp: { ecn: 'accept' } });
    const none = new Uint8Array(0);
    ecnOfSyn(t, tcb, segment(tcb.irs, none, SYN | AE | CWR | ECE));
    expect(tcb.flags2 & (F2_ACCECN | F2_ECN)).toBe(F2_ACCECN);
    ecnFeedback(t, tcb, segment(tcb.rcvNxt, none, first), 0);
    expect([first, tcb.flags2 & F2_ACCECN]).toEqual([first, on]);
  }
});

test('an ACK that others overtook is older than what is known of the marks [RFC 9768 §3.2.2.5]', () => {
  const b = bench();
  const { t, tcb } = b;
  beginAccurate(tcb, 0, true, 0);
  b.send(5000);
  /** The ACE field as the flags AE, CWR and ECE. What becomes of the count. */
  const says = (flags: number, ack: number): number => {
    const acked = Math.max(0, ack - tcb.sndUna);
    tcb.sndUna += acked;
    ecnFeedback(t, tcb, Object.assign(segment(tcb.rcvNxt, new Uint8Array(0), ACK | flags), { ack }), acked);
    return tcb.cePeer;
  };
  expect([says(AE | CWR, 3000), says(AE | ECE, 2000), says(AE | CWR, 3000), says(AE | CWR | ECE, 4000)]).toEqual([
    6, 6, 6, 7,
  ]);
  expect(t.counters.ecnReductions).toBe(1);
});
