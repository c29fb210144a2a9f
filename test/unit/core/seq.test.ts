import fc from 'fast-check';
import { expect, test } from 'vitest';
import { add, diff, geq, gt, leq, lt } from '../../../src/core/seq.ts';

const HALF = 2 ** 31;
const seq = fc.integer({ min: -HALF, max: HALF - 1 });

test('comparisons are modulo 2^32, wherever the numbers lie (RFC 9293 §3.4)', () => {
  fc.assert(
    fc.property(seq, fc.integer({ min: 1, max: HALF - 1 }), (a, n) => {
      const b = add(a, n);
      expect([lt(a, b), leq(a, b), gt(b, a), geq(b, a), lt(b, a), gt(a, b)]).toEqual([
        true,
        true,
        true,
        true,
        false,
        false,
      ]);
      expect([diff(b, a), diff(a, b), add(b, -n)]).toEqual([n, -n, a]);
    }),
    { seed: 34 },
  );
});

test('equal is neither before nor after', () => {
  fc.assert(
    fc.property(seq, (a) => {
      expect([lt(a, a), gt(a, a), leq(a, a), geq(a, a), diff(a, a)]).toEqual([false, false, true, true, 0]);
    }),
    { seed: 34 },
  );
});

test('what is written as an unsigned number is the same number', () => {
  expect([diff(0xffffffff, -1), geq(0, 0xffffffff), lt(0xfffffff0, 16), add(0xffffffff, 1)]).toEqual([
    0,
    true,
    true,
    0,
  ]);
});
