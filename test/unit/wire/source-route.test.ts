// RFC 791 §3.1 as bytes; what the two codecs make of routes is compared in test/differential.
import { expect, test } from 'vitest';
import { HOP_WORDS } from '../../../src/wire/abi.ts';
import {
  fillRoute,
  findSourceRoute,
  MOST_HOPS,
  NO_ROUTE,
  NONSENSE,
  quotedDestination,
  routeHops,
  routeWord,
} from '../../../src/wire/source-route.ts';

/** An IPv4 header to 10.0.0.9 with these options. */
const header = (hex: string): Uint8Array =>
  Uint8Array.from([...new Array(16).fill(0), 10, 0, 0, 9, ...Buffer.from(hex, 'hex')]);
const find = (hex: string): number => findSourceRoute(header(hex), 0, 20 + hex.length / 2);

test('a route is found behind other options, not behind nonsense or the end of the list', () => {
  expect(find('83070400000000')).toBe(20);
  expect(find('010194040000890704')).toBe(26);
  for (const hex of ['', '00830704', '01010101', '94040000', '07030400']) expect(find(hex)).toBe(NO_ROUTE);
  for (const hex of ['0700830704', '0701830704', '94', '01010194', '0728830704', '07050400'])
    expect(find(hex)).toBe(NONSENSE);
});

test('a route with half an address, no room for its length, or a pointer into its head is malformed', () => {
  const hops = (hex: string): number => routeHops(header(hex), 20, 20 + hex.length / 2);
  expect([hops('830704aabbccdd'), hops('830304'), hops('830b0c0102030405060708')]).toEqual([1, 0, 2]);
  for (const hex of ['83', '8307', '830604000000', '830704aabbcc', '830703aabbccdd', '830004'])
    expect(hops(hex)).toBe(-1);
});

test('a quoted packet was going to the end of its route, however far it came [MUST-54]', () => {
  const to = (hex: string): number => quotedDestination(header(hex), 0, 20 + hex.length / 2);
  expect(to('830b040a0000080a00000200')).toBe(0x0a000002);
  expect(to('830b080a0000080a00000200')).toBe(0x0a000002);
  expect(to('830b0c0a0000080a00000200')).toBe(0x0a000009);
  expect(to('830a040a0000080a000002')).toBe(0x0a000009);
  expect(to('')).toBe(0x0a000009);
});

test('nine hops fit, and an entry that is none is not used', () => {
  const w = new Int32Array(2 * HOP_WORDS);
  const hops = Array.from({ length: MOST_HOPS }, (_, n) => 0x0a000001 + n);
  expect(fillRoute(w, HOP_WORDS, true, hops, 0x0a0000ff)).toBe(true);
  expect([...w.subarray(HOP_WORDS, HOP_WORDS + 4)]).toEqual([40, 0x0a000001, 0x01892704, 0x0a000002]);
  expect(w[HOP_WORDS + 11]).toBe(0x0a0000ff);
  expect(fillRoute(w, HOP_WORDS, true, [...hops, 1], 1)).toBe(false);
  expect(fillRoute(w, HOP_WORDS, true, [], 1)).toBe(false);
  expect([routeWord(w, 5), routeWord(w, -1), routeWord(w, (1 << 16) | 5), routeWord(w, 2 << 16)]).toEqual([
    0,
    0,
    HOP_WORDS,
    -1,
  ]);
  for (const length of [0, -4, 3, 44]) {
    w[HOP_WORDS] = length;
    expect(routeWord(w, 1 << 16)).toBe(-1);
  }
});
