// Paths narrower than the link: routers that say so, routers that are silent, paths that change under a connection.
import { describe, expect, test } from 'vitest';
import type { TcpDefaults } from '../../src/core/stack-core.ts';
import { pathMtu } from '../../src/core/tcp/mss.ts';
import type { Impairments } from '../../src/link/sim.ts';
import { CASE, type Outcome, Pair, PLAN, run } from '../property/pair/run.ts';

const S = 1e6;

function transfer(
  size: number,
  path: Partial<Impairments>,
  more: { v6?: boolean; tcp?: Partial<TcpDefaults>; mtu?: number; write?: number } = {},
): Outcome {
  const card = { mtu: more.mtu ?? 1500 };
  return run({
    ...CASE,
    v6: more.v6 ?? false,
    early: true,
    cards: [card, card],
    faults: [{ delay: 5000, ...path }, { delay: 5000 }],
    tcp: [more.tcp ?? {}, {}],
    plans: [
      { ...PLAN, size, write: more.write ?? 65_536 },
      { ...PLAN, size: 0, closeLast: true },
    ],
  });
}

const sender = ({ pair }: Outcome) => pair.hosts[0];

test.each(['bbr', 'newreno'])(
  'a claim is believed while small segments get through, %s [RFC 5927 §7.2]',
  (congestion) => {
    const pair = new Pair({ ...CASE, tcp: [{ noDelay: true, congestion }, {}] });
    pair.warm();
    const [a, b] = pair.hosts;
    b.listen(80);
    pair.wire.impair({ delay: 10_000 });
    const row = a.connect(pair.addresses[1], 80);
    pair.clock.advance(S);
    const send = (n: number) => a.turn(() => a.core.callSend(row, new Uint8Array(n), 0, n, a.now));
    send(20_000);
    pair.clock.advance(S);
    pair.wire.impair({ delay: 10_000, mtu: 1300, tellsMtu: true }, a.link);
    const before = a.tcb(row).sndUna;
    send(1448);
    for (let n = 0; n < 30; n++) {
      pair.clock.advance(5000);
      send(100);
    }
    expect(a.tcb(row).sndUna - before).toBeGreaterThan(1448);
    expect([pathMtu(a.t, a.tcb(row)), a.core.counters.timeouts]).toEqual([1300, 0]);
  },
);

describe.each([false, true])('IPv6 %s', (v6) => {
  const least = v6 ? 1280 : 576;

  test.each([1400, 1300, least])('a router that says %d is believed at once [RFC 1191 §3] [RFC 8201 §4]', (mtu) => {
    const done = transfer(300_000, { mtu, tellsMtu: true }, { v6 });
    const { counters } = sender(done).core;
    expect(counters.packetsTooBig).toBe(1);
    expect(counters.timeouts).toBe(0);
    expect(done.took).toBeLessThan(2 * S);
    // One flight met the narrow link; what was dropped there is not taken for congestion.
    expect(done.pair.wire.stats(sender(done).link).fates.tooBig).toBeLessThan(12);
  });

  test('the next connection to the same address begins with what was learned [RFC 8201 §5.2]', () => {
    const pair = new Pair({ ...CASE, v6 });
    pair.warm();
    const [a, b] = pair.hosts;
    b.listen(80);
    pair.wire.impair({ delay: 5000, mtu: 1300, tellsMtu: true }, a.link);
    const talk = () => {
      const row = a.connect(pair.addresses[1], 80);
      pair.clock.advance(S);
      const begun = pathMtu(a.t, a.tcb(row));
      a.turn(() => a.core.callSend(row, new Uint8Array(20_000), 0, 20_000, a.now));
      pair.clock.advance(S);
      expect(a.tcb(row).sndUna).toBe(a.tcb(row).sndNxt);
      return begun;
    };
    expect(talk()).toBe(1500);
    expect(talk()).toBe(1300);
    // No router had to say it again.
    expect(a.core.counters.packetsTooBig).toBe(1);
  });

  test('nobody tries a larger one for five minutes: not the next connection, not one that rested [RFC 1191 §3-b] [RFC 8201 §4-b]', () => {
    const pair = new Pair({ ...CASE, v6 });
    pair.warm();
    const [a, b] = pair.hosts;
    b.listen(80);
    pair.wire.impair({ delay: 5000, mtu: 1300, tellsMtu: true }, a.link);
    const say = (row: number) => {
      a.turn(() => a.core.callSend(row, new Uint8Array(20_000), 0, 20_000, a.now));
      pair.clock.advance(S);
      return a.core.counters.mtuProbes;
    };
    const first = a.connect(pair.addresses[1], 80);
    pair.clock.advance(S);
    say(first);
    const next = a.connect(pair.addresses[1], 80);
    pair.clock.advance(S);
    expect(say(next)).toBe(0);
    pair.clock.advance(120 * S);
    expect(a.tcb(next).flight).toBe(0);
    expect(say(next)).toBe(0);
    // Ten minutes after the router spoke the path may have changed.
    pair.clock.advance(500 * S);
    expect(say(next)).toBeGreaterThan(0);
  });

  test.each([1400, 1280])(
    'large segments that vanish without a word at %d: found out and searched [RFC 4821 §7] [RFC 4821 §7.7] [RFC 4821 §7.2] [RFC 8899 §5.1]',
    (mtu) => {
      const done = transfer(3_000_000, { mtu }, { v6 });
      const { counters } = sender(done).core;
      expect(counters.blackHoles).toBe(1);
      if (mtu > 1280) expect(counters.mtuProbes).toBeGreaterThan(1);
      const { t } = sender(done);
      const learned = [...(t.paths as unknown as { paths: Map<string, { mtu: number }> }).paths.values()][0]!.mtu;
      expect(learned).toBeLessThanOrEqual(mtu);
      expect(learned).toBeGreaterThan(mtu - 40);
      expect(done.took).toBeLessThan(10 * S);
    },
  );
});

test('a lost probe is no congestion: cwnd is not reduced for it [RFC 8899 §3] [RFC 4821 §7.5]', () => {
  const done = transfer(3_000_000, { mtu: 1400 });
  const { counters } = sender(done).core;
  expect(counters.mtuProbesLost).toBeGreaterThan(0);
  expect(counters.fastRetransmits).toBe(0);
});

test('on a path as wide as the link no probe is ever sent', () => {
  const done = transfer(2_000_000, {});
  expect(sender(done).core.counters.mtuProbes).toBe(0);
});

test('a jumbo link before a path of 1500', () => {
  const done = transfer(5_000_000, { mtu: 1500 }, { mtu: 9000 });
  expect(done.took).toBeLessThan(15 * S);
});

test.each([
  ['segments of writes that do not fill one', 9000, 2900, 4000],
  ['what nearly every path carries vanishes, too', 1500, 800, 65_536],
  ['a link of 1280 before a path that is a little narrower', 1280, 1241, 65_536],
])('silence about small sizes: %s [RFC 4821 §7.7]', (_what, mtu, path, write) => {
  const done = transfer(20_000, { mtu: path }, { mtu, write, tcp: { noDelay: true } });
  expect(sender(done).core.counters.blackHoles).toBeGreaterThan(0);
  expect(done.took).toBeLessThan(60 * S);
});

test.each([
  ['IPv6', true, 1216],
  ['IPv4', false, 1236],
])('%s: a segment that its timestamps make too large is suspected, too [RFC 4821 §7.7]', (_what, v6, size) => {
  const done = transfer(size, { mtu: 1282 }, { v6 });
  expect(sender(done).core.counters.blackHoles).toBe(1);
  expect(done.took).toBeLessThan(8 * S);
});

test('without probing a black hole stays one, and the connection ends by R2, not in silence', () => {
  expect(() => transfer(100_000, { mtu: 1400 }, { tcp: { mtuProbing: false } })).toThrow(/closed true for/);
});
