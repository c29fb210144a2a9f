import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pieces } from '../../../src/shell/pieces.ts';

test('bytes come out in the order they came in, in whatever steps', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.integer({ min: 1, max: 25 })), (lengths, steps) => {
      const pieces = new Pieces();
      let next = 0;
      for (const length of lengths) pieces.push(Uint8Array.from({ length }, () => next++));
      expect(pieces.bytes).toBe(next);
      const out: number[] = [];
      for (let left = next; left > 0; ) {
        const n = Math.min(steps.next().value ?? 1, pieces.first.length);
        out.push(...pieces.first.subarray(0, n));
        pieces.advance(n);
        left -= n;
        expect(pieces.bytes).toBe(left);
      }
      expect(out).toEqual(Array.from({ length: next }, (_, i) => i));
    }),
    { seed: 1 },
  );
});

test('shift gives the first piece whole, what is left of it included', () => {
  const pieces = new Pieces();
  pieces.push(Uint8Array.of(1, 2, 3));
  pieces.push(Uint8Array.of(4));
  pieces.advance(1);
  expect([[...pieces.shift()], pieces.bytes, [...pieces.shift()], pieces.bytes]).toEqual([[2, 3], 1, [4], 0]);
});
