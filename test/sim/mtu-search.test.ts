// The search for a larger path MTU under flows that leave it little room.
import { describe, expect, test } from 'vitest';
import { EV_DATA, EV_DRAIN } from '../../src/core/events.ts';
import type { Tcb } from '../../src/core/tcp/tcb.ts';
import type { Impairments } from '../../src/link/sim.ts';
import type { Host } from '../property/pair/host.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const MS = 1000;
const S = 1e6;

interface Flow {
  pair: Pair;
  a: Host;
  tcb: Tcb;
  /** Gives SEND as much as it takes, now and whenever it takes more. */
  fill(): void;
  send(bytes: number): void;
  /** Bytes that arrived. */
  got(): number;
}

function flow(
  path: Partial<Impairments>,
  { sack = true, congestion = 'cubic', mtu = 1500, receiveBuffer = 0 } = {},
): Flow {
  const [card, more] = [{ mtu }, receiveBuffer > 0 ? { receiveBuffer } : {}];
  const pair = new Pair(
    {
      ...CASE,
      cards: [card, card],
      tcp: [
        { sack, congestion },
        { sack, ...more },
      ],
    },
    { record: false, checkEvery: 0 },
  );
  pair.warm();
  const [a, b] = pair.hosts;
  let got = 0;
  b.listen(80);
  b.accept = (row) => {
    b.core.callAccepted(row);
    return {
      event: (type: number, _a: number, _b: number, length: number) => {
        if (type !== EV_DATA) return;
        got += length;
        b.core.callConsumed(row, length, b.now);
      },
    };
  };
  pair.wire.impair({ delay: 5 * MS, ...path }, a.link);
  const row = a.connect(pair.addresses[1], 80);
  pair.clock.advance(S);
  const send = (bytes: number): number => a.turn(() => a.core.callSend(row, new Uint8Array(bytes), 0, bytes, a.now));
  const fill = (): void => {
    while (send(100_000) === 100_000);
  };
  a.listeners.set(row, { event: (type: number) => type === EV_DRAIN && fill() } as never);
  return { pair, a, tcb: a.tcb(row), fill, send, got: () => got };
}

const KINDS = [
  ['SACK', {}],
  ['no SACK', { sack: false }],
  ['BBR', { congestion: 'bbr' }],
  ["the receiver's window is full", { receiveBuffer: 40_000 }],
] as const;

describe.each(KINDS)('a flow that fills its window: %s', (_what, options) => {
  test('the text makes room for the probe [RFC 4821 §7.3] [RFC 4821 §7] [RFC 8899 §5.1]', () => {
    const { pair, a, tcb, fill } = flow({ mtu: 1400, rate: 30e6 }, options);
    fill();
    pair.clock.advance(4 * S);
    expect(tcb.sndMss).toBeGreaterThan(1320);
    expect(a.core.counters.mtuProbesLost).toBeGreaterThan(2);
  });

  test('a probe that is lost is no congestion, however much follows it [RFC 4821 §7.5] [RFC 8899 §3]', () => {
    const { pair, a, tcb, fill } = flow({ mtu: 1400, rate: 30e6 }, options);
    const { counters } = a.core;
    fill();
    pair.clock.runWhile(() => counters.mtuProbes === 0, pair.clock.now() + 4 * S);
    const [lost, resent] = [tcb.lost, counters.retransSegs];
    pair.clock.advance(4 * S);
    expect([counters.fastRetransmits, counters.timeouts, tcb.recoveries, tcb.lost - lost]).toEqual([0, 2, 0, 0]);
    // Each left again in two segments.
    expect(counters.retransSegs - resent).toBeLessThanOrEqual(2 * counters.mtuProbesLost);
  });
});

test('a jumbo link before a path of 1500: segments as large as fourteen make themselves room [RFC 4821 §7.3]', () => {
  const { pair, tcb, fill } = flow({ mtu: 1500, rate: 30e6 }, { mtu: 9000 });
  fill();
  pair.clock.advance(6 * S);
  expect(tcb.sndMss).toBeGreaterThan(1420);
});

describe('what the search has come to is kept with the path', () => {
  const ms = ({ pair, send, got }: Flow, bytes: number): number => {
    const [start, before] = [pair.clock.now(), got()];
    send(bytes);
    pair.clock.runWhile(() => got() < before + bytes, start + 60 * S);
    return (pair.clock.now() - start) / MS;
  };

  test('a connection that rests between its bursts ends the search, too [RFC 4821 §7.7] [RFC 8899 §5.1]', () => {
    const talk = flow({ mtu: 1400 });
    for (let n = 0; n < 20; n++) {
      ms(talk, 9000);
      talk.pair.clock.advance(35 * S);
      expect(talk.tcb.flight).toBe(0);
    }
    expect(talk.tcb.sndMss).toBeGreaterThan(1320);
    expect(talk.a.core.counters.mtuProbes).toBeLessThan(20);
    // No probe is lost any more that would take a round trip to repair.
    expect(ms(talk, 9000)).toBeLessThan(15);
  });

  test('the next connection to the address goes on where it stood [RFC 4821 §7.7]', () => {
    const talk = flow({ mtu: 1400 });
    const { counters } = talk.a.core;
    while (counters.mtuProbesLost < 4) ms(talk, 9000);
    const { mtuHigh, mtuFails } = talk.tcb;
    expect([mtuHigh > 1400, mtuFails]).toEqual([true, 1]);
    const next = talk.a.tcb(talk.a.connect(talk.pair.addresses[1], 80));
    talk.pair.clock.advance(S);
    expect([next.mtuHigh, next.mtuFails]).toEqual([mtuHigh, 1]);
  });
});
