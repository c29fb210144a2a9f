// A program that was busy past a deadline: what waits in the ring is heard before the deadline counts.
import { expect, test } from 'vitest';
import { CASE, open, Pair, PLAN } from '../property/pair/run.ts';

test('an ACK that is read after the retransmission timeout it answers keeps the segment from leaving again', () => {
  const c = {
    ...CASE,
    tcp: [{ sack: false }, {}] as const, // no probe goes before the timeout
    plans: [
      { ...PLAN, size: 1000 },
      { ...PLAN, size: 0, closeLast: true },
    ] as const,
  };
  const pair = new Pair(c, { checkEvery: 0 });
  const [a] = pair.hosts;
  let busy = false;
  a.core.pollAlarm = () => Infinity; // the program is busy: no timer of its own runs
  pair.wire.hook = (_frame, direction) => {
    if (direction !== 1 || a.core.counters.outSegs < 2) return 'pass';
    busy = true; // the ACK of the text is on its way, and nobody will look for three seconds
    return { delay: 3e6 };
  };
  open(c, pair);
  pair.clock.advance(4e6);
  expect(busy).toBe(true);
  expect([a.core.counters.timeouts, a.core.counters.retransSegs]).toEqual([0, 0]);
});
