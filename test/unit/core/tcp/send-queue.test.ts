// SEND's bytes against a plain array: what goes in comes out, in order, and every chunk goes back.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dequeue, discard, enqueue, seekNew } from '../../../../src/core/tcp/send-queue.ts';
import { byteAt } from '../../../property/pair/end.ts';
import { type Tables, tables } from './bench-of-tables.ts';

function held({ t, tcb }: Tables): number[] {
  const found: number[] = [];
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
    const at = t.arena.offset(chunk);
    found.push(...t.arena.bytes.subarray(at + t.arena.start(chunk), at + t.arena.end(chunk)));
  }
  return found;
}

test('any writes and acknowledgments', () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 6000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const box = tables();
      const { t, tcb } = box;
      let model: number[] = [];
      let written = 0;
      for (const [write, n] of steps) {
        if (write) {
          const text = Uint8Array.from({ length: n + 3 }, (_, k) => byteAt(written + k - 3, 0));
          expect(enqueue(t.arena, tcb, text, 3, n)).toBe(n);
          model.push(...text.subarray(3));
          written += n;
        } else {
          const acked = Math.min(n, model.length);
          if (acked > 0) dequeue(t.arena, tcb, acked);
          model = model.slice(acked);
        }
        expect(tcb.sndQueued).toBe(model.length);
        expect(held(box)).toEqual(model);
      }
      seekNew(t.arena, tcb);
      if (model.length > 0) expect(t.arena.bytes[t.arena.offset(tcb.sndChunk) + tcb.sndOffset]).toBe(model[0]);
      discard(t.arena, tcb);
      expect([t.arena.used, tcb.sndQueued, tcb.sndHead, tcb.sndTail]).toEqual([0, 0, -1, -1]);
    }),
    { seed: 793 },
  );
});

test('a full arena takes what fits and says how much', () => {
  const { t, tcb } = tables(512 * 1024 + 4 * 65536);
  const text = new Uint8Array(1 << 20);
  const taken = enqueue(t.arena, tcb, text, 0, text.length);
  expect(taken).toBe(tcb.sndQueued);
  expect(taken).toBeGreaterThanOrEqual(3 * 65536);
  expect(taken).toBeLessThan(text.length);
  discard(t.arena, tcb);
  expect(t.arena.used).toBe(0);
});
