import fc from 'fast-check';
import { expect, test } from 'vitest';
import { put16 } from '../../../src/wire/bytes.ts';
import { checksum, complement, fold, pseudo, sum, verifies, writeChecksum } from '../../../src/wire/checksum.ts';

test('the example of RFC 1071 §3', () => {
  const data = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(sum(data, 0, 8)).toBe(0xddf2);
  expect(checksum(data, 0, 8)).toBe(0x220d);
});

test('a block verifies with its checksum in it, and not with one bit changed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 200 }),
      fc.nat(),
      fc.integer({ min: 0, max: 7 }),
      (data, where, bit) => {
        writeChecksum(data, 2, 0, data.length);
        expect(verifies(data, 0, data.length)).toBe(true);
        data[where % data.length]! ^= 1 << bit;
        expect(verifies(data, 0, data.length)).toBe(false);
      },
    ),
  );
});

test('the sum of even parts is the sum of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (data, cut) => {
      const at = Math.min(cut, data.length) & ~1;
      expect(sum(data, at, data.length - at, sum(data, 0, at))).toBe(sum(data, 0, data.length));
    }),
  );
});

test('no overflow: a megabyte of ones folds', () => {
  const data = new Uint8Array(1 << 20).fill(0xff);
  expect(sum(data, 0, data.length)).toBe(0xffff);
  expect(fold(0xffff_ffff)).toBe(0xffff);
  expect(fold(0x1_ffff)).toBe(1); // the carry makes one more
  expect(complement(0xffff)).toBe(0);
});

test('pseudo headers by version', () => {
  const packet = new Uint8Array(40);
  packet[0] = 0x45;
  put16(packet, 12, 0x0a00);
  put16(packet, 18, 0x0002);
  expect(pseudo(packet, 0, 6, 20)).toBe(0x0a00 + 2 + 6 + 20);
  packet[0] = 0x60;
  put16(packet, 38, 7);
  expect(pseudo(packet, 0, 58, 0x12345)).toBe(0x0a00 + 2 + 7 + 58 + 1 + 0x2345);
});
