// What makes a reduction undone, and what is taken back (RFC 3522, RFC 3708, RFC 4015); scripts show it on the wire
// (test/conformance/loss-undo.test.ts). Ten segments of 1000 from 1000 on; the windows before were 20000 and 2^30.
import { describe, expect, test } from 'vitest';
import { add } from '../../../../src/core/seq.ts';
import { R_LOST } from '../../../../src/core/tcp/records.ts';
import { markLost, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK, F2_FRTO, F2_FRTO_NEW, F2_UNDO } from '../../../../src/core/tcp/row.ts';
import { tsval } from '../../../../src/core/tcp/timestamp.ts';
import { beginUndo, isEifel, undo, undoByDuplicate } from '../../../../src/core/tcp/undo.ts';
import { type Bench, bench } from './bench.ts';
import { chain } from './bench-of-tables.ts';

/** Recovery has begun, and the first two segments went again. */
function resent(flags = F_RECOVERY): Bench {
  const b = bench();
  const { t, tcb } = b;
  tcb.flags |= F_SACK | flags;
  for (let n = 0; n < 10; n++) b.send(1000);
  tcb.recover = tcb.sndNxt;
  beginUndo(tcb);
  tcb.cwnd = tcb.ssthresh = 5000;
  for (const rec of chain(t, tcb.rtxHead).slice(0, 3)) markLost(t, tcb, rec);
  for (const rec of chain(t, tcb.rtxHead).slice(0, 2)) noteResent(t, tcb, rec);
  return b;
}

function twice({ t, tcb }: Bench, left: number, right: number): number {
  t.news.dsackLeft = left;
  t.news.dsackRight = right;
  undoByDuplicate(t, tcb);
  return t.counters.undone;
}

describe('duplicates [RFC 2883 §5] [RFC 3708 §2]', () => {
  test('the windows come back when all that went again was reported, not before', () => {
    const b = resent();
    expect([twice(b, 1000, 2000), b.tcb.cwnd, b.tcb.undoRetrans]).toEqual([0, 5000, 1000]);
    expect([twice(b, 2000, 3000), b.tcb.cwnd, b.tcb.ssthresh]).toEqual([1, 20_000, 1 << 30]);
    expect(b.tcb.flags & F_RECOVERY).toBe(0);
    // Told once more: there is nothing to take back.
    b.tcb.cwnd = 5000;
    expect([twice(b, 2000, 3000), b.tcb.cwnd]).toEqual([1, 5000]);
  });

  test('one for both', () => {
    expect(twice(resent(), 1000, 3000)).toBe(1);
  });

  test('of text from before this loss, or from behind it, they say nothing', () => {
    for (const [left, right] of [
      [-1000, 1000],
      [999, 2999],
      [9001, 11_001],
      [11_000, 13_000],
    ] as const) {
      const b = resent();
      expect([left, twice(b, left, right), b.tcb.undoRetrans]).toEqual([left, 0, 2000]);
    }
    const edges = resent();
    expect([twice(edges, 10_000, 11_000), twice(edges, 1000, 2000)]).toEqual([0, 1]);
  });

  test('when nothing was reduced, or nothing went again, there is nothing to take back', () => {
    const b = resent();
    b.tcb.flags2 &= ~F2_UNDO;
    expect(twice(b, 1000, 3000)).toBe(0);
    const idle = resent();
    idle.tcb.undoRetrans = 0;
    expect(twice(idle, 1000, 3000)).toBe(0);
  });
});

describe('Eifel detection [RFC 3522 §3.2]', () => {
  const asked = (change: (b: Bench) => void): boolean => {
    const b = resent();
    b.t.news.stamped = true;
    b.t.news.tsecr = add(b.tcb.undoTs, -1);
    change(b);
    return isEifel(b.t, b.tcb);
  };

  test('an echo from before the first retransmission; no other', () => {
    expect(asked(() => {})).toBe(true);
    expect(asked((b) => void (b.t.news.tsecr = b.tcb.undoTs))).toBe(false);
    expect(asked((b) => void (b.t.news.stamped = false))).toBe(false);
  });

  test('only where a reduction can be undone and something went again', () => {
    expect(asked((b) => void (b.tcb.flags2 &= ~F2_UNDO))).toBe(false);
    expect(asked((b) => void (b.tcb.undoRetrans = 0))).toBe(false);
  });

  test('the time of the first retransmission counts', () => {
    const b = resent();
    const first = b.tcb.undoTs;
    expect(first).toBe(tsval(b.t, b.tcb));
    b.t.now += 50_000;
    b.t.tick += 50;
    noteResent(b.t, b.tcb, b.tcb.rtxHead);
    expect([b.tcb.undoTs, b.tcb.undoRetrans]).toEqual([first, 3000]);
  });
});

describe('the response [RFC 4015 §3.2]', () => {
  test('nothing is lost any more, no question is open, and it is counted', () => {
    const b = resent(F_RTO_RECOVERY);
    b.tcb.flags2 |= F2_FRTO | F2_FRTO_NEW;
    const others = b.tcb.flags2 & ~(F2_UNDO | F2_FRTO | F2_FRTO_NEW);
    undo(b.t, b.tcb);
    expect([b.tcb.flags2, b.tcb.undoRetrans, b.tcb.lostOut, b.tcb.rtxLost]).toEqual([others, 0, 0, 0]);
    expect(chain(b.t, b.tcb.rtxHead).some((rec) => b.t.records.flags(rec) & R_LOST)).toBe(false);
    expect([b.tcb.flags & (F_RECOVERY | F_RTO_RECOVERY), b.t.counters.undone, b.tcb.recoveries]).toEqual([
      0,
      1,
      1 << 16,
    ]);
  });

  test('a timeout that came too early says how slow the path is; a fast retransmit does not [RFC 4015 §3.3]', () => {
    for (const [flags, stamped, srtt] of [
      [F_RTO_RECOVERY, true, 700_000],
      [F_RTO_RECOVERY, false, 100_000],
      [F_RECOVERY, true, 100_000],
    ] as const) {
      const { t, tcb } = resent(flags);
      tcb.srtt = 100_000;
      tcb.rttvar = 25_000;
      tcb.rto = 60_000;
      t.news.stamped = stamped;
      t.news.tsecr = add(tsval(t, tcb), -700);
      undo(t, tcb);
      expect([flags, stamped, tcb.srtt]).toEqual([flags, stamped, srtt]);
      expect(tcb.rto).toBeLessThan(60_000); // backed off for nothing
    }
  });
});
