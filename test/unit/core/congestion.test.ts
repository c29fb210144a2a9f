import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfOfFlight, initialWindow, MAX_CWND } from '../../../src/core/tcp/congestion/controller.ts';
import { newReno } from '../../../src/core/tcp/congestion/newreno.ts';
import { controllerIndex, controllers } from '../../../src/core/tcp/congestion/registry.ts';
import { FLIGHT_WORDS, Tcb } from '../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../src/wire/abi.ts';

const MSS = 1460;
const opened = (mss = MSS, rexmits = 0): Tcb => {
  const t = new Tcb(new ArrayBuffer(ROW_WORDS * 4), new ArrayBuffer(FLIGHT_WORDS * 4)).select(0);
  t.sndMss = mss;
  t.rexmits = rexmits;
  t.rto = 300;
  newReno.open(t);
  return t;
};

test.each([
  [536, 5360],
  [1460, 14600],
  [1448, 14480],
  [2000, 14600],
  [8960, 17920],
  [65495, 130990],
])('RFC 6928: IW for an MSS of %i is %i', (mss, iw) => {
  expect(initialWindow(mss)).toBe(iw);
  expect(opened(mss).cwnd).toBe(iw);
});

test('the registry names what it knows', () => {
  expect(controllers[controllerIndex(controllers, 'newreno')]).toBe(newReno);
  expect(() => controllerIndex(controllers, 'vegas')).toThrow("unknown congestion controller 'vegas'; known: newreno");
});

describe('NewReno', () => {
  test('RFC 6928 §2: one lost SYN keeps IW, more leave one segment', () => {
    expect(opened(MSS, 1).cwnd).toBe(14600);
    expect(opened(MSS, 2).cwnd).toBe(MSS);
  });

  test('slow start doubles each round trip, also when one ACK stands for many segments', () => {
    const t = opened();
    newReno.onAck(t, 14600, 0, true, 0);
    expect(t.cwnd).toBe(29200);
  });

  test('a window that was not the limit does not grow', () => {
    const t = opened();
    newReno.onAck(t, 14600, 0, false, 0);
    expect(t.cwnd).toBe(14600);
  });

  test('what passes ssthresh counts for congestion avoidance', () => {
    const t = opened();
    t.ssthresh = 20_000;
    newReno.onAck(t, 14600, 0, true, 0);
    expect(t.cwnd).toBe(20_000);
    expect(t.ccWord(0)).toBe(9200);
  });

  test('congestion avoidance: one SMSS for each window of bytes, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 29_200 }), { minLength: 1, maxLength: 200 }), (acks) => {
        const t = opened();
        t.cwnd = t.ssthresh = 29_200;
        let bytes = 0;
        for (const a of acks) {
          newReno.onAck(t, a, 0, true, 0);
          bytes += a;
        }
        const grown = (t.cwnd - 29_200) / MSS;
        expect(Number.isInteger(grown)).toBe(true);
        expect(grown).toBeLessThanOrEqual(Math.floor(bytes / 29_200));
        // n steps cost 29200 + 30660 + ...
        expect(bytes).toBeLessThan((grown + 1) * (29_200 + (grown * MSS) / 2));
      }),
    );
  });

  test('RFC 5681 (4): ssthresh from FlightSize, not cwnd, and at least two segments', () => {
    const t = opened();
    t.cwnd = 1_000_000;
    newReno.onLossEvent(t, 100_000, 0);
    expect([t.ssthresh, t.cwnd]).toEqual([50_000, 50_000]);
    expect(halfOfFlight(10, MSS)).toBe(2 * MSS);
  });

  test('RFC 6582: recovery ends without a burst', () => {
    const t = opened();
    newReno.onLossEvent(t, 100_000, 0);
    t.sndUna = -1000;
    t.sndNxt = 2000;
    newReno.onRecoveryEnd(t, 0);
    expect(t.cwnd).toBe(3000 + MSS);
    t.sndNxt = -1000;
    newReno.onRecoveryEnd(t, 0);
    expect(t.cwnd).toBe(2 * MSS);
    t.sndNxt = 200_000;
    newReno.onRecoveryEnd(t, 0);
    expect(t.cwnd).toBe(50_000);
  });

  test('RFC 5681 §3.1: a timeout leaves one segment; a second one of the same segment leaves ssthresh', () => {
    const t = opened();
    newReno.onRto(t, 100_000, true, 0);
    expect([t.cwnd, t.ssthresh]).toEqual([MSS, 50_000]);
    newReno.onRto(t, MSS, false, 0);
    expect([t.cwnd, t.ssthresh]).toEqual([MSS, 50_000]);
  });

  test('RFC 5681 §4.1: the restart window after more than an RTO of silence', () => {
    const t = opened();
    t.cwnd = 500_000;
    newReno.onIdle(t, 300);
    expect(t.cwnd).toBe(500_000);
    newReno.onIdle(t, 301);
    expect(t.cwnd).toBe(14600);
    t.cwnd = 3000;
    newReno.onIdle(t, 301);
    expect(t.cwnd).toBe(3000);
  });

  test('any history keeps cwnd between one segment and 2^30', () => {
    const step = fc.record({ op: fc.nat(9), n: fc.nat(MAX_CWND) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_495 }), fc.array(step, { maxLength: 100 }), (mss, steps) => {
        const t = opened(mss);
        for (const { op, n } of steps) {
          const flight = n % (t.cwnd + 1);
          if (op === 0) newReno.onLossEvent(t, flight, 0);
          else if (op === 1) newReno.onRto(t, flight, true, 0);
          else if (op === 2) newReno.onIdle(t, n);
          else newReno.onAck(t, flight, 0, true, 0);
          expect(t.cwnd).toBeGreaterThanOrEqual(mss);
          expect(t.cwnd).toBeLessThanOrEqual(MAX_CWND);
          expect(t.ccWord(0)).toBeGreaterThanOrEqual(0);
          expect(t.ccWord(0)).toBeLessThanOrEqual(MAX_CWND);
        }
      }),
    );
  });
});
