// BBR against a path of known rate and round trip, ACK by ACK: what the draft says of its states, gains and bounds.
import { describe, expect, test } from 'vitest';
import { bbr } from '../../../../src/core/tcp/congestion/bbr.ts';
import {
  CRUISE,
  DOWN,
  DRAIN,
  FULL_BW_REACHED,
  has,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  maxBw,
  minRtt,
  PROBE_RTT,
  REFILL,
  STARTUP,
  STATE,
  UP,
} from '../../../../src/core/tcp/congestion/bbr-model.ts';
import { F_RECOVERY, F_RTO_RECOVERY } from '../../../../src/core/tcp/row.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const RTT = 40 * MS;
/** Bytes per second. */
const RATE = 1_250_000;
const BDP = (RATE * RTT) / 1e6;
const SECOND = 1e6;

interface Path extends Bench {
  now: number;
  /** One round trip: what the path carries in it arrives. */
  round(more?: { lost?: number; rtt?: number; appLimited?: boolean; limited?: boolean }): void;
  /** Rounds until that state, at most `most`. */
  until(state: number, most?: number): void;
}

function path(): Path {
  const b = bench(bbr);
  const p: Path = {
    ...b,
    now: SECOND,
    round({ lost = 0, rtt = 0, appLimited = false, limited = true } = {}) {
      const flight = b.view.cwnd;
      const took = rtt || RTT;
      const sampled = Math.min(flight, (RATE * took) / 1e6);
      b.tcb.lost += lost;
      p.now += took;
      b.tcb.delivered += sampled;
      b.tcb.sndNxt = b.tcb.sndUna + flight;
      b.ack(
        sampled,
        {
          roundStart: true,
          rttUs: Math.round(took),
          deliveryRate: (sampled * 1e6) / took,
          sampledBytes: sampled,
          intervalUs: took,
          inFlight: p.view.int(STATE) === DRAIN || p.view.int(STATE) === PROBE_RTT ? Math.min(flight, BDP / 2) : flight,
          txInFlight: flight,
          newlyLost: lost,
          lost,
          appLimited,
          limited,
          recovering: lost > 0,
        },
        p.now,
      );
    },
    until(state, most = 400) {
      for (let n = 0; p.view.int(STATE) !== state; n++) {
        if (n === most) throw new Error(`state ${p.view.int(STATE)} after ${most} rounds, not ${state}`);
        p.round();
      }
    },
  };
  return p;
}

test('paced from the first window on, at 2.77 windows per millisecond while no round trip is known', () => {
  const { view } = bench(bbr);
  expect(view.pacingRate).toBeCloseTo((2.77 * 14600 * 1e6) / 1000, -2);
});

describe('Startup', () => {
  test('doubles until three rounds bring no quarter more, then Drain, then ProbeBW', () => {
    const p = path();
    const windows = [p.view.cwnd];
    p.round();
    windows.push(p.view.cwnd);
    p.round();
    windows.push(p.view.cwnd);
    expect(windows).toEqual([14600, 29200, 58400]);
    expect(p.view.int(STATE)).toBe(STARTUP);
    p.until(DRAIN, 12);
    expect(has(p.view, FULL_BW_REACHED)).toBe(true);
    expect(maxBw(p.view)).toBeGreaterThan(0.99 * RATE);
    expect(p.view.pacingRate).toBeCloseTo(0.5 * 0.99 * maxBw(p.view), -3);
    // Little is in flight: DOWN is over as it begins.
    p.until(CRUISE, 3);
    expect(p.view.pacingRate).toBeCloseTo(0.99 * maxBw(p.view), -3);
  });

  test('a rate that the application limited ends nothing', () => {
    const p = path();
    for (let n = 0; n < 10; n++) p.round({ appLimited: true });
    expect(p.view.int(STATE)).toBe(STARTUP);
  });

  test('a round of heavy loss ends it, and bounds what may be in flight', () => {
    const p = path();
    p.tcb.flags |= F_RECOVERY;
    p.round();
    p.round();
    p.round({ lost: 8 * MSS });
    expect(p.view.int(STATE)).not.toBe(STARTUP);
    expect(p.view.int(INFLIGHT_LONG)).toBeGreaterThan(0);
  });

  test('little loss does not', () => {
    const p = path();
    p.round();
    p.round();
    p.round({ lost: MSS });
    expect(p.view.int(STATE)).toBe(STARTUP);
  });
});

describe('ProbeBW', () => {
  test('down, cruise, refill, up, and down again; the window is two products and the quanta', () => {
    const p = path();
    p.until(CRUISE, 20);
    // Aggregation and the queue of Startup are forgotten in time.
    p.until(REFILL);
    p.until(UP, 2);
    expect(p.view.pacingRate).toBeCloseTo(1.25 * 0.99 * maxBw(p.view), -3);
    p.until(DOWN);
    expect(p.view.pacingRate).toBeCloseTo(0.9 * 0.99 * maxBw(p.view), -3);
    expect(p.view.cwnd).toBeGreaterThan(2 * BDP * 0.9);
    expect(p.view.cwnd).toBeLessThan(4 * BDP);
  });

  test('loss above 2 % while probing: the bound is what was in flight, and the probe is over', () => {
    const p = path();
    p.until(UP);
    const flight = p.view.cwnd;
    p.round({ lost: 0.05 * flight });
    expect(p.view.int(STATE)).toBe(DOWN);
    expect(p.view.int(INFLIGHT_LONG)).toBeLessThanOrEqual(flight);
    expect(p.view.int(INFLIGHT_LONG)).toBeGreaterThan(0.6 * flight);
    // Cruising leaves 15 % of it to others.
    p.view.setInt(STATE, CRUISE);
    const long = p.view.int(INFLIGHT_LONG);
    p.round();
    if (p.view.int(STATE) === CRUISE) expect(p.view.cwnd).toBeLessThanOrEqual(0.85 * long + 1);
  });

  test.each([
    ['of 83 segments two may be lost', 83, 2, UP],
    ['of 83 three are too many', 83, 3, DOWN],
    ['of 30 one is', 30, 1, DOWN],
  ])('%s', (_name, flight, lost, state) => {
    const p = path();
    p.until(UP);
    p.view.cwnd = flight * MSS;
    p.round({ lost: lost * MSS });
    expect(p.view.int(STATE)).toBe(state);
  });

  test('loss while cruising lowers the window by 0.7 at most per round, and refilling forgets that', () => {
    const p = path();
    p.until(CRUISE, 20);
    const before = p.view.cwnd;
    p.round({ lost: 0.1 * before });
    expect(p.view.cwnd).toBeLessThan(before);
    expect(p.view.cwnd).toBeGreaterThanOrEqual(0.69 * before);
    p.until(REFILL);
    p.round();
    expect(p.view.int(6)).toBe(0);
  });
});

test('ProbeRTT: after 5 s without a round trip as short, half a product for 200 ms and a round, then as before', () => {
  const p = path();
  p.until(CRUISE, 20);
  const least = minRtt(p.view);
  const before = p.view.cwnd;
  for (let n = 0; p.view.int(STATE) !== PROBE_RTT && n < 200; n++) p.round({ rtt: RTT * 1.5 });
  expect(p.view.int(STATE)).toBe(PROBE_RTT);
  const began = p.now;
  expect(p.view.cwnd).toBeLessThanOrEqual(Math.max(0.5 * BDP, 4 * MSS) + 1);
  for (let n = 0; p.view.int(STATE) === PROBE_RTT && n < 100; n++) p.round({ rtt: RTT });
  expect(p.now - began).toBeGreaterThanOrEqual(200 * MS);
  expect(p.now - began).toBeLessThan(400 * MS);
  expect(p.view.int(STATE)).toBe(CRUISE);
  expect(minRtt(p.view)).toBe(least);
  expect(p.view.cwnd).toBeGreaterThan(before / 2);
});

/** A timeout while `left` bytes are believed to be in the network. */
function timeout(p: Path, left: number): void {
  p.tcb.flags |= F_RTO_RECOVERY;
  p.tcb.sackedOut = p.view.outstanding - left;
  p.control.onRto(p.tcb, p.view.outstanding, true, p.now);
  p.tcb.sackedOut = 0;
}

describe('a timeout', () => {
  test('leaves what is in the network and one segment, and what follows grows by what arrives', () => {
    const p = path();
    p.until(CRUISE, 20);
    timeout(p, 3 * MSS);
    expect(p.view.cwnd).toBe(4 * MSS);
    p.round();
    expect(p.view.cwnd).toBe(8 * MSS);
    p.round();
    expect(p.view.cwnd).toBe(16 * MSS);
  });

  test('when all it found lost has arrived, the window comes back', () => {
    const p = path();
    p.until(CRUISE, 20);
    const { cwnd } = p.view;
    timeout(p, 0);
    timeout(p, 0);
    expect(p.view.cwnd).toBe(MSS);
    p.round();
    expect(p.view.cwnd).toBeLessThan(cwnd / 2);
    p.tcb.flags &= ~F_RTO_RECOVERY;
    p.round();
    expect(p.view.cwnd).toBeGreaterThan(0.9 * cwnd);
  });

  test('the window it leaves is no reason to probe sooner, and no bound on what may be in flight', () => {
    const p = path();
    p.until(CRUISE, 20);
    const { cwnd } = p.view;
    timeout(p, 0);
    p.round({ lost: MSS });
    p.round();
    expect(p.view.int(STATE)).toBe(CRUISE);
    expect(p.view.int(INFLIGHT_SHORT)).toBeGreaterThan(0.6 * cwnd);
  });
});

test('an idle connection keeps its window: what is paced out is no burst', () => {
  const p = path();
  p.until(CRUISE, 20);
  const { cwnd } = p.view;
  p.control.onIdle(p.tcb, 5000, p.now + 5 * SECOND);
  expect(p.view.cwnd).toBe(cwnd);
  expect(p.view.pacingRate).toBeCloseTo(0.99 * maxBw(p.view), -3);
});

test('a spurious recovery gives the window back', () => {
  const p = path();
  p.until(CRUISE, 20);
  const { cwnd } = p.view;
  p.control.onLossEvent(p.tcb, cwnd, p.now);
  p.view.cwnd = 10 * MSS;
  p.control.onSpurious(p.tcb, p.now);
  expect(p.view.cwnd).toBe(cwnd);
});
