import { expect, test } from 'vitest';
import { Challenges, DRAWN_CHALLENGES, LEAST_CHALLENGES } from '../../../src/core/challenges.ts';
import { challengeAck } from '../../../src/core/tcp/arrives/challenge.ts';
import { SeededRng } from '../../../src/link/sim.ts';
import { bench } from './tcp/bench.ts';

const SECOND = 1e6;

function taken(challenges: Challenges, now: number): number {
  let n = 0;
  while (n < 10_000 && challenges.take(now + n)) n++;
  return n;
}

test('a second has a limit, and another one each second: it tells nothing (CVE-2016-5696) [RFC 5961 §7]', () => {
  const challenges = new Challenges(new SeededRng(1));
  const limits = Array.from({ length: 200 }, (_, n) => taken(challenges, n * SECOND));
  expect(Math.min(...limits)).toBeGreaterThanOrEqual(LEAST_CHALLENGES);
  expect(Math.max(...limits)).toBeLessThan(LEAST_CHALLENGES + DRAWN_CHALLENGES);
  expect(new Set(limits).size).toBeGreaterThan(150);
  const another = new Challenges(new SeededRng(2));
  expect(taken(another, 0)).not.toBe(limits[0]);
});

test('many connections together send no more than that; each has a limit of its own before [RFC 5961 §7]', () => {
  const { t, tcb } = bench();
  const { counters, seg } = t;
  seg.len = 0;
  seg.flags = 4;
  challengeAck(t, tcb, seg);
  challengeAck(t, tcb, seg);
  expect([counters.challengeAcks, counters.challengeAcksSuppressed]).toEqual([1, 0]);
  for (let n = 0; n < 5000; n++) {
    tcb.oowAt = 0; // another connection
    challengeAck(t, tcb, seg);
  }
  const first = counters.challengeAcks;
  expect(first).toBeGreaterThanOrEqual(LEAST_CHALLENGES);
  expect(first).toBeLessThan(LEAST_CHALLENGES + DRAWN_CHALLENGES);
  expect(counters.challengeAcksSuppressed).toBe(5001 - first);
  expect(tcb.oowAt).toBe(0); // what was not sent does not silence the connection
  seg.seq = tcb.rcvNxt + 1e6;
  seg.len = 10; // text is not of this kind: it is always answered [UNTAGGED-8]
  challengeAck(t, tcb, seg);
  t.now += SECOND;
  seg.len = 0;
  challengeAck(t, tcb, seg);
  expect(counters.challengeAcks).toBe(first + 2);
});
