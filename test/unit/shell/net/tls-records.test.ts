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
const sealed = record(23, 19);

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
  test('an alert after text is a part of its own', () => {
    expect(parts([...text, ...alert])).toEqual([305, 7]);
    expect(parts([...text, ...text, ...sealed])).toEqual([610, 24]);
    expect(parts([...alert, ...text])).toEqual([312]);
  });

  test('what looks like one inside a record is none', () => {
    expect(parts(record(23, 14).concat(alert).slice(0, 19), alert)).toEqual([19, 7]);
    expect(parts([...[23, 3, 3, 0, 26], ...alert, ...alert, ...Array(12).fill(21)])).toEqual([31]);
  });

  test('records and headers may come in any pieces', () => {
    const stream = [...text, ...text, ...alert];
    for (let cut = 1; cut < stream.length; cut++) {
      const sizes = parts(stream.slice(0, cut), stream.slice(cut));
      expect(sizes.reduce((sum, size) => sum + size)).toBe(stream.length);
      expect(sizes).toContain(cut > 610 ? stream.length - cut : 7);
    }
  });
});
