import { expect, test } from 'vitest';
import { CLOSED } from '../../../src/core/tcp/figure5.ts';
import { F_DIRTY } from '../../../src/core/tcp/row.ts';
import { ALL_SCRATCH, ANVIL, RESETS, Rows, SCRATCH_ROWS } from '../../../src/core/tcp/rows.ts';
import { FLAGS, GEN, HOP, STATE } from '../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../src/wire/abi.ts';

const make = (n: number): Rows => new Rows(new ArrayBuffer(Rows.bytes(n)));
const word = (rows: Rows, row: number, w: number): number => rows.words[row * ROW_WORDS + w]!;

test('a row is zeroed but for its generation, and never a scratch row', () => {
  const rows = make(2);
  const row = rows.take();
  expect(row).toBe(SCRATCH_ROWS);
  expect([word(rows, row, STATE), word(rows, row, HOP), word(rows, row, GEN)]).toEqual([CLOSED, -1, 0]);
  expect([rows.take() > row, rows.take(), rows.used]).toEqual([true, -1, 2]);
});

test('a dead row changes its generation at once and is taken again only after the turn [T300]', () => {
  const rows = make(1);
  const row = rows.take();
  rows.words[row * ROW_WORDS] = 0x12345678;
  rows.bury(row);
  expect([word(rows, row, GEN), rows.used, rows.take()]).toEqual([1, 0, -1]);
  expect(word(rows, row, 0)).toBe(0x12345678); // descriptors of the turn still read it
  rows.endTurn();
  expect(rows.take()).toBe(row);
  expect([word(rows, row, GEN), word(rows, row, 0)]).toEqual([1, 0]);
  for (let life = 2; life < 5; life++) {
    rows.bury(row);
    expect(word(rows, row, GEN)).toBe(life);
    rows.endTurn();
    rows.take();
  }
});

test('all that died in a turn is taken again', () => {
  const rows = make(3);
  const all = [rows.take(), rows.take(), rows.take()];
  for (const row of all) rows.bury(row);
  rows.endTurn();
  expect([rows.take(), rows.take(), rows.take()].sort((a, b) => a - b)).toEqual(all);
  expect([rows.take(), rows.used]).toEqual([-1, 3]);
});

test('a dead row that is on an output list waits until it is found there', () => {
  const rows = make(1);
  const row = rows.take();
  rows.words[row * ROW_WORDS + FLAGS] = F_DIRTY;
  rows.bury(row);
  rows.endTurn();
  expect(rows.take()).toBe(-1);
  rows.release(row);
  rows.endTurn();
  expect(rows.take()).toBe(row);
});

test('scratch rows are as many as there are but for the anvil, per turn; resets get fewer', () => {
  const rows = make(1);
  const all = Array.from({ length: ALL_SCRATCH }, () => rows.scratch());
  expect(new Set(all.slice(0, -1)).size).toBe(ALL_SCRATCH - 1);
  expect(all.slice(0, -1).every((row) => rows.isScratch(row))).toBe(true);
  expect(new Set(all.slice(0, -1).map((row) => rows.ordinal(row))).size).toBe(ALL_SCRATCH - 1);
  expect(all).not.toContain(ANVIL);
  expect(all.at(-1)).toBe(-1);
  rows.endTurn();
  const row = rows.scratch();
  rows.unscratch(row);
  expect(rows.scratch()).toBe(row);
  const next = rows.scratch();
  rows.unscratch(row); // not the last one
  expect([rows.scratch(), rows.scratch()]).not.toContain(next);
  while (rows.scratch(RESETS) >= 0);
  expect(rows.ordinal(rows.scratch())).toBe(RESETS);
});
