// A connection leaves one stack and goes on in another, byte for byte: at any moment, with text out of order, a FIN queued,
// another clock, other arenas. The old host is unplugged, as a process that ended.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLOSED, LISTEN } from '../../src/core/tcp/figure5.ts';
import { SeededRng } from '../../src/link/sim.ts';
import { transfers } from './pair/arbitraries.ts';
import { Host } from './pair/host.ts';
import { type Case, open, Pair } from './pair/run.ts';

const numRuns = Number(process.env.USERTCP_RUNS ?? 60);
const HOUR = 3600e6;

/** Runs the case; after `at` µs the connection of end `side` moves to a new host. Returns whether it did. */
function move(c: Case, at: number, side: 0 | 1, ahead: number): boolean {
  const pair = new Pair(c);
  try {
    const ends = open(c, pair);
    const end = ends[side];
    const peer = ends[1 - side]!;
    const old = pair.hosts[side];
    pair.clock.run(pair.clock.now() + at);
    const state = end.row < 0 ? CLOSED : old.core.state(end.row, end.gen);
    const moves = end.opened && !end.closed && (state & (CLOSED | LISTEN)) === 0;
    let host = old;
    if (moves) {
      const snapshot = old.turn(() => old.core.exportConnection(end.row, old.now));
      old.listeners.delete(end.row);
      old.stop();
      pair.wire.setUp(old.link, false);
      host = new Host(pair.wire, {
        addresses: [`${pair.addresses[side]}/${c.v6 ? 64 : 24}`],
        seed: new SeededRng(c.seed).u32(),
        tcp: c.tcp[side],
        card: { ...c.cards[side], mac: old.link.mac },
        ahead,
      });
      pair.wire.impair(c.faults[side], host.link);
      const row = host.turn(() => {
        const taken = host.core.importConnection(snapshot, host.now);
        if (taken >= 0) end.take(taken, host);
        return taken;
      });
      if (row < 0) throw new Error(`import: ${row}`);
      end.resume();
    }
    const start = pair.clock.now();
    pair.clock.runWhile(() => !(ends[0].done && ends[1].done), start + HOUR);
    for (const [n, e] of ends.entries()) {
      const info = `end ${n}: ${e.wrong} ${e.received} of ${c.plans[1 - n]!.size}, closed ${e.closed} for ${e.reason}`;
      if (e.wrong !== '' || !e.closed || e.reason !== 0 || e.received !== c.plans[1 - n]!.size) throw new Error(info);
    }
    pair.clock.run(pair.clock.now() + HOUR / 4);
    const left = [
      host.leftovers(!moves && side === 1 && !c.simultaneous ? 1 : 0),
      peer.host.leftovers(side === 0 && !c.simultaneous ? 1 : 0),
    ];
    if (left.join('') !== '') throw new Error(`left: ${left.join(' | ')}`);
    return moves;
  } catch (error) {
    throw new Error(`seed ${c.seed}: ${(error as Error).message}\n${pair.capture()}\n${JSON.stringify(c)}`, {
      cause: error,
    });
  }
}

/** Longer transfers than the others, so that something is under way; the reader's own backlog moves with its application. */
const cases = transfers.map(
  (c): Case => ({
    ...c,
    plans: [
      { ...c.plans[0], size: c.plans[0].size + 50_000, write: 5000 },
      { ...c.plans[1], size: c.plans[1].size + 20_000, write: 5000 },
    ],
  }),
);

test('exported and imported at any moment, a connection goes on', { timeout: 120_000 }, () => {
  let moved = 0;
  const when = fc.integer({ min: 0, max: 2_000_000 });
  const clocks = fc.constantFrom(0, 5e6, 3.6e9, 1.7e15);
  fc.assert(
    fc.property(cases, when, fc.constantFrom(0 as const, 1 as const), clocks, (c, at, side, ahead) => {
      if (move(c, at, side, ahead)) moved++;
    }),
    { numRuns, seed: Number(process.env.USERTCP_SEED ?? 63) },
  );
  expect(moved).toBeGreaterThan(numRuns / 3);
});
