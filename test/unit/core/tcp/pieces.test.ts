// A super-segment of several pieces, as links merge them: what is trimmed may end inside any of them.
import { expect, test } from 'vitest';
import { EV_DATA, EVENT_WORDS } from '../../../../src/core/events.ts';
import { sequence } from '../../../../src/core/tcp/arrives/sequence.ts';
import { text } from '../../../../src/core/tcp/arrives/text.ts';
import { GO_ON } from '../../../../src/core/tcp/arrives/verdict.ts';
import { Segment } from '../../../../src/core/tcp/segment.ts';
import { DESC_WORDS, RX_FLAGS, RX_LEN, RX_OFF, RX_SEQ, RX_TOTAL } from '../../../../src/wire/abi.ts';
import { addPiece } from '../../../../src/wire/pieces.ts';
import { tables } from './bench-of-tables.ts';

/** Nine pieces, so that they take two PIECE descriptors: 10 bytes at 0, 20 at 100, 30 at 200, six of 5 at 300 … */
const PIECES: readonly [number, number][] = [
  [0, 10],
  [100, 20],
  [200, 30],
  ...Array.from({ length: 6 }, (_, n): [number, number] => [300 + 10 * n, 5]),
];
const TOTAL = 90;

/** [offset, length] of the text that the user is shown when RCV.NXT lies `old` bytes into the segment and the window ends `room` later. */
function shown(old: number, room: number): [number, number][] {
  const { t, tcb } = tables();
  tcb.rcvNxt = 1000 + old;
  tcb.rcvAdv = tcb.rcvNxt + room;
  tcb.rcvBuf = 1000;
  const rx = new Int32Array(4 * DESC_WORDS);
  rx[RX_SEQ] = 1000;
  rx[RX_FLAGS] = 0x10;
  rx[RX_OFF] = PIECES[0]![0];
  rx[RX_LEN] = PIECES[0]![1];
  rx[RX_TOTAL] = TOTAL;
  for (const [offset, length] of PIECES.slice(1)) addPiece(rx, 0, offset, length);
  const seg = new Segment();
  seg.load(rx, 0, 0, new Uint8Array(1000));
  expect(sequence(t, tcb, seg)).toBe(GO_ON);
  text(t, tcb, seg);
  const said = Math.min(TOTAL - old, room);
  expect([tcb.rcvNxt, tcb.rcvUser, tcb.bytesIn]).toEqual([1000 + old + said, said, said]);
  const found: [number, number][] = [];
  for (let n = 0; n < t.events.count; n++) {
    const at = n * EVENT_WORDS;
    if (t.events.words[at] === EV_DATA) found.push([t.events.words[at + 4]!, t.events.words[at + 5]!]);
  }
  return found;
}

test('all of it', () => {
  expect(shown(0, 500)).toEqual(PIECES);
});

test('what is old ends inside a piece, at its end, or pieces later [UNTAGGED-10]', () => {
  expect(shown(4, 500).slice(0, 2)).toEqual([
    [4, 6],
    [100, 20],
  ]);
  expect(shown(10, 500)[0]).toEqual([100, 20]);
  expect(shown(35, 500)[0]).toEqual([205, 25]);
  expect(shown(89, 500)).toEqual([[354, 1]]);
});

test('the window ends inside a piece or at its end [UNTAGGED-10]', () => {
  expect(shown(0, 10)).toEqual([[0, 10]]);
  expect(shown(0, 11)).toEqual([
    [0, 10],
    [100, 1],
  ]);
});
