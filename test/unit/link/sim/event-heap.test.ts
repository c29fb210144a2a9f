import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap } from '../../../../src/link/sim/event-heap.ts';

test('earliest first; of two at the same time the one scheduled first, also when they are mixed with pops', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { freq: 3 }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const heap = new EventHeap();
      const model: [at: number, n: number][] = [];
      const pop = (): void => {
        model.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(heap.next).toBe(model[0]?.[0] ?? Infinity);
        const wanted = model.shift()?.[1];
        ran = undefined;
        heap.pop()?.();
        expect(ran).toBe(wanted);
        expect(heap.size).toBe(model.length);
      };
      let ran: number | undefined;
      for (const [n, at] of all.entries()) {
        if (at === null) pop();
        else {
          model.push([at, n]);
          heap.push(at, () => {
            ran = n;
          });
        }
      }
      while (model.length > 0) pop();
      pop();
    }),
    { seed: 2 },
  );
});
