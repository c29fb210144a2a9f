import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOff, INITIAL_RTO_MS, MAX_RTO_MS, rtoFromEstimate, sampleRtt } from '../../../src/core/tcp/rtt.ts';
import { FLIGHT_WORDS, Tcb } from '../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../src/wire/abi.ts';

const tcb = (): Tcb => new Tcb(new ArrayBuffer(ROW_WORDS * 4), new ArrayBuffer(FLIGHT_WORDS * 4)).select(0);

test('RFC 6298 (2.1): 1 s without a sample [RFC 8961 §3]', () => {
  expect(rtoFromEstimate(tcb(), 200)).toBe(INITIAL_RTO_MS);
  expect(INITIAL_RTO_MS).toBe(1000);
});

test('RFC 6298 (2.2): first sample', () => {
  const t = tcb();
  sampleRtt(t, 100_000, 1);
  expect([t.srtt, t.rttvar, t.rto]).toEqual([100_000, 50_000, 300]);
});

test('RFC 6298 (2.3): RTTVAR before SRTT, gains 1/4 and 1/8, RTO after every sample', () => {
  const t = tcb();
  sampleRtt(t, 100_000, 1);
  sampleRtt(t, 180_000, 1);
  // RTTVAR = 3/4 * 50 + 1/4 * |100 - 180|, SRTT = 7/8 * 100 + 1/8 * 180
  expect([t.srtt, t.rttvar, t.rto]).toEqual([110_000, 57_500, 340]);
});

test('RFC 6298 §4: a steady RTT leaves G as the spread; RTO is rounded up', () => {
  const t = tcb();
  for (let i = 0; i < 100; i++) sampleRtt(t, 20_500, 1);
  expect(t.srtt).toBe(20_500);
  expect(t.rttvar).toBeLessThan(250);
  expect(t.rto).toBe(22);
});

test('an ACK of a part of the flight counts for that part: four quarters weigh as much as one whole [RFC 7323 §4.2]', () => {
  const [one, four] = [tcb(), tcb()];
  for (const t of [one, four]) sampleRtt(t, 100_000, 1);
  sampleRtt(one, 180_000, 1);
  for (let n = 0; n < 4; n++) sampleRtt(four, 180_000, 1, 1, 4);
  expect(Math.abs(four.srtt - one.srtt)).toBeLessThan(600);
  expect(four.srtt).toBeGreaterThan(109_000);
});

test('RFC 6298 (2.4): the floor', () => {
  const t = tcb();
  sampleRtt(t, 30, 200);
  expect(t.rto).toBe(200);
  expect(rtoFromEstimate(t, 1000)).toBe(1000);
});

test('RFC 6298 (5.5): doubling up to a ceiling of at least 60 s; a sample ends it [RFC 6298 §2.5]', () => {
  const t = tcb();
  sampleRtt(t, 100_000, 200);
  const seen: number[] = [];
  for (let i = 0; i < 10; i++) {
    backOff(t);
    seen.push(t.rto);
  }
  expect(seen.slice(0, 4)).toEqual([600, 1200, 2400, 4800]);
  expect(t.rto).toBe(MAX_RTO_MS);
  expect(MAX_RTO_MS).toBeGreaterThanOrEqual(60_000);
  sampleRtt(t, 100_000, 200);
  expect(t.rto).toBeLessThan(300);
});

test('any samples: SRTT within their range, RTO between SRTT and the ceiling', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.integer({ min: -5, max: 3000 }), fc.nat(0x7fffffff), fc.double({ min: 0, max: 1e12, noNaN: true })),
        { minLength: 1 },
      ),
      (samples) => {
        const t = tcb();
        let low = Infinity;
        let high = 0;
        for (const s of samples) {
          sampleRtt(t, s, 1);
          const r = Math.min(Math.max(1, Math.trunc(s)), MAX_RTO_MS * 1000);
          low = Math.min(low, r);
          high = Math.max(high, r);
          expect(t.srtt).toBeGreaterThanOrEqual(low);
          expect(t.srtt).toBeLessThanOrEqual(high);
          expect(t.rttvar).toBeGreaterThanOrEqual(0);
          expect(t.rto).toBeLessThanOrEqual(MAX_RTO_MS);
          expect(t.rto * 1000).toBeGreaterThanOrEqual(Math.min(t.srtt, MAX_RTO_MS * 1000));
        }
      },
    ),
  );
});
