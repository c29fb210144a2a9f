// RFC 9937 §6 by hand: MSS 1000, twenty in flight, ssthresh 10000.
import { describe, expect, test } from 'vitest';
import { MAX_CWND } from '../../../../src/core/tcp/congestion/controller.ts';
import { beginPrr, endPrr, prrAck } from '../../../../src/core/tcp/prr.ts';
import { F_RECOVERY, F_SACK } from '../../../../src/core/tcp/row.ts';
import { type Bench, bench } from './bench.ts';

/** Recovery begins on an ACK that delivered 3000, with 1000 lost. */
function recovering(ssthresh = 10_000): Bench {
  const b = bench();
  b.tcb.flags |= F_SACK | F_RECOVERY;
  for (let n = 0; n < 20; n++) b.send(1000);
  b.tcb.ssthresh = ssthresh;
  b.tcb.sackedOut = 3000;
  b.tcb.lostOut = 1000;
  b.t.news.delivered = 3000;
  beginPrr(b.t, b.tcb);
  return b;
}

describe('sndcnt [RFC 6937 §3]', () => {
  test('RecoverFS leaves out what was SACKed before [RFC 9937 §6.2]', () => {
    expect(recovering().tcb.recoverFs).toBe(20_000);
    const b = recovering();
    b.t.news.delivered = 1000;
    beginPrr(b.t, b.tcb);
    expect([b.tcb.recoverFs, b.tcb.prrDelivered, b.tcb.prrOut]).toEqual([18_000, 0, 0]);
  });

  test('above ssthresh: in proportion [RFC 9937 §6.2]', () => {
    const b = recovering();
    prrAck(b.t, b.tcb, false);
    expect(b.tcb.cwnd).toBe(16_000 + 1500); // half of what was delivered
    b.tcb.prrOut = 1000;
    b.t.news.delivered = 2000;
    b.tcb.sackedOut += 2000;
    prrAck(b.t, b.tcb, true);
    expect(b.tcb.cwnd).toBe(14_000 + 1500);
  });

  test('below it: as much as was delivered (CRB), one more on a safe ACK (SSRB), never beyond ssthresh [RFC 9937 §6.2]', () => {
    for (const [safe, delivered, prrOut, expected] of [
      [false, 1000, 3000, 1000],
      [true, 1000, 3000, 2000],
      [false, 1000, 1000, 3000], // what was not sent before may be made up for
      [true, 9000, 0, 7000], // ssthresh - pipe
    ] as const) {
      const b = recovering();
      b.tcb.sackedOut = 16_000;
      b.tcb.prrDelivered = 3000;
      b.tcb.prrOut = prrOut;
      b.t.news.delivered = delivered;
      prrAck(b.t, b.tcb, safe);
      expect([safe, delivered, b.tcb.cwnd - 3000]).toEqual([safe, delivered, expected]);
    }
  });

  test('the first retransmission is always allowed; without news nothing changes [RFC 9937 §6.2]', () => {
    const b = recovering();
    b.t.news.delivered = 0;
    prrAck(b.t, b.tcb, false);
    expect(b.tcb.cwnd).toBe(16_000 + 1000);
    b.tcb.prrOut = 1000;
    b.tcb.cwnd = 1;
    prrAck(b.t, b.tcb, false);
    expect(b.tcb.cwnd).toBe(1);
  });

  test('at the end cwnd is ssthresh [RFC 9937 §6.2]', () => {
    const b = recovering();
    endPrr(b.tcb);
    expect(b.tcb.cwnd).toBe(10_000);
  });

  test('of a controller that named no ssthresh: what was in flight, not a window without end', () => {
    const b = recovering(MAX_CWND);
    b.tcb.cwnd = 4000;
    endPrr(b.tcb);
    expect(b.tcb.cwnd).toBe(b.tcb.recoverFs);
  });
});
