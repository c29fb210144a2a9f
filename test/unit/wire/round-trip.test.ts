// Property: whatever a descriptor and a row say, the frame made of them says the same when it is parsed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  KIND_TCP,
  OPT_TS,
  ROW_WORDS,
  RX_ACK,
  RX_FLAGS,
  RX_FRAME_LEN,
  RX_IP,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_OFF,
  RX_OPTS,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
} from '../../../src/wire/abi.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { FrameEncoder } from '../../../src/wire/encode.ts';
import { KEY_WORDS, readFlowKey } from '../../../src/wire/flow-key.ts';
import { FrameParser } from '../../../src/wire/parse.ts';
import { segmentCount } from '../../../src/wire/segment.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from './regions.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u8 = fc.integer({ min: 0, max: 255 });
const addresses = fc.oneof(
  fc.tuple(fc.ipV4(), fc.ipV4()),
  fc.tuple(fc.constantFrom('2001:db8::1', 'fe80::1', '::1'), fc.constantFrom('2001:db8:1:2:3:4:5:6', 'fd00::ffff')),
);
const segments = fc.record({
  seq: int32,
  ack: int32,
  flags: fc.integer({ min: 0, max: 0xfff }),
  window: u16,
  pieces: fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 900 })), { maxLength: 20 }),
  ts: fc.option(fc.tuple(int32, int32), { nil: undefined }),
  urgent: u16,
  optionWords: fc.integer({ min: 0, max: 7 }),
  tos: u8,
  ttl: fc.integer({ min: 1, max: 255 }),
  tci: fc.oneof(fc.constant(0), u16),
  at: fc.integer({ min: 0, max: 9 }),
});

test('encode → parse keeps every word, v4 and v6, tagged or not, at any alignment', () => {
  const r = regions();
  fc.assert(
    fc.property(
      addresses,
      u16,
      u16,
      segments,
      fc.uint8Array({ minLength: 4096, maxLength: 4096 }),
      ([l, rem], lp, rp, s, data) => {
        r.arena.set(data);
        r.arena.fill(1, 4096, 4096 + 40); // NOPs: option bytes of no effect
        setRow(r, 0, l, lp, rem, rp);
        setHop(r, 0, MAC_B, s.tci);
        const tx = new Int32Array(64 * 16);
        const { ts, ...rest } = s;
        fill(tx, 0, { ...rest, ...(ts === undefined ? {} : { ts }), options: [4096, 4 * s.optionWords] });
        const out = new Uint8Array(70000);
        const length = new FrameEncoder(r, MAC_A).frame(tx, 0, out, s.at);
        const rx = new Int32Array(16);
        expect(new FrameParser().parse(out, s.at, length, rx, 0, false)).toBe(PARSED);
        const payload = s.pieces.flatMap(([o, n]) => [...r.arena.subarray(o, o + n)]);
        expect(rx[RX_KIND]).toBe(KIND_TCP);
        expect([rx[RX_SEQ], rx[RX_ACK], rx[RX_FLAGS], rx[RX_FRAME_LEN]]).toEqual([
          s.seq,
          s.ack,
          s.flags | (s.window << 16),
          length,
        ]);
        expect(rx[RX_LEN]).toBe(payload.length);
        expect(rx[RX_TOTAL]).toBe(payload.length);
        expect([...out.subarray(rx[RX_OFF]!, rx[RX_OFF]! + payload.length)]).toEqual(payload);
        const header = 20 + (ts === undefined ? 0 : 12) + 4 * s.optionWords;
        expect(rx[RX_OPTS]).toBe(
          (ts === undefined ? 0 : OPT_TS) | (header << 8) | (s.flags & 0x20 ? s.urgent << 16 : 0),
        );
        expect([rx[RX_TSVAL], rx[RX_TSECR]]).toEqual(ts ?? [0, 0]);
        expect(rx[RX_IP]! & 0xffff).toBe(s.tos | (s.ttl << 8));
        const key = new Int32Array(KEY_WORDS);
        readFlowKey(out, s.at + (rx[RX_L3L4]! & 0xffff), s.at + (rx[RX_L3L4]! >>> 16), key);
        setRow(r, 1, rem, rp, l, lp); // the receiver sees the ends the other way round
        expect([...key]).toEqual([...r.rows.subarray(ROW_WORDS, ROW_WORDS + KEY_WORDS)]);
      },
    ),
    { numRuns: 300 },
  );
});

test('segments of a super-segment, put together again, are the super-segment', () => {
  const r = regions();
  setRow(r, 0, '10.0.0.1', 1, '10.0.0.2', 2);
  setHop(r, 0, MAC_B);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 0, max: 20000 }),
      fc.integer({ min: 0, max: 255 }),
      int32,
      fc.uint8Array({ minLength: 20000, maxLength: 20000 }),
      (gso, total, anyFlags, seq, data) => {
        const flags = anyFlags & ~0x20; // URG has a test of its own
        r.arena.set(data);
        const tx = new Int32Array(16);
        const at = total % 7;
        fill(tx, 0, { seq, flags, gso, pieces: [[0, total]] });
        const encoder = new FrameEncoder(r, MAC_A);
        const out = new Uint8Array(70000);
        const rx = new Int32Array(16);
        const got: number[] = [];
        const count = segmentCount(tx, 0);
        for (let i = 0; i < count; i++) {
          const n = encoder.segment(tx, 0, i, out, at);
          expect(new FrameParser().parse(out, at, n, rx, 0, false)).toBe(PARSED);
          expect(rx[RX_SEQ]).toBe((seq + got.length) | 0);
          expect(rx[RX_LEN]).toBeLessThanOrEqual(gso);
          const mask = (i === 0 ? 0 : 0x80) | (i === count - 1 ? 0 : 0x09);
          expect(rx[RX_FLAGS]! & 0xff).toBe(flags & ~mask);
          got.push(...out.subarray(rx[RX_OFF]!, rx[RX_OFF]! + rx[RX_LEN]!));
        }
        expect(Uint8Array.from(got)).toEqual(data.slice(0, total));
      },
    ),
    { numRuns: 60 },
  );
});

test('parse never throws and never points outside, on random bytes and on mutated frames', () => {
  const r = regions();
  setHop(r, 0, MAC_B);
  const parser = new FrameParser();
  const check = (bytes: Uint8Array, trusted: boolean): void => {
    const rx = new Int32Array(16);
    if (parser.parse(bytes, 0, bytes.length, rx, 0, trusted) !== PARSED) return;
    expect(rx[RX_OFF]! + rx[RX_LEN]!).toBeLessThanOrEqual(bytes.length);
    expect(rx[RX_LEN]).toBeGreaterThanOrEqual(0);
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, trusted) => check(bytes, trusted)),
    { numRuns: 2000 },
  );
  const mutations = fc.array(fc.tuple(fc.nat(), u8), { maxLength: 6 });
  fc.assert(
    fc.property(addresses, segments, mutations, fc.nat(), fc.boolean(), ([l, rem], s, changes, cut, trusted) => {
      setRow(r, 0, l, 1, rem, 2);
      const tx = new Int32Array(64 * 16);
      const { ts, ...rest } = s;
      fill(tx, 0, { ...rest, ...(ts === undefined ? {} : { ts }), options: [0, 4 * s.optionWords] });
      const out = new Uint8Array(70000);
      const length = new FrameEncoder(r, MAC_A).frame(tx, 0, out, 0);
      for (const [where, value] of changes) out[where % Math.min(length, 80)] = value;
      check(out.slice(0, cut % 3 === 0 ? cut % length : length), trusted);
    }),
    { numRuns: 2000 },
  );
});
