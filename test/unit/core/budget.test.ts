import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL, Budget, type BudgetLimits, LISTENERS, NO_LIMITS, PEER } from '../../../src/core/budget.ts';
import { ESTABLISHED, LISTEN } from '../../../src/core/tcp/figure5.ts';
import { LISTENER, STATE } from '../../../src/core/tcp/tcb.ts';
import { SeededRng } from '../../../src/link/sim.ts';
import { ROW_RADDR, ROW_WORDS } from '../../../src/wire/abi.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';

const ROWS = 32;

/** Row 0 and 1 are LISTEN; `peer(row, address, listener)` makes a connection of another. */
function make(limits: Partial<BudgetLimits> = {}): {
  budget: Budget;
  peer(row: number, address: string, listener?: number): void;
} {
  const rows = new Int32Array(ROWS * ROW_WORDS);
  for (let row = 0; row < ROWS; row++) {
    rows[row * ROW_WORDS + STATE] = row < 2 ? LISTEN : ESTABLISHED;
    rows[row * ROW_WORDS + LISTENER] = -1;
  }
  return {
    budget: new Budget(new ArrayBuffer(Budget.bytes(ROWS)), rows, { ...NO_LIMITS, ...limits }, new SeededRng(3)),
    peer(row, address, listener = -1) {
      rows.set(parseAddress(address), row * ROW_WORDS + ROW_RADDR);
      rows[row * ROW_WORDS + LISTENER] = listener;
    },
  };
}

function hold(budget: Budget, row: number, bytes: number): void {
  budget.send += bytes;
  if (bytes > 0) budget.take(row, bytes, 1);
  else budget.give(row, -bytes, 1);
}

test.each([
  ['IPv4: one address', {}, '10.0.0.1', '10.0.0.1', true],
  ['IPv4: its neighbour', {}, '10.0.0.1', '10.0.0.2', false],
  ['IPv4: /24', { ipv4Prefix: 24 }, '10.0.0.1', '10.0.0.200', true],
  ['IPv4: another /24', { ipv4Prefix: 24 }, '10.0.0.1', '10.0.1.1', false],
  ['IPv6: one /64', {}, 'fd00::1', 'fd00::ffff:1', true],
  ['IPv6: another /64', {}, 'fd00::1', 'fd00:0:0:1::1', false],
  ['IPv6: /56', { ipv6Prefix: 56 }, 'fd00::1', 'fd00:0:0:1::1', true],
  ['IPv6: /128', { ipv6Prefix: 128 }, 'fd00::1', 'fd00::2', false],
])('a peer is a prefix: %s', (_what, limits, one, other, same) => {
  const { budget, peer } = make(limits);
  peer(2, one);
  peer(3, other);
  hold(budget, 2, 100);
  expect(budget.heldByPeer(3)).toBe(same ? 100 : 0);
  hold(budget, 3, 11);
  expect([budget.heldByPeer(2), budget.heldByPeer(3)]).toEqual(same ? [111, 111] : [100, 11]);
  expect(budget.peers).toBe(same ? 1 : 2);
});

test('room is the least that any limit leaves, and the scarcest limit is known', () => {
  const { budget, peer } = make({ total: 1000, perPrefix: 500, perListener: 400 });
  peer(2, '10.0.0.1', 0);
  peer(3, '10.0.0.1', 1);
  peer(4, '10.0.0.2', 0);
  expect([budget.room(2), budget.scarcest(2)]).toEqual([400, LISTENERS]);
  hold(budget, 2, 200);
  hold(budget, 3, 150);
  expect([budget.room(2), budget.scarcest(2)]).toEqual([150, PEER]);
  expect([budget.room(4), budget.scarcest(4)]).toEqual([200, LISTENERS]);
  expect(budget.roomOutOfOrder(2)).toBe(500 * (7 / 8) - 350);
  expect(budget.isTight(2)).toBe(false);
  hold(budget, 2, 50);
  expect([budget.isTight(2), budget.isTight(4)]).toEqual([true, false]);
  peer(5, '10.0.0.9');
  hold(budget, 5, 590);
  expect([budget.room(4), budget.scarcest(4)]).toEqual([10, ALL]);
});

test('a listener’s account outlives it in its children, and a row that holds something cannot leave', () => {
  const { budget, peer } = make({ perListener: 400 });
  peer(2, '10.0.0.1', 0);
  peer(3, '10.0.0.2', 0);
  hold(budget, 2, 100);
  hold(budget, 3, 100);
  budget.leave(0);
  expect(budget.heldByListener(2)).toBe(200);
  expect(() => budget.leave(2)).toThrow(/invariant/);
  hold(budget, 2, -100);
  budget.leave(2);
  expect(budget.heldByListener(3)).toBe(100);
});

test('whoever takes and gives in whatever order: sums are those of the rows, and accounts are used again', () => {
  const step = fc.record({
    row: fc.integer({ min: 2, max: ROWS - 1 }),
    op: fc.constantFrom('take', 'take', 'give', 'leave'),
    bytes: fc.integer({ min: 1, max: 9999 }),
    peer: fc.integer({ min: 1, max: 5 }),
    v6: fc.boolean(),
    listener: fc.integer({ min: -1, max: 1 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { budget, peer } = make();
      const rows = new Map<number, { held: number; peer: string; listener: number }>();
      for (const s of steps) {
        let row = rows.get(s.row);
        if (row === undefined) {
          row = { held: 0, peer: s.v6 ? `fd00:0:0:${s.peer}::${s.row}` : `10.0.0.${s.peer}`, listener: s.listener };
          peer(s.row, row.peer, row.listener);
          rows.set(s.row, row);
        }
        const bytes = s.op === 'take' ? s.bytes : s.op === 'give' ? -Math.min(s.bytes, row.held) : -row.held;
        row.held += bytes;
        if (bytes !== 0) hold(budget, s.row, bytes);
        if (s.op === 'leave') {
          budget.leave(s.row);
          rows.delete(s.row);
        }
        const sum = (which: (r: typeof row & object) => boolean): number =>
          [...rows.values()].filter(which).reduce((all, r) => all + r.held, 0);
        expect(budget.held).toBe(sum(() => true));
        for (const [at, r] of rows) {
          const prefix = r.peer.slice(0, r.peer.lastIndexOf(':') + 1) || r.peer;
          expect(budget.heldByPeer(at)).toBe(sum((o) => o.peer.startsWith(prefix)));
          if (r.listener >= 0 && r.held > 0)
            expect(budget.heldByListener(at)).toBe(sum((o) => o.listener === r.listener));
        }
      }
    }),
    { seed: 47 },
  );
});
