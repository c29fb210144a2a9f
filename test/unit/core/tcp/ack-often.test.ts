// One ACK answers a burst. After a loss there are several, so that what each releases fits where the burst did not (ADR 57).
import { expect, test } from 'vitest';
import { deliver, text } from '../../../../src/core/tcp/arrives/text.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { hurryAcks, releaseLess } from '../../../../src/core/tcp/receive-window.ts';
import { F_ACK_LATER, F_ACK_NOW, F_NODELAY, F2_DSACK, TIMER_DELACK } from '../../../../src/core/tcp/row.ts';
import { WHEEL_AT } from '../../../../src/core/tcp/tcb.ts';
import { ACK, FIN } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { segment } from './bench-of-tables.ts';

const PIECE = 4000;

/** `count` merged segments in order, after all was acknowledged; the ACKs they got, in bytes from the first one's beginning. */
function burst({ t, tcb, take }: Bench, count: number, bytes = PIECE, flags = ACK): number[] {
  const start = tcb.rcvNxt;
  tcb.lastAckSent = start;
  tcb.rcvAdv = start + (1 << 24);
  for (let n = 0; n < count; n++) {
    deliver(t, tcb, segment(tcb.rcvNxt, new Uint8Array(bytes), flags));
    t.events.count = 0;
  }
  return take().map(({ ack, len }) => (len === 0 ? ack - start : Number.NaN));
}

const owed = ({ tcb }: Bench): number => tcb.flags & (F_ACK_NOW | F_ACK_LATER);

test('a burst has no ACK of its own until its end [MUST-58]', () => {
  const box = bench();
  expect(burst(box, 16)).toEqual([]);
  expect(owed(box)).toBe(F_ACK_NOW);
});

test('after a hole there is one for each 16 KB, for 1024 segments [5681-4.2-b]', () => {
  const box = bench();
  const { t, tcb } = box;
  text(t, tcb, segment(tcb.rcvNxt + 100, new Uint8Array(10)));
  deliver(t, tcb, segment(tcb.rcvNxt, new Uint8Array(100)));
  box.take();
  expect(burst(box, 10)).toEqual([4 * PIECE, 8 * PIECE]);
  for (let n = 0; n < 1009; n++) burst(box, 1, 1);
  expect(burst(box, 4)).toEqual([4 * PIECE]);
  expect(burst(box, 20)).toEqual([]);
});

test.each([1000, 8948, 65_483])('what is left of the burst has its ACK at the end, however little (MSS %i)', (mss) => {
  const box = bench();
  const { t, tcb } = box;
  tcb.sndMss = mss;
  releaseLess(tcb);
  for (let n = 0; n < 16; n++) burst(box, 1, 1);
  tcb.flags &= ~F_ACK_NOW;
  expect(burst(box, 4)).toEqual([4 * PIECE]);
  output(t, tcb, 0);
  expect(box.take()).toEqual([]);
  expect(burst(box, 2, 1)).toEqual([]);
  output(t, tcb, 0);
  expect(box.take().map(({ ack }) => ack)).toEqual([tcb.rcvNxt]);
});

test('text that a FIN ends waits for its ACK: one for a segment at most [5681-4.2-c]', () => {
  const box = bench();
  releaseLess(box.tcb);
  expect(burst(box, 1, 20_000, ACK | FIN)).toEqual([]);
  expect(owed(box)).toBe(F_ACK_NOW);
});

test('a silence has sixteen segments acknowledged without delay, and no burst in parts', () => {
  const box = bench();
  hurryAcks(box.tcb);
  burst(box, 1, 1);
  expect(owed(box)).toBe(F_ACK_NOW);
  expect(burst(box, 10)).toEqual([]);
  for (let n = 11; n < 16; n++) burst(box, 1, 1);
  box.tcb.ackBytes = 0;
  box.tcb.flags &= ~F_ACK_NOW;
  burst(box, 1, 1);
  expect(owed(box)).toBe(F_ACK_LATER);
});

test('who answers within the turn asks for no timer; who does not has one, 40 ms from then [MUST-40]', () => {
  const answering = bench();
  burst(answering, 1, 1);
  queueText(answering.t, answering.tcb, new Uint8Array(1), 0, 1);
  answering.tcb.flags |= F_NODELAY;
  output(answering.t, answering.tcb, 0);
  expect(answering.take()).toMatchObject([{ ack: answering.tcb.rcvNxt, len: 1 }]);
  expect(answering.tcb.i32[answering.tcb.at + WHEEL_AT]).toBeGreaterThan(answering.t.tick + 40);
  const silent = bench();
  burst(silent, 1, 1);
  output(silent.t, silent.tcb, 0);
  expect(silent.take()).toEqual([]);
  expect(silent.tcb.timer(TIMER_DELACK)).toBe(silent.t.tick + silent.t.defaults.delayedAck);
});

test('a report of duplicates waits for its turn [RFC 2883 §4]', () => {
  const box = bench();
  releaseLess(box.tcb);
  box.tcb.flags2 |= F2_DSACK;
  expect(burst(box, 10)).toEqual([]);
});

test('without a neighbour, or without room, one ACK is owed', () => {
  const waiting = bench();
  releaseLess(waiting.tcb);
  waiting.hop.ready = false;
  expect(burst(waiting, 10)).toEqual([]);
  expect(owed(waiting)).toBe(F_ACK_NOW);
  const full = bench({ descriptors: 97 });
  releaseLess(full.tcb);
  expect(burst(full, 10)).toEqual([4 * PIECE]);
  expect(owed(full)).toBe(F_ACK_NOW);
  expect(full.t.counters.txOverflow).toBe(0);
});
