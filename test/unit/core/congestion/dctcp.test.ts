import { expect, test } from 'vitest';
import { dctcp } from '../../../../src/core/tcp/congestion/dctcp.ts';
import { type Bench, bench, MSS } from './bench.ts';

const ALPHA = 4;
/** One observation window of which `share` was marked. */
function observed(b: Bench, share: number): void {
  b.ack(100_000, { ceBytes: 100_000 * share, limited: false });
  b.ack(0, { roundStart: true, limited: false });
}

test('[RFC 8257 §4.2] the first mark halves the window', () => {
  const b = bench(dctcp);
  b.tcb.cwnd = 100_000;
  b.control.onEce(b.tcb, 100_000, 0);
  expect([b.tcb.cwnd, b.tcb.ssthresh]).toEqual([50_000, 50_000]);
});

test('[RFC 8257 §3.3] alpha is the moving average of marked bytes, a sixteenth of each window', () => {
  const b = bench(dctcp);
  observed(b, 0);
  expect(b.view.float(ALPHA)).toBeCloseTo(15 / 16, 12);
  observed(b, 1);
  expect(b.view.float(ALPHA)).toBeCloseTo((15 / 16) * (15 / 16) + 1 / 16, 12);
  for (let n = 0; n < 200; n++) observed(b, 0.1);
  expect(b.view.float(ALPHA)).toBeCloseTo(0.1, 4);
  b.tcb.cwnd = 100_000;
  b.control.onEce(b.tcb, 100_000, 0);
  expect(b.tcb.cwnd).toBeGreaterThan(94_990);
  expect(b.tcb.cwnd).toBeLessThan(95_010);
});

test('[RFC 8257 §3.5] a loss halves, whatever alpha is', () => {
  const b = bench(dctcp);
  for (let n = 0; n < 100; n++) observed(b, 0);
  b.c.onLossEvent(b.view, 100_000, 0);
  expect([b.tcb.cwnd, b.tcb.ssthresh]).toEqual([50_000, 50_000]);
});

test('the window never falls below two segments by marks', () => {
  const b = bench(dctcp);
  b.tcb.cwnd = 2 * MSS;
  b.control.onEce(b.tcb, 2 * MSS, 0);
  expect(b.tcb.cwnd).toBe(2 * MSS);
});

test('[RFC 8257 §3.3] alpha moves at the end of a window, by all the bytes of it, and stays between 0 and 1', () => {
  const b = bench(dctcp);
  for (const ceBytes of [10_000, 0, 30_000]) {
    b.ack(40_000, { ceBytes, limited: false });
    expect(b.view.float(ALPHA)).toBe(1);
  }
  b.ack(40_000, { ceBytes: 40_000, limited: false, roundStart: true });
  expect(b.view.float(ALPHA)).toBe(15 / 16 + 80_000 / 160_000 / 16);
  // A peer that marks more than it acknowledged.
  const liar = bench(dctcp);
  liar.ack(1000, { ceBytes: 9000, limited: false, roundStart: true });
  expect(liar.view.float(ALPHA)).toBe(1);
  // A window in which nothing arrived had no marks.
  const idle = bench(dctcp);
  idle.ack(0, { roundStart: true, limited: false });
  expect(idle.view.float(ALPHA)).toBe(15 / 16);
});

test('ssthresh never falls below two segments by marks, either', () => {
  for (const [cwnd, ssthresh] of [
    [2 * MSS, 2 * MSS],
    [3 * MSS, 2 * MSS],
    [6 * MSS, 3 * MSS],
  ] as const) {
    const b = bench(dctcp);
    b.tcb.cwnd = cwnd;
    b.control.onEce(b.tcb, cwnd, 0);
    expect([cwnd, b.tcb.ssthresh, b.tcb.cwnd]).toEqual([cwnd, ssthresh, ssthresh]);
  }
});
