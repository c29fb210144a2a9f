import { expect, test } from 'vitest';
import { TransmitQueues } from '../../../../src/core/tcp/transmit-queues.ts';
import {
  DESC_WORDS,
  KIND_PIECE,
  KIND_RAW,
  KIND_TCP,
  TX_HOP,
  TX_KIND,
  TX_LEN,
  TX_OFF,
  TX_REGION_SHIFT,
  TX_TOTAL,
} from '../../../../src/wire/abi.ts';
import { gather, pieceDescriptors } from '../../../../src/wire/pieces.ts';
import { fakeLink, OUR_MAC } from '../ip/harness.ts';

function queues(...descriptors: number[]): { out: TransmitQueues; tx: Int32Array[] } {
  const tx = descriptors.map((n) => new Int32Array(DESC_WORDS * n).fill(-1));
  return { out: new TransmitQueues(tx.map((words) => ({ ...fakeLink('ether', OUR_MAC), tx: words }))), tx };
}

test('descriptors are zeroed, follow each other, and end with the buffer', () => {
  const { out, tx } = queues(3);
  expect([out.add(0), out.add(0), out.add(0), out.add(0)]).toEqual([0, DESC_WORDS, 2 * DESC_WORDS, -1]);
  expect(tx[0]!.every((word) => word === 0)).toBe(true);
  expect(out.count(0)).toBe(3);
});

test('what was taken counts as gone when something is added; taking twice before that gives the same', () => {
  const { out } = queues(4);
  out.add(0);
  out.add(0);
  expect(out.take(0)).toBe(2);
  expect(out.count(0)).toBe(0);
  expect(out.add(0)).toBe(0);
  expect([out.count(0), out.take(0), out.take(0)]).toEqual([1, 1, 0]);
});

test('links have buffers of their own', () => {
  const { out } = queues(2, 2);
  out.add(1);
  expect([out.take(0), out.take(1)]).toEqual([0, 1]);
});

test('data leaves room for what cannot wait', () => {
  const { out } = queues(100);
  expect(out.hasRoom(0)).toBe(true);
  for (let n = 0; n < 4; n++) out.add(0);
  expect([out.hasRoom(0), out.add(0) >= 0]).toEqual([false, true]);
  out.take(0);
  expect(out.hasRoom(0)).toBe(true);
});

test('pieces: the first in the descriptor, seven in each that follows, the total in the head', () => {
  const { out, tx } = queues(8);
  const memory = Uint8Array.from({ length: 300 }, (_, n) => n);
  const base = out.add(0);
  tx[0]![base + TX_KIND] = KIND_TCP;
  for (let n = 0; n < 16; n++) expect(out.addPiece(0, base, 0, n * 17, n + 1)).toBe(true);
  expect([out.count(0), pieceDescriptors(tx[0]!, base), tx[0]![base + TX_TOTAL]]).toEqual([4, 3, 136]);
  expect([1, 2, 3].map((d) => [tx[0]![d * DESC_WORDS], tx[0]![d * DESC_WORDS + 1]])).toEqual([
    [KIND_PIECE, 7],
    [KIND_PIECE, 7],
    [KIND_PIECE, 1],
  ]);
  const text = new Uint8Array(136);
  gather(tx[0]!, base, memory, 0, 136, text, 0);
  const expected = Array.from({ length: 16 }, (_, n) => [...memory.subarray(n * 17, n * 17 + n + 1)]).flat();
  expect([...text]).toEqual(expected);
});

test('the region of a piece is in the high bits of its length', () => {
  const { out, tx } = queues(2);
  const base = out.add(0);
  out.addPiece(0, base, 5, 1234, 65536);
  out.addPiece(0, base, 1023, 99, 1);
  expect([tx[0]![base + TX_OFF], tx[0]![base + TX_LEN], tx[0]![base + TX_TOTAL]]).toEqual([
    1234,
    65536 | (5 << TX_REGION_SHIFT),
    65537,
  ]);
  const sized = tx[0]![DESC_WORDS + 3]!;
  expect([tx[0]![DESC_WORDS + 2], sized >>> TX_REGION_SHIFT, sized & 0xfffff]).toEqual([99, 1023, 1]);
});

test('a piece without a descriptor left is refused', () => {
  const { out } = queues(1);
  const base = out.add(0);
  expect([out.addPiece(0, base, 0, 0, 1), out.addPiece(0, base, 0, 1, 1)]).toEqual([true, false]);
});

test('a raw frame has no hop and no row', () => {
  const { out, tx } = queues(1);
  expect([out.addRaw(0, 64, 42), out.addRaw(0, 0, 1)]).toEqual([true, false]);
  expect([TX_KIND, TX_OFF, TX_LEN, TX_TOTAL, TX_HOP].map((word) => tx[0]![word])).toEqual([KIND_RAW, 64, 42, 42, -1]);
});
