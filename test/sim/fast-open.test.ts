// TCP Fast Open at both ends, on wires that lose, double and delay: the text on the SYN arrives once and in its place.
import { expect, test } from 'vitest';
import type { Impairments } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { byteAt, End } from '../property/pair/end.ts';
import { ANY, CASE, Pair, PLAN } from '../property/pair/run.ts';

const PLANS = [
  { ...PLAN, size: 3000, write: 3000, closeLast: true },
  { ...PLAN, size: 5000, write: 2000 },
] as const;

const TEXT = Uint8Array.from({ length: PLANS[0].size }, (_, n) => byteAt(n, 0));

/** Two connections one after the other: the first brings the cookie, the second has the faults. */
function twice(seed: number, v6: boolean, faults: Partial<Impairments>): Pair {
  const pair = new Pair({ ...CASE, seed, v6, tcp: [{ fastOpen: 'client' }, { fastOpen: 'server' }] });
  const [a, b] = pair.hosts;
  pair.warm();
  b.listen(80);
  let accepted = 0;
  for (const bad of [false, true]) {
    const ends = [new End(a, PLANS[0], 0, seed), new End(b, PLANS[1], 1, seed)] as const;
    b.accept = (row, gen) => {
      accepted++;
      ends[1].take(row, b, gen);
      return ends[1];
    };
    pair.wire.impair(bad ? { delay: 5000, ...faults } : { delay: 5000 });
    a.turn(() => {
      ends[0].take(a.core.callConnect(ANY, 0, parseAddress(pair.addresses[1]), 80, {}, a.now));
      ends[0].written = a.core.callSend(ends[0].row, TEXT, 0, TEXT.length, a.now);
    });
    pair.clock.runWhile(() => !(ends[0].done && ends[1].done), pair.clock.now() + 600e6);
    for (const [n, end] of ends.entries()) {
      expect([seed, n, end.wrong, end.received, end.ended, end.reason], pair.capture()).toEqual([
        seed,
        n,
        '',
        PLANS[1 - n]!.size,
        true,
        0,
      ]);
    }
  }
  expect(accepted).toBe(2);
  pair.wire.impair({ delay: 0 });
  pair.clock.run(pair.clock.now() + 900e6);
  expect([a.leftovers(0), b.leftovers(1)]).toEqual(['', '']);
  return pair;
}

test.each([false, true])('without faults the answer is there one round trip after the SYN, IPv6 %s', (v6) => {
  const [a, b] = twice(1, v6, {}).hosts;
  expect(a.core.counters).toMatchObject({ fastOpenActive: 1, fastOpenFallbacks: 0, retransSegs: 0 });
  expect(b.core.counters).toMatchObject({ fastOpenPassive: 1, fastOpenFallbacks: 0, retransSegs: 0 });
});

test('with loss, duplicates and reordering nothing is lost, nothing comes twice [RFC 7413 §4.2]', () => {
  let taken = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const pair = twice(seed, seed % 2 === 0, { loss: 0.2, duplicate: 0.1, reorder: 0.1, jitter: 3000 });
    taken += pair.hosts[1].core.counters.fastOpenPassive;
  }
  expect(taken).toBeGreaterThan(20);
});
