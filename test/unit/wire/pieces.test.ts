import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KIND_TCP, RX_KIND, RX_LEN, RX_OFF, RX_TOTAL } from '../../../src/wire/abi.ts';
import { addPiece, gather, payloadBytes, pieceAt, pieceCount, pieceDescriptors } from '../../../src/wire/pieces.ts';

test('pieces that were added are found, and any stretch over them is gathered', () => {
  const memory = Uint8Array.from({ length: 5000 }, (_, i) => i * 7);
  const stretch = fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 900 }));
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), (pieces, a, b) => {
      const desc = new Int32Array(16 * 8).fill(-1); // what lies behind is not clean
      const at = 16;
      desc[at + RX_KIND] = KIND_TCP;
      [desc[at + RX_OFF], desc[at + RX_LEN]] = pieces[0]!;
      let total = pieces[0]![1];
      for (const [offset, length] of pieces.slice(1)) {
        expect(addPiece(desc, at, offset, length)).toBe(1 + pieceDescriptors(desc, at));
        total += length;
      }
      desc[at + RX_TOTAL] = total;
      expect(pieceCount(desc, at)).toBe(pieces.length);
      expect(pieces.map((_, i) => [desc[pieceAt(at, i)], desc[pieceAt(at, i) + 1]])).toEqual(pieces);
      const whole = pieces.flatMap(([offset, length]) => [...memory.subarray(offset, offset + length)]);
      const from = total === 0 ? 0 : a % total;
      const length = b % (total - from + 1);
      const out = new Uint8Array(length + 2);
      gather(desc, at, memory, from, length, out, 1);
      expect([...out]).toEqual([0, ...whole.slice(from, from + length), 0]);
      expect(payloadBytes(desc, at)).toBe(total);
    }),
  );
});
