// When a segment counts as lost: RFC 5681 §3.2, RFC 6582 and RFC 6675 §4, with numbers one can check by hand (MSS 1000).
import { expect, test } from 'vitest';
import { detectLoss, duplicateAck, recoveryAck, takeSack } from '../../../../src/core/tcp/loss.ts';
import { R_LOST } from '../../../../src/core/tcp/records.ts';
import { acknowledge, inFlight, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK } from '../../../../src/core/tcp/row.ts';
import { dequeue } from '../../../../src/core/tcp/send-queue.ts';
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
  duplicateAck(t, tcb, takeSack(t, tcb, t.seg));
}

function ackTo(b: Bench, seq: number): void {
  const { t, tcb } = b;
  const acked = seq - tcb.sndUna;
  acknowledge(t, tcb, seq);
  dequeue(t.arena, tcb, acked);
  tcb.sndUna = seq;
  recoveryAck(t, tcb, acked);
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

test('RFC 6675 §4: more than two segments above the hole, in whatever blocks, and it is lost at once', () => {
  const two = flight(F_SACK);
  dupAck(two, [3000, 5000]);
  expect([two.tcb.flags & F_RECOVERY, lost(two)]).toEqual([0, []]);
  dupAck(two, [3000, 5001]); // one octet more than two segments
  expect([two.tcb.flags & F_RECOVERY, lost(two)]).toEqual([F_RECOVERY, [1000, 2000]]);
});

test('only holes with more than two segments above them are lost', () => {
  const b = flight(F_SACK);
  dupAck(b, [2000, 4000], [5000, 6000], [7000, 8000]);
  expect(lost(b)).toEqual([1000]); // 4000 has two segments above it, 6000 one
  dupAck(b, [8000, 9000]);
  expect(lost(b)).toEqual([1000, 4000]);
  expect(inFlight(b.tcb)).toBe(10_000 - 5000 - 2000);
});

test('what was sent again is not lost a second time by the same blocks', () => {
  const b = flight(F_SACK);
  dupAck(b, [2000, 6000]);
  noteResent(b.t, b.tcb, b.tcb.rtxHead);
  dupAck(b, [2000, 8000]);
  expect([lost(b), b.tcb.lostOut]).toEqual([[], 0]);
});

test('with SACK agreed a duplicate without news counts only from the third on', () => {
  const b = flight(F_SACK);
  dupAck(b);
  dupAck(b);
  expect([b.tcb.sackedOut, b.tcb.flags & F_RECOVERY]).toEqual([0, 0]);
  dupAck(b);
  expect([b.tcb.flags & F_RECOVERY, lost(b)]).toEqual([F_RECOVERY, [1000]]);
});

test('blocks that were not agreed on, and empty queues, are nothing', () => {
  const b = flight();
  b.t.options.sackBlocks = 1;
  b.t.options.sack.set([2000, 9000]);
  b.t.seg.opts = OPT_SACK;
  expect(takeSack(b.t, b.tcb, b.t.seg)).toBe(0);
  const idle = bench();
  idle.tcb.dupAcks = 9;
  detectLoss(idle.t, idle.tcb);
  expect(idle.tcb.flags & F_RECOVERY).toBe(0);
});
