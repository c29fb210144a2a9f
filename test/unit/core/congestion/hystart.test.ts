import { describe, expect, test } from 'vitest';
import { cubic } from '../../../../src/core/tcp/congestion/cubic.ts';
import { type Bench, bench, MS, MSS } from './bench.ts';

const SECOND = 1e6;

describe('HyStart++ [RFC 9406 §4.2] [RFC 9438 §4.10]', () => {
  /** One round: `rtts` in ms, each an ACK of a segment. */
  const rounds = (b: Bench, ...all: number[][]): void => {
    for (const rtts of all) {
      for (const [n, rtt] of rtts.entries()) b.ack(MSS, { roundStart: n === 0, rttUs: rtt * MS }, 0);
    }
  };
  const steady = (rtt: number, samples = 10): number[] => Array.from({ length: samples }, () => rtt);

  test('equal round trips: each byte grows the window', () => {
    const b = bench(cubic);
    rounds(b, steady(40), steady(41), steady(44));
    expect(b.view.cwnd).toBe(14600 + 30 * MSS);
    expect(b.view.inSlowStart).toBe(true);
  });

  test('an eighth more than in the round before: a quarter of the growth, for five rounds, then avoidance', () => {
    const b = bench(cubic);
    rounds(b, steady(40), steady(45));
    // Eight samples had to be seen: the eighth ACK grew by a quarter, as did the two that followed.
    expect(b.view.cwnd).toBe(14600 + 17 * MSS + 3 * (MSS / 4));
    rounds(b, steady(45), steady(45), steady(45), steady(45));
    expect(b.view.cwnd).toBe(14600 + 17 * MSS + 43 * (MSS / 4));
    expect(b.view.inSlowStart).toBe(true);
    rounds(b, [45]);
    expect(b.view.inSlowStart).toBe(false);
    expect(b.view.ssthresh).toBe(b.view.cwnd);
    b.ack(MSS, {}, SECOND);
    expect([b.view.float(1), b.view.float(4)]).toEqual([0, b.view.float(0)]); // K = 0, cwnd_prior = W_max
  });

  test.each([
    [8, 12, 16], // an eighth is less than 4 ms
    [400, 416, 420], // and more than 16 ms
  ])('the threshold lies between 4 and 16 ms: %i → %i', (last, grown) => {
    for (const [rtt, quarter] of [
      [grown - 1, false],
      [grown, true],
    ] as const) {
      const b = bench(cubic);
      rounds(b, steady(last), steady(rtt));
      expect(b.view.int(27) > 0).toBe(quarter);
    }
  });

  test('round trips that shrink again: back to slow start', () => {
    const b = bench(cubic);
    rounds(b, steady(40), steady(50), steady(45));
    const before = b.view.cwnd;
    rounds(b, [45]);
    expect(b.view.cwnd).toBe(before + MSS);
  });

  test('fewer than eight samples in a round say nothing', () => {
    const b = bench(cubic);
    rounds(b, steady(40), steady(90, 7), steady(200, 7));
    expect(b.view.int(27)).toBe(0);
  });

  test('a later slow start is not watched', () => {
    const b = bench(cubic);
    b.c.onRto(b.view, 100 * MSS, true, 0);
    rounds(b, steady(40), steady(90));
    expect(b.view.cwnd).toBe(21 * MSS);
  });

  test('it is the shortest round trip of a round that counts, and an ACK without a sample is none', () => {
    for (const sample of [
      [90, 90, 90, 90, 41, 90, 90, 90, 90, 90],
      [41, 90, 90, 90, 90, 90, 90, 90, 90, 90],
      [90, 90, 90, 90, 90, 90, 90, 41, 90, 90],
      [90, 90, 90, 90, 90, 90, 90, 0, 0, 0],
      [41, 0, 90, 90, 90, 90, 90, 90, 90, 90],
    ]) {
      const b = bench(cubic);
      rounds(b, steady(40), sample);
      expect([sample, b.view.int(27)]).toEqual([sample, 0]);
    }
    const b = bench(cubic);
    rounds(b, steady(40), [45, ...steady(90, 7)]);
    expect([b.view.int(27), b.view.int(28)]).toEqual([1, 45 * MS]); // what comes back has to be shorter than that
  });

  test('a window that was not the limit does not grow, but is watched [RFC 7661 §4.3]', () => {
    const b = bench(cubic);
    b.ack(10 * MSS, { limited: false, roundStart: true, rttUs: 40 * MS }, 0);
    expect([b.view.cwnd, b.view.int(26)]).toEqual([14600, 1]);
  });
});
