import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPT_BAD, OPT_MSS, OPT_OTHER, OPT_SACK, OPT_SACK_OK, OPT_TS, OPT_WS } from '../../../src/wire/abi.ts';
import {
  readTcpOptions,
  TcpOptions,
  writeAccEcn,
  writeSack,
  writeSynOptions,
  writeTimestamps,
} from '../../../src/wire/tcp-options.ts';

const read = (...bytes: number[]): TcpOptions => {
  const options = new TcpOptions();
  readTcpOptions(Uint8Array.from([99, ...bytes]), 1, 1 + bytes.length, options);
  return options;
};

test('what is written is read [RFC 7323 §3.2-i]', () => {
  const out = new Uint8Array(60);
  let end = 4 + writeSynOptions(out, 4, 1460, 14, true);
  end += writeTimestamps(out, end, -5, 6);
  const options = new TcpOptions();
  readTcpOptions(out, 4, end, options);
  expect(end - 4).toBe(24);
  expect(options).toMatchObject({
    seen: OPT_MSS | OPT_WS | OPT_SACK_OK | OPT_TS,
    mss: 1460,
    ws: 14,
    tsVal: -5,
    tsEcr: 6,
  });
  expect(writeSynOptions(out, 0, 0, -1, false)).toBe(0);
});

test('SACK blocks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 2, maxLength: 8 }),
      (edges) => {
        const count = edges.length >> 1;
        const out = new Uint8Array(40);
        const length = writeSack(out, 0, Int32Array.from([7, ...edges]), 1, count);
        expect(length).toBe(4 + 8 * count);
        const options = new TcpOptions();
        readTcpOptions(out, 0, length, options);
        expect([options.seen, options.sackBlocks]).toEqual([OPT_SACK, count]);
        expect([...options.sack.subarray(0, 2 * count)]).toEqual(edges.slice(0, 2 * count));
      },
    ),
  );
  expect(writeSack(new Uint8Array(4), 0, new Int32Array(0), 0, 0)).toBe(0);
});

test('any alignment; EOL ends; unknown kinds are skipped by their length [MUST-6]', () => {
  expect(read(1, 2, 4, 5, 180)).toMatchObject({ seen: OPT_MSS, mss: 1460 });
  expect(read(1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2)).toMatchObject({ seen: OPT_TS, tsVal: 1, tsEcr: 2 });
  expect(read(3, 3, 7, 0, 2, 4, 5, 180)).toMatchObject({ seen: OPT_WS, ws: 7 });
  expect(read(34, 6, 1, 2, 3, 4, 4, 2)).toMatchObject({ seen: OPT_OTHER | OPT_SACK_OK, otherKind: 34 });
});

test.each([
  [[2, 0]],
  [[2, 1]],
  [[2]],
  [[2, 3, 5]],
  [[3, 4, 1, 1]],
  [[4, 3, 1]],
  [[8, 8, 0, 0, 0, 1, 0, 0]],
  [[5, 2]],
  [[5, 12, ...Array<number>(10).fill(0)]],
  [[254, 9, 1]],
])('an illegal length ends it [MUST-7]: %j', (bytes) => {
  expect(read(3, 3, 1, ...bytes).seen & ~OPT_OTHER).toBe(OPT_WS | OPT_BAD);
});

test('user timeout, Fast Open and AccECN are read; one of a wrong length is skipped like an unknown option [MUST-6] [RFC 9768 §3.2.3]', () => {
  expect(read(28, 4, 0x80, 5).userTimeout).toBe(0x8005);
  expect(read(28, 3, 1, 1)).toMatchObject({ userTimeout: -1, otherKind: 28 });
  expect(read(34, 6, 1, 2, 3, 4)).toMatchObject({ fastOpenAt: 3, fastOpenLength: 4 });
  expect(read(1, 1, 34, 2)).toMatchObject({ fastOpenAt: 5, fastOpenLength: 0 });
  expect(read(172, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3)).toMatchObject({
    accEcnFields: 3,
    ect0Bytes: 1,
    ceBytes: 2,
    ect1Bytes: 3,
  });
  expect(read(174, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3)).toMatchObject({
    accEcnFields: 3,
    ect1Bytes: 1,
    ceBytes: 2,
    ect0Bytes: 3,
  });
  expect(read(172, 8, 0, 0, 1, 9, 0, 2)).toMatchObject({ accEcnFields: 2, ceBytes: 0x90002 });
  expect(read(172, 5, 0, 0, 1)).toMatchObject({ accEcnFields: 1, ceBytes: 0 });
  expect(read(172, 4, 0, 0)).toMatchObject({ accEcnFields: 0, userTimeout: -1, fastOpenAt: -1 });
});

test('AccECN is written with a NOP in front, 24 bits each', () => {
  const out = new Uint8Array(12);
  expect(writeAccEcn(out, 0, 0x1010203, 4, 0xffffff)).toBe(12);
  expect([...out]).toEqual([1, 172, 11, 1, 2, 3, 0, 0, 4, 255, 255, 255]);
});
