/**
 * Text that arrived ahead of RCV.NXT [SHLD-31]: copied into arena chunks and held in a list of records by sequence
 * number, because a receive slot may not outlive its burst. The list is also what SACK blocks are made from (RFC 2018).
 */
import { FIN, PSH } from '../../wire/abi.ts';
import { LARGE_CHUNK, SMALL_CHUNK } from '../arena.ts';
import { EV_DATA, REGION_ARENA } from '../events.ts';
import { add, diff, leq, lt } from '../seq.ts';
import { report, type Tcp } from './context.ts';
import { noteDuplicate } from './duplicate.ts';
import { letGo, takeHeld } from './held-text.ts';
import { takesOctet, tellAround } from './out-of-band.ts';
import { R_PUSH } from './records.ts';
import { F_RCV_FIN } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** Holds the segment's text and FIN; what is already held is not stored twice. Dropped (and counted) without room. */
export function hold(t: Tcp, tcb: Tcb, seg: Segment): void {
  if (seg.flags & FIN) {
    tcb.flags |= F_RCV_FIN;
    tcb.rcvFin = add(seg.seq, seg.len);
  }
  let at = seg.seq;
  const endOfText = add(seg.seq, seg.len);
  let prev = -1;
  let rec = tcb.oooHead;
  let noted = false;
  while (lt(at, endOfText)) {
    while (rec >= 0 && leq(add(t.records.seq(rec), t.records.len(rec)), at)) {
      prev = rec;
      rec = t.records.next(rec);
    }
    const gapEnd = rec >= 0 && lt(t.records.seq(rec), endOfText) ? t.records.seq(rec) : endOfText;
    if (lt(at, gapEnd)) {
      prev = store(t, tcb, seg, at, Math.min(diff(gapEnd, at), LARGE_CHUNK), prev, rec);
      if (prev < 0) return;
      at = add(t.records.seq(prev), t.records.len(prev));
    } else if (rec >= 0) {
      const heldTo = add(t.records.seq(rec), t.records.len(rec));
      // RFC 2883 §4: of several ranges that one segment repeats the first is reported.
      if (!noted) noteDuplicate(tcb, at, lt(heldTo, endOfText) ? heldTo : endOfText);
      noted = true;
      at = heldTo;
    }
  }
  tcb.oooLast = seg.seq;
}

/** Copies [at, at + length) of the segment into a chunk of its own, linked between prev and next; -1 without room. */
function store(t: Tcp, tcb: Tcb, seg: Segment, at: number, length: number, prev: number, next: number): number {
  if (prev >= 0 && append(t, tcb, seg, at, length, prev)) return prev;
  const rec = tcb.oooCount < mostHeld(tcb) && !t.records.isShort ? t.records.take() : -1;
  const chunk = rec < 0 ? -1 : takeHeld(t, tcb, length);
  if (chunk < 0) {
    if (rec >= 0) t.records.give(rec);
    t.counters.noMemory++;
    return -1;
  }
  copyText(seg, seg.skip + diff(at, seg.seq), length, t.arena.bytes, t.arena.offset(chunk));
  t.records.setSeq(rec, at);
  t.records.setLen(rec, length);
  t.records.setPlace(rec, chunk, 0);
  if (seg.flags & PSH) t.records.setFlags(rec, R_PUSH);
  t.records.setNext(rec, next);
  if (prev < 0) tcb.oooHead = rec;
  else t.records.setNext(prev, rec);
  tcb.oooBytes += length;
  tcb.oooCount++;
  return rec;
}

/**
 * Records a connection may hold: what full segments and their halves need to fill its window. A peer that sends every other
 * octet would otherwise use up the chunks and records of all connections. Our MSS stands for the peer's, and it may name any: where
 * it is small, text without holes fills half of a chunk at least (`append`).
 */
function mostHeld(tcb: Tcb): number {
  return 64 + Math.ceil((2 * tcb.rcvBuf) / Math.max(SMALL_CHUNK / 2, tcb.sndMss));
}

/** Text that continues a record goes into the same chunk while that has room. */
function append(t: Tcp, tcb: Tcb, seg: Segment, at: number, length: number, rec: number): boolean {
  const held = t.records.len(rec);
  const chunk = t.records.chunk(rec);
  const end = t.records.offset(rec) + held;
  if (add(t.records.seq(rec), held) !== at || end + length > t.arena.capacity(chunk)) return false;
  copyText(seg, seg.skip + diff(at, seg.seq), length, t.arena.bytes, t.arena.offset(chunk) + end);
  t.arena.wrote(chunk, end + length);
  t.records.setLen(rec, held + length);
  if (seg.flags & PSH) t.records.setFlags(rec, R_PUSH);
  tcb.oooBytes += length;
  return true;
}

/** Copies `length` bytes of the segment's text, `from` bytes into it, across its pieces. */
function copyText(seg: Segment, from: number, length: number, into: Uint8Array, at: number): void {
  let skip = from;
  let left = length;
  let to = at;
  for (let n = 0; left > 0; n++) {
    const held = seg.pieceLength(n);
    if (skip >= held) {
      skip -= held;
      continue;
    }
    const take = Math.min(held - skip, left);
    const start = seg.pieceOffset(n) + skip;
    into.set(seg.memory.subarray(start, start + take), to);
    to += take;
    left -= take;
    skip = 0;
  }
}

/** Delivers what became contiguous with RCV.NXT; returns the bytes. Chunks stay lent until the turn ends. */
export function deliverHeld(t: Tcp, tcb: Tcb): number {
  let bytes = 0;
  let rec = tcb.oooHead;
  while (rec >= 0 && leq(t.records.seq(rec), tcb.rcvNxt)) {
    const skip = diff(tcb.rcvNxt, t.records.seq(rec));
    const length = t.records.len(rec) - skip;
    const chunk = t.records.chunk(rec);
    if (length > 0) {
      const push = t.records.flags(rec) & R_PUSH ? 1 : 0;
      const at = t.arena.offset(chunk) + skip;
      if (takesOctet(tcb)) tellAround(t, tcb, t.arena.bytes, REGION_ARENA, at, length, push, tcb.rcvNxt);
      else report(t, tcb, EV_DATA, REGION_ARENA, at, length, push);
      tcb.rcvNxt = add(tcb.rcvNxt, length);
      bytes += length;
    }
    tcb.oooBytes -= t.records.len(rec);
    tcb.oooCount--;
    letGo(t, tcb, chunk);
    const next = t.records.next(rec);
    t.records.give(rec);
    rec = next;
  }
  tcb.oooHead = rec;
  return bytes;
}

export function discardHeld(t: Tcp, tcb: Tcb): void {
  for (let rec = tcb.oooHead; rec >= 0; ) {
    const next = t.records.next(rec);
    letGo(t, tcb, t.records.chunk(rec));
    t.records.give(rec);
    rec = next;
  }
  tcb.oooHead = -1;
  tcb.oooBytes = 0;
  tcb.oooCount = 0;
}
