// What BBR knows of the path, number by number: draft-ietf-ccwg-bbr §5.5 and §5.6.
import { describe, expect, test } from 'vitest';
import { AckSample } from '../../../../src/core/tcp/congestion/ack-sample.ts';
import { bbr } from '../../../../src/core/tcp/congestion/bbr.ts';
import {
  advanceMaxBw,
  advanceSignals,
  BW_SHORT,
  bandwidth,
  bdp,
  CRUISE,
  DOWN,
  DRAIN,
  extraAcked,
  FULL_BW_REACHED,
  forgetLowerBounds,
  has,
  INFLIGHT_LATEST,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  inflightAt,
  inProbeBw,
  maxBw,
  minRtt,
  PRIOR_CWND,
  PROBE_RTT,
  PROBE_RTT_EXPIRED,
  probeRttWindow,
  put,
  REFILL,
  ROUND_DELIVERED,
  ROUND_LOST,
  resetSignals,
  restartAggregation,
  STARTUP,
  STATE,
  TIMED_OUT,
  takeAggregation,
  takeRtt,
  takeSignals,
  UP,
  uncutWindow,
  withHeadroom,
} from '../../../../src/core/tcp/congestion/bbr-model.ts';
import { MAX_CWND } from '../../../../src/core/tcp/congestion/controller.ts';
import { RATE_UNIT } from '../../../../src/core/tcp/congestion/view.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const RATE = 1_600_000;
const RTT = 50 * MS;
const BDP = 80_000;
const SECOND = 1e6;
const ALL = [STARTUP, DRAIN, DOWN, CRUISE, REFILL, UP, PROBE_RTT];

const ack = (more: Partial<AckSample>): AckSample => Object.assign(new AckSample(), more);

/** The rate known, and the round trip. */
function known(): Bench {
  const b = bench(bbr);
  takeSignals(b.view, ack({ deliveryRate: RATE }));
  takeRtt(b.view, RTT, SECOND);
  advanceSignals(b.view, ack({ roundStart: true }));
  return b;
}

test('the cycle of ProbeBW is four of the states', () => {
  const { view } = bench(bbr);
  const within = ALL.filter((state) => {
    view.setInt(STATE, state);
    return inProbeBw(view);
  });
  expect(within).toEqual([DOWN, CRUISE, REFILL, UP]);
});

describe('the maximum of the rate', () => {
  test('is of this cycle and the one before', () => {
    const { view } = known();
    takeSignals(view, ack({ deliveryRate: RATE / 2 }));
    expect(maxBw(view)).toBe(RATE);
    advanceMaxBw(view);
    takeSignals(view, ack({ deliveryRate: RATE / 2 }));
    expect(maxBw(view)).toBe(RATE);
    advanceMaxBw(view);
    expect(maxBw(view)).toBe(RATE / 2);
    takeSignals(view, ack({ deliveryRate: RATE / 4 }));
    expect(maxBw(view)).toBe(RATE / 2);
    takeSignals(view, ack({ deliveryRate: 2 * RATE }));
    expect(maxBw(view)).toBe(2 * RATE);
  });

  test('a cycle without samples pushes nothing out', () => {
    const { view } = known();
    for (let n = 0; n < 3; n++) advanceMaxBw(view);
    expect(maxBw(view)).toBe(RATE);
  });

  test('the application was the limit: counts when it is as high, not when it is lower', () => {
    const { view } = known();
    advanceMaxBw(view);
    takeSignals(view, ack({ deliveryRate: RATE - RATE_UNIT, appLimited: true }));
    advanceMaxBw(view);
    expect(maxBw(view)).toBe(RATE);
    takeSignals(view, ack({ deliveryRate: RATE, appLimited: true }));
    advanceMaxBw(view);
    takeSignals(view, ack({ deliveryRate: RATE / 2 }));
    expect(maxBw(view)).toBe(RATE);
  });
});

test('the bandwidth is the maximum, or what losses of late allow when that is less', () => {
  const { view } = known();
  expect([bandwidth(view), bdp(view)]).toEqual([RATE, BDP]);
  view.setInt(BW_SHORT, RATE / 2 / RATE_UNIT);
  expect([bandwidth(view), bdp(view)]).toEqual([RATE / 2, BDP / 2]);
  view.setInt(BW_SHORT, (2 * RATE) / RATE_UNIT);
  expect(bandwidth(view)).toBe(RATE);
});

describe('a round with loss', () => {
  const bounds = ({ view }: Bench): [number, number] => [view.int(BW_SHORT) * RATE_UNIT, view.int(INFLIGHT_SHORT)];
  /** One round: loss in the middle of it, and its end. */
  const lossyRound = (b: Bench, more: Partial<AckSample> = {}): void => {
    takeSignals(b.view, ack({ newlyLost: 1, deliveryRate: RATE / 4, sampledBytes: BDP / 4, ...more }));
    const end = ack({ roundStart: true, deliveryRate: RATE / 8, sampledBytes: BDP / 8 });
    takeSignals(b.view, end);
    advanceSignals(b.view, end);
  };

  test.each([DRAIN, DOWN, CRUISE, PROBE_RTT])(
    'in state %i lowers rate and flight to 0.7 of what they were',
    (state) => {
      const b = known();
      b.view.setInt(STATE, state);
      b.view.cwnd = 100_000;
      lossyRound(b);
      expect(bounds(b)).toEqual([0.7 * RATE, 70_000]);
      lossyRound(b);
      expect(bounds(b)).toEqual([0.49 * RATE, 49_000]);
      forgetLowerBounds(b.view);
      expect(bounds(b)).toEqual([0, 0]);
    },
  );

  test.each([STARTUP, REFILL, UP])('in state %i lowers nothing: there it asks for more than there is', (state) => {
    const b = known();
    b.view.setInt(STATE, state);
    lossyRound(b);
    expect(bounds(b)).toEqual([0, 0]);
  });

  test('not below the best that arrived in it', () => {
    const b = known();
    b.view.setInt(STATE, CRUISE);
    b.view.cwnd = 100_000;
    lossyRound(b, { deliveryRate: 0.8 * RATE, sampledBytes: 75_000 });
    expect(bounds(b)).toEqual([0.8 * RATE, 75_000]);
    // The next round begins with its own.
    lossyRound(b);
    expect(bounds(b)[0]).toBeCloseTo(0.56 * RATE, -2);
    expect(bounds(b)[1]).toBe(52_500);
  });

  test('counts once, at its end', () => {
    const b = known();
    b.view.setInt(STATE, CRUISE);
    takeSignals(b.view, ack({ newlyLost: 1 }));
    expect(bounds(b)).toEqual([0, 0]);
    lossyRound(b);
    const after = bounds(b);
    const next = ack({ roundStart: true });
    takeSignals(b.view, next);
    expect(bounds(b)).toEqual(after);
  });

  test('is forgotten when the queue is let drain', () => {
    const b = known();
    b.view.setInt(STATE, CRUISE);
    takeSignals(b.view, ack({ newlyLost: 1, deliveryRate: RATE, sampledBytes: BDP }));
    resetSignals(b.view);
    expect(b.view.int(INFLIGHT_LATEST)).toBe(0);
    takeSignals(b.view, ack({ roundStart: true }));
    expect(bounds(b)).toEqual([0, 0]);
    // Nor is the rate of before a floor for what comes.
    b.view.cwnd = 100_000;
    lossyRound(b);
    expect(bounds(b)).toEqual([0.7 * RATE, 70_000]);
  });

  test('a round remembers what was lost and delivered when it began', () => {
    const b = known();
    b.tcb.lost = 3000;
    b.tcb.delivered = 90_000;
    advanceSignals(b.view, ack({}));
    expect([b.view.int(ROUND_LOST), b.view.int(ROUND_DELIVERED)]).toEqual([0, 0]);
    advanceSignals(b.view, ack({ roundStart: true, sampledBytes: 5 }));
    expect([b.view.int(ROUND_LOST), b.view.int(ROUND_DELIVERED), b.view.int(INFLIGHT_LATEST)]).toEqual([
      3000, 90_000, 5,
    ]);
  });
});

describe('how much may be in flight', () => {
  test('the initial window while no round trip is known', () => {
    expect(inflightAt(bench(bbr).view, 2)).toBe(10 * MSS);
  });

  test('products; two segments more while probing', () => {
    const { view } = known();
    view.pacingRate = RATE;
    view.setInt(STATE, CRUISE);
    expect([inflightAt(view, 1), inflightAt(view, 2)]).toEqual([BDP, 2 * BDP]);
    view.setInt(STATE, UP);
    expect(inflightAt(view, 2)).toBe(2 * BDP + 2 * MSS);
  });

  test('three quanta always: of two segments, or of a tick', () => {
    const { view } = known();
    view.pacingRate = RATE;
    expect(inflightAt(view, 0.01)).toBe(6 * MSS);
    view.pacingRate = 16_000_000;
    expect(inflightAt(view, 0.01)).toBe(48_000);
    expect(inflightAt(view, 1)).toBe(BDP);
  });

  test('headroom of 15 %, at least a segment, never below four', () => {
    const { view } = known();
    expect(withHeadroom(view)).toBe(MAX_CWND);
    const left = (long: number): number => {
      view.setInt(INFLIGHT_LONG, long * MSS);
      return withHeadroom(view) / MSS;
    };
    expect([left(100), left(6), left(5), left(4), left(2)]).toEqual([85, 5, 4, 4, 4]);
  });

  test('in ProbeRTT half a product, never below four segments', () => {
    const { view } = known();
    expect(probeRttWindow(view)).toBe(BDP / 2);
    takeRtt(view, 1 * MS, SECOND);
    expect(probeRttWindow(view)).toBe(4 * MSS);
  });

  test('the window before a timeout, until that is repaired', () => {
    const { view } = known();
    view.setInt(PRIOR_CWND, 50_000);
    view.cwnd = 20_000;
    expect(uncutWindow(view)).toBe(20_000);
    put(view, TIMED_OUT, true);
    expect(uncutWindow(view)).toBe(50_000);
    view.cwnd = 60_000;
    expect(uncutWindow(view)).toBe(60_000);
  });
});

describe('the shortest round trip', () => {
  test('any shorter one counts at once; none is none', () => {
    const { view } = bench(bbr);
    takeRtt(view, 0, 6 * SECOND);
    expect(minRtt(view)).toBe(0);
    expect(has(view, PROBE_RTT_EXPIRED)).toBe(false);
    takeRtt(view, 40_000, 6 * SECOND + 10);
    takeRtt(view, 50_000, 6 * SECOND + 20);
    takeRtt(view, 0, 6 * SECOND + 25);
    expect(minRtt(view)).toBe(40_000);
    takeRtt(view, 30_000, 6 * SECOND + 30);
    expect(minRtt(view)).toBe(30_000);
  });

  test('after 5 s it is time to look, after 10 s it is forgotten', () => {
    const { view } = bench(bbr);
    const at = (us: number, rtt: number): [number, boolean] => {
      takeRtt(view, rtt, 1 + us);
      return [minRtt(view), has(view, PROBE_RTT_EXPIRED)];
    };
    expect(at(0, 40_000)).toEqual([40_000, false]);
    expect(at(5e6, 60_000)).toEqual([40_000, false]);
    // An ACK without a round trip tells no new one.
    expect(at(5e6 + 1, 0)).toEqual([40_000, true]);
    expect(at(5e6 + 2, 60_000)).toEqual([40_000, true]);
    expect(at(5e6 + 3, 70_000)).toEqual([40_000, false]);
    expect(at(10e6, 70_000)).toEqual([40_000, false]);
    expect(at(10e6 + 1, 70_000)).toEqual([60_000, false]);
    // Its 10 s count from when it was measured.
    expect(at(15e6 + 2, 70_000)).toEqual([60_000, true]);
    expect(at(15e6 + 3, 70_000)).toEqual([70_000, false]);
  });
});

describe('ACKs that come in heaps', () => {
  /** At 1.6 MB/s 1600 bytes are explained by each ms. */
  function heaps(full: boolean): { b: Bench; at(ms: number, bytes: number, roundStart?: boolean): number } {
    const b = known();
    b.view.cwnd = 40_000;
    put(b.view, FULL_BW_REACHED, full);
    restartAggregation(b.view, 0);
    return {
      b,
      at(ms, delivered, roundStart = false) {
        takeAggregation(b.view, ack({ delivered, roundStart }), ms * MS);
        return extraAcked(b.view);
      },
    };
  }

  test('what they bring beyond the rate, the most of it, at most the window', () => {
    const { at } = heaps(true);
    expect(at(0, 10_000)).toBe(10_000);
    expect(at(1, 3000)).toBe(13_000 - 1600);
    expect(at(2, 1000)).toBe(11_400);
    expect(at(3, 90_000)).toBe(40_000);
  });

  test('begins anew when the rate explains all of it', () => {
    const { at } = heaps(true);
    expect(at(0, 1600)).toBe(1600);
    expect(at(1, 4000)).toBe(4000);
    // 4000 are explained after 2.5 ms: the rest of the time is no credit.
    expect(at(1000, 4500)).toBe(4500);
    expect(at(1001, 1700)).toBe(4600);
  });

  test('a silence is no credit', () => {
    const { at, b } = heaps(true);
    at(0, 8000);
    restartAggregation(b.view, 2 * MS);
    expect(at(2, 9000)).toBe(9000);
  });

  test.each([
    [true, 10],
    [false, 2],
  ])('full pipe %s: the most of %i rounds', (full, rounds) => {
    const { at } = heaps(full);
    at(0, 20_000);
    for (let n = 1; n < rounds; n++) expect(at(1000 * n, 100, true)).toBe(20_000);
    expect(at(1000 * rounds, 100, true)).toBeLessThan(2000);
  });
});
