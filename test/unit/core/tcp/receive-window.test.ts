// What we offer: the edge never moves left, small openings are not worth a segment, rounding stays within one unit.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { add, diff, geq } from '../../../../src/core/seq.ts';
import { consumed, scaleFor, windowField } from '../../../../src/core/tcp/receive-window.ts';
import { F_ACK_NOW, F_FIXED_BUFFER, F_WS } from '../../../../src/core/tcp/row.ts';
import { type Tables, tables } from './bench-of-tables.ts';

function listening(buffer: number, mss: number, shift: number, nxt = 0): Tables {
  const box = tables();
  const { tcb } = box;
  tcb.flags = F_FIXED_BUFFER | (shift > 0 ? F_WS : 0);
  tcb.rcvBuf = buffer;
  tcb.peerMss = mss;
  tcb.scales = shift << 8;
  tcb.rcvNxt = nxt;
  tcb.rcvAdv = add(nxt, Math.min(buffer, 0xffff));
  return box;
}

test('the smallest shift that makes a buffer fit 16 bits, at most 14 (RFC 7323 §2.3)', () => {
  expect([0, 65535, 65536, 131071, 131072, 1 << 20, 1 << 29, 1 << 30].map(scaleFor)).toEqual([
    0, 0, 1, 1, 2, 5, 14, 14,
  ]);
});

test('any arrivals and readings: the edge is monotone, never beyond the buffer by more than one unit, the field fits [RFC 7323 §2.4]', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('text', 'read', 'ack'), fc.integer({ min: 1, max: 3000 })), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 2048, max: 1 << 20 }),
      fc.constantFrom(0, 5, 9),
      fc.constantFrom(0, 0x7ffffff0),
      steps,
      (size, shift, nxt, all) => {
        const buffer = shift === 0 ? Math.min(size, 0xffff) : size;
        const { t, tcb } = listening(buffer, 1460, shift, nxt);
        for (const [what, n] of all) {
          const edge = tcb.rcvAdv;
          if (what === 'text') {
            const took = Math.min(n, diff(tcb.rcvAdv, tcb.rcvNxt));
            tcb.rcvNxt = add(tcb.rcvNxt, took);
            tcb.rcvUser += took;
          } else if (what === 'read') consumed(t, tcb, Math.min(n, tcb.rcvUser));
          else {
            const field = windowField(tcb);
            expect(field).toBeGreaterThanOrEqual(0);
            expect(field).toBeLessThanOrEqual(0xffff);
            expect(geq(tcb.rcvAdv, add(tcb.rcvNxt, field << shift))).toBe(true);
          }
          expect(geq(tcb.rcvAdv, edge)).toBe(true);
          expect(tcb.rcvUser + diff(tcb.rcvAdv, tcb.rcvNxt)).toBeLessThanOrEqual(buffer + (shift > 0 ? 1 << shift : 0));
        }
      },
    ),
    { seed: 813 },
  );
});

for (const [buffer, mss, least] of [
  [10_000, 1000, 1000],
  [10_000, 9000, 5000],
  [65_535, 1460, 1460],
] as const) {
  test(`exactly min(RCV.BUFF / 2, MSS): buffer ${buffer}, MSS ${mss} → ${least} [MUST-39]`, () => {
    const { t, tcb } = listening(buffer, mss, 0);
    tcb.rcvNxt = tcb.rcvAdv;
    tcb.rcvUser = buffer;
    consumed(t, tcb, least - 1);
    expect([tcb.flags & F_ACK_NOW, windowField(tcb)]).toEqual([0, 0]);
    consumed(t, tcb, 1);
    expect([tcb.flags & F_ACK_NOW, windowField(tcb)]).toEqual([F_ACK_NOW, least]);
  });
}
