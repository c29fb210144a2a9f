// Where an HTTP/2 connection is handed on in two.
import { describe, expect, test } from 'vitest';
import { Http2Frames, isPreface } from '../../../../src/shell/net/http2-frames.ts';

const frame = (type: number, length: number): number[] => [
  0,
  length >> 8,
  length & 255,
  type,
  ...Array(5 + length).fill(0),
];
const [data, headers, reset, goAway, continuation] = [
  frame(0, 300),
  frame(1, 20),
  frame(3, 4),
  frame(7, 8),
  frame(9, 5),
];
const preface = [...Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')];

/** Lengths of the parts that a connection is handed on in, for bursts of it. */
function parts(...bursts: number[][]): number[] {
  const frames = new Http2Frames(bursts[0]![0] === preface[0]);
  return bursts.flatMap((burst) => {
    const sizes: number[] = [];
    frames.hand(
      Uint8Array.from(burst),
      (part) => sizes.push(part.length),
      () => true,
    );
    return sizes;
  });
}

describe('Http2Frames', () => {
  test('what opens streams is a part of its own', () => {
    expect(parts([...preface, ...headers, ...data, ...data])).toEqual([53, 618]);
    expect(parts([...headers, ...continuation, ...headers, ...reset])).toEqual([72, 13]);
    expect(parts([...headers, ...headers, ...headers])).toEqual([87]);
    expect(parts(headers, data)).toEqual([29, 309]);
  });

  test('and what ends them begins one', () => {
    expect(parts([...data, ...data, ...reset, ...goAway])).toEqual([618, 30]);
    expect(parts([...data, ...goAway])).toEqual([326]);
    expect(parts([...reset, ...data])).toEqual([322]);
    expect(parts([...frame(8, 4), ...frame(4, 0), ...data])).toEqual([331]);
  });

  test('frames and headers may come in any pieces', () => {
    const stream = [...preface, ...headers, ...data, ...reset];
    for (let cut = 1; cut < stream.length; cut++) {
      // In the middle of a header nothing is left to be split.
      const ends = new Set([53, 362, 375, cut].filter((end) => end === cut || cut <= end || cut >= end + 4));
      const sizes = parts(stream.slice(0, cut), stream.slice(cut));
      let end = 0;
      const seen = sizes.map((size) => (end += size));
      expect(seen).toEqual([...ends].sort((a, b) => a - b));
    }
  });

  test('who is gone between two gets no more', () => {
    const sizes: number[] = [];
    new Http2Frames(false).hand(
      Uint8Array.from([...headers, ...data]),
      (part) => sizes.push(part.length),
      () => false,
    );
    expect(sizes).toEqual([29]);
  });

  test('a preface is a whole one', () => {
    expect([preface, [...preface, 1], preface.slice(1), []].map((bytes) => isPreface(Uint8Array.from(bytes)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isPreface(undefined)).toBe(false);
  });
});
