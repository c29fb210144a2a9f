import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ACK,
  CWR,
  DESC_WORDS,
  FIN,
  KIND_RAW,
  KIND_TCP,
  PSH,
  TX_GSO,
  TX_KIND,
  TX_TOTAL,
} from '../../../src/wire/abi.ts';
import { segmentCount, segmentFlags, segmentFrom, segmentLength } from '../../../src/wire/segment.ts';

function descriptor(total: number, size: number, kind = KIND_TCP): Int32Array {
  const d = new Int32Array(2 * DESC_WORDS);
  d[DESC_WORDS + TX_KIND] = kind;
  d[DESC_WORDS + TX_TOTAL] = total;
  d[DESC_WORDS + TX_GSO] = size;
  return d;
}

test('the cuts follow each other, all but the last are full, and nothing is left out', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 536, max: 9000 }), (total, size) => {
      const d = descriptor(total, size);
      const n = segmentCount(d, DESC_WORDS);
      expect(n).toBe(Math.max(1, Math.ceil(total / size)));
      let at = 0;
      for (let i = 0; i < n; i++) {
        expect(segmentFrom(d, DESC_WORDS, i)).toBe(at);
        const length = segmentLength(d, DESC_WORDS, i);
        if (i < n - 1) expect(length).toBe(size);
        at += length;
      }
      expect(at).toBe(total);
    }),
    { seed: 3 },
  );
});

test('what is not to be cut is one: no size, and whole frames', () => {
  for (const d of [descriptor(5000, 0), descriptor(5000, 1000, KIND_RAW)]) expect(segmentCount(d, DESC_WORDS)).toBe(1);
  expect(segmentLength(descriptor(5000, 0), DESC_WORDS, 0)).toBe(5000);
});

test('FIN and PSH are on the last, CWR on the first (RFC 9293 §3.9.1.2, RFC 3168 §6.1.2)', () => {
  const all = ACK | PSH | FIN | CWR;
  expect([0, 1, 2].map((i) => segmentFlags(all, i, 3))).toEqual([ACK | CWR, ACK, ACK | PSH | FIN]);
  expect(segmentFlags(all, 0, 1)).toBe(all);
});
