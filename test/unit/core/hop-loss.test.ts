// A neighbour that is gone: every connection by it hears, but not all in the same turn.
import { expect, test } from 'vitest';
import { HopLoss, LOOKS } from '../../../src/core/hop-loss.ts';
import { MtuNews } from '../../../src/core/mtu-news.ts';
import type { Tcp } from '../../../src/core/tcp/context.ts';
import { CLOSED, ESTABLISHED, LISTEN } from '../../../src/core/tcp/figure5.ts';
import { Rows } from '../../../src/core/tcp/rows.ts';
import { HOP, STATE, Tcb } from '../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../src/wire/abi.ts';

const MANY = 3 * LOOKS;

function world(): { t: Tcp; lost: number[]; losses: HopLoss; turn(): void } {
  const rows = new Rows(new ArrayBuffer(Rows.bytes(MANY)));
  for (let n = 0; n < MANY; n++) {
    const at = rows.take() * ROW_WORDS;
    rows.words[at + STATE] = ESTABLISHED;
    rows.words[at + HOP] = n % 2;
  }
  const other = new Tcb(rows.words.buffer as ArrayBuffer, new ArrayBuffer(0));
  const t = { rows, other, tick: 1 } as unknown as Tcp;
  const lost: number[] = [];
  const losses = new HopLoss();
  const turn = (): void => {
    losses.look(t, (tcb) => lost.push(tcb.row));
    losses.look(t, (tcb) => lost.push(tcb.row)); // the same tick: nothing more
    t.tick++;
  };
  return { t, lost, losses, turn };
}

test('so many rows per tick, all of them in the end, each once', () => {
  const { lost, losses, turn } = world();
  losses.add(1, MANY);
  turn();
  expect(lost.length).toBe(LOOKS / 2);
  for (let n = 0; n < 3; n++) turn();
  expect([lost.length, new Set(lost).size, losses.searching]).toEqual([MANY / 2, MANY / 2, false]);
});

test('what is closed or listens has lost nothing', () => {
  const { t, lost, losses, turn } = world();
  t.rows.words[(64 + 1) * ROW_WORDS + STATE] = CLOSED;
  t.rows.words[(64 + 3) * ROW_WORDS + STATE] = LISTEN;
  losses.add(1, MANY);
  turn();
  expect(lost.slice(0, 2)).toEqual([64 + 5, 64 + 7]);
});

test('a neighbour that answers again is missed no more, the others still are', () => {
  const { lost, losses, turn } = world();
  losses.add(1, MANY);
  losses.add(0, MANY);
  turn();
  losses.found(1);
  for (let n = 0; n < 4; n++) turn();
  expect([lost.length, losses.searching]).toEqual([LOOKS / 2 + MANY / 2, false]);
});

test('one that fails again during the search is searched for once more', () => {
  const { lost, losses, turn } = world();
  losses.add(1, MANY);
  turn();
  losses.add(1, MANY);
  losses.add(1, MANY);
  for (let n = 0; n < 8; n++) turn();
  expect([lost.length, losses.searching]).toEqual([MANY, false]);
});

test('nobody is looked for when nobody holds it, and no longer than until all were found', () => {
  const { t, lost, losses, turn } = world();
  losses.add(1, 0);
  expect(losses.searching).toBe(false);
  for (let row = 64 + 9; row < t.rows.top; row++) t.rows.words[row * ROW_WORDS + HOP] = 7;
  losses.add(1, 4);
  turn();
  expect([lost, losses.searching]).toEqual([[65, 67, 69, 71], false]);
});

test('news of MTUs, however often they come, cost so many looks per tick, and reach every connection', () => {
  const { t } = world();
  Object.assign(t, { ip: { linkOf: (hop: number) => hop } });
  const news = new MtuNews();
  const told: number[] = [];
  for (let n = 0; n < 4; n++) {
    const before = told.length;
    for (let again = 0; again < 10; again++) {
      news.add(t, 1);
      news.look(t, (tcb) => told.push(tcb.row));
    }
    expect(told.length - before).toBeLessThanOrEqual(LOOKS / 2);
    t.tick++;
  }
  expect(new Set(told).size).toBe(MANY / 2);
  for (let n = 0; n < 3; n++, t.tick++) news.look(t, (tcb) => told.push(tcb.row));
  expect(news.searching).toBe(false);
});
