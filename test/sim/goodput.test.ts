// What a transfer reaches over paths that lose, and that none of them ever stops. The figures are printed; the floors are low.
import { describe, expect, test } from 'vitest';
import type { TcpDefaults } from '../../src/core/stack-core.ts';
import type { Impairments } from '../../src/link/sim.ts';
import { CASE, type Case, PLAN, run } from '../property/pair/run.ts';

const MIB = 1 << 20;

function goodput(
  size: number,
  both: Partial<Impairments>,
  tcp: Partial<TcpDefaults> = {},
  more: Partial<Case> = {},
): number {
  const { took } = run({
    // A round trip that is known from the handshake on, as on a real path.
    ...CASE,
    early: both.loss === undefined,
    faults: [both, both],
    tcp: [tcp, tcp],
    plans: [
      { ...PLAN, size, write: 65536 },
      { ...PLAN, size: 0, closeLast: true },
    ],
    ...more,
  });
  return (size * 8) / took;
}

const rows: readonly (readonly [string, number, Partial<Impairments>, Partial<TcpDefaults>, number])[] = [
  ['1 Gbit/s, 1 ms', 8 * MIB, { rate: 1e9, delay: 500 }, {}, 600],
  ['100 Mbit/s, 20 ms', 8 * MIB, { rate: 1e8, delay: 10_000 }, {}, 60],
  ['1 % loss, 20 ms, SACK', 2 * MIB, { loss: 0.01, delay: 10_000 }, {}, 2],
  ['1 % loss, 20 ms, no SACK', 2 * MIB, { loss: 0.01, delay: 10_000 }, { sack: false }, 1],
  ['1 % loss, 20 ms, no timestamps', 2 * MIB, { loss: 0.01, delay: 10_000 }, { timestamps: false }, 2],
  ['5 % loss, 20 ms', MIB, { loss: 0.05, delay: 10_000 }, {}, 0.3],
  ['reordering 5 % by 2 ms, 20 ms', 2 * MIB, { reorder: 0.05, reorderBy: 2000, delay: 10_000 }, {}, 2],
  ['10 Mbit/s, 20 ms, queue of 20', 2 * MIB, { rate: 1e7, delay: 10_000, queuePackets: 20 }, {}, 5],
  ['64 KiB window without scaling, 1 ms', 8 * MIB, { delay: 500 }, { windowScaling: false }, 200],
  ['buffers of 4 KiB, 1 ms', 512 * 1024, { delay: 500 }, { receiveBuffer: 4096, initialWindow: 4096 }, 4],
];

describe('goodput', () => {
  for (const [name, size, both, tcp, floor] of rows) {
    test(`${name}: at least ${floor} Mbit/s`, { timeout: 60_000 }, () => {
      const reached = goodput(size, both, tcp);
      console.log(`goodput | ${name} | ${reached.toFixed(1)} Mbit/s | floor ${floor}`);
      expect(reached).toBeGreaterThan(floor);
    });
  }
  test('any round trip from 1 µs to 10 s: the transfer ends', { timeout: 60_000 }, () => {
    for (const rtt of [1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7]) {
      for (const loss of [0, 0.05]) {
        // Slow start alone takes some fifteen round trips, a timeout costs a few more.
        const { took } = run({
          ...CASE,
          faults: [
            { delay: rtt / 2, loss },
            { delay: rtt / 2, loss },
          ],
          plans: [PLAN, PLAN],
        });
        expect(took, `rtt ${rtt} loss ${loss}`).toBeLessThan(60 * rtt + 20e6);
      }
    }
  });
});
