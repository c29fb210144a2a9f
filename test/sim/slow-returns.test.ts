// Paths that go away, come back, become slower, and lose much for peers without SACK: no stall, no storm of what had arrived.
import { expect, test } from 'vitest';
import type { Impairments } from '../../src/link/sim.ts';
import { World } from '../../src/world.ts';

const CHUNK = new Uint8Array(65_536);
const CARD = { poison: false };
const WAY: Partial<Impairments> = { delay: 10_000, rate: 2e7, queuePackets: 60 };
const BACK: Partial<Impairments> = { delay: 10_000 };

interface Run {
  /** Mbit/s in each second. */
  readonly seconds: number[];
  readonly resent: number;
  readonly sent: number;
  readonly srttUs: number;
}

/** One flow; `weather` says how both directions are from that second on. */
async function flow(
  tcp: Record<string, unknown>,
  weather: ReadonlyMap<number, readonly [Partial<Impairments>, Partial<Impairments>]>,
  seconds: number,
): Promise<Run> {
  await using world = new World({ seed: 7 });
  const from = world.host('10.0.0.1/24', { loopback: false, card: CARD, tcp });
  const to = world.host('10.0.0.2/24', { loopback: false, card: CARD });
  let info = () => ({ bytesOut: 0, srttUs: 0 });
  from.serve(80, {
    open: (conn) => {
      info = () => conn.info()!;
      while (conn.write(CHUNK));
    },
    drain: (conn) => {
      while (conn.write(CHUNK));
    },
    end: () => {},
  });
  world.impair(from, WAY);
  world.impair(to, BACK);
  const reader = await world.settle(to.open({ host: '10.0.0.1', port: 80 }));
  reader.end().catch(() => {});
  const rates: number[] = [];
  for (let n = 0, last = 0; n < seconds; n++) {
    const change = weather.get(n);
    if (change !== undefined) {
      world.impair(from, change[0]);
      world.impair(to, change[1]);
    }
    world.clock.advance(1e6);
    const { bytesOut } = info();
    rates.push(((bytesOut - last) * 8) / 1e6);
    last = bytesOut;
  }
  const { retransSegs, outSegs } = from.metrics().core;
  return { seconds: rates, resent: retransSegs!, sent: outSegs!, srttUs: info().srttUs };
}

const GONE = { blackhole: true };
const THERE = { blackhole: false };

test.each([
  ['newreno', {}],
  ['cubic', {}],
  ['bbr', {}],
  ['newreno', { sack: false }],
  ['bbr', { sack: false }],
])('%s %o: a link that is there every other second is used in each of them', async (congestion, more) => {
  const weather = new Map(
    Array.from({ length: 20 }, (_, n) => {
      const now = n % 2 === 0 ? GONE : THERE;
      return [
        3 + n,
        [
          { ...WAY, ...now },
          { ...BACK, ...now },
        ],
      ] as const;
    }),
  );
  const { seconds } = await flow({ congestion, ...more }, weather, 26);
  for (let n = 4; n < 23; n += 2) expect(seconds[n], `second ${n} of ${seconds}`).toBeGreaterThan(5);
  expect(seconds[25]).toBeGreaterThan(18);
});

test.each(['newreno', 'cubic', 'bbr'])('%s: a link that was away for twenty seconds', async (congestion) => {
  const weather = new Map([
    [
      4,
      [
        { ...WAY, ...GONE },
        { ...BACK, ...GONE },
      ] as const,
    ],
    [
      24,
      [
        { ...WAY, ...THERE },
        { ...BACK, ...THERE },
      ] as const,
    ],
  ]);
  const { seconds, srttUs } = await flow({ congestion }, weather, 40);
  expect(srttUs).toBeLessThan(100_000);
  // The next timeout may come as late as after half of the time it was away.
  expect(seconds[38], `${seconds}`).toBeGreaterThan(15);
});

test.each(['newreno', 'bbr'])(
  '%s: a round trip that grows from 20 ms to 1.5 s: nothing was lost, and little goes again',
  async (congestion) => {
    const slow = { delay: 750_000 };
    const { resent } = await flow({ congestion }, new Map([[4, [{ ...WAY, ...slow }, slow] as const]]), 9);
    const before = await flow({ congestion }, new Map(), 4);
    expect(resent - before.resent).toBeLessThan(10);
  },
);

test('a peer without SACK over a path that loses a tenth: the round trip stays known, and no storm comes of a timeout', async () => {
  const weather = new Map([[0, [{ ...WAY, rate: 1e7, loss: 0.1 }, BACK] as const]]);
  const { seconds, resent, sent, srttUs } = await flow({ congestion: 'newreno', sack: false }, weather, 20);
  expect(srttUs).toBeLessThan(60_000);
  expect(resent / sent).toBeLessThan(0.3);
  expect(seconds.filter((rate) => rate === 0).length, `${seconds}`).toBeLessThan(2);
});
