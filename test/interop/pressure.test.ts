// A reader that pauses, an event loop that stands still, a slow peer, against the kernel: every byte arrives, and it goes on at once.
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, notBuilt, type Outcome, Pair } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const BYTES = 48 * MIB;
/** After a pause the first bytes come from what was held; a sender that waits for a probe would take longer than this. */
const AT_ONCE = 1000;
const skip = !capability().ok || notBuilt() !== undefined;
const sums = [1, 2].map((seed) => digest(seed, BYTES));

interface Interrupted extends Outcome {
  readonly gaps: readonly number[];
}

const pressures = {
  'a reader paused for 1.5 s': { behaviour: 'interrupted', every: 16 * MIB, ms: 1500, how: 'pause' },
  'an event loop stalled for 100 ms, again and again': {
    behaviour: 'interrupted',
    every: 4 * MIB,
    ms: 100,
    how: 'block',
  },
};

describe.skipIf(skip).each([
  { title: 'offloads on', lab: { offloads: true } },
  { title: 'offloads off', lab: { offloads: false } },
])('$title', ({ lab }) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.create(lab);
  });
  afterAll(() => pair.close());

  for (const [title, pressed] of Object.entries(pressures)) {
    for (const who of ['ours', 'kernel'] as const) {
      test(`${title}, at ${who === 'ours' ? 'our end' : "the kernel's"}: bytes both ways are exact, and go on at once`, async () => {
        const { server, client, host } = pair.cast('server');
        const [mine, theirs] =
          who === 'ours' ? [pressed, { behaviour: 'exchange' }] : [{ behaviour: 'exchange' }, pressed];
        const name = `${title} ${who}`;
        const port = await server.listen({ name, ...mine, send: BYTES, seed: 2 });
        const got = await client.connect({ host, port }, { ...theirs, send: BYTES, seed: 1 });
        const [told] = await server.results({ name });
        expect(got).toMatchObject({ sent: BYTES, received: BYTES, sha: sums[1] });
        expect(told).toMatchObject({ sent: BYTES, received: BYTES, sha: sums[0] });
        const { gaps } = (who === 'ours' ? told : got) as Interrupted;
        expect(gaps.length).toBeGreaterThan(0);
        expect(Math.max(...gaps)).toBeLessThan(AT_ONCE);
        await server.call('close', { name });
      });
    }
  }

  test.skipIf(lab.offloads || availableParallelism() < 2)(
    'behind what many senders sent, another core sends the acknowledgments: every byte arrives (ADR 56)',
    async () => {
      const name = 'behind';
      const port = await pair.ours.listen({ name, ...pressures['an event loop stalled for 100 ms, again and again'] });
      const before = (await pair.ours.counters())['txAside']!;
      const sending = Array.from({ length: 4 }, () =>
        pair.kernel.connect({ host: addresses.stack.v4, port }, { behaviour: 'exchange', send: BYTES / 2, seed: 1 }),
      );
      for (const { sent } of await Promise.all(sending)) expect(sent).toBe(BYTES / 2);
      const half = { received: BYTES / 2, sha: digest(1, BYTES / 2) };
      expect(await pair.ours.results({ name })).toMatchObject(Array(4).fill(half));
      expect((await pair.ours.counters())['txAside']).toBeGreaterThan(before);
      await pair.ours.call('close', { name });
    },
  );

  test('and the counters say that nothing was thrown away', async () => {
    const counters = await pair.ours.counters();
    const { connections, core } = await pair.ours.metrics();
    const drops = ['rxTruncated', 'txErrors', 'dropTcpChecksum', 'dropNoRoom'];
    expect(drops.map((name) => counters[name])).toEqual(drops.map(() => 0));
    expect([connections, core.noMemory]).toEqual([0, 0]);
  });
});
