/**
 * The retransmission queue: one record per (super-)segment sent and not acknowledged, oldest first, each with its place
 * in the send queue. Bytes are counted three ways (RFC 6675): in flight, selectively acknowledged, lost.
 */
import { add, diff, geq, gt, leq, lt } from '../seq.ts';
import type { Tcp } from './context.ts';
import { rateDelivered, rateLost, rateSent } from './delivery-rate.ts';
import { R_FIN, R_LOST, R_RESENT, R_SACKED } from './records.ts';
import type { Tcb } from './tcb.ts';

export { inFlight } from './pipe.ts';

/** Notes a transmission of new sequence space; false when the pool is used up (then nothing may be sent). */
export function noteSent(
  t: Tcp,
  tcb: Tcb,
  seq: number,
  len: number,
  fin: boolean,
  chunk: number,
  offset: number,
): boolean {
  const rec = t.records.take();
  if (rec < 0) {
    t.counters.noMemory++;
    return false;
  }
  t.records.setSeq(rec, seq);
  t.records.setLen(rec, len);
  t.records.setFlags(rec, fin ? R_FIN : 0);
  t.records.setSentAt(rec, t.now | 0);
  t.records.setPlace(rec, chunk, offset);
  rateSent(t, tcb, rec, len);
  if (tcb.rtxTail < 0) tcb.rtxHead = rec;
  else t.records.setNext(tcb.rtxTail, rec);
  tcb.rtxTail = rec;
  return true;
}

/**
 * Takes acknowledged records off. Returns the microseconds since the newest of them was sent, or -1 when only
 * retransmitted ones were among them: those give no sample (Karn, RFC 6298 §3).
 */
export function acknowledge(t: Tcp, tcb: Tcb, ack: number): number {
  const r = t.records;
  let sample = -1;
  let rec = tcb.rtxHead;
  while (rec >= 0 && lt(r.seq(rec), ack)) {
    const covered = diff(ack, r.seq(rec));
    const flags = r.flags(rec);
    if (covered < r.space(rec)) {
      // Only its front is acknowledged: the rest keeps its marks.
      if (flags & R_SACKED) tcb.sackedOut -= covered;
      if (flags & R_LOST) tcb.lostOut -= covered;
      if ((flags & R_SACKED) === 0) rateDelivered(t, tcb, rec, covered);
      advancePlace(t, rec, covered);
      r.setSeq(rec, ack);
      r.setLen(rec, r.len(rec) - covered);
      break;
    }
    if (flags & R_SACKED) tcb.sackedOut -= r.space(rec);
    if (flags & R_LOST) tcb.lostOut -= r.space(rec);
    if ((flags & R_SACKED) === 0) rateDelivered(t, tcb, rec, r.space(rec));
    // Karn [MUST-18]: none from what was sent twice. Nor from one that was selectively acknowledged: its ACK came long ago, this one waited for a hole to be filled.
    if ((flags & (R_RESENT | R_SACKED)) === 0) sample = diff(t.now | 0, r.sentAt(rec));
    const next = r.next(rec);
    r.give(rec);
    rec = next;
  }
  tcb.rtxHead = rec;
  if (rec < 0) tcb.rtxTail = -1;
  return sample;
}

/** Moves a record's place `n` bytes on, over chunk borders. */
function advancePlace(t: Tcp, rec: number, n: number): void {
  let chunk = t.records.chunk(rec);
  let offset = t.records.offset(rec) + n;
  while (chunk >= 0 && offset >= t.arena.end(chunk) && t.arena.next(chunk) >= 0) {
    offset = offset - t.arena.end(chunk);
    chunk = t.arena.next(chunk);
    offset += t.arena.start(chunk);
  }
  t.records.setPlace(rec, chunk, offset);
}

/** Cuts a record so that its first part is `len` bytes of text; false when the pool is used up. */
export function split(t: Tcp, tcb: Tcb, rec: number, len: number): boolean {
  const r = t.records;
  const rest = r.take();
  if (rest < 0) return false;
  r.setSeq(rest, add(r.seq(rec), len));
  r.setLen(rest, r.len(rec) - len);
  r.setFlags(rest, r.flags(rec));
  r.setSentAt(rest, r.sentAt(rec));
  r.copyRate(rec, rest);
  r.setPlace(rest, r.chunk(rec), r.offset(rec));
  advancePlace(t, rest, len);
  r.setNext(rest, r.next(rec));
  r.setNext(rec, rest);
  r.setLen(rec, len);
  r.setFlags(rec, r.flags(rec) & ~R_FIN);
  if (tcb.rtxTail === rec) tcb.rtxTail = rest;
  return true;
}

export function markLost(t: Tcp, tcb: Tcb, rec: number): void {
  const flags = t.records.flags(rec);
  if (flags & (R_LOST | R_SACKED)) return;
  t.records.setFlags(rec, flags | R_LOST);
  tcb.lostOut += t.records.space(rec);
  rateLost(tcb, t.records.space(rec));
}

/** After a timeout everything not selectively acknowledged counts as lost. */
export function markAllLost(t: Tcp, tcb: Tcb): void {
  for (let rec = tcb.rtxHead; rec >= 0; rec = t.records.next(rec)) markLost(t, tcb, rec);
}

/** The oldest record that is lost and was not sent again, or -1. */
export function firstLost(t: Tcp, tcb: Tcb): number {
  if (tcb.lostOut === 0) return -1;
  let rec = tcb.rtxHead;
  while (rec >= 0 && (t.records.flags(rec) & R_LOST) === 0) rec = t.records.next(rec);
  return rec;
}

/** The record leaves once more. */
export function noteResent(t: Tcp, tcb: Tcb, rec: number): void {
  const flags = t.records.flags(rec);
  if (flags & R_LOST) tcb.lostOut -= t.records.space(rec);
  t.records.setFlags(rec, (flags & ~R_LOST) | R_RESENT);
  t.records.setSentAt(rec, t.now | 0);
  rateSent(t, tcb, rec, 0);
  t.counters.retransSegs++;
}

/** Records a connection may be cut into: half segments for all it has in flight. */
function mostCuts(tcb: Tcb): number {
  return 64 + (2 * diff(tcb.sndNxt, tcb.sndUna)) / tcb.sndMss;
}

/**
 * Marks what a SACK block covers; returns the bytes newly marked. Blocks outside (SND.UNA, SND.MAX] are ignored. A peer that
 * names single octets must not make a record of each: beyond what half segments explain, and when records run short, what is
 * covered in part is left unmarked.
 */
export function applyBlock(t: Tcp, tcb: Tcb, left: number, right: number): number {
  if (!(geq(left, tcb.sndUna) && gt(right, left) && leq(right, tcb.sndNxt))) return 0;
  const r = t.records;
  let marked = 0;
  let seen = 0;
  const most = r.isShort ? 0 : mostCuts(tcb);
  for (let rec = tcb.rtxHead; rec >= 0 && lt(r.seq(rec), right); rec = r.next(rec)) {
    const mayCut = seen++ < most;
    if (r.flags(rec) & R_SACKED || leq(add(r.seq(rec), r.space(rec)), left)) continue;
    if (lt(r.seq(rec), left)) {
      // The front is not covered: cut, and look at the rest in the next round.
      if (!mayCut || !split(t, tcb, rec, diff(left, r.seq(rec)))) return marked;
      continue;
    }
    const covered = diff(right, r.seq(rec));
    if (covered < r.space(rec) && (covered >= r.len(rec) || !mayCut || !split(t, tcb, rec, covered))) continue;
    if (r.flags(rec) & R_LOST) tcb.lostOut -= r.space(rec);
    r.setFlags(rec, (r.flags(rec) & ~R_LOST) | R_SACKED);
    tcb.sackedOut += r.space(rec);
    rateDelivered(t, tcb, rec, r.space(rec));
    marked += r.space(rec);
  }
  return marked;
}
