// The rules of receive merging, one at a time: two segments that continue each other, then one thing is changed.
import { expect, test } from 'vitest';
import { absorb, continues } from '../../../../src/link/sim/merge.ts';
import {
  ACK,
  CWR,
  DESC_WORDS,
  FIN,
  KIND_TCP,
  OPT_SACK,
  OPT_TS,
  PSH,
  RST,
  RX_ACK,
  RX_FLAGS,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_LEN,
  RX_OFF,
  RX_OPTS,
  RX_ROUTED,
  RX_ROW,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
  SYN,
  URG,
} from '../../../../src/wire/abi.ts';
import { gather } from '../../../../src/wire/pieces.ts';

const HEAD = 0;
const IPV4 = (4 << 24) | (64 << 8);

/** Segment `n` of 100 octets each, at `at`. */
function put(rx: Int32Array, at: number, n: number, length = 100): void {
  rx.fill(0, at, at + DESC_WORDS);
  rx[at + RX_KIND] = KIND_TCP;
  rx[at + RX_ROW] = 7;
  rx[at + RX_SEQ] = (0x7fffffc0 + n * 100) | 0;
  rx[at + RX_ACK] = 55;
  rx[at + RX_FLAGS] = ACK | (1000 << 16);
  rx[at + RX_OFF] = n * 100;
  rx[at + RX_LEN] = rx[at + RX_TOTAL] = length;
  rx[at + RX_GSO] = length | (1 << 16);
  rx[at + RX_OPTS] = OPT_TS | (32 << 8);
  rx[at + RX_TSVAL] = 10 + n;
  rx[at + RX_TSECR] = 20 + n;
  rx[at + RX_IP] = IPV4;
}

function pair(change: (rx: Int32Array, next: number) => void = () => {}): { rx: Int32Array; next: number } {
  const rx = new Int32Array(8 * DESC_WORDS);
  const next = 4 * DESC_WORDS;
  put(rx, HEAD, 0);
  put(rx, next, 1);
  change(rx, next);
  return { rx, next };
}

const merges = (change?: (rx: Int32Array, next: number) => void): boolean => {
  const { rx, next } = pair(change);
  return continues(rx, HEAD, next);
};

test.each<[string, (rx: Int32Array, next: number) => void]>([
  ['nothing is changed', () => {}],
  ['PSH or FIN ends the run', (rx, next) => (rx[next + RX_FLAGS]! |= PSH | FIN)],
  ['the window changes', (rx, next) => (rx[next + RX_FLAGS] = ACK | (9 << 16))],
  ['the last one is shorter', (rx, next) => put(rx, next, 1, 60)],
  ['ECN marks differ', (rx, next) => (rx[next + RX_IP]! |= 3)],
])('merged although %s', (_what, change) => {
  expect(merges(change)).toBe(true);
});

test.each<[string, (rx: Int32Array, next: number) => void]>([
  ['another flow', (rx, next) => (rx[next + RX_ROW] = 8)],
  ['no flow', (rx, next) => (rx[HEAD + RX_ROW] = rx[next + RX_ROW] = -1)],
  ['a source route', (rx, next) => (rx[next + RX_KIND]! |= RX_ROUTED << 16)],
  ['a source route before', (rx) => (rx[HEAD + RX_KIND]! |= RX_ROUTED << 16)],
  ['a gap', (rx, next) => rx[next + RX_SEQ]!++],
  ['another acknowledgment', (rx, next) => rx[next + RX_ACK]!++],
  ['older timestamp', (rx, next) => (rx[next + RX_TSVAL] = 9)],
  ['a longer segment', (rx, next) => put(rx, next, 1, 101)],
  ['an empty one', (rx, next) => put(rx, next, 1, 0)],
  ['other options', (rx, next) => (rx[next + RX_OPTS]! |= OPT_SACK)],
  ['SACK in both', (rx, next) => ((rx[HEAD + RX_OPTS]! |= OPT_SACK), (rx[next + RX_OPTS]! |= OPT_SACK))],
  ['another TTL', (rx, next) => (rx[next + RX_IP] = (4 << 24) | (63 << 8))],
  ['another DSCP', (rx, next) => (rx[next + RX_IP]! |= 4)],
  ...[FIN, SYN, RST, PSH, URG, CWR].map((bit): [string, (rx: Int32Array) => void] => [
    `flag ${bit} before`,
    (rx) => (rx[HEAD + RX_FLAGS]! |= bit),
  ]),
  ...[SYN, RST, URG, CWR].map((bit): [string, (rx: Int32Array, next: number) => void] => [
    `flag ${bit} behind`,
    (rx, next) => (rx[next + RX_FLAGS]! |= bit),
  ]),
])('not merged: %s', (_what, change) => {
  expect(merges(change)).toBe(false);
});

test('what is merged: text in order, the window and TSecr of the newest, TSval of the oldest (RFC 7323 §4.3), marks counted', () => {
  const rx = new Int32Array(12 * DESC_WORDS);
  const next = 8 * DESC_WORDS;
  const memory = Uint8Array.from({ length: 3000 }, (_, n) => n * 7);
  put(rx, HEAD, 0);
  let segments = 1;
  for (let n = 1; n < 40; n++) {
    put(rx, next, n);
    rx[next + RX_FLAGS] = ACK | ((1000 + n) << 16);
    if (n % 2 === 1) rx[next + RX_IP]! |= 1 << 16;
    if (!continues(rx, HEAD, next)) break;
    absorb(rx, HEAD, next);
    segments++;
  }
  expect(segments).toBe(29); // the first piece and four PIECE descriptors of seven
  expect([rx[RX_TOTAL], rx[RX_GSO]! & 0xffff, rx[RX_GSO]! >>> 16]).toEqual([2900, 100, 29]);
  expect([rx[RX_FLAGS]! >>> 16, rx[RX_TSECR], rx[RX_TSVAL], (rx[RX_IP]! >>> 16) & 0xff]).toEqual([1028, 48, 10, 14]);
  const text = new Uint8Array(2900);
  gather(rx, HEAD, memory, 0, 2900, text, 0);
  expect(Buffer.from(text).equals(memory.subarray(0, 2900))).toBe(true);
});
