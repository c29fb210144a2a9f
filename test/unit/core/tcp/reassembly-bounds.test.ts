// Text ahead of a hole, and what it may cost: chunks are shared by what is contiguous, and a peer gets no more than its part.
import { describe, expect, test } from 'vitest';
import { LARGE_CHUNK, SCRATCH, SMALL_CHUNK } from '../../../../src/core/arena.ts';
import { EVENT_WORDS } from '../../../../src/core/events.ts';
import { deliverHeld, discardHeld, hold } from '../../../../src/core/tcp/reassembly.ts';
import { Segment } from '../../../../src/core/tcp/segment.ts';
import { DESC_WORDS, RX_FLAGS, RX_LEN, RX_OFF, RX_SEQ, RX_TOTAL } from '../../../../src/wire/abi.ts';
import { addPiece } from '../../../../src/wire/pieces.ts';
import { byteAt } from '../../../property/pair/end.ts';
import { segment, type Tables, tables } from './bench-of-tables.ts';

const ACK = 0x10;
const PSH = 0x08;
const stream = Uint8Array.from({ length: 200_000 }, (_, n) => byteAt(n, 0));

function give({ t, tcb }: Tables, from: number, to: number, flags = ACK): void {
  hold(t, tcb, segment(from, stream.subarray(from, to), flags));
}

/** What the user is shown: [offset in the stream, length, push], each compared with the stream. */
function shown({ t, tcb }: Tables): [number, number, number][] {
  let at = tcb.rcvNxt;
  deliverHeld(t, tcb);
  const found: [number, number, number][] = [];
  for (let n = 0; n < t.events.count; n++) {
    const [offset, length, push] = t.events.words.subarray(
      n * EVENT_WORDS + 4,
      n * EVENT_WORDS + 7,
    ) as never as number[];
    expect(t.arena.bytes.slice(offset, offset! + length!)).toEqual(stream.slice(at, at + length!));
    found.push([at, length!, push!]);
    at += length!;
  }
  expect(at).toBe(tcb.rcvNxt);
  return found;
}

function holding(from: number): Tables {
  const box = tables();
  box.tcb.rcvNxt = from;
  box.tcb.rcvBuf = 1 << 20;
  return box;
}

describe('what continues a record', () => {
  test('goes into its chunk, up to the last octet of it', () => {
    const box = holding(0);
    give(box, 0, 1000);
    give(box, 1000, 1500);
    give(box, 1500, SMALL_CHUNK);
    expect([box.t.records.count, box.tcb.oooCount, box.t.arena.used]).toEqual([1, 1, SMALL_CHUNK]);
    give(box, SMALL_CHUNK, SMALL_CHUNK + 1);
    expect([box.t.records.count, box.tcb.oooCount, box.t.arena.used]).toEqual([2, 2, 2 * SMALL_CHUNK]);
    expect(shown(box)).toEqual([
      [0, SMALL_CHUNK, 0],
      [SMALL_CHUNK, 1, 0],
    ]);
    expect([box.t.records.count, box.tcb.oooCount, box.tcb.oooBytes]).toEqual([0, 0, 0]);
  });

  test('what lies behind a gap has a chunk of its own', () => {
    const box = holding(0);
    give(box, 0, 100);
    give(box, 101, 200);
    expect([box.tcb.oooCount, box.tcb.oooBytes]).toEqual([2, 199]);
    expect(shown(box)).toEqual([[0, 100, 0]]);
    expect([box.tcb.oooCount, box.tcb.oooBytes]).toEqual([1, 99]);
  });

  test('a segment larger than a chunk is several records', () => {
    const box = holding(0);
    give(box, 0, LARGE_CHUNK + 5000);
    expect(box.tcb.oooCount).toBe(2);
    expect(shown(box).map(([, length]) => length)).toEqual([LARGE_CHUNK, 5000]);
  });
});

test('[MAY-17] PSH stays with the text that it came with', () => {
  const box = holding(0);
  give(box, 0, 100);
  give(box, 200, 300, ACK | PSH);
  give(box, 100, 200);
  expect(shown(box)).toEqual([
    [0, 200, 0],
    [200, 100, 1],
  ]);
  const late = holding(0);
  give(late, 0, 100);
  give(late, 100, 200, ACK | PSH);
  expect(shown(late)).toEqual([[0, 200, 1]]);
});

test('what was delivered another way meanwhile is let go, and shown no second time', () => {
  const box = holding(0);
  give(box, 100, 200);
  give(box, 300, 400);
  box.tcb.rcvNxt = 350;
  expect(shown(box)).toEqual([[350, 50, 0]]);
  expect([box.t.records.count, box.tcb.oooBytes]).toEqual([0, 0]);
  const whole = holding(0);
  give(whole, 100, 200);
  whole.tcb.rcvNxt = 200;
  expect(shown(whole)).toEqual([]);
  expect([whole.t.records.count, whole.tcb.oooCount]).toEqual([0, 0]);
});

describe('a connection holds no more than its part', () => {
  /** Every other octet. */
  const holes = (box: Tables, many: number): void => {
    for (let n = 0; n < many; n++) give(box, 2 * n + 1, 2 * n + 2);
  };

  test('64 records, and as many as full segments and their halves need for its window', () => {
    const box = holding(0);
    box.tcb.rcvBuf = 14_600;
    holes(box, 84);
    expect([box.tcb.oooCount, box.t.counters.noMemory]).toEqual([84, 0]);
    give(box, 1001, 1002);
    expect([box.tcb.oooCount, box.t.records.count, box.t.counters.noMemory]).toEqual([84, 84, 1]);
    // What fills the first hole makes room.
    box.tcb.rcvNxt = 1;
    expect(shown(box)).toHaveLength(1);
    give(box, 1001, 1002);
    expect(box.tcb.oooCount).toBe(84);
  });

  test('whatever MSS the peer names: what it may hold of the arena is a few times its window', () => {
    const box = holding(0);
    Object.assign(box.tcb, { rcvBuf: 65_536, sndMss: 36 });
    holes(box, 300);
    expect([box.tcb.oooCount, box.t.arena.used]).toEqual([192, 192 * SMALL_CHUNK]);
  });

  test('a last quarter of the records is for sending', () => {
    const box = tables(4 << 20, 8);
    box.tcb.rcvBuf = 1 << 20;
    holes(box, 9);
    expect([box.tcb.oooCount, box.t.records.count, box.t.counters.noMemory]).toEqual([7, 7, 2]);
  });

  test('without a chunk the record goes back, the first one of the pool too', () => {
    const box = holding(0);
    while (box.t.arena.take(LARGE_CHUNK) >= 0 || box.t.arena.take(1) >= 0);
    give(box, 100, 200);
    expect([box.tcb.oooCount, box.tcb.oooHead, box.t.records.count, box.t.counters.noMemory]).toEqual([0, -1, 0, 1]);
    expect(box.t.records.take()).toBe(0);
  });
});

test('a segment of several pieces, trimmed before, inside and behind one', () => {
  const pieces: [number, number][] = [
    [0, 10],
    [100, 20],
    [200, 30],
    [300, 40],
  ];
  const memory = new Uint8Array(400);
  let at = 0;
  for (const [offset, length] of pieces) {
    memory.set(stream.subarray(at, at + length), offset);
    at += length;
  }
  const rx = new Int32Array(2 * DESC_WORDS);
  rx[RX_FLAGS] = ACK;
  rx[RX_OFF] = 0;
  rx[RX_LEN] = 10;
  rx[RX_TOTAL] = 100;
  for (const [offset, length] of pieces.slice(1)) addPiece(rx, 0, offset, length);
  for (const skip of [0, 5, 10, 29, 30, 60, 99]) {
    const box = holding(skip);
    box.t.arena.bytes.fill(0xee);
    rx[RX_SEQ] = 0;
    const seg = new Segment();
    seg.load(rx, 0, 0, memory);
    // As step 1 leaves it: what is old is cut off.
    seg.skip = skip;
    seg.seq = skip;
    seg.len = 100 - skip;
    // A part is held already: what comes before it and behind it is copied apart.
    if (skip < 50) give(box, 50, 70);
    hold(box.t, box.tcb, seg);
    // Nothing beside the chunks is written to: the first begins behind the scratch ring.
    expect(box.t.arena.bytes.subarray(SCRATCH - 100, SCRATCH).every((byte) => byte === 0xee)).toBe(true);
    expect(shown(box).reduce((sum, [, length]) => sum + length, 0)).toBe(100 - skip);
  }
});

test('discarded: every chunk and record goes back, and nothing is shown', () => {
  const box = holding(0);
  for (const from of [100, 300, 500]) give(box, from, from + 50);
  discardHeld(box.t, box.tcb);
  for (const chunk of box.t.lent) box.t.arena.give(chunk);
  expect([box.t.records.count, box.t.arena.used, box.tcb.oooHead, box.tcb.oooCount]).toEqual([0, 0, -1, 0]);
  expect([box.t.budget.outOfOrder, shown(box)]).toEqual([0, []]);
});
