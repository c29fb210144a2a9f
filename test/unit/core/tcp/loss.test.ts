// When a segment counts as lost without SACK: RFC 5681 §3.2 and RFC 6582, with numbers one can check by hand (MSS 1000).
import { expect, test } from 'vitest';
import { textAcked } from '../../../../src/core/tcp/held-text.ts';
import { duplicateAck, lossAck } from '../../../../src/core/tcp/loss.ts';
import { R_LOST } from '../../../../src/core/tcp/records.ts';
import { inFlight, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK } from '../../../../src/core/tcp/row.ts';
import { acknowledge, beginNews, takeSack } from '../../../../src/core/tcp/scoreboard.ts';
import { OPT_SACK } from '../../../../src/wire/abi.ts';
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
