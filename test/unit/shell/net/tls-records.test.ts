// Where a TLS stream is handed on in two.
import { describe, expect, test } from 'vitest';
import { TlsRecords } from '../../../../src/shell/net/tls-records.ts';

const record = (type: number, length: number): number[] => [
  type,
  3,
  3,
  length >> 8,
  length & 255,
  ...Array(length).fill(0),
];
const text = record(23, 300);
const alert = record(21, 2);
const handshake = record(22, 100);

/** Lengths of the parts that a stream is handed on in, for bursts of it. */
function parts(...bursts: number[][]): number[] {
  const records = new TlsRecords();
  return bursts.flatMap((burst) => {
    const bytes = Uint8Array.from(burst);
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = records.next(bytes, at);
      ends.push(end - at);
      at = end;
    }
    return ends;
  });
}

describe('TlsRecords', () => {
  test('each record of text is a part of its own', () => {
    expect(parts([...text, ...alert])).toEqual([305, 7]);
    expect(parts([...text, ...text, ...record(23, 19)])).toEqual([305, 305, 24]);
    expect(parts([...handshake, ...handshake, ...alert, ...text, ...alert])).toEqual([522, 7]);
    expect(parts(handshake, text)).toEqual([105, 305]);
  });

  test('what looks like one inside a record is none', () => {
    expect(parts([22, 3, 3, 0, 28, ...text.slice(0, 28), ...text])).toEqual([338]);
  });

  test('records and headers may come in any pieces', () => {
    const stream = [...text, ...text, ...alert];
    for (let cut = 1; cut < stream.length; cut++) {
      const ends = new Set([305, 610, 617, cut]);
      const sizes = parts(stream.slice(0, cut), stream.slice(cut));
      let end = 0;
      expect(sizes.map((size) => (end += size))).toEqual([...ends].sort((a, b) => a - b));
    }
  });

  test('who is gone between two records gets no more', () => {
    const bytes = Uint8Array.from([...text, ...text, ...alert]);
    const told: number[] = [];
    new TlsRecords().hand(
      bytes,
      (part) => told.push(part.length),
      () => told.length < 2,
    );
    expect(told).toEqual([305, 305]);
  });
});
