import { expect, test } from 'vitest';
import { InitialNumbers } from '../../../src/core/isn.ts';

const rng = (seed: number): { u32(): number } => {
  let s = seed;
  return { u32: () => (s = Math.imul(s, 1664525) + 1013904223) | 0 };
};
const identity = (lport: number, rport: number): Int32Array =>
  new Int32Array([(lport << 16) | rport, 0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002]);

test('the ISN follows a clock of 4 µs, about 250000 per second [MUST-8]', () => {
  const numbers = new InitialNumbers(rng(1));
  const id = identity(1000, 80);
  const first = numbers.isn(id, 0, 1e15);
  expect((numbers.isn(id, 0, 1e15 + 4) - first) | 0).toBe(1);
  expect((numbers.isn(id, 0, 1e15 + 1e6) - first) | 0).toBe(250_000);
  // All the way round the circle.
  expect(numbers.isn(id, 0, 1e15 + 4 * 2 ** 32)).toBe(first);
});

test('another identity or another secret gives an unrelated ISN [MUST-9] [SHLD-1] [RFC 6528 §3]', () => {
  const numbers = new InitialNumbers(rng(1));
  const seen = new Set<number>();
  for (let port = 1; port <= 200; port++) seen.add(numbers.isn(identity(port, 80), 0, 0));
  for (let port = 1; port <= 200; port++) seen.add(new InitialNumbers(rng(port + 2)).isn(identity(7, 80), 0, 0));
  expect(seen.size).toBe(400);
});

test('the identity is read where the row begins', () => {
  const numbers = new InitialNumbers(rng(1));
  const id = identity(1000, 80);
  const rows = new Int32Array(40);
  rows.set(id, 17);
  expect(numbers.isn(rows, 17, 12)).toBe(numbers.isn(id, 0, 12));
  expect(numbers.timestampOffset(rows, 17)).toBe(numbers.timestampOffset(id, 0));
});

test('the timestamp offset is fixed per identity and tells nothing of the ISN [RFC 6191 §3]', () => {
  const numbers = new InitialNumbers(rng(1));
  const a = numbers.timestampOffset(identity(1000, 80), 0);
  expect(numbers.timestampOffset(identity(1000, 80), 0)).toBe(a);
  expect(numbers.timestampOffset(identity(1001, 80), 0)).not.toBe(a);
  expect(numbers.isn(identity(1000, 80), 0, 0)).not.toBe(a);
  expect(numbers.offsetBeside).toBe(a);
  numbers.isn(identity(1001, 80), 0, 0);
  expect(numbers.offsetBeside).not.toBe(a);
});
