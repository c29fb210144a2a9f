// The doors of the arena: every chunk is charged to its connection, once, and to what it is for.
import { expect, test } from 'vitest';
import { LARGE_CHUNK, SMALL_CHUNK } from '../../../../src/core/arena.ts';
import { Budget, NO_LIMITS } from '../../../../src/core/budget.ts';
import {
  discardText,
  letGo,
  queueText,
  takeHeld,
  textAcked,
  truncateText,
} from '../../../../src/core/tcp/held-text.ts';
import { SeededRng } from '../../../../src/link/sim.ts';
import { ROW_WORDS } from '../../../../src/wire/abi.ts';
import { type Tables, tables } from './bench-of-tables.ts';

const text = new Uint8Array(200_000);

/** All connections together may hold `total` bytes. */
function limited(total: number): Tables {
  const box = tables();
  const { rows } = box.t;
  const budget = new Budget(
    new ArrayBuffer(Budget.bytes(rows.words.length / ROW_WORDS)),
    rows.words,
    { ...NO_LIMITS, total },
    new SeededRng(1),
  );
  return { ...box, t: Object.assign(box.t, { budget }) };
}

/** [to send, out of order, of this connection, in use] */
const sums = ({ t, tcb }: Tables): number[] => [
  t.budget.send,
  t.budget.outOfOrder,
  t.budget.heldBy(tcb.row),
  t.arena.used,
];

test('an ACK is a sign of life, more text is not: who is evicted goes by it', () => {
  const { t, tcb } = tables();
  queueText(t, tcb, text, 0, 100_000);
  const began = t.tick;
  t.tick += 500;
  queueText(t, tcb, text, 0, 100_000);
  expect(t.budget.movedAt(tcb.row)).toBe(began);
  textAcked(t, tcb, 10);
  expect(t.budget.movedAt(tcb.row)).toBe(began);
  textAcked(t, tcb, 100_000);
  expect(t.budget.movedAt(tcb.row)).toBe(t.tick);
});

test('text to send is charged by chunks, and given back as they empty', () => {
  const box = tables();
  const { t, tcb } = box;
  queueText(t, tcb, text, 0, 100);
  expect(sums(box)).toEqual([SMALL_CHUNK, 0, SMALL_CHUNK, SMALL_CHUNK]);
  queueText(t, tcb, text, 0, 1000);
  expect(sums(box)).toEqual([SMALL_CHUNK, 0, SMALL_CHUNK, SMALL_CHUNK]);
  queueText(t, tcb, text, 0, 5000);
  const both = SMALL_CHUNK + LARGE_CHUNK;
  expect(sums(box)).toEqual([both, 0, both, both]);
  textAcked(t, tcb, 1000);
  expect(sums(box)).toEqual([both, 0, both, both]);
  textAcked(t, tcb, SMALL_CHUNK - 1000);
  expect(sums(box)).toEqual([LARGE_CHUNK, 0, LARGE_CHUNK, LARGE_CHUNK]);
  queueText(t, tcb, text, 0, LARGE_CHUNK);
  expect(sums(box)[0]).toBe(2 * LARGE_CHUNK);
  truncateText(t, tcb, 10);
  expect(sums(box)).toEqual([LARGE_CHUNK, 0, LARGE_CHUNK, LARGE_CHUNK]);
  discardText(t, tcb);
  expect(sums(box)).toEqual([0, 0, 0, 0]);
});

test('text out of order has a sum of its own, and is given back at once though its chunk waits for the end of the turn', () => {
  const box = tables();
  const { t, tcb } = box;
  const [small, large] = [takeHeld(t, tcb, 10), takeHeld(t, tcb, SMALL_CHUNK + 1)];
  const both = SMALL_CHUNK + LARGE_CHUNK;
  expect(sums(box)).toEqual([0, both, both, both]);
  letGo(t, tcb, large);
  expect(sums(box)).toEqual([0, SMALL_CHUNK, SMALL_CHUNK, both]);
  letGo(t, tcb, small);
  expect([sums(box), t.lent]).toEqual([
    [0, 0, 0, both],
    [large, small],
  ]);
});

test('what a limit refuses is remembered, and holds for this one call', () => {
  const box = limited(3 * LARGE_CHUNK);
  const { t, tcb } = box;
  expect(queueText(t, tcb, text, 0, LARGE_CHUNK)).toBe(LARGE_CHUNK);
  expect(t.budget.refused).toBe(-1);
  expect(queueText(t, tcb, text, 0, 200_000)).toBeLessThan(200_000);
  expect([t.budget.refused, t.arena.allowance]).toEqual([tcb.row, Infinity]);
});

test('text out of order is refused where text to send still has room', () => {
  const box = limited(3 * SMALL_CHUNK);
  const { t, tcb } = box;
  let taken = 0;
  while (takeHeld(t, tcb, 100) >= 0) taken++;
  expect([t.budget.refused, t.arena.allowance]).toEqual([tcb.row, Infinity]);
  expect(sums(box)).toEqual([0, taken * SMALL_CHUNK, taken * SMALL_CHUNK, taken * SMALL_CHUNK]);
  expect(taken).toBeLessThan(4);
});
