// BBR's ProbeBW, ACK by ACK: draft-ietf-ccwg-bbr §5.3.3 and §5.5.10.2.
import { describe, expect, test } from 'vitest';
import { AckSample } from '../../../../src/core/tcp/congestion/ack-sample.ts';
import { bbr } from '../../../../src/core/tcp/congestion/bbr.ts';
import { startDown, updateCycle } from '../../../../src/core/tcp/congestion/bbr-cycle.ts';
import {
  BW_SHORT,
  CRUISE,
  CYCLE_AT,
  DOWN,
  DRAIN,
  FULL_BW,
  FULL_BW_COUNT,
  FULL_BW_NOW,
  FULL_BW_REACHED,
  has,
  INFLIGHT_LATEST,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  MAX_BW,
  maxBw,
  PROBE_RTT,
  PROBE_SAMPLES,
  PROBE_WAIT,
  put,
  REFILL,
  ROUNDS,
  STARTUP,
  STATE,
  takeRtt,
  takeSignals,
  UP,
} from '../../../../src/core/tcp/congestion/bbr-model.ts';
import { RATE_UNIT } from '../../../../src/core/tcp/congestion/view.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const RATE = 1_460_000;
const RTT = 100 * MS;
/** 100 segments. */
const BDP = 100 * MSS;
const SECOND = 1e6;

const sample = (more: Partial<AckSample>): AckSample => Object.assign(new AckSample(), more);

interface Cycle extends Bench {
  now: number;
  hear(more?: Partial<AckSample>, us?: number): void;
  readonly state: number;
}

/** In ProbeBW, on its way down. */
function cycle(state = DOWN, window = 2 * BDP): Cycle {
  const b = bench(bbr);
  takeSignals(b.view, sample({ deliveryRate: RATE }));
  takeRtt(b.view, RTT, SECOND);
  put(b.view, FULL_BW_REACHED, true);
  startDown(b.view, SECOND);
  b.view.setInt(STATE, state);
  b.view.setInt(ROUNDS, 0);
  b.view.cwnd = window;
  const c = {
    ...b,
    now: SECOND,
    hear(more: Partial<AckSample> = {}, us = 0): void {
      c.now += us;
      updateCycle(b.view, sample({ deliveryRate: RATE, txInFlight: BDP, inFlight: 2 * BDP, ...more }), c.now);
    },
    get state() {
      return b.view.int(STATE);
    },
  };
  return c;
}

/** Probing, the bound at `long` segments. */
function probing(long: number): Cycle {
  const c = cycle(CRUISE, long * MSS);
  c.view.setInt(INFLIGHT_LONG, long * MSS);
  c.hear({}, 3 * SECOND + 1);
  c.hear({ roundStart: true });
  expect(c.state).toBe(UP);
  return c;
}

test('nothing of it while the pipe was never full', () => {
  const c = cycle(CRUISE);
  put(c.view, FULL_BW_REACHED, false);
  c.hear({ roundStart: true, inFlight: 0 }, 9 * SECOND);
  expect([c.state, c.view.int(ROUNDS)]).toEqual([CRUISE, 0]);
});

test.each([STARTUP, DRAIN, PROBE_RTT])('state %i is none of it: no rounds are counted, none is left', (state) => {
  const c = cycle(state);
  c.hear({ roundStart: true, inFlight: 0 }, 9 * SECOND);
  expect([c.state, c.view.int(ROUNDS)]).toEqual([state, 0]);
});

describe('down', () => {
  test('begins with the waiting time drawn: two to three seconds, and a round or none', () => {
    const seen = new Set<number>();
    for (let delivered = 1; delivered < 1_000_000; delivered += 39_119) {
      const { view, tcb } = bench(bbr);
      tcb.delivered = delivered;
      startDown(view, 77);
      expect(view.int(PROBE_WAIT)).toBeGreaterThanOrEqual(2 * SECOND);
      expect(view.int(PROBE_WAIT)).toBeLessThan(3 * SECOND);
      expect([0, 1]).toContain(view.int(ROUNDS));
      expect([view.int(CYCLE_AT), view.int(STATE), tcb.roundEnd]).toEqual([77, DOWN, delivered]);
      seen.add(view.int(PROBE_WAIT)).add(view.int(ROUNDS));
    }
    // Flows must not probe in step.
    expect(seen.size).toBeGreaterThan(15);
    expect(seen.has(0) && seen.has(1)).toBe(true);
  });

  test('what was seen of the round is forgotten', () => {
    const c = cycle();
    takeSignals(c.view, sample({ sampledBytes: 9, newlyLost: 1 }));
    startDown(c.view, SECOND);
    expect(c.view.int(INFLIGHT_LATEST)).toBe(0);
  });

  test('is over when no more than a product is in flight, and headroom is left', () => {
    const c = cycle();
    c.hear({ inFlight: BDP + 1 });
    expect(c.state).toBe(DOWN);
    c.view.setInt(INFLIGHT_LONG, 100 * MSS);
    c.hear({ inFlight: 85 * MSS + 1 });
    expect(c.state).toBe(DOWN);
    c.hear({ inFlight: 85 * MSS });
    expect(c.state).toBe(CRUISE);
    const d = cycle();
    d.hear({ inFlight: BDP });
    expect(d.state).toBe(CRUISE);
  });
});

describe.each([DOWN, CRUISE])('a probe begins from state %i', (state) => {
  test('by the clock', () => {
    const c = cycle(state);
    c.hear({}, c.view.int(PROBE_WAIT));
    expect(c.state).toBe(state);
    c.hear({}, 1);
    expect(c.state).toBe(REFILL);
  });

  test('as soon as a NewReno flow would have grown by a window, after 63 rounds at the latest', () => {
    const rounds = (window: number): number => {
      const c = cycle(state, window);
      for (let n = 0; n < 100; n++) {
        if (c.state === REFILL) return n;
        // A round that goes on is none.
        c.hear({});
        c.hear({ roundStart: true });
      }
      return -1;
    };
    expect([rounds(20 * MSS), rounds(63 * MSS), rounds(2 * BDP)]).toEqual([20, 63, 63]);
  });

  test('the product counts where it is less than the window', () => {
    const c = cycle(state);
    c.view.setInt(BW_SHORT, RATE / 4 / RATE_UNIT);
    for (let n = 0; n < 24; n++) c.hear({ roundStart: true });
    expect(c.state).toBe(state);
    c.hear({ roundStart: true });
    expect(c.state).toBe(REFILL);
  });
});

describe('refill', () => {
  test('forgets what losses of late allowed, and begins a round', () => {
    const c = cycle(CRUISE);
    c.view.setInt(BW_SHORT, 5);
    c.view.setInt(INFLIGHT_SHORT, 5);
    c.tcb.delivered = 1234;
    c.hear({}, 3 * SECOND + 1);
    expect([c.state, c.view.int(BW_SHORT), c.view.int(INFLIGHT_SHORT), c.tcb.roundEnd]).toEqual([REFILL, 0, 0, 1234]);
  });

  test('takes one round; what is lost then is of the probe', () => {
    const c = cycle(REFILL);
    c.hear();
    expect([c.state, has(c.view, PROBE_SAMPLES)]).toEqual([REFILL, false]);
    c.view.setInt(FULL_BW_COUNT, 2);
    put(c.view, FULL_BW_NOW, true);
    c.tcb.delivered = 77;
    c.hear({ roundStart: true });
    expect([c.state, has(c.view, PROBE_SAMPLES), c.tcb.roundEnd]).toEqual([UP, true, 77]);
    expect([c.view.int(FULL_BW) * RATE_UNIT, c.view.int(FULL_BW_COUNT), has(c.view, FULL_BW_NOW)]).toEqual([
      RATE,
      0,
      false,
    ]);
  });
});

describe('up', () => {
  test('ends when the pipe is full', () => {
    const c = probing(200);
    c.hear();
    expect(c.state).toBe(UP);
    put(c.view, FULL_BW_NOW, true);
    c.hear();
    expect(c.state).toBe(DOWN);
  });

  test('a window at its bound that held the sender back says nothing of the pipe', () => {
    const c = probing(200);
    put(c.view, FULL_BW_NOW, true);
    c.hear({ limited: true });
    expect([c.state, has(c.view, FULL_BW_NOW)]).toEqual([UP, false]);
    put(c.view, FULL_BW_NOW, true);
    c.view.cwnd = c.view.int(INFLIGHT_LONG) - 1;
    c.hear({ limited: true });
    expect(c.state).toBe(DOWN);
    const d = probing(200);
    d.view.setInt(INFLIGHT_LONG, 0);
    put(d.view, FULL_BW_NOW, true);
    d.hear({ limited: true });
    expect(d.state).toBe(DOWN);
  });

  test('the bound grows by a segment in the first round, two in the second, four, eight', () => {
    const c = probing(160);
    const grown: number[] = [];
    for (let round = 0; round < 4; round++) {
      const before = c.view.int(INFLIGHT_LONG);
      for (let n = 0; n < 160; n++) {
        c.view.cwnd = c.view.int(INFLIGHT_LONG);
        c.hear({ limited: true, delivered: MSS, roundStart: n === 159 });
      }
      grown.push((c.view.int(INFLIGHT_LONG) - before) / MSS);
    }
    expect(grown.map((segments) => Math.round(segments))).toEqual([1, 2, 4, 8]);
  });

  test('octets that were not enough yet are kept', () => {
    const c = probing(160);
    const long = c.view.int(INFLIGHT_LONG);
    c.hear({ limited: true, delivered: 159 });
    expect(c.view.int(INFLIGHT_LONG)).toBe(long);
    c.view.cwnd = long;
    c.hear({ limited: true, delivered: 1 });
    expect(c.view.int(INFLIGHT_LONG)).toBe(long + 1);
    c.view.cwnd = long + 1;
    c.hear({ limited: true, delivered: 159 });
    expect(c.view.int(INFLIGHT_LONG)).toBe(long + 1);
  });

  test('not while the window is below the bound, or was no limit', () => {
    const c = probing(160);
    c.hear({ limited: false, delivered: 50 * MSS });
    c.view.cwnd = 159 * MSS;
    c.hear({ limited: true, delivered: 50 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(160 * MSS);
  });

  test('each probe begins with a segment a round, whatever the one before came to', () => {
    const c = probing(160);
    for (let n = 0; n < 40; n++) {
      c.view.cwnd = c.view.int(INFLIGHT_LONG);
      c.hear({ limited: true, delivered: 0, roundStart: true });
    }
    expect(c.state).toBe(UP);
    c.view.setInt(STATE, CRUISE);
    c.hear({}, 4 * SECOND);
    c.hear({ roundStart: true });
    expect(c.state).toBe(UP);
    c.view.cwnd = 160 * MSS;
    const long = c.view.int(INFLIGHT_LONG);
    c.hear({ limited: true, delivered: 160 * 100 });
    expect(c.view.int(INFLIGHT_LONG) - long).toBe(100);
  });
});

describe('the bound on what may be in flight', () => {
  test('rises with what was in flight and arrived without much loss, in any state', () => {
    const c = cycle(CRUISE);
    c.hear({ txInFlight: 150 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(0);
    c.view.setInt(INFLIGHT_LONG, 120 * MSS);
    c.hear({ txInFlight: 119 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(120 * MSS);
    c.hear({ txInFlight: 150 * MSS, lost: 3 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(150 * MSS);
    c.hear({ txInFlight: 160 * MSS, lost: 4 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(150 * MSS);
  });

  test('too much of a probe is lost: what was in flight, at least 0.7 of the target', () => {
    const c = probing(200);
    c.hear({ txInFlight: 90 * MSS, lost: 9 * MSS });
    expect([c.state, c.view.int(INFLIGHT_LONG), has(c.view, PROBE_SAMPLES)]).toEqual([DOWN, 90 * MSS, false]);
    const d = probing(200);
    d.hear({ txInFlight: 50 * MSS, lost: 9 * MSS });
    expect(d.view.int(INFLIGHT_LONG)).toBe(70 * MSS);
    // The target is the window where that is less than the product.
    const e = probing(40);
    e.hear({ txInFlight: 20 * MSS, lost: 9 * MSS });
    expect(e.view.int(INFLIGHT_LONG)).toBe(28 * MSS);
  });

  test('the application was the limit: the probe is over, the bound stays', () => {
    const c = probing(200);
    c.hear({ txInFlight: 90 * MSS, lost: 9 * MSS, appLimited: true });
    expect([c.state, c.view.int(INFLIGHT_LONG), has(c.view, PROBE_SAMPLES)]).toEqual([DOWN, 200 * MSS, false]);
  });

  test('what of a probe is lost after it counts for a round, and only once', () => {
    const c = probing(200);
    put(c.view, FULL_BW_NOW, true);
    c.hear();
    expect(c.state).toBe(DOWN);
    c.hear({ txInFlight: 90 * MSS, lost: 9 * MSS });
    expect([c.state, c.view.int(INFLIGHT_LONG)]).toEqual([DOWN, 90 * MSS]);
    c.hear({ txInFlight: 80 * MSS, lost: 9 * MSS });
    expect(c.view.int(INFLIGHT_LONG)).toBe(90 * MSS);
    const d = probing(200);
    put(d.view, FULL_BW_NOW, true);
    d.hear();
    d.hear({ roundStart: true });
    d.hear({ txInFlight: 90 * MSS, lost: 9 * MSS });
    expect(d.view.int(INFLIGHT_LONG)).toBe(200 * MSS);
  });
});

describe('the filter of the maximum moves on', () => {
  const moved = (c: Cycle): boolean => c.view.int(MAX_BW) === 0;

  test('at the end of the round in which it was let go, once', () => {
    const c = cycle();
    c.hear();
    expect(moved(c)).toBe(false);
    c.hear({ roundStart: true });
    expect([moved(c), maxBw(c.view)]).toEqual([true, RATE]);
    c.view.setInt(MAX_BW, 7);
    c.hear({ roundStart: true });
    expect(c.view.int(MAX_BW)).toBe(7);
  });

  test('not by a round that the application limited, nor in ProbeRTT', () => {
    const c = cycle();
    c.hear({ roundStart: true, appLimited: true });
    expect(moved(c)).toBe(false);
    const d = cycle(PROBE_RTT);
    d.hear({ roundStart: true });
    expect(moved(d)).toBe(false);
  });

  test('not while it probes: the samples of the probe are of this cycle', () => {
    const c = probing(200);
    for (let n = 0; n < 3; n++) c.hear({ roundStart: true });
    expect([c.state, has(c.view, PROBE_SAMPLES), moved(c)]).toEqual([UP, true, false]);
  });
});
