// Small records by four-tuple: found, listed by deadline, given back.
import { expect, test } from 'vitest';
import { FIRST_WORD, Tuples } from '../../../../src/core/tcp/tuples.ts';

const STRIDE = FIRST_WORD + 1;

function table(records: number, lists = 2): Tuples {
  const region = new ArrayBuffer(Tuples.bytes(records, STRIDE, lists));
  return new Tuples(region, new ArrayBuffer(Tuples.tableBytes(records)), STRIDE, lists, [1, 2]);
}

const identity = (port: number): Int32Array => Int32Array.of(port, 0, 0, 0xffff, 1, 0, 0, 0xffff, 2);

test('a record is found by its identity until it is given back; no other is', () => {
  const t = table(1000);
  const recs = Array.from({ length: 1000 }, (_, n) => t.take(identity(n), 0));
  expect([t.full, t.used]).toEqual([true, 1000]);
  expect(recs.map((_, n) => t.find(identity(n), 0))).toEqual(recs);
  const given = recs.filter((_, n) => n % 2 === 0);
  for (const rec of given) t.give(rec);
  expect([t.find(identity(10), 0), t.find(identity(11), 0), t.find(identity(1000), 0)]).toEqual([-1, recs[11], -1]);
  const taken = Array.from({ length: 500 }, (_, n) => t.take(identity(2000 + n), 0));
  expect(taken.sort((a, b) => a - b)).toEqual(given);
  expect(t.full).toBe(true);
});

test('lists keep the order of appending; appending again moves to the end', () => {
  const t = table(4);
  const [a, b, c] = [1, 2, 3].map((n) => t.take(identity(n), 0)) as [number, number, number];
  expect([t.first(0), t.next()]).toEqual([-1, 0]);
  t.append(a, 0, 10);
  t.append(b, 0, 20);
  t.append(c, 1, 15);
  expect([t.first(0), t.after(a), t.after(b), t.first(1), t.next()]).toEqual([a, b, -1, c, 10]);
  expect([t.due(0, 9), t.due(0, 10), t.due(1, 14)]).toEqual([-1, a, -1]);
  t.append(a, 0, 30);
  expect([t.first(0), t.after(b), t.next()]).toEqual([b, a, 15]);
  t.give(b);
  expect([t.first(0), t.next()]).toEqual([a, 15]);
});

test('deadlines are compared by difference: the tick may wrap', () => {
  const t = table(2, 1);
  const rec = t.take(identity(1), 0);
  t.append(rec, 0, (0x7fffffff + 5) | 0);
  expect([t.due(0, 0x7ffffff0), t.due(0, -0x7ffffffc)]).toEqual([-1, rec]);
});

test('how much of the tables is in use, and ever was', () => {
  const t = table(5, 2);
  expect([t.limit, t.full, t.usedBytes, t.touchedBytes]).toEqual([5, false, 0, 0]);
  const recs = [1, 2, 3].map((n) => t.take(identity(n), 0));
  t.give(recs[1]!);
  expect([t.usedBytes, t.touchedBytes]).toEqual([2 * STRIDE * 4, 3 * STRIDE * 4]);
  for (const n of [4, 5, 6]) t.take(identity(n), 0);
  expect([t.full, t.used, t.touchedBytes]).toEqual([true, 5, 5 * STRIDE * 4]);
});

test('the newest of a list; one from the middle leaves the others as they were', () => {
  const t = table(4, 2);
  expect([t.last(0), t.last(1)]).toEqual([-1, -1]);
  const [a, b, c] = [1, 2, 3].map((n) => t.take(identity(n), 0)) as [number, number, number];
  for (const rec of [a, b, c]) t.append(rec, 1, 10 + rec);
  expect([t.first(0), t.last(0), t.first(1), t.last(1)]).toEqual([-1, -1, a, c]);
  t.give(b);
  expect([t.after(a), t.after(c), t.last(1)]).toEqual([c, -1, c]);
  t.append(a, 0, 99);
  expect([t.first(0), t.last(0), t.first(1), t.last(1)]).toEqual([a, a, c, c]);
});

test('the deadlines of all lists are asked, by difference; 0 is none, and no deadline', () => {
  const t = table(3, 3);
  const [a, b] = [1, 2].map((n) => t.take(identity(n), 0)) as [number, number];
  expect(t.next()).toBe(0);
  t.append(a, 1, 0x7ffffff0);
  t.append(b, 2, -0x7ffffff0);
  expect(t.next()).toBe(0x7ffffff0);
  t.append(a, 1, 0);
  t.give(b);
  expect([t.next(), t.due(1, 0), t.due(1, 1), t.due(0, 5)]).toEqual([1, -1, a, -1]);
});

test('the identity is read where it stands', () => {
  const t = table(2);
  const words = Int32Array.of(9, 9, 9, ...identity(7));
  const rec = t.take(words, 3);
  expect([t.find(words, 3), t.find(identity(7), 0), t.find(identity(8), 0)]).toEqual([rec, rec, -1]);
});
