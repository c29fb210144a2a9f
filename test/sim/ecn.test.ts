// Marks of a simulated queue, both kinds of feedback, our stack at both ends.
import { expect, test } from 'vitest';
import type { TcpDefaults } from '../../src/core/stack-core.ts';
import { CASE, open, Pair, PLAN } from '../property/pair/run.ts';

const MIB = 1 << 20;
/** Second byte of an IPv6 header holds the low bits of the traffic class, behind an Ethernet header. */
const ECN_AT = 15;

function transfer(ecn: TcpDefaults['ecn'], every: number): { marked: number; pair: Pair } {
  const c = {
    ...CASE,
    v6: true,
    faults: [{ delay: 2000, rate: 1e8 }, { delay: 2000 }] as const,
    tcp: [{ ecn }, { ecn }] as const,
    plans: [
      { ...PLAN, size: 4 * MIB, write: 65_536 },
      { ...PLAN, size: 0, closeLast: true },
    ] as const,
  };
  const pair = new Pair(c);
  let seen = 0;
  let marked = 0;
  pair.wire.hook = (frame) => {
    const ect = (frame[ECN_AT]! >> 4) & 3;
    if (frame[12] !== 0x86 || frame[13] !== 0xdd || ect !== 2 || ++seen % every !== 0) return 'pass';
    const copy = frame.slice();
    copy[ECN_AT]! |= 0x30;
    marked++;
    return copy;
  };
  const ends = open(c, pair);
  pair.clock.runWhile(() => !(ends[0].done && ends[1].done), pair.clock.now() + 600e6);
  expect([ends[0].wrong, ends[1].wrong, ends[1].received]).toEqual(['', '', 4 * MIB]);
  return { marked, pair };
}

test.each(['on', 'accurate'] as const)(
  '%s: every mark counts, no segment is lost or sent twice [RFC 3168 §6.1.2] [RFC 9768 §3.2.2]',
  (ecn) => {
    const { marked, pair } = transfer(ecn, 40);
    const { counters } = pair.hosts[0].core;
    expect(marked).toBeGreaterThan(20);
    expect(counters.ecnReductions).toBeGreaterThan(3);
    expect([counters.retransSegs, counters.timeouts]).toEqual([0, 0]);
    expect(pair.hosts[1].core.counters.ceMarks).toBe(marked);
  },
);

test('without marks nothing is reduced, and what is not asked for is not sent', () => {
  expect(transfer('on', 1e9).pair.hosts[0].core.counters.ecnReductions).toBe(0);
  const quiet = transfer('accept', 2);
  expect(quiet.marked).toBe(0);
});
