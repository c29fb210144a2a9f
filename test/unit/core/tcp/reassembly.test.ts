// Text ahead of a hole: whatever order it comes in, the bytes are exact, and SACK says what is held (RFC 2018).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_WORDS } from '../../../../src/core/events.ts';
import { add, diff } from '../../../../src/core/seq.ts';
import { deliverHeld, discardHeld, hold } from '../../../../src/core/tcp/reassembly.ts';
import { sackBlocks } from '../../../../src/core/tcp/sack-option.ts';
import { byteAt } from '../../../property/pair/end.ts';
import { segment, type Tables, tables } from './bench-of-tables.ts';

const SIZE = 4000;
const stream = Uint8Array.from({ length: SIZE }, (_, n) => byteAt(n, 0));
const piece = fc.tuple(fc.integer({ min: 0, max: SIZE - 1 }), fc.integer({ min: 1, max: 900 }));
/** Also around the wrap of sequence numbers. */
const start = fc.constantFrom(0, 1000, -100, 0x7fffff00, -(2 ** 31) + 5, 0x7fffffff);

function give({ t, tcb }: Tables, base: number, from: number, length: number): void {
  hold(t, tcb, segment(add(base, from), stream.subarray(from, Math.min(from + length, SIZE))));
}

describe('reassembly', () => {
  test('any pieces in any order: exact bytes, each once, and nothing left', () => {
    fc.assert(
      fc.property(start, fc.array(piece, { maxLength: 60 }), (base, pieces) => {
        const box = tables();
        const { t, tcb } = box;
        tcb.rcvNxt = base;
        const held = new Uint8Array(SIZE);
        for (const [from, length] of pieces) {
          give(box, base, from, length);
          held.fill(1, from, Math.min(from + length, SIZE));
          expect(tcb.oooBytes).toBe(held.reduce((n, x) => n + x, 0));
        }
        const first = held.indexOf(0) < 0 ? SIZE : held.indexOf(0);
        expect(deliverHeld(t, tcb)).toBe(first);
        expect(diff(tcb.rcvNxt, base)).toBe(first);
        let at = 0;
        for (let n = 0; n < t.events.count; n++) {
          const [offset, length] = [t.events.words[n * EVENT_WORDS + 4]!, t.events.words[n * EVENT_WORDS + 5]!];
          expect(t.arena.bytes.slice(offset, offset + length)).toEqual(stream.slice(at, at + length));
          at += length;
        }
        expect(at).toBe(first);
        discardHeld(t, tcb);
        for (const chunk of t.lent) t.arena.give(chunk);
        expect([t.records.count, t.arena.used, tcb.oooBytes]).toEqual([0, 0, 0]);
      }),
      { seed: 2018 },
    );
  });

  test('SACK blocks are the runs held, the one that changed last first, then by rising number', () => {
    fc.assert(
      fc.property(
        start,
        fc.array(piece, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (base, pieces, limit) => {
          const box = tables();
          box.tcb.rcvNxt = base;
          const held = new Uint8Array(SIZE + 1);
          for (const [from, length] of pieces) {
            give(box, base, from, length);
            held.fill(1, from, Math.min(from + length, SIZE));
          }
          const runs: [number, number][] = [];
          for (let n = 0, from = -1; n <= SIZE; n++) {
            if (held[n] === 1 && from < 0) from = n;
            if (held[n] === 0 && from >= 0) {
              runs.push([from, n]);
              from = -1;
            }
          }
          const last = pieces.at(-1)![0];
          const lead = runs.findIndex(([a, b]) => last >= a && last < b);
          const ordered = [runs[lead]!, ...runs.filter((_, n) => n !== lead)].slice(0, limit);
          const edges = new Int32Array(8);
          const count = sackBlocks(box.t, box.tcb, edges, 0, limit);
          const blocks = Array.from({ length: count }, (_, n) => [
            diff(edges[2 * n]!, base),
            diff(edges[2 * n + 1]!, base),
          ]);
          expect(blocks).toEqual(ordered);
        },
      ),
      { seed: 2018 },
    );
  });

  test('without room the segment is dropped and counted, what is held stays', () => {
    const box = tables(1 << 20, 2);
    for (const from of [100, 300, 500]) give(box, 0, from, 50);
    expect([box.tcb.oooBytes, box.t.records.count, box.t.counters.noMemory]).toEqual([100, 2, 1]);
  });
});
