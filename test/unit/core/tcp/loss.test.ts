// When a segment counts as lost without SACK: RFC 5681 §3.2 and RFC 6582, with numbers one can check by hand (MSS 1000).
import { describe, expect, test } from 'vitest';
import { controllerOf } from '../../../../src/core/tcp/context.ts';
import { textAcked } from '../../../../src/core/tcp/held-text.ts';
import { duplicateAck, lossAck } from '../../../../src/core/tcp/loss.ts';
import { R_LOST } from '../../../../src/core/tcp/records.ts';
import { inFlight, markLost, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK, F_TS, F2_MTU_PROBE, F2_REORDERED } from '../../../../src/core/tcp/row.ts';
import { acknowledge, beginNews, takeSack } from '../../../../src/core/tcp/scoreboard.ts';
import { beginUndo } from '../../../../src/core/tcp/undo.ts';
import { OPT_SACK, OPT_TS } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { chain } from './bench-of-tables.ts';

/** Ten segments of 1000 are in flight, 1000 to 11000. */
function flight(flags = 0): Bench {
  const b = bench();
  b.tcb.flags |= flags;
  for (let n = 0; n < 10; n++) b.send(1000);
  return b;
}

/** SND.SEQ of what is lost and not sent again. */
const lost = ({ t, tcb }: Bench): number[] =>
  chain(t, tcb.rtxHead)
    .filter((rec) => t.records.flags(rec) & R_LOST)
    .map((rec) => t.records.seq(rec));

function dupAck(b: Bench, ...blocks: [left: number, right: number][]): void {
  const { t, tcb } = b;
  t.options.sackBlocks = blocks.length;
  t.options.sack.set(blocks.flat());
  t.seg.opts = blocks.length > 0 ? OPT_SACK : 0;
  beginNews(t, tcb, t.seg);
  takeSack(t, tcb, t.seg);
  duplicateAck(t, tcb);
  lossAck(t, tcb, t.seg, 0);
}

function ackTo(b: Bench, seq: number): void {
  const { t, tcb } = b;
  const acked = seq - tcb.sndUna;
  t.seg.opts = 0;
  beginNews(t, tcb, t.seg);
  acknowledge(t, tcb, seq);
  textAcked(t, tcb, acked);
  tcb.sndUna = seq;
  lossAck(t, tcb, t.seg, acked);
}

test('the third duplicate, not the second, begins recovery: ssthresh = FlightSize / 2, and the first segment is lost', () => {
  const b = flight();
  dupAck(b);
  dupAck(b);
  expect([b.tcb.flags & F_RECOVERY, lost(b), inFlight(b.tcb)]).toEqual([0, [], 8000]); // each duplicate: one has left
  dupAck(b);
  expect([b.tcb.flags & F_RECOVERY, lost(b)]).toEqual([F_RECOVERY, [1000]]);
  expect([b.tcb.recover, b.tcb.ssthresh, b.tcb.cwnd, b.t.counters.fastRetransmits]).toEqual([11_000, 5000, 5000, 1]);
  expect(inFlight(b.tcb)).toBe(6000); // 10 sent, 3 left the network, 1 lost
  dupAck(b);
  expect(b.t.counters.fastRetransmits).toBe(1);
});

test('without SACK duplicates never account for all that is in flight: one of them was the lost one', () => {
  const b = flight();
  for (let n = 0; n < 50; n++) dupAck(b);
  expect([b.tcb.lostOut, b.tcb.sackedOut, inFlight(b.tcb)]).toEqual([1000, 8999, 1]);
});

test('without SACK what is lost cannot have left the network as well', () => {
  const b = bench();
  for (let n = 0; n < 3; n++) b.send(1000);
  for (let n = 0; n < 3; n++) dupAck(b);
  expect([b.tcb.lostOut, b.tcb.sackedOut, inFlight(b.tcb)]).toEqual([1000, 2000, 0]);
});

test('of a super-segment only the first MSS is lost', () => {
  const b = bench();
  b.send(5000);
  for (let n = 0; n < 3; n++) dupAck(b);
  expect([lost(b), b.tcb.lostOut, chain(b.t, b.tcb.rtxHead).length]).toEqual([[1000], 1000, 2]);
});

test('RFC 6582 §3.2: a partial ACK marks the next hole, the full one ends recovery', () => {
  const b = flight();
  for (let n = 0; n < 3; n++) dupAck(b);
  noteResent(b.t, b.tcb, b.tcb.rtxHead);
  ackTo(b, 4000);
  expect([b.tcb.flags & F_RECOVERY, lost(b)]).toEqual([F_RECOVERY, [4000]]);
  expect(b.tcb.sackedOut).toBe(1000); // three had left; the ACK took two of them beside the one resent
  ackTo(b, 11_000);
  expect([b.tcb.flags & F_RECOVERY, b.tcb.sackedOut, b.tcb.lostOut, inFlight(b.tcb)]).toEqual([0, 0, 0, 0]);
});

test('after a timeout, duplicates below `recover` begin nothing (RFC 6582 §3.2 step 2), those at it do', () => {
  const b = flight();
  b.tcb.flags |= F_RTO_RECOVERY;
  b.tcb.recover = 5000;
  for (let n = 0; n < 5; n++) dupAck(b);
  expect(b.tcb.flags & F_RECOVERY).toBe(0);
  ackTo(b, 5000);
  b.tcb.dupAcks = 0;
  for (let n = 0; n < 3; n++) dupAck(b);
  expect(b.tcb.flags & (F_RECOVERY | F_RTO_RECOVERY)).toBe(F_RECOVERY);
});

test('the full ACK ends what was guessed of text behind it as well', () => {
  const b = flight();
  for (let n = 0; n < 3; n++) dupAck(b);
  for (let n = 0; n < 3; n++) b.send(1000);
  ackTo(b, 10_000);
  for (let n = 0; n < 2; n++) dupAck(b);
  expect(b.tcb.sackedOut).toBe(2000);
  ackTo(b, 11_000);
  expect([b.tcb.sackedOut, inFlight(b.tcb)]).toEqual([0, 3000]);
});

test('where `recover` lies says nothing when no timeout is being repaired', () => {
  const b = flight();
  b.tcb.recover = 5000;
  for (let n = 0; n < 3; n++) dupAck(b);
  expect(b.tcb.flags & F_RECOVERY).toBe(F_RECOVERY);
});

test('with SACK duplicates without blocks say nothing [RFC 6675 §4]', () => {
  const b = flight(F_SACK);
  for (let n = 0; n < 9; n++) dupAck(b);
  expect([b.tcb.sackedOut, b.tcb.flags & F_RECOVERY, inFlight(b.tcb)]).toEqual([0, 0, 10_000]);
});

test('blocks that were not agreed on, and empty queues, are nothing', () => {
  const b = flight();
  b.t.options.sackBlocks = 1;
  b.t.options.sack.set([2000, 9000]);
  b.t.seg.opts = OPT_SACK;
  expect(takeSack(b.t, b.tcb, b.t.seg)).toBe(0);
  const idle = bench();
  idle.tcb.dupAcks = 9;
  lossAck(idle.t, idle.tcb, null, 0);
  expect(idle.tcb.flags & F_RECOVERY).toBe(0);
});

test('without SACK a record of one segment is not cut, one that is longer is', () => {
  const b = flight();
  for (let n = 0; n < 3; n++) dupAck(b);
  expect([chain(b.t, b.tcb.rtxHead).length, b.t.counters.recoveries]).toEqual([10, 1]);
});

/** The first four were sent 100 ms before the others: what is SACKed of those shows them lost. */
function delayed(flags = 0): Bench {
  const b = flight(F_SACK | flags);
  b.tcb.minRtt = 1;
  b.tcb.flags2 |= F2_REORDERED;
  b.t.now += 200_000;
  b.t.tick += 200;
  for (const rec of chain(b.t, b.tcb.rtxHead).slice(4)) b.t.records.setSentAt(rec, b.t.now - 100_000);
  return b;
}

/** An ACK with blocks; the pace is that of PRR. */
function sackAck(b: Bench, ack: number, ...blocks: [left: number, right: number][]): void {
  const { t, tcb } = b;
  t.options.sackBlocks = blocks.length;
  t.options.sack.set(blocks.flat());
  t.seg.opts = (blocks.length > 0 ? OPT_SACK : 0) | OPT_TS;
  t.seg.ack = ack;
  const acked = ack - tcb.sndUna;
  beginNews(t, tcb, t.seg);
  takeSack(t, tcb, t.seg);
  acknowledge(t, tcb, ack);
  if (acked > 0) textAcked(t, tcb, acked);
  tcb.sndUna = ack;
  lossAck(t, tcb, t.seg, acked);
}

describe('with SACK', () => {
  test('an ACK is safe that moves SND.UNA and tells of no further loss; then one segment more may go [RFC 9937 §6.2]', () => {
    for (const [ack, block, more] of [
      [1000, [10_000, 11_000], 0], // moves nothing
      [2000, [10_000, 11_000], 1000],
      [2000, [5000, 6000], 0], // tells of further loss
    ] as const) {
      const b = delayed();
      b.tcb.ssthresh = 20_000;
      b.tcb.flags |= F_RECOVERY;
      b.tcb.recover = 11_000;
      Object.assign(b.tcb, { prrOut: 3000, prrDelivered: 3000, recoverFs: 10_000, rackRtt: 100_000 });
      const [first] = chain(b.t, b.tcb.rtxHead);
      markLost(b.t, b.tcb, first!);
      noteResent(b.t, b.tcb, first!);
      b.tcb.prrOut = 3000;
      if (block[0] === 10_000) for (const rec of chain(b.t, b.tcb.rtxHead)) b.t.records.setSentAt(rec, b.t.now);
      sackAck(b, ack, [...block]);
      const delivered = ack === 1000 ? 1000 : 2000;
      expect([ack, block, b.tcb.cwnd - inFlight(b.tcb)]).toEqual([ack, block, delivered + more]);
    }
  });

  test('the end of fast recovery sets cwnd to ssthresh; that of a timeout leaves it in slow start [RFC 9937 §6.2] [RFC 5681 §3.1]', () => {
    for (const [flag, cwnd] of [
      [F_RECOVERY, 8000],
      [F_RTO_RECOVERY, 2000],
    ] as const) {
      const b = delayed(flag);
      Object.assign(b.tcb, { recover: 11_000, ssthresh: 8000, cwnd: 2000, recoverFs: 10_000 });
      sackAck(b, 11_000);
      expect([flag, b.tcb.flags & (F_RECOVERY | F_RTO_RECOVERY), b.tcb.cwnd]).toEqual([flag, 0, cwnd]);
    }
  });

  test('BBR sets its own window in recovery and at the end of it', () => {
    const b = delayed(F_RECOVERY);
    controllerOf(b.t, b.tcb).change(b.tcb, 'bbr', b.t.now);
    Object.assign(b.tcb, { recover: 11_000, ssthresh: 8000, cwnd: 30_000 });
    sackAck(b, 11_000);
    expect(b.tcb.cwnd).not.toBe(8000);
  });

  test('recoveries that end count for the reordering window, other ACKs do not [RFC 8985 §6.2-b]', () => {
    const b = delayed();
    b.tcb.reoWnd = (16 << 8) | 1;
    b.tcb.recover = 1000;
    sackAck(b, 2000, [10_000, 11_000]);
    expect(b.tcb.reoWnd).toBe((16 << 8) | 1);
    b.tcb.flags |= F_RECOVERY;
    b.tcb.recover = 11_000;
    sackAck(b, 11_000);
    expect(b.tcb.reoWnd).toBe((15 << 8) | 1);
  });

  test('what is lost behind the end of a recovery begins the next one [RFC 6675 §5]', () => {
    const b = delayed(F_RECOVERY);
    Object.assign(b.tcb, { recover: 5000, ssthresh: 8000, recoverFs: 10_000, recoveries: 1 });
    const sixth = chain(b.t, b.tcb.rtxHead)[5]!;
    markLost(b.t, b.tcb, sixth);
    b.t.news.lost = 0;
    for (const rec of chain(b.t, b.tcb.rtxHead)) b.t.records.setSentAt(rec, b.t.now);
    sackAck(b, 5000);
    expect([b.tcb.flags & F_RECOVERY, b.tcb.recover, b.tcb.recoveries & 0xffff]).toEqual([F_RECOVERY, 11_000, 2]);
  });

  test('a lost probe for a larger path is no congestion: the window stays [RFC 4821 §7.5]', () => {
    const b = delayed();
    b.tcb.flags2 |= F2_MTU_PROBE;
    b.tcb.mtuProbeSeq = 1000;
    b.tcb.mtuProbe = 1040;
    b.tcb.cwnd = 20_000;
    for (const rec of chain(b.t, b.tcb.rtxHead).slice(1)) b.t.records.setSentAt(rec, b.t.now - 100_000);
    sackAck(b, 1000, [2000, 3000]);
    expect([lost(b), b.tcb.cwnd, b.tcb.flags & F_RECOVERY, b.t.counters.recoveries]).toEqual([[1000], 20_000, 0, 0]);
    expect(b.t.counters.mtuProbesLost).toBe(1);
  });

  test('an old echo undoes a timeout by the first ACK that moves SND.UNA, fast recovery only by the last [RFC 3522 §3.2]', () => {
    for (const [flag, ack, undone] of [
      [F_RTO_RECOVERY, 1000, 0],
      [F_RTO_RECOVERY, 2000, 1],
      [F_RECOVERY, 2000, 0],
      [F_RECOVERY, 11_000, 1],
    ] as const) {
      const b = delayed(F_TS);
      const { t, tcb } = b;
      beginUndo(tcb);
      Object.assign(tcb, { recover: 11_000, ssthresh: 8000, recoverFs: 10_000 });
      tcb.flags |= flag;
      noteResent(t, tcb, tcb.rtxHead);
      t.now += 1000;
      t.seg.tsecr = tcb.undoTs - 1;
      sackAck(b, ack, ...(ack === 11_000 ? [] : [[10_000, 11_000] as [number, number]]));
      expect([flag, ack, t.counters.undone]).toEqual([flag, ack, undone]);
    }
  });

  test('duplicates that are reported are counted', () => {
    const b = delayed();
    sackAck(b, 3000, [1000, 2000]);
    expect([b.t.counters.spuriousRetransmits, b.tcb.probes >>> 16]).toEqual([1, 1]);
  });
});
