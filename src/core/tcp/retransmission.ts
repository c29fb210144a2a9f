/**
 * The retransmission queue: one record per (super-)segment sent and not acknowledged, oldest first, each with its place
 * in the send queue. Bytes are counted three ways (RFC 6675): in flight, selectively acknowledged, lost.
 */
import { EV_RETRANSMIT, RESENT_FAST, RESENT_PROBE, RESENT_TIMEOUT } from '../events.ts';
import { add, diff, lt } from '../seq.ts';
import { report, type Tcp } from './context.ts';
import { rateLost, rateSent } from './delivery-rate.ts';
import { R_FIN, R_LOST, R_RESENT, R_SACKED } from './records.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK, F2_UNDO } from './row.ts';
import type { Tcb } from './tcb.ts';
import { tsval } from './timestamp.ts';

/** [SHLD-10] R1: from here on IP is advised and the user told. */
export const R1 = 3;

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
  if (t.records.isShort && joinTail(t, tcb, seq, len, fin)) return true;
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
  if (tcb.flags & F_RECOVERY) tcb.prrOut += len;
  if (tcb.rtxTail < 0) tcb.rtxHead = rec;
  else t.records.setNext(tcb.rtxTail, rec);
  tcb.rtxTail = rec;
  return true;
}

/**
 * When records run short, octets that follow the youngest record become part of it, up to a segment: peers that take small segments and
 * acknowledge none would hold a record for each, and nobody else could send. It counts as sent when its first octet was; one that is older
 * than a round trip counts as sent now, and gives no sample of it. False = it cannot be joined.
 */
function joinTail(t: Tcp, tcb: Tcb, seq: number, len: number, fin: boolean): boolean {
  const r = t.records;
  const tail = tcb.rtxTail;
  if (tail < 0 || r.flags(tail) & (R_LOST | R_SACKED)) return false;
  const whole = r.len(tail) + len;
  if (whole > tcb.sndMss || add(r.seq(tail), r.len(tail)) !== seq) return false;
  r.setLen(tail, whole);
  if (fin) r.setFlags(tail, r.flags(tail) | R_FIN);
  if (diff(t.now | 0, r.sentAt(tail)) > tcb.srtt) {
    r.setSentAt(tail, t.now | 0);
    r.setFlags(tail, r.flags(tail) | R_RESENT);
  }
  tcb.lastSentUs = t.now | 0;
  if (tcb.flags & F_RECOVERY) tcb.prrOut += len;
  return true;
}

/** Moves a record's place `n` bytes on, over chunk borders. */
export function advancePlace(t: Tcp, rec: number, n: number): void {
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
  const r = t.records;
  const flags = r.flags(rec);
  if (flags & (R_LOST | R_SACKED)) return;
  r.setFlags(rec, flags | R_LOST);
  const space = r.space(rec);
  tcb.lostOut += space;
  t.news.lost += space;
  rateLost(tcb, space);
  if ((tcb.flags & F_SACK) === 0) boundGuess(tcb);
  if (tcb.rtxLost !== 0 && lt(r.seq(rec), r.seq(tcb.rtxLost - 1))) tcb.rtxLost = rec + 1;
}

/** Without SACK `sackedOut` is a guess from duplicates: what is lost or acknowledged cannot have left the network as well. */
export function boundGuess(tcb: Tcb): void {
  tcb.sackedOut = Math.max(0, Math.min(tcb.sackedOut, diff(tcb.sndNxt, tcb.sndUna) - tcb.lostOut));
}

/** After a timeout everything not selectively acknowledged counts as lost. */
export function markAllLost(t: Tcp, tcb: Tcb): void {
  for (let rec = tcb.rtxHead; rec >= 0; rec = t.records.next(rec)) markLost(t, tcb, rec);
}

/** Nothing is lost after all. */
export function clearLost(t: Tcp, tcb: Tcb): void {
  const r = t.records;
  for (let rec = tcb.rtxHead; rec >= 0 && tcb.lostOut > 0; rec = r.next(rec)) {
    if ((r.flags(rec) & R_LOST) === 0) continue;
    r.setFlags(rec, r.flags(rec) & ~R_LOST);
    tcb.lostOut -= r.space(rec);
  }
  tcb.rtxLost = 0;
}

/** The oldest record that is lost and was not sent again, or -1. None lies before `rtxLost`, where the search goes on. */
export function firstLost(t: Tcp, tcb: Tcb): number {
  if (tcb.lostOut === 0) {
    tcb.rtxLost = 0;
    return -1;
  }
  let rec = tcb.rtxLost !== 0 ? tcb.rtxLost - 1 : tcb.rtxHead;
  while (rec >= 0 && (t.records.flags(rec) & R_LOST) === 0) rec = t.records.next(rec);
  tcb.rtxLost = rec + 1;
  return rec;
}

/** The record leaves once more. */
export function noteResent(t: Tcp, tcb: Tcb, rec: number): void {
  const flags = t.records.flags(rec);
  const space = t.records.space(rec);
  if (flags & R_LOST) tcb.lostOut -= space;
  t.records.setFlags(rec, (flags & ~R_LOST) | R_RESENT);
  t.records.setSentAt(rec, t.now | 0);
  rateSent(t, tcb, rec, 0);
  if (tcb.flags & F_RECOVERY) tcb.prrOut += space;
  if (tcb.flags2 & F2_UNDO) {
    if (tcb.undoTs === 0) tcb.undoTs = tsval(t, tcb) || 1;
    tcb.undoRetrans += t.records.len(rec);
  }
  tcb.retransmits++;
  t.counters.retransSegs++;
  if (t.telling) tellResent(t, tcb, t.records.seq(rec), space);
}

/** For who watches: `seq` and `space` octets of sequence space leave again. */
export function tellResent(t: Tcp, tcb: Tcb, seq: number, space: number): void {
  const again = (tcb.flags & F_RTO_RECOVERY) !== 0 || seq === tcb.iss;
  const why = again ? RESENT_TIMEOUT : tcb.flags & F_RECOVERY ? RESENT_FAST : RESENT_PROBE;
  report(t, tcb, EV_RETRANSMIT, diff(seq, tcb.iss), space, tcb.rexmits, why);
}
