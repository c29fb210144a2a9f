import { describe, expect, test } from 'vitest';
import { cubeRoot, cubic } from '../../../../src/core/tcp/congestion/cubic.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const C = 0.4;
const SECOND = 1e6;

/** In congestion avoidance after a loss at `segments`, with this round trip. */
function afterLoss(segments: number, rttMs: number): Bench {
  const b = bench(cubic);
  b.tcb.srtt = rttMs * MS;
  b.view.cwnd = segments * MSS;
  b.c.onLossEvent(b.view, segments * MSS, 0);
  return b;
}

/** A round trip of ACKs, one for each second segment. */
function round(b: Bench, from: number, rttUs: number): void {
  const window = b.view.cwnd;
  const acks = Math.ceil(window / (2 * MSS));
  for (let n = 0; n < acks; n++) b.ack(window / acks, {}, from + (rttUs * (n + 1)) / acks);
}

test('cube roots', () => {
  for (const a of [0, 1e-9, 0.001, 0.5, 1, 2, 8, 27, 1000, 12_345.678, 1e12])
    expect(cubeRoot(a)).toBeCloseTo(Math.cbrt(a), 9);
  expect(cubeRoot(-8)).toBe(0);
});

describe('[RFC 9438 §4.6] reduction', () => {
  test('ssthresh and cwnd are 0.7 of FlightSize, not of cwnd', () => {
    const { c, tcb, view } = bench(cubic);
    view.cwnd = 1_000_000;
    c.onLossEvent(view, 500_000, 0);
    expect([tcb.ssthresh, tcb.cwnd]).toEqual([350_000, 350_000]);
  });

  test('at least two segments after a loss, one after a mark', () => {
    const { c, control, tcb, view } = bench(cubic);
    c.onLossEvent(view, MSS, 0);
    expect([tcb.ssthresh, tcb.cwnd]).toEqual([2 * MSS, 2 * MSS]);
    control.onEce(tcb, MSS, 0);
    expect([tcb.ssthresh, tcb.cwnd]).toEqual([2 * MSS, MSS]);
  });
});

describe('[RFC 9438 §4.2] the curve', () => {
  test('comes back to W_max after K seconds, flat there, and goes beyond it', () => {
    // 1000 segments at 100 ms: large enough that Reno is far slower.
    const b = afterLoss(1000, 100);
    const k = Math.cbrt((1000 * 0.3) / C);
    expect(k).toBeCloseTo(9.086, 3);
    const at = new Map<number, number>();
    for (let n = 0; n < 150; n++) {
      round(b, n * 100 * MS, 100 * MS);
      at.set(n + 1, b.view.cwnd / MSS);
    }
    for (const tenths of [20, 50, 80, 90, 120, 140]) {
      const t = tenths / 10;
      // After the round that ends at t, cwnd has followed W(t): a round trip of slack.
      const low = C * (t - 0.1 - k) ** 3 + 1000;
      const high = C * (t + 0.2 - k) ** 3 + 1000;
      expect(at.get(tenths)).toBeGreaterThan(low - 1);
      expect(at.get(tenths)).toBeLessThan(high + 1);
    }
  });

  test('never more than half as much again in a round trip', () => {
    const b = afterLoss(1000, 100);
    b.ack(700 * MSS, {}, 1);
    const before = b.view.cwnd;
    // Far right on the curve.
    b.ack(before, {}, 60 * SECOND);
    expect(b.view.cwnd).toBeLessThanOrEqual(1.5 * before + 1);
    expect(b.view.cwnd).toBeGreaterThan(1.4 * before);
  });

  test('never falls in congestion avoidance', () => {
    const b = afterLoss(1000, 100);
    const before = b.view.cwnd;
    b.ack(MSS, {}, 1);
    expect(b.view.cwnd).toBeGreaterThanOrEqual(before);
  });

  test('time in which the application was the limit does not count', () => {
    const [busy, idle] = [afterLoss(1000, 100), afterLoss(1000, 100)];
    for (const b of [busy, idle]) for (let n = 0; n < 10; n++) round(b, n * 100 * MS, 100 * MS);
    // Ten seconds of ACKs that were not limited, then silence.
    for (let n = 0; n < 100; n++) idle.ack(MSS, { limited: false }, SECOND + n * 100 * MS);
    idle.control.onIdle(idle.tcb, 10, 20 * SECOND);
    round(busy, SECOND, 100 * MS);
    round(idle, 20 * SECOND, 100 * MS);
    expect(Math.abs(idle.view.cwnd - busy.view.cwnd)).toBeLessThan(MSS);
  });
});

test('[RFC 9438 §4.3] where Reno is faster the window is that of Reno', () => {
  // 20 segments at 10 ms: K is 2.5 s, 250 round trips.
  const b = afterLoss(20, 10);
  const alpha = (3 * 0.3) / 1.7;
  for (let n = 0; n < 11; n++) round(b, n * 10 * MS, 10 * MS);
  expect(b.view.cwnd / MSS).toBeCloseTo(14 + 11 * alpha, 0);
  // Beyond cwnd_prior alpha is 1.
  for (let n = 11; b.view.cwnd < 21 * MSS; n++) round(b, n * 10 * MS, 10 * MS);
  const from = b.view.cwnd;
  for (let n = 40; n < 45; n++) round(b, n * 10 * MS, 10 * MS);
  expect((b.view.cwnd - from) / MSS).toBeCloseTo(5, 0);
});

test('[RFC 9438 §4.3] after a silence and slow start avoidance begins where cwnd is, not where it once was', () => {
  const b = afterLoss(40, 10);
  for (let n = 0; n < 60; n++) round(b, n * 10 * MS, 10 * MS);
  expect(b.view.cwnd).toBeGreaterThan(45 * MSS);
  b.control.onIdle(b.tcb, 2000, 3 * SECOND);
  expect(b.view.cwnd).toBe(10 * MSS);
  let last = b.view.cwnd;
  for (let n = 0; last < 30 * MSS; n++) {
    b.ack(2 * MSS, {}, 3 * SECOND + n * MS);
    expect(b.view.cwnd - last).toBeLessThanOrEqual(2 * MSS);
    last = b.view.cwnd;
  }
});

test('[RFC 9438 §4.7] a loss below the last maximum gives room: W_max is less than cwnd was', () => {
  const b = afterLoss(1000, 100);
  expect(b.view.float(0)).toBe(1000);
  b.c.onLossEvent(b.view, 700 * MSS, 0);
  expect(b.view.float(0)).toBeCloseTo((700 * 1.7) / 2, 2);
});

test('[RFC 9438 §4.8] after a timeout: 0.7 for ssthresh, one segment, and a curve that starts where avoidance does', () => {
  const b = afterLoss(1000, 100);
  b.c.onRto(b.view, 700 * MSS, true, 0);
  expect([b.tcb.cwnd, b.tcb.ssthresh]).toEqual([MSS, Math.floor(490 * MSS)]);
  b.c.onRto(b.view, MSS, false, 0);
  expect(b.tcb.ssthresh).toBe(Math.floor(490 * MSS));
  b.view.cwnd = b.view.ssthresh;
  b.ack(MSS, {}, SECOND);
  const [wMax, k, , wEst] = [0, 1, 2, 3].map((n) => b.view.float(n));
  expect([wMax, k]).toEqual([490, 0]);
  expect(wEst).toBeCloseTo(490, 1);
});

test('[RFC 9438 §4.9] a reduction for nothing is undone, curve and all', () => {
  const b = afterLoss(1000, 100);
  for (let n = 0; n < 30; n++) round(b, n * 100 * MS, 100 * MS);
  const before = [0, 1, 2, 3, 4].map((n) => b.view.float(n));
  b.tcb.priorCwnd = b.tcb.cwnd;
  b.tcb.priorSsthresh = b.tcb.ssthresh;
  const { cwnd, ssthresh } = b.tcb;
  b.c.onLossEvent(b.view, 600 * MSS, 0);
  expect(b.tcb.cwnd).toBeLessThan(cwnd);
  b.control.onSpurious(b.tcb, 0);
  expect([b.tcb.cwnd, b.tcb.ssthresh]).toEqual([cwnd, ssthresh]);
  expect([0, 1, 2, 3, 4].map((n) => b.view.float(n))).toEqual(before);
  // Not when the window has outgrown it.
  b.tcb.cwnd = cwnd * 2;
  b.view.setFloat(0, 5);
  b.control.onSpurious(b.tcb, 0);
  expect([b.tcb.cwnd, b.view.float(0)]).toEqual([cwnd * 2, 5]);
});

test('[RFC 5681 §4.1] the restart window', () => {
  const b = bench(cubic);
  b.tcb.cwnd = 500_000;
  b.control.onIdle(b.tcb, 301, 0);
  expect(b.tcb.cwnd).toBe(14600);
});

/** Congestion avoidance at a given place of a given curve: cwnd in segments, the words of the RFC. */
function at(cwnd: number, words: { wMax?: number; k?: number; wEst?: number; prior?: number }, now: number): Bench {
  const b = bench(cubic);
  b.tcb.srtt = 100 * MS;
  b.view.cwnd = cwnd * MSS;
  b.view.ssthresh = MSS;
  const { wMax = 0, k = 0, wEst = 1, prior = 0 } = words;
  for (const [n, v] of [wMax, k, now, wEst, prior].entries()) b.view.setFloat(n, v);
  return b;
}
const segments = (b: Bench): number => b.view.cwnd / MSS;
const wMax = (b: Bench): number => b.view.float(0);

describe('[RFC 9438 §4.2] the target', () => {
  test('below cwnd: the window stays, and does not follow', () => {
    const b = at(700, { wMax: 500 }, SECOND);
    b.ack(100 * MSS, {}, SECOND);
    expect(segments(b)).toBe(700);
  });

  test('is reached when the whole window was acknowledged, and not passed by an ACK of more', () => {
    const target = 500 + C * 0.1 ** 3;
    for (const [acked, cwnd] of [
      [200, 400 + (target - 400) / 2],
      [400, target],
      [800, target],
    ] as const) {
      const b = at(400, { wMax: 500 }, SECOND);
      b.ack(acked * MSS, {}, SECOND);
      expect(segments(b)).toBeCloseTo(cwnd, 2);
    }
  });

  test('is no more than half as much again', () => {
    const b = at(400, { wMax: 700 }, SECOND);
    b.ack(400 * MSS, {}, SECOND);
    expect(segments(b)).toBe(600);
  });

  test('growth by less than an octet adds up', () => {
    const [few, many] = [at(1000, { wMax: 1000.7 }, SECOND), at(1000, { wMax: 1000.7 }, SECOND)];
    few.ack(600 * MSS, {}, SECOND);
    for (let n = 0; n < 600; n++) many.ack(MSS, {}, SECOND);
    // Each ACK brings a thousandth of what is missing: 1022 octets, less from ACK to ACK.
    expect(many.view.cwnd - 1000 * MSS).toBeGreaterThan(1022 * (1 - Math.exp(-0.6)) - 3);
    expect(many.view.cwnd).toBeLessThanOrEqual(few.view.cwnd);
    const still = at(1000, { wMax: 1000.0004 }, SECOND);
    for (let n = 0; n < 100; n++) still.ack(MSS, {}, SECOND);
    expect([still.view.cwnd, still.view.float(5) > 0.01, still.view.float(5) < 1]).toEqual([1000 * MSS, true, true]);
  });
});

test('[RFC 9438 §4.3] the Reno-friendly window does not take cwnd down, and grows by one from cwnd_prior on', () => {
  const high = at(100, { wMax: 50, wEst: 80, prior: 200 }, SECOND);
  high.ack(100 * MSS, {}, SECOND);
  expect([segments(high), high.view.float(3)]).toEqual([100, 80 + (3 * 0.3) / 1.7]);
  const prior = at(100, { wMax: 50, wEst: 80, prior: 80 }, SECOND);
  prior.ack(100 * MSS, {}, SECOND);
  expect(prior.view.float(3)).toBe(81);
});

test('[RFC 9438 §4.7] a loss at the last maximum itself gives no room away', () => {
  const b = afterLoss(1000, 100);
  b.view.cwnd = 1000 * MSS;
  b.c.onLossEvent(b.view, 1000 * MSS, 0);
  expect(wMax(b)).toBe(1000);
});

test('[RFC 9438 §4.8] the rest of an ACK that ends slow start counts in avoidance', () => {
  for (const [acked, begun] of [
    [2, false],
    [5, true],
  ] as const) {
    const b = afterLoss(1000, 100);
    b.view.cwnd = b.view.ssthresh - 2 * MSS;
    b.ack(acked * MSS, {}, SECOND);
    expect([acked, b.view.float(2) !== 0, b.view.inSlowStart]).toEqual([acked, begun, false]);
  }
});

test('an ACK of a window that was not the limit moves the curve along with the clock [RFC 9438 §4.2]', () => {
  const b = at(700, { wMax: 1000, k: 5 }, SECOND);
  b.view.setFloat(6, 2 * SECOND);
  b.ack(MSS, { limited: false }, 5 * SECOND);
  expect([b.view.float(2), segments(b)]).toEqual([4 * SECOND, 700]);
});

test('a silence before avoidance began does not begin it', () => {
  const b = afterLoss(1000, 100);
  b.ack(MSS, { limited: false }, 5 * SECOND);
  expect(b.view.float(2)).toBe(0);
  b.ack(MSS, {}, 6 * SECOND);
  expect([b.view.float(2), b.view.float(3) > 700]).toEqual([6 * SECOND, true]);
});

test('a curve that begins above W_max keeps what cwnd was before the loss [RFC 9438 §4.3]', () => {
  const b = at(490, { wMax: 400, prior: 600 }, 0);
  b.ack(MSS, {}, SECOND);
  expect([b.view.float(0), b.view.float(1), b.view.float(4)]).toEqual([490, 0, 600]);
});

test('what is kept for an undo lies apart from the words of HyStart++ and from the fraction', () => {
  const b = afterLoss(1000, 100);
  b.view.setFloat(5, 0.5);
  b.view.setFloat(12, 7);
  b.c.onLossEvent(b.view, 600 * MSS, 0);
  expect([b.view.float(5), b.view.float(12)]).toEqual([0.5, 7]);
  b.tcb.priorCwnd = b.tcb.cwnd + MSS;
  b.control.onSpurious(b.tcb, 0);
  expect([b.view.float(5), b.view.float(12)]).toEqual([0.5, 7]);
});

test('a window as large as before a spurious reduction is not touched [RFC 9438 §4.9]', () => {
  const b = afterLoss(1000, 100);
  b.tcb.priorCwnd = b.tcb.cwnd;
  b.tcb.priorSsthresh = 1 << 20;
  const { ssthresh } = b.tcb;
  b.control.onSpurious(b.tcb, 0);
  expect(b.tcb.ssthresh).toBe(ssthresh);
});
