// What is read of an ACK before anybody judges it (RFC 2018 §5, RFC 2883, RFC 7323): ten segments of 1000 from 1000 on.
import { expect, test } from 'vitest';
import { R_FIN, R_LOST, R_SACKED } from '../../../../src/core/tcp/records.ts';
import { markLost, noteSent } from '../../../../src/core/tcp/retransmission.ts';
import { F_SACK, F_TS, F2_DSACK_SEEN } from '../../../../src/core/tcp/row.ts';
import { acknowledge, applyBlock, beginNews, forgetReneged, takeSack } from '../../../../src/core/tcp/scoreboard.ts';
import { OPT_SACK, OPT_TS } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { chain } from './bench-of-tables.ts';

function flight(): Bench {
  const b = bench();
  b.tcb.flags |= F_SACK;
  for (let n = 0; n < 10; n++) b.send(1000);
  return b;
}

function blocks({ t, tcb }: Bench, ack: number, ...edges: number[]): number {
  t.options.sack.set(edges);
  t.options.sackBlocks = edges.length / 2;
  t.seg.opts = OPT_SACK;
  t.seg.ack = ack;
  beginNews(t, tcb, t.seg);
  return takeSack(t, tcb, t.seg);
}

test('TSecr counts on a segment that has it, where it was agreed on [RFC 7323 §3.2-c]', () => {
  for (const [agreed, there, stamped] of [
    [true, true, true],
    [true, false, false],
    [false, true, false],
  ] as const) {
    const { t, tcb } = bench();
    if (agreed) tcb.flags |= F_TS;
    t.seg.opts = there ? OPT_TS : 0;
    t.seg.tsecr = 77;
    beginNews(t, tcb, t.seg);
    expect([agreed, there, t.news.stamped, t.news.tsecr]).toEqual([agreed, there, stamped, stamped ? 77 : 0]);
    beginNews(t, tcb, null);
    expect(t.news.stamped).toBe(false);
  }
});

test('blocks of the segment before are not those of one without [RFC 2018 §5]', () => {
  const b = flight();
  b.t.options.sack.set([2000, 3000]);
  b.t.options.sackBlocks = 1;
  b.t.seg.opts = 0;
  expect(takeSack(b.t, b.tcb, b.t.seg)).toBe(0);
  expect([blocks(b, 1000, 2000, 3000, 5000, 6500), b.tcb.sackedOut, b.t.news.sacked]).toEqual([2500, 2500, 2500]);
  // As many as there are, whatever stands behind them.
  b.t.options.sack.set([7000, 8000], 2);
  b.t.options.sackBlocks = 1;
  expect(takeSack(b.t, b.tcb, b.t.seg)).toBe(0);
});

test('a block reaches from SND.UNA to SND.NXT, no further [RFC 2018 §4]', () => {
  const rows: readonly (readonly [number, number, number])[] = [
    [1000, 11_000, 10_000],
    [999, 2000, 0],
    [10_000, 11_001, 0],
    [2000, 2000, 0],
    [3000, 2000, 0],
  ];
  for (const [left, right, marked] of rows) {
    const { t, tcb } = flight();
    expect([left, right, applyBlock(t, tcb, left, right)]).toEqual([left, right, marked]);
  }
});

test('a D-SACK of what was never sent, or longer ago than a window, is neither that nor a block [RFC 2883 §5]', () => {
  for (const [left, right, told] of [
    [1000, 2000, true],
    [-55_000, -54_000, true], // 60000 below SND.UNA: the largest window there was
    [-55_001, -54_000, false],
  ] as const) {
    const b = flight();
    acknowledge(b.t, b.tcb, 5000);
    b.tcb.sndUna = 5000;
    blocks(b, 5000, left, right, 6000, 7000);
    expect([left, b.t.news.dsack, b.tcb.sackedOut]).toEqual([left, told, 1000]);
    expect((b.tcb.flags2 & F2_DSACK_SEEN) !== 0).toBe(told);
  }
  const b = flight();
  blocks(b, 12_000, 10_000, 11_001);
  expect(b.t.news.dsack).toBe(false);
});

test('a D-SACK is read from the blocks that are there, not from those of the segment before [RFC 2883 §5]', () => {
  const b = flight();
  blocks(b, 1000, 1000, 2000, 4000, 8000);
  b.t.options.sackBlocks = 0;
  b.t.seg.ack = 5000;
  beginNews(b.t, b.tcb, b.t.seg);
  expect([takeSack(b.t, b.tcb, b.t.seg), b.t.news.dsack]).toEqual([0, false]);
  const c = flight();
  c.t.options.sack.set([4000, 8000], 2);
  expect([blocks(c, 3000, 4000, 5000), c.t.news.dsack]).toEqual([1000, false]);
});

test('SACKed neighbours become one record in rising order, too [RFC 6675 §3]', () => {
  const b = flight();
  for (let n = 1; n < 9; n++) applyBlock(b.t, b.tcb, 1000 + 1000 * n, 2000 + 1000 * n);
  expect(chain(b.t, b.tcb.rtxHead).map((rec) => b.t.records.len(rec))).toEqual([1000, 8000, 1000]);
  expect(b.t.records.count).toBe(3);
});

test('what is marked is lost no more, and counted once', () => {
  const { t, tcb } = flight();
  const [first, second] = chain(t, tcb.rtxHead) as [number, number];
  markLost(t, tcb, first);
  markLost(t, tcb, second);
  beginNews(t, tcb, null);
  expect([applyBlock(t, tcb, 2000, 3000), applyBlock(t, tcb, 2000, 3000)]).toEqual([1000, 0]);
  expect([tcb.lostOut, tcb.sackedOut, t.news.delivered]).toEqual([1000, 1000, 1000]);
  expect(t.records.flags(second) & (R_LOST | R_SACKED)).toBe(R_SACKED);
});

test('an ACK into the middle of a record takes its front, and what it was marked as [RFC 6675 §3]', () => {
  const lost = flight();
  markLost(lost.t, lost.tcb, lost.tcb.rtxHead);
  beginNews(lost.t, lost.tcb, null);
  acknowledge(lost.t, lost.tcb, 1400);
  expect([lost.tcb.lostOut, lost.t.news.delivered, lost.t.records.len(lost.tcb.rtxHead)]).toEqual([600, 400, 600]);
  const sacked = flight();
  applyBlock(sacked.t, sacked.tcb, 1000, 2000);
  beginNews(sacked.t, sacked.tcb, null);
  acknowledge(sacked.t, sacked.tcb, 1400);
  expect([sacked.tcb.sackedOut, sacked.t.news.delivered]).toEqual([600, 0]);
});

test('a FIN is marked when a block names it; the text before it may be named alone', () => {
  const b = flight();
  noteSent(b.t, b.tcb, 11_000, 500, true, -1, 0);
  b.tcb.sndNxt = 11_501;
  expect(applyBlock(b.t, b.tcb, 11_000, 11_500)).toBe(500);
  expect(b.t.records.flags(b.tcb.rtxTail) & (R_FIN | R_SACKED)).toBe(R_FIN);
  expect(applyBlock(b.t, b.tcb, 11_000, 11_501)).toBe(1);
  expect(b.tcb.sackedOut).toBe(501);
});

test('a peer that threw away what it had SACKed: no mark counts any more [RFC 2018 §8]', () => {
  const b = flight();
  applyBlock(b.t, b.tcb, 3000, 5000);
  forgetReneged(b.t, b.tcb);
  expect(b.tcb.sackedOut).toBe(2000); // SND.UNA does not stand before them
  acknowledge(b.t, b.tcb, 3000);
  b.tcb.sndUna = 3000;
  applyBlock(b.t, b.tcb, 7000, 8000);
  forgetReneged(b.t, b.tcb);
  expect(b.tcb.sackedOut).toBe(0);
  expect(chain(b.t, b.tcb.rtxHead).some((rec) => b.t.records.flags(rec) & R_SACKED)).toBe(false);
  const idle = bench();
  forgetReneged(idle.t, idle.tcb);
  expect(idle.tcb.rtxHead).toBe(-1);
});

test.each([1000, 36])('single octets do not make records without end, with an MSS of %d [RFC 2018 §5]', (mss) => {
  const b = flight();
  b.tcb.sndMss = mss;
  // 64 cuts, and two for each segment: a record of its own for every second octet would be 5000.
  for (let n = 0; n < 5000; n++) applyBlock(b.t, b.tcb, 1000 + 2 * n, 1001 + 2 * n);
  expect(chain(b.t, b.tcb.rtxHead).length).toBeLessThan(200);
  expect(chain(b.t, b.tcb.rtxHead).length).toBeGreaterThan(64);
});
