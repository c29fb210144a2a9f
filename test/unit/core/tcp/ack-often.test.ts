// One ACK answers a burst. After a loss it covers less, so that what it releases at once fits where the burst did not (ADR 57).
import { expect, test } from 'vitest';
import { deliver, text } from '../../../../src/core/tcp/arrives/text.ts';
import { hurryAcks } from '../../../../src/core/tcp/receive-window.ts';
import { F_ACK_NOW, F2_DSACK } from '../../../../src/core/tcp/row.ts';
import { type Bench, bench } from './bench.ts';
import { segment } from './bench-of-tables.ts';

const PIECE = 8000;

/** A burst of `count` merged segments; what was acknowledged before its end, in bytes from its beginning. */
function burst({ t, tcb, take }: Bench, count: number, bytes = PIECE): number[] {
  const start = tcb.rcvNxt;
  tcb.rcvAdv = start + (1 << 24);
  for (let n = 0; n < count; n++) {
    deliver(t, tcb, segment(tcb.rcvNxt, new Uint8Array(bytes)));
    t.events.count = 0;
  }
  const acks = take().map(({ ack, len }) => (len === 0 ? ack - start : Number.NaN));
  expect(tcb.ackBytes).toBe(tcb.rcvNxt - start - (acks.at(-1) ?? 0));
  tcb.ackBytes = 0;
  return acks;
}

test('a burst has no ACK before its end', () => {
  const box = bench();
  expect(burst(box, 8)).toEqual([]);
  expect(box.tcb.flags & F_ACK_NOW).not.toBe(0);
});

test('after a hole it has one for each 16 KB, for 1024 segments [SHLD-18] [RFC 2525 §2.13]', () => {
  const box = bench();
  const { t, tcb } = box;
  text(t, tcb, segment(tcb.rcvNxt + 100, new Uint8Array(10)));
  deliver(t, tcb, segment(tcb.rcvNxt, new Uint8Array(100)));
  box.take();
  expect(burst(box, 5)).toEqual([2 * PIECE, 4 * PIECE]);
  burst(box, 1016, 1);
  expect(burst(box, 3)).toEqual([2 * PIECE]);
  expect(burst(box, 3)).toEqual([]);
});

test('and one at the end for what is left, when it fills no 16 KB', () => {
  const box = bench();
  hurryAcks(box.tcb);
  expect(burst(box, 3)).toEqual([2 * PIECE]);
  expect(box.tcb.flags & F_ACK_NOW).not.toBe(0);
});

test('a report of duplicates waits for its turn [RFC 2883 §4]', () => {
  const box = bench();
  hurryAcks(box.tcb);
  box.tcb.flags2 |= F2_DSACK;
  expect(burst(box, 5)).toEqual([]);
});

test('without a neighbour, or without room, the ACK is still owed', () => {
  const waiting = bench();
  hurryAcks(waiting.tcb);
  waiting.hop.ready = false;
  expect(burst(waiting, 5)).toEqual([]);
  expect(waiting.tcb.flags & F_ACK_NOW).not.toBe(0);
  const full = bench({ descriptors: 1 });
  hurryAcks(full.tcb);
  expect(burst(full, 5)).toEqual([2 * PIECE]);
  expect(full.tcb.flags & F_ACK_NOW).not.toBe(0);
});
