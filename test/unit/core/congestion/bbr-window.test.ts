// BBR's window and rate, and how Startup ends: draft-ietf-ccwg-bbr §5.3.1, §5.3.2, §5.6.
import { describe, expect, test } from 'vitest';
import type { AckSample } from '../../../../src/core/tcp/congestion/ack-sample.ts';
import { bbr } from '../../../../src/core/tcp/congestion/bbr.ts';
import {
  BW_SHORT,
  CRUISE,
  DOWN,
  DRAIN,
  FULL_BW,
  FULL_BW_COUNT,
  FULL_BW_NOW,
  FULL_BW_REACHED,
  has,
  IDLE_RESTART,
  INFLIGHT_LATEST,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  PRIOR_CWND,
  PROBE_RTT,
  PROBE_WAIT,
  put,
  REFILL,
  ROUND_DELIVERED,
  ROUND_LOST,
  STARTUP,
  STATE,
  takeRtt,
  takeSignals,
  UP,
  UP_COUNT,
} from '../../../../src/core/tcp/congestion/bbr-model.ts';
import { F_RECOVERY, F_RTO_RECOVERY } from '../../../../src/core/tcp/row.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const RATE = 1_460_000;
const RTT = 100 * MS;
const BDP = 100 * MSS;
const SECOND = 1e6;

/** In that state, the path known; `hear` is an ACK that changes no state by itself. */
interface Known extends Bench {
  hear(more?: Partial<AckSample>): void;
}

function known(state: number, full = true): Known {
  const b = bench(bbr);
  takeSignals(b.view, { deliveryRate: RATE } as AckSample);
  takeRtt(b.view, RTT, SECOND);
  put(b.view, FULL_BW_REACHED, full);
  b.view.setInt(STATE, state);
  b.view.setInt(PROBE_WAIT, 1e9);
  b.view.setInt(UP_COUNT, 1e9);
  b.view.cwnd = BDP;
  b.tcb.delivered = 10_000_000;
  return {
    ...b,
    hear(more = {}) {
      b.ack(more.delivered ?? 0, { inFlight: 2 * BDP, ...more }, SECOND);
    },
  };
}

describe('opened on a connection', () => {
  test('the first rate is 2.77 windows in a round trip', () => {
    const b = bench(bbr);
    b.tcb.srtt = 50 * MS;
    b.c.open(b.view, 0);
    expect(b.view.pacingRate).toBeCloseTo((2.77 * 14_600 * 1e6) / 50_000, -2);
  });

  test('that sends already: its round begins now, with what was lost and delivered before', () => {
    const b = bench(bbr);
    b.tcb.delivered = 5000;
    b.tcb.lost = 300;
    b.c.open(b.view, 7);
    expect([b.view.int(ROUND_DELIVERED), b.view.int(ROUND_LOST), b.tcb.roundEnd]).toEqual([5000, 300, 5000]);
  });
});

describe('a full pipe', () => {
  const round = (k: Known, deliveryRate: number, more: Partial<AckSample> = {}): void =>
    k.hear({ roundStart: true, deliveryRate, ...more });

  test('three rounds without a quarter more; a quarter more counts anew', () => {
    const k = known(STARTUP, false);
    k.view.setInt(FULL_BW, 0);
    round(k, 1_600_000);
    round(k, 1_999_984);
    round(k, 1_999_984);
    expect(k.view.int(FULL_BW_COUNT)).toBe(2);
    round(k, 2_000_000);
    expect(k.view.int(FULL_BW_COUNT)).toBe(0);
    round(k, 2_000_000);
    round(k, 2_000_000);
    expect([k.view.int(STATE), has(k.view, FULL_BW_NOW)]).toEqual([STARTUP, false]);
    round(k, 2_000_000);
    expect([k.view.int(STATE), has(k.view, FULL_BW_NOW), has(k.view, FULL_BW_REACHED)]).toEqual([DRAIN, true, true]);
  });

  test.each([
    ['within a round', { roundStart: false }],
    ['limited by the application', { appLimited: true }],
    ['without a rate', { deliveryRate: 0 }],
  ])('%s nothing is counted', (_name, more) => {
    const k = known(STARTUP, false);
    k.view.setInt(FULL_BW, 1e6);
    for (let n = 0; n < 4; n++) round(k, 1600, more);
    expect([k.view.int(FULL_BW_COUNT), has(k.view, FULL_BW_REACHED)]).toEqual([0, false]);
  });

  test('counted no further once it is', () => {
    const k = known(UP);
    k.view.setInt(FULL_BW, 1e6);
    k.view.setInt(FULL_BW_COUNT, 3);
    put(k.view, FULL_BW_NOW, true);
    // Limited by the window at its bound: the state stays.
    k.view.setInt(INFLIGHT_LONG, BDP);
    k.hear({ deliveryRate: 160, limited: true });
    expect([k.view.int(FULL_BW), k.view.int(FULL_BW_COUNT)]).toEqual([10, 0]);
  });
});

describe('heavy loss in Startup', () => {
  /** A round in which so much was delivered and lost, at its end. */
  const heard = (lost: number, delivered: number, more: Partial<AckSample> = {}): Known => {
    const k = known(STARTUP, false);
    k.view.setInt(ROUND_LOST, 1000);
    k.view.setInt(ROUND_DELIVERED, k.tcb.delivered - delivered);
    k.tcb.lost = 1000 + lost;
    k.hear({ roundStart: true, recovering: true, ...more });
    return k;
  };

  test('six segments and more than 2 %', () => {
    expect(heard(6 * MSS, 200 * MSS).view.int(STATE)).toBe(DRAIN);
    expect(heard(6 * MSS - 1, 200 * MSS).view.int(STATE)).toBe(STARTUP);
    expect(heard(6 * MSS, 294 * MSS).view.int(STATE)).toBe(STARTUP);
    expect(heard(6 * MSS, 294 * MSS - 1).view.int(STATE)).toBe(DRAIN);
  });

  test('in fast recovery, at the end of a round, and while the pipe was never full', () => {
    expect(heard(9 * MSS, 9 * MSS, { recovering: false }).view.int(STATE)).toBe(STARTUP);
    expect(heard(9 * MSS, 9 * MSS, { roundStart: false }).view.int(STATE)).toBe(STARTUP);
  });

  test('a pipe that is full at the same moment has no bound by it', () => {
    const k = known(STARTUP, false);
    k.view.setInt(FULL_BW, 1e6);
    k.view.setInt(FULL_BW_COUNT, 2);
    k.tcb.lost = 9 * MSS;
    k.hear({ roundStart: true, recovering: true, deliveryRate: 1600 });
    expect([k.view.int(STATE), k.view.int(INFLIGHT_LONG)]).toEqual([DRAIN, 0]);
  });

  test('bounds what may be in flight: a product, or the best that arrived', () => {
    const k = heard(9 * MSS, 9 * MSS);
    expect([k.view.int(INFLIGHT_LONG), has(k.view, FULL_BW_REACHED)]).toEqual([BDP, true]);
    const l = heard(9 * MSS, 9 * MSS, { sampledBytes: 2 * BDP });
    expect(l.view.int(INFLIGHT_LONG)).toBe(2 * BDP);
    expect(l.view.int(INFLIGHT_LATEST)).toBe(2 * BDP);
  });
});

test('Drain is over when a product is in flight', () => {
  const k = known(DRAIN);
  k.hear({ inFlight: BDP + 1 });
  expect(k.view.int(STATE)).toBe(DRAIN);
  k.hear({ inFlight: BDP });
  expect(k.view.int(STATE)).toBe(CRUISE);
  const l = known(CRUISE);
  l.view.setInt(INFLIGHT_LONG, BDP);
  l.hear({ inFlight: BDP });
  expect(l.view.int(STATE)).toBe(CRUISE);
});

describe('the rate', () => {
  test.each([
    [STARTUP, 2.77],
    [DRAIN, 0.5],
    [DOWN, 0.9],
    [CRUISE, 1],
    [REFILL, 1],
    [UP, 1.25],
    [PROBE_RTT, 1],
  ])('in state %i is %f of the bandwidth, and 1 %% below', (state, gain) => {
    const k = known(state);
    // Startup ends with a full pipe: that it has one is left out here.
    if (state === STARTUP) put(k.view, FULL_BW_REACHED, false);
    k.view.pacingRate = 100;
    k.hear();
    expect(k.view.pacingRate).toBeCloseTo(gain * 0.99 * RATE, -2);
  });

  test('in Startup only rises; afterwards it is what the model says', () => {
    const k = known(STARTUP, false);
    k.view.pacingRate = 8 * RATE;
    k.hear();
    expect(k.view.pacingRate).toBeCloseTo(8 * RATE, -2);
    const l = known(CRUISE);
    l.view.pacingRate = 8 * RATE;
    l.hear();
    expect(l.view.pacingRate).toBeCloseTo(0.99 * RATE, -2);
  });

  test('stays while no bandwidth is known', () => {
    const b = bench(bbr);
    const { pacingRate } = b.view;
    put(b.view, FULL_BW_REACHED, true);
    b.view.setInt(STATE, CRUISE);
    b.ack(0);
    expect(b.view.pacingRate).toBe(pacingRate);
  });

  test('after an idle time is the bandwidth, without a gain', () => {
    const k = known(UP);
    k.view.pacingRate = 8 * RATE;
    k.control.onIdle(k.tcb, 100, SECOND);
    expect(k.view.pacingRate).toBeCloseTo(0.99 * RATE, -2);
    expect(has(k.view, IDLE_RESTART)).toBe(true);
    const l = known(STARTUP, false);
    l.view.pacingRate = 8 * RATE;
    l.control.onIdle(l.tcb, 100, SECOND);
    expect(l.view.pacingRate).toBeCloseTo(8 * RATE, -2);
  });
});

describe('the window', () => {
  const most = 2 * BDP;

  test('grows by what arrives, up to two products; 2.25 and two segments while probing', () => {
    const k = known(CRUISE);
    k.hear({ delivered: 7 * MSS });
    expect(k.view.cwnd).toBe(107 * MSS);
    k.view.cwnd = most;
    k.hear({ delivered: 0 });
    k.hear({ delivered: 1, inFlight: 2 * BDP });
    expect(k.view.cwnd).toBeLessThanOrEqual(most + 7 * MSS);
    const l = known(UP);
    l.view.cwnd = 4 * BDP;
    l.hear();
    expect(l.view.cwnd).toBe(2.25 * BDP + 2 * MSS);
  });

  test('in Startup grows while it is below that, and before two initial windows have arrived', () => {
    const k = known(STARTUP, false);
    k.view.cwnd = most;
    k.hear();
    expect(k.view.cwnd).toBe(most);
    k.view.cwnd = 4 * BDP;
    k.hear({ delivered: MSS });
    expect(k.view.cwnd).toBe(4 * BDP);
    k.tcb.delivered = 20 * MSS - 1;
    k.hear({ delivered: MSS });
    expect(k.view.cwnd).toBe(4 * BDP + MSS);
    k.tcb.delivered = 20 * MSS;
    k.hear({ delivered: MSS });
    expect(k.view.cwnd).toBe(4 * BDP + MSS);
  });

  test('in fast recovery loses what is lost, down to four segments', () => {
    const k = known(CRUISE);
    k.hear({ newlyLost: 10 * MSS, recovering: true, delivered: 2 * MSS });
    expect(k.view.cwnd).toBe(92 * MSS);
    k.hear({ newlyLost: 10 * MSS, recovering: false });
    expect(k.view.cwnd).toBe(92 * MSS);
    k.hear({ newlyLost: 200 * MSS, recovering: true });
    expect(k.view.cwnd).toBe(4 * MSS);
  });

  test.each([
    ['cruising leaves headroom', CRUISE, 85],
    ['refilling goes up to the bound', REFILL, 100],
    ['so does probing', UP, 100],
    ['and letting the queue drain', DOWN, 100],
    ['outside of ProbeBW there is none', DRAIN, 150],
    ['nor in Startup', STARTUP, 150],
  ])('bounded by what a probe found: %s', (_name, state, segments) => {
    const k = known(state, state !== STARTUP);
    k.view.setInt(INFLIGHT_LONG, 100 * MSS);
    k.view.cwnd = 150 * MSS;
    k.hear();
    expect(k.view.cwnd).toBe(segments * MSS);
  });

  test('ProbeRTT: half a product, or the headroom of a bound below that', () => {
    const k = known(PROBE_RTT);
    k.hear();
    expect(k.view.cwnd).toBe(50 * MSS);
    k.view.setInt(INFLIGHT_LONG, 40 * MSS);
    k.hear();
    expect(k.view.cwnd).toBe(34 * MSS);
  });

  test('bounded by what losses of late allow, wherever, but for four segments', () => {
    const k = known(CRUISE);
    k.view.setInt(INFLIGHT_SHORT, 60 * MSS);
    k.hear();
    expect(k.view.cwnd).toBe(60 * MSS);
    k.view.setInt(INFLIGHT_LONG, 50 * MSS);
    k.hear();
    expect(k.view.cwnd).toBe(42.5 * MSS);
    k.view.setInt(INFLIGHT_SHORT, 1);
    k.hear();
    expect(k.view.cwnd).toBe(4 * MSS);
  });
});

describe('the window that comes back', () => {
  test('is the one before the first cut, when several follow', () => {
    const k = known(CRUISE);
    k.control.onLossEvent(k.tcb, BDP, SECOND);
    expect(k.view.int(PRIOR_CWND)).toBe(BDP);
    k.view.cwnd = 20 * MSS;
    k.tcb.flags |= F_RECOVERY;
    k.c.onLossEvent(k.view, 0, SECOND);
    expect(k.view.int(PRIOR_CWND)).toBe(BDP);
    k.view.cwnd = 2 * BDP;
    k.c.onLossEvent(k.view, 0, SECOND);
    expect(k.view.int(PRIOR_CWND)).toBe(2 * BDP);
    k.tcb.flags &= ~F_RECOVERY;
    k.view.cwnd = 20 * MSS;
    k.c.onLossEvent(k.view, 0, SECOND);
    expect(k.view.int(PRIOR_CWND)).toBe(20 * MSS);
  });

  test('a cut in ProbeRTT is not what it was before', () => {
    const k = known(PROBE_RTT);
    k.view.setInt(PRIOR_CWND, BDP);
    k.view.cwnd = 50 * MSS;
    k.c.onLossEvent(k.view, 0, SECOND);
    expect(k.view.int(PRIOR_CWND)).toBe(BDP);
  });

  test('never less than there is', () => {
    const k = known(CRUISE);
    k.view.setInt(PRIOR_CWND, 50 * MSS);
    k.c.onRecoveryEnd?.(k.view, SECOND);
    expect(k.view.cwnd).toBe(BDP);
    k.view.setInt(PRIOR_CWND, 120 * MSS);
    k.c.onRecoveryEnd?.(k.view, SECOND);
    expect(k.view.cwnd).toBe(120 * MSS);
  });

  test('also when no round trip was measured yet: every ACK was of a segment sent twice', () => {
    const { c, view } = bench(bbr);
    view.setInt(PRIOR_CWND, 12 * MSS);
    c.onRecoveryEnd?.(view, SECOND);
    expect(view.cwnd).toBe(12 * MSS);
  });

  test('a spurious timeout: at once, and the short bounds go', () => {
    const k = known(CRUISE);
    k.tcb.flags |= F_RTO_RECOVERY;
    k.c.onRto(k.view, BDP, true, SECOND);
    expect(k.view.cwnd).toBe(MSS);
    k.view.setInt(BW_SHORT, 5);
    k.view.setInt(INFLIGHT_SHORT, 5);
    k.c.onSpurious?.(k.view, SECOND);
    expect([k.view.cwnd, k.view.int(BW_SHORT), k.view.int(INFLIGHT_SHORT)]).toEqual([BDP, 0, 0]);
    // It is over: when the recovery ends nothing comes back a second time.
    k.view.cwnd = 60 * MSS;
    k.tcb.flags &= ~F_RTO_RECOVERY;
    k.hear();
    expect(k.view.cwnd).toBe(60 * MSS);
  });
});
