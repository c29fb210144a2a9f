// Who has to go when a limit is reached, and who not, however long he has been silent.
import { beforeEach, expect, test, vi } from 'vitest';
import { Budget, type BudgetLimits, NO_LIMITS } from '../../../../src/core/budget.ts';
import type { Tcp } from '../../../../src/core/tcp/context.ts';
import { Eviction, PATIENCE } from '../../../../src/core/tcp/eviction.ts';
import { ESTABLISHED, LISTEN } from '../../../../src/core/tcp/figure5.ts';
import { SCRATCH_ROWS } from '../../../../src/core/tcp/rows.ts';
import { LISTENER, STATE, type Tcb } from '../../../../src/core/tcp/tcb.ts';
import { SeededRng } from '../../../../src/link/sim.ts';
import { ROW_RADDR, ROW_WORDS } from '../../../../src/wire/abi.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';

const gone: number[] = [];
vi.mock('../../../../src/core/tcp/close.ts', () => ({
  abort: (_t: Tcp, tcb: { row: number }) => void gone.push(tcb.row),
}));
beforeEach(() => void (gone.length = 0));

const ROWS = SCRATCH_ROWS + 32;
const NOW = 100_000;

class Cursor {
  row = 0;
  readonly gen = 1;
  select(row: number): this {
    this.row = row;
    return this;
  }
}

/** Peers by address, each with what its connections hold and for how long they gave nothing back; then the last asks for room. */
function ask(limits: Partial<BudgetLimits>, ...held: [peer: string, bytes: number, idle: number, listener?: number][]) {
  const rows = new Int32Array(ROWS * ROW_WORDS);
  const budget = new Budget(new ArrayBuffer(Budget.bytes(ROWS)), rows, { ...NO_LIMITS, ...limits }, new SeededRng(3));
  for (const listener of [0, 1]) rows[listener * ROW_WORDS + STATE] = LISTEN;
  held.forEach(([peer, bytes, idle, listener = -1], n) => {
    const row = SCRATCH_ROWS + n;
    rows.set(parseAddress(peer), row * ROW_WORDS + ROW_RADDR);
    rows[row * ROW_WORDS + STATE] = ESTABLISHED;
    rows[row * ROW_WORDS + LISTENER] = listener;
    if (bytes === 0) return;
    budget.send += bytes;
    budget.take(row, bytes, NOW - idle);
  });
  budget.refuse(SCRATCH_ROWS + held.length - 1);
  const t = {
    budget,
    tick: NOW,
    rows: { top: SCRATCH_ROWS + held.length },
    other: new Cursor(),
    counters: { budgetEvictions: 0 },
  };
  new Eviction().relieve(t as unknown as Tcp, new Cursor() as unknown as Tcb);
  return gone.map((row) => row - SCRATCH_ROWS);
}

const LONG = PATIENCE + 1;

test('who holds more than his share and gives nothing back', () => {
  expect(ask({ total: 1000 }, ['10.0.0.1', 700, LONG], ['10.0.0.2', 300, LONG], ['10.0.0.3', 0, 0])).toEqual([0]);
});

test.each([20, 25, 40, 49])('also who has given nothing back for %s days', (days) => {
  const idle = days * 86_400_000;
  expect(ask({ total: 1000 }, ['10.0.0.1', 700, idle], ['10.0.0.2', 300, LONG], ['10.0.0.3', 0, 0])).toEqual([0]);
});

test('not who gave something back a moment ago, if he holds the most', () => {
  const [recent, silent] = [PATIENCE - 1, PATIENCE + 1];
  expect(ask({ total: 1000 }, ['10.0.0.1', 600, recent], ['10.0.0.2', 400, silent], ['10.0.0.3', 0, 0])).toEqual([1]);
});

test('never who has his share or less, however long he is silent', () => {
  expect(ask({ total: 1000 }, ['10.0.0.1', 900, PATIENCE - 1], ['10.0.0.2', 100, 60_000], ['10.0.0.3', 0, 0])).toEqual(
    [],
  );
});

test('the share is that of the peer: many connections of one are one', () => {
  const many = Array.from({ length: 8 }, (): [string, number, number] => ['10.0.0.1', 100, LONG]);
  const [first] = ask({ total: 1000 }, ...many, ['10.0.0.2', 200, 10 * LONG], ['10.0.0.3', 0, 0]);
  expect(first).toBeLessThan(8);
});

test('for one who has more than his own share nobody goes', () => {
  expect(ask({ total: 1000 }, ['10.0.0.1', 500, LONG], ['10.0.0.3', 100, 0], ['10.0.0.2', 400, 0])).toEqual([]);
});

test('under the limit of a peer it is one of his own connections, whatever others hold', () => {
  expect(
    ask(
      { perPrefix: 1000 },
      ['10.0.0.2', 990, 50 * LONG],
      ['10.0.0.1', 800, LONG],
      ['10.0.0.1', 200, 0],
      ['10.0.0.1', 0, 0],
    ),
  ).toEqual([1]);
});

test('under the limit of a listener it is one of its own', () => {
  expect(
    ask({ perListener: 1000 }, ['10.0.0.1', 900, 50 * LONG, 1], ['10.0.0.2', 950, LONG, 0], ['10.0.0.3', 50, 0, 0]),
  ).toEqual([1]);
});
