// BBR's ProbeRTT: draft-ietf-ccwg-bbr §5.3.4. A moment with little in flight, of which nothing may be concluded but the round trip.
import { describe, expect, test } from 'vitest';
import { bbr } from '../../../../src/core/tcp/congestion/bbr.ts';
import {
  CRUISE,
  extraAcked,
  FULL_BW,
  FULL_BW_COUNT,
  FULL_BW_REACHED,
  has,
  IDLE_RESTART,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  minRtt,
  PROBE_RTT,
  PROBE_RTT_DONE,
  PROBE_SAMPLES,
  PROBE_WAIT,
  put,
  REFILL,
  restartAggregation,
  STARTUP,
  STATE,
  UP,
} from '../../../../src/core/tcp/congestion/bbr-model.ts';
import { F2_APP_LIMITED } from '../../../../src/core/tcp/row.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const RTT = 40 * MS;
const RATE = 1_600_000;
const BDP = (RATE * RTT) / 1e6;
const SECOND = 1e6;

/** One ACK of a path whose rate and round trip are known; `now` is the bench's own. */
interface Path extends Bench {
  now: number;
  hear(us: number, more?: object): void;
}

function path(state: number, full = true): Path {
  const b = bench(bbr);
  const p: Path = {
    ...b,
    now: SECOND,
    hear(us, more = {}) {
      p.now += us;
      b.tcb.delivered += MSS;
      b.ack(
        MSS,
        { rttUs: RTT, deliveryRate: RATE, sampledBytes: BDP, intervalUs: RTT, txInFlight: BDP, inFlight: BDP, ...more },
        p.now,
      );
    },
  };
  p.hear(0, { roundStart: true });
  put(b.view, FULL_BW_REACHED, full);
  b.view.setInt(STATE, state);
  b.view.setInt(PROBE_WAIT, 1e9);
  b.view.cwnd = 2 * BDP;
  return p;
}

/** Five seconds without a round trip as short, and the ACK that finds out. */
function expire(p: Path, more: object = {}): void {
  p.hear(5 * SECOND, { rttUs: RTT + 1, ...more });
  if (p.view.int(STATE) !== PROBE_RTT) p.hear(1, { rttUs: RTT + 1, ...more });
}

test('begins when no round trip was as short for 5 s, not before', () => {
  const p = path(CRUISE);
  p.hear(5 * SECOND, { rttUs: RTT + 1 });
  expect(p.view.int(STATE)).not.toBe(PROBE_RTT);
  p.hear(1, { rttUs: RTT + 1 });
  expect(p.view.int(STATE)).toBe(PROBE_RTT);
  expect(p.view.cwnd).toBe(BDP / 2);
  expect(p.view.pacingRate).toBeCloseTo(0.99 * RATE, -3);
});

test('a round trip as short as the least does not put it off, a shorter one does', () => {
  const p = path(CRUISE);
  p.hear(3 * SECOND, { rttUs: RTT });
  p.hear(2 * SECOND + 1, { rttUs: RTT });
  expect(p.view.int(STATE)).toBe(PROBE_RTT);
  const q = path(CRUISE);
  q.hear(3 * SECOND, { rttUs: RTT - 1 });
  q.hear(2 * SECOND + 1, { rttUs: RTT });
  expect(q.view.int(STATE)).not.toBe(PROBE_RTT);
  expect(minRtt(q.view)).toBe(RTT - 1);
});

describe('lasts 200 ms and a round, from when little is in flight', () => {
  const half = BDP / 2;

  test('not until that is so', () => {
    const p = path(CRUISE);
    expire(p);
    p.hear(1, { inFlight: half + 1 });
    expect(p.view.int(PROBE_RTT_DONE)).toBe(0);
    p.hear(1, { inFlight: half });
    expect(p.view.int(PROBE_RTT_DONE)).toBe(p.now + 200 * MS);
  });

  test('a round begins with it', () => {
    const p = path(CRUISE);
    expire(p);
    p.tcb.roundEnd = -1;
    p.hear(1, { inFlight: half });
    expect(p.tcb.roundEnd).toBe(p.tcb.delivered);
  });

  test('the time alone ends nothing, nor does the round', () => {
    const p = path(CRUISE);
    expire(p);
    p.hear(1, { inFlight: half });
    p.hear(200 * MS + 1, { inFlight: half });
    expect(p.view.int(STATE)).toBe(PROBE_RTT);
    p.hear(1, { inFlight: half, roundStart: true });
    expect(p.view.int(STATE)).toBe(CRUISE);
    const q = path(CRUISE);
    expire(q);
    q.hear(1, { inFlight: half });
    q.hear(200 * MS, { inFlight: half, roundStart: true });
    expect(q.view.int(STATE)).toBe(PROBE_RTT);
    // What is in flight now does not count any more, and the round is not asked for twice.
    q.hear(1, { inFlight: 2 * BDP });
    expect(q.view.int(STATE)).toBe(CRUISE);
  });
});

test('the window comes back, the bounds of the last losses do not, and 5 s begin', () => {
  const p = path(CRUISE);
  p.view.setInt(INFLIGHT_SHORT, BDP);
  expire(p);
  p.hear(1, { inFlight: 0 });
  p.hear(201 * MS, { inFlight: 0, roundStart: true });
  expect(p.view.int(INFLIGHT_SHORT)).toBe(0);
  expect(p.view.cwnd).toBeGreaterThanOrEqual(BDP);
  p.hear(5 * SECOND, { rttUs: 2 * RTT });
  expect(p.view.int(STATE)).not.toBe(PROBE_RTT);
  p.hear(1, { rttUs: 2 * RTT });
  expect(p.view.int(STATE)).toBe(PROBE_RTT);
});

describe('nothing is concluded from so few segments', () => {
  test('samples count as limited by the application, until what was in flight has arrived', () => {
    const p = path(CRUISE);
    p.tcb.sndNxt = p.tcb.sndUna + 3 * MSS;
    expect(p.tcb.flags2 & F2_APP_LIMITED).toBe(0);
    expire(p);
    expect(p.tcb.flags2 & F2_APP_LIMITED).not.toBe(0);
    expect(p.tcb.appLimited).toBe(p.tcb.delivered + 3 * MSS);
  });

  test('three rounds of it in Startup are no full pipe', () => {
    const p = path(STARTUP, false);
    // As the connection marks what it sends (R_APP_LIMITED).
    const slow = (us: number): void =>
      p.hear(us, {
        roundStart: true,
        inFlight: 4 * MSS,
        deliveryRate: RATE / 8,
        appLimited: (p.tcb.flags2 & F2_APP_LIMITED) !== 0,
      });
    p.hear(5 * SECOND + 1, { rttUs: RTT + 1, appLimited: true });
    expect(p.view.int(STATE)).toBe(PROBE_RTT);
    for (let n = 0; n < 8 && p.view.int(STATE) === PROBE_RTT; n++) slow(RTT);
    expect(has(p.view, FULL_BW_REACHED)).toBe(false);
    expect(p.view.int(STATE)).toBe(STARTUP);
  });

  test('a loss is no bound on what a probe before it had in flight', () => {
    const p = path(UP);
    put(p.view, PROBE_SAMPLES, true);
    p.view.setInt(INFLIGHT_LONG, 4 * BDP);
    expire(p);
    // What was sent before arrives in the first round; then nothing of the probe is left.
    p.hear(RTT, { roundStart: true, inFlight: 4 * MSS });
    expect(has(p.view, PROBE_SAMPLES)).toBe(false);
    p.hear(RTT, { roundStart: true, inFlight: 4 * MSS, txInFlight: 4 * MSS, lost: MSS, newlyLost: MSS });
    expect(p.view.int(INFLIGHT_LONG)).toBe(4 * BDP);
  });
});

describe('an idle connection', () => {
  test('does not begin it with its first text, but with what follows', () => {
    const p = path(CRUISE);
    p.control.onIdle(p.tcb, 6000, p.now + 6 * SECOND);
    expect(has(p.view, IDLE_RESTART)).toBe(true);
    p.hear(6 * SECOND, { rttUs: 2 * RTT });
    expect(p.view.int(STATE)).not.toBe(PROBE_RTT);
    expect(has(p.view, IDLE_RESTART)).toBe(false);
    // The silence brought a new round trip, and that is 5 s good.
    p.hear(1, { rttUs: 2 * RTT });
    expect(p.view.int(STATE)).not.toBe(PROBE_RTT);
  });

  test('an ACK that delivers nothing leaves the mark', () => {
    const p = path(CRUISE);
    put(p.view, IDLE_RESTART, true);
    p.hear(1, { delivered: 0 });
    expect(has(p.view, IDLE_RESTART)).toBe(true);
  });

  test('in ProbeRTT ends it, when its time is over', () => {
    const p = path(CRUISE);
    expire(p);
    p.control.onIdle(p.tcb, 1000, p.now + SECOND);
    expect(p.view.int(STATE)).toBe(PROBE_RTT);
    p.hear(1, { inFlight: 0 });
    p.control.onIdle(p.tcb, 200, p.now + 200 * MS);
    expect(p.view.int(STATE)).toBe(PROBE_RTT);
    p.control.onIdle(p.tcb, 200, p.now + 200 * MS + 1);
    expect(p.view.int(STATE)).toBe(CRUISE);
  });
});

test('back to Startup when the pipe was never full', () => {
  const p = path(STARTUP, false);
  p.view.setInt(FULL_BW, 0);
  expire(p);
  p.hear(1, { inFlight: 0, appLimited: true });
  p.hear(201 * MS, { inFlight: 0, appLimited: true, roundStart: true });
  expect(p.view.int(STATE)).toBe(STARTUP);
  expect(p.view.int(FULL_BW_COUNT)).toBe(0);
});

test('it does not begin a second time while it lasts, nor is a cycle of ProbeBW run in it', () => {
  const p = path(REFILL);
  expire(p);
  p.hear(1, { inFlight: 0, roundStart: true });
  expect(p.view.int(STATE)).toBe(PROBE_RTT);
  const done = p.view.int(PROBE_RTT_DONE);
  p.view.cwnd = 4 * MSS;
  // 5 s later, with no ACK between: the window that comes back is the one of before.
  p.hear(6 * SECOND, { inFlight: 0, rttUs: 3 * RTT });
  expect(p.view.int(PROBE_RTT_DONE)).toBe(done);
  p.hear(1, { inFlight: 0, roundStart: true });
  expect(p.view.int(STATE)).toBe(CRUISE);
  expect(p.view.cwnd).toBeGreaterThan(BDP);
});

describe('a silence of half an hour and more, which has no sign in 32 bits', () => {
  const QUIET = 40 * 60 * SECOND;

  test('the least round trip is that of the path as it is now', () => {
    const p = path(CRUISE);
    p.now += QUIET;
    p.c.onIdle?.(p.view, QUIET / MS, p.now);
    for (let n = 0; n < 4; n++) p.hear(1, { rttUs: 3 * RTT });
    expect(minRtt(p.view)).toBe(3 * RTT);
  });

  test('ProbeRTT is over', () => {
    const p = path(CRUISE);
    expire(p);
    p.hear(1, { inFlight: 0 });
    expect([p.view.int(STATE), p.view.int(PROBE_RTT_DONE) !== 0]).toEqual([PROBE_RTT, true]);
    p.now += QUIET;
    p.c.onIdle?.(p.view, QUIET / MS, p.now);
    expect(p.view.int(STATE)).toBe(CRUISE);
  });

  test('it is time to ask for more bandwidth', () => {
    const p = path(CRUISE);
    p.view.setInt(PROBE_WAIT, 2e6);
    put(p.view, IDLE_RESTART, true);
    p.now += QUIET;
    p.hear(1);
    expect(p.view.int(STATE)).toBe(REFILL);
  });

  test('what arrives is no aggregation', () => {
    const p = path(CRUISE);
    restartAggregation(p.view, p.now);
    p.now += QUIET;
    p.hear(1);
    expect(extraAcked(p.view)).toBe(MSS);
  });
});
