/**
 * The doors of the arena for connections: text goes in and out here and is charged to its connection (budget.ts). What
 * a limit refuses is refused as if the arena were full.
 */
import type { Tcp } from './context.ts';
import * as queue from './send-queue.ts';
import type { Tcb } from './tcb.ts';

/** Copies text into the send queue; returns the bytes that found room. */
export function queueText(t: Tcp, tcb: Tcb, bytes: Uint8Array, offset: number, length: number): number {
  const before = t.arena.used;
  t.arena.allowance = t.budget.room(tcb.row);
  const taken = queue.enqueue(t.arena, tcb, bytes, offset, length);
  return queued(t, tcb, before, length, taken);
}

/** As `queueText`, but the bytes stay where they are: the user's own memory is not charged. */
export function lendText(t: Tcp, tcb: Tcb, bytes: Uint8Array, offset: number, length: number): number {
  const before = t.arena.used;
  t.arena.allowance = t.budget.room(tcb.row);
  const taken = queue.enqueueLent(t.arena, tcb, t.ip.linkOf(tcb.hop), bytes, offset, length);
  return queued(t, tcb, before, length, taken);
}

function queued(t: Tcp, tcb: Tcb, before: number, wanted: number, taken: number): number {
  t.arena.allowance = Infinity;
  chargeSend(t, tcb, before);
  if (taken < wanted) t.budget.refuse(tcb.row);
  return taken;
}

/** The first `n` bytes were acknowledged. */
export function textAcked(t: Tcp, tcb: Tcb, n: number): void {
  const before = t.arena.used;
  queue.dequeue(t.arena, tcb, n);
  chargeSend(t, tcb, before);
}

/** Only the first `keep` bytes stay. */
export function truncateText(t: Tcp, tcb: Tcb, keep: number): void {
  const before = t.arena.used;
  queue.truncate(t.arena, tcb, keep);
  chargeSend(t, tcb, before);
}

export function discardText(t: Tcp, tcb: Tcb): void {
  const before = t.arena.used;
  queue.discard(t.arena, tcb);
  chargeSend(t, tcb, before);
}

/** The arena holds more, or less, than before, and all of that is text to send of this connection. */
function chargeSend(t: Tcp, tcb: Tcb, before: number): void {
  const more = t.arena.used - before;
  if (more === 0) return;
  t.budget.send += more;
  if (more > 0) t.budget.take(tcb.row, more, t.tick);
  else t.budget.give(tcb.row, -more, t.tick);
}

/** A chunk for text out of order; -1 when there is none for this connection. */
export function takeHeld(t: Tcp, tcb: Tcb, length: number): number {
  t.arena.allowance = t.budget.roomOutOfOrder(tcb.row);
  const chunk = t.arena.take(length);
  t.arena.allowance = Infinity;
  if (chunk < 0) {
    t.budget.refuse(tcb.row);
    return -1;
  }
  t.budget.outOfOrder += t.arena.capacity(chunk);
  t.budget.take(tcb.row, t.arena.capacity(chunk), t.tick);
  return chunk;
}

/** The chunk is no connection's any more: it goes back when the turn ends, because an event may point into it. */
export function letGo(t: Tcp, tcb: Tcb, chunk: number): void {
  t.budget.outOfOrder -= t.arena.capacity(chunk);
  t.budget.give(tcb.row, t.arena.capacity(chunk), t.tick);
  t.lent.push(chunk);
}
