import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfOfFlight, initialWindow, MAX_CWND } from '../../../../src/core/tcp/congestion/controller.ts';
import { newReno } from '../../../../src/core/tcp/congestion/newreno.ts';
import { bench, MSS } from './bench.ts';

test.each([
  [536, 5360],
  [1460, 14600],
  [1448, 14480],
  [2000, 14600],
  [8960, 17920],
  [65495, 130990],
])('[RFC 6928 §2] [RFC 5681 §3.1-b] IW for an MSS of %i is %i', (mss, iw) => {
  expect(initialWindow(mss)).toBe(iw);
  expect(bench(newReno, { mss }).tcb.cwnd).toBe(iw);
});

test('[RFC 6928 §2] [RFC 5681 §3.1-d] one lost SYN keeps IW, more leave one segment', () => {
  expect(bench(newReno, { rexmits: 1 }).tcb.cwnd).toBe(14600);
  expect(bench(newReno, { rexmits: 2 }).tcb.cwnd).toBe(MSS);
});

test('[RFC 5681 §3.1-e] the first ssthresh is arbitrarily high', () => {
  expect(bench(newReno).tcb.ssthresh).toBe(MAX_CWND);
});

describe('NewReno', () => {
  test('slow start doubles each round trip, also when one ACK stands for many segments', () => {
    const { ack, tcb } = bench(newReno);
    ack(14600);
    expect(tcb.cwnd).toBe(29200);
  });

  test('a window that was not the limit does not grow', () => {
    const { ack, tcb } = bench(newReno);
    ack(14600, { limited: false });
    expect(tcb.cwnd).toBe(14600);
  });

  test('what passes ssthresh counts for congestion avoidance', () => {
    const { ack, tcb, view } = bench(newReno);
    view.ssthresh = 20_000;
    ack(14600);
    expect(tcb.cwnd).toBe(20_000);
    expect(view.int(0)).toBe(9200);
  });

  test('[RFC 5681 §3.1-g] congestion avoidance: one SMSS for each window of bytes, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 29_200 }), { minLength: 1, maxLength: 200 }), (acks) => {
        const { ack, tcb } = bench(newReno);
        tcb.cwnd = tcb.ssthresh = 29_200;
        let bytes = 0;
        for (const a of acks) {
          ack(a);
          bytes += a;
        }
        const grown = (tcb.cwnd - 29_200) / MSS;
        expect(Number.isInteger(grown)).toBe(true);
        expect(grown).toBeLessThanOrEqual(Math.floor(bytes / 29_200));
        // n steps cost 29200 + 30660 + ...
        expect(bytes).toBeLessThan((grown + 1) * (29_200 + (grown * MSS) / 2));
      }),
    );
  });

  test('[RFC 3465 §2.1] a window of bytes is enough, two make one segment, and what is beyond is not saved up', () => {
    for (const [bytes, kept] of [
      [29_199, 29_199],
      [29_200, 0],
      [40_000, 10_800],
      [58_399, 29_199],
      [58_400, 0],
      [90_000, 0],
    ] as const) {
      const { ack, tcb, view } = bench(newReno);
      tcb.cwnd = tcb.ssthresh = 29_200;
      ack(bytes);
      expect([bytes, tcb.cwnd - 29_200, view.int(0)]).toEqual([bytes, bytes < 29_200 ? 0 : MSS, kept]);
    }
  });

  test('[RFC 5681 §3.1-h] (4): ssthresh from FlightSize, not cwnd, and at least two segments', () => {
    const { c, tcb, view } = bench(newReno);
    tcb.cwnd = 1_000_000;
    c.onLossEvent(view, 100_000, 0);
    expect([tcb.ssthresh, tcb.cwnd]).toEqual([50_000, 50_000]);
    expect(halfOfFlight(10, MSS)).toBe(2 * MSS);
  });

  test('RFC 6582: recovery ends without a burst', () => {
    const { c, control, tcb, view } = bench(newReno);
    c.onLossEvent(view, 100_000, 0);
    tcb.sndUna = -1000;
    tcb.sndNxt = 2000;
    control.onRecoveryEnd(tcb, 0);
    expect(tcb.cwnd).toBe(3000 + MSS);
    tcb.sndNxt = -1000;
    control.onRecoveryEnd(tcb, 0);
    expect(tcb.cwnd).toBe(2 * MSS);
    tcb.sndNxt = 200_000;
    control.onRecoveryEnd(tcb, 0);
    expect(tcb.cwnd).toBe(50_000);
  });

  test('[RFC 5681 §3.1] a timeout leaves one segment; a second one of the same segment leaves ssthresh', () => {
    const { c, tcb, view } = bench(newReno);
    c.onRto(view, 100_000, true, 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([MSS, 50_000]);
    c.onRto(view, MSS, false, 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([MSS, 50_000]);
  });

  test('[RFC 5681 §4.1] the restart window after more than an RTO of silence', () => {
    const { control, tcb } = bench(newReno);
    tcb.cwnd = 500_000;
    control.onIdle(tcb, 300, 0);
    expect(tcb.cwnd).toBe(500_000);
    control.onIdle(tcb, 301, 0);
    expect(tcb.cwnd).toBe(14600);
    tcb.cwnd = 3000;
    control.onIdle(tcb, 301, 0);
    expect(tcb.cwnd).toBe(3000);
  });

  test('any history keeps cwnd between one segment and 2^30', () => {
    const step = fc.record({ op: fc.nat(9), n: fc.nat(MAX_CWND) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_495 }), fc.array(step, { maxLength: 100 }), (mss, steps) => {
        const { ack, c, control, tcb, view } = bench(newReno, { mss });
        for (const { op, n } of steps) {
          const flight = n % (tcb.cwnd + 1);
          if (op === 0) c.onLossEvent(view, flight, 0);
          else if (op === 1) c.onRto(view, flight, true, 0);
          else if (op === 2) control.onIdle(tcb, n, 0);
          else ack(flight);
          expect(tcb.cwnd).toBeGreaterThanOrEqual(mss);
          expect(tcb.cwnd).toBeLessThanOrEqual(MAX_CWND);
          expect(view.int(0)).toBeGreaterThanOrEqual(0);
          expect(view.int(0)).toBeLessThanOrEqual(MAX_CWND);
        }
      }),
    );
  });
});
