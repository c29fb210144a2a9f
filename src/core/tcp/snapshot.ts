/**
 * One connection as bytes: its row and flight block, the text it owes the peer, its retransmission queue and what it holds out of order.
 * The format that hand-over uses: little-endian int32 words, then text. Times are stored against the moment of export, so
 * the importer's clock may be another one.
 */

import { ROW_WORDS } from '../../wire/abi.ts';
import { EADDRINUSE, EINVAL, ENETUNREACH, ENOBUFS } from '../events.ts';
import { diff } from '../seq.ts';
import { markDirty, type Tcp } from './context.ts';
import { CLOSED, LISTEN } from './figure5.ts';
import { stir } from './flights.ts';
import { queueText, takeHeld } from './held-text.ts';
import { enterFlows, remove, silence, takeRow } from './lifecycle.ts';
import { takeGrant } from './receive-window.ts';
import { F_COUNTED, F_DIRTY, F_IN_FLOWS, F_LISTED, F_SYN_ACKED, F2_ROUTED, F2_TELL_ACKED } from './row.ts';
import { SHARED_WORDS } from './source-routes.ts';
import {
  DIRTY_NEXT,
  FLIGHT_MOMENTS,
  FLIGHT_TICKS,
  FLIGHT_WORDS,
  GEN,
  HOP,
  LAST_RCV_AT,
  LISTENER,
  OOO_BYTES,
  OOO_COUNT,
  OOO_HEAD,
  OOW_AT,
  ROW_USED,
  RTX_HEAD,
  RTX_TAIL,
  SND_CHUNK,
  SND_HEAD,
  SND_QUEUED,
  SND_TAIL,
  type Tcb,
  TIMERS,
  TS_RECENT_AT,
  WHEEL_AT,
  WHEEL_NEXT,
  WHEEL_PREV,
} from './tcb.ts';
import { hopOf } from './way-back.ts';

/** "UTCP" and the version of the format. */
const MAGIC = 0x50435455;
const VERSION = 5;
const HEADER_WORDS = 8;
const ROUTE_AT = HEADER_WORDS + ROW_WORDS + FLIGHT_WORDS;
/** Head, row, flight block, source route. */
const FIXED_WORDS = ROUTE_AT + SHARED_WORDS;
/** seq, len, flags, sent at. */
const RTX_WORDS = 4;
/** seq, len, flags. */
const HELD_WORDS = 3;
/** Words that mean something in one stack only. */
const LOCAL = [DIRTY_NEXT, HOP, LISTENER];
const LOCAL_LISTS = [SND_HEAD, SND_TAIL, SND_CHUNK, RTX_HEAD, RTX_TAIL, OOO_HEAD];
const EMPTY = [WHEEL_AT, WHEEL_NEXT, WHEEL_PREV];
const EMPTY_LISTS = [SND_QUEUED, OOO_BYTES, OOO_COUNT];
const TICKS = [LAST_RCV_AT, TS_RECENT_AT, OOW_AT, TIMERS, TIMERS + 1, TIMERS + 2];

export function exportRow(t: Tcp, tcb: Tcb): ArrayBuffer {
  if (tcb.state & (CLOSED | LISTEN)) throw new RangeError('only a connection can be exported, not CLOSED or LISTEN');
  stir(t, tcb);
  const sent = list(t, tcb.rtxHead);
  const held = list(t, tcb.oooHead);
  const words = FIXED_WORDS + sent.length * RTX_WORDS + held.length * HELD_WORDS;
  const out = new ArrayBuffer(words * 4 + tcb.sndQueued + tcb.oooBytes);
  const w = new Int32Array(out, 0, words);
  w.set([MAGIC, VERSION, ROW_USED, t.tick, t.now | 0, sent.length, held.length, tcb.sndQueued]);
  w.set(tcb.i32.subarray(tcb.at, tcb.at + ROW_WORDS), HEADER_WORDS);
  w.set(tcb.f32.subarray(tcb.flight, tcb.flight + FLIGHT_WORDS), HEADER_WORDS + ROW_WORDS);
  if (tcb.flags2 & F2_ROUTED) w.set(t.sourceRoutes.words(t.sourceRoutes.of(tcb.i32, tcb.at)), ROUTE_AT);
  const r = t.records;
  let at = FIXED_WORDS;
  for (const rec of sent) at = put(w, at, r.seq(rec), r.len(rec), r.flags(rec), r.sentAt(rec));
  for (const rec of held) at = put(w, at, r.seq(rec), r.len(rec), r.flags(rec));
  copyQueue(t, tcb, new Uint8Array(out, words * 4), held);
  silence(tcb);
  remove(t, tcb, 0, tcb.state);
  return out;
}

function put(w: Int32Array, at: number, ...values: number[]): number {
  w.set(values, at);
  return at + values.length;
}

function list(t: Tcp, head: number): number[] {
  const found: number[] = [];
  for (let rec = head; rec >= 0; rec = t.records.next(rec)) found.push(rec);
  return found;
}

function copyQueue(t: Tcp, tcb: Tcb, out: Uint8Array, held: number[]): void {
  let at = 0;
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
    out.set(t.arena.view(chunk, t.arena.start(chunk), t.arena.end(chunk)), at); // lent bytes are copied: they cannot travel
    at += t.arena.end(chunk) - t.arena.start(chunk);
  }
  for (const rec of held) {
    const base = t.arena.offset(t.records.chunk(rec)) + t.records.offset(rec);
    out.set(t.arena.bytes.subarray(base, base + t.records.len(rec)), at);
    at += t.records.len(rec);
  }
}

/** Takes a connection up under this stack's own row; its addresses must be ours and its four-tuple free. */
export function importRow(t: Tcp, tcb: Tcb, snapshot: ArrayBuffer): number {
  if (snapshot.byteLength < FIXED_WORDS * 4) return EINVAL;
  const w = new Int32Array(snapshot, 0, snapshot.byteLength >> 2);
  if (w[0] !== MAGIC || w[1] !== VERSION || w[2] !== ROW_USED) return EINVAL;
  if (snapshot.byteLength < wholeSize(w)) return EINVAL;
  if (t.portUse.taken(w, HEADER_WORDS)) return EADDRINUSE;
  const row = takeRow(t, tcb, {});
  if (row < 0) return ENOBUFS;
  const gen = tcb.gen;
  tcb.i32.set(w.subarray(HEADER_WORDS, HEADER_WORDS + ROW_WORDS), tcb.at);
  tcb.i32[tcb.at + GEN] = gen;
  // Not `stir`, which would file the row in the wheel by the exporter's links: the block that came says all.
  tcb.flight = t.flights.take();
  tcb.f32.set(w.subarray(HEADER_WORDS + ROW_WORDS, ROUTE_AT), tcb.flight);
  tcb.timing = 0; // an index into a table of the exporter's
  tcb.rtxLost = 0; // an index into the exporter's records
  takeGrant(t, tcb);
  for (const word of LOCAL) tcb.i32[tcb.at + word] = -1;
  for (const word of EMPTY) tcb.i32[tcb.at + word] = 0;
  for (const word of LOCAL_LISTS) tcb.f32[tcb.flight + word] = -1;
  for (const word of EMPTY_LISTS) tcb.f32[tcb.flight + word] = 0;
  tcb.flags2 &= ~F2_TELL_ACKED; // nobody here has asked yet
  tcb.flags &= ~(F_DIRTY | F_COUNTED | F_LISTED | F_IN_FLOWS);
  shiftTimes(t, tcb, w[3]!, w[4]!);
  t.congestion.adopt(tcb, t.now);
  if (tcb.flags2 & F2_ROUTED) {
    const route = t.sourceRoutes.recall(w.subarray(ROUTE_AT, FIXED_WORDS));
    if (t.sourceRoutes.keep(t, route, tcb.i32, tcb.at) === 0) tcb.flags2 &= ~F2_ROUTED;
  }
  tcb.hop = hopOf(t, tcb);
  const failed = tcb.hop < 0 ? ENETUNREACH : restoreQueues(t, tcb, w, snapshot) ? 0 : ENOBUFS;
  if (failed !== 0) {
    silence(tcb);
    remove(t, tcb, failed, tcb.state);
    return failed;
  }
  enterFlows(t, tcb);
  fileTimers(t, tcb);
  markDirty(t, tcb);
  return row;
}

/** Bytes that a snapshot with this head has. */
function wholeSize(w: Int32Array): number {
  const words = FIXED_WORDS + w[5]! * RTX_WORDS + w[6]! * HELD_WORDS;
  return words * 4 + w[7]! + w[HEADER_WORDS + ROW_WORDS + OOO_BYTES]!;
}

/** The exporter's ticks become ours; TSval must go on from where it was (RFC 7323 §5.4). */
function shiftTimes(t: Tcp, tcb: Tcb, exportedTick: number, exportedUs: number): void {
  const shift = diff(t.tick, exportedTick);
  for (const word of TICKS) {
    const tick = tcb.i32[tcb.at + word]!;
    if (tick !== 0) tcb.i32[tcb.at + word] = (tick + shift) | 0 || 1;
  }
  for (const word of FLIGHT_TICKS) {
    const tick = tcb.f32[tcb.flight + word]!;
    if (tick !== 0) tcb.f32[tcb.flight + word] = (tick + shift) | 0 || 1;
  }
  const us = ((t.now | 0) - exportedUs) | 0;
  for (const word of FLIGHT_MOMENTS) {
    const moment = tcb.f32[tcb.flight + word]!;
    if (moment !== 0) tcb.f32[tcb.flight + word] = (moment + us) | 0 || 1;
  }
  tcb.tsOffset = (tcb.tsOffset - shift) | 0;
  tcb.rttAt = 0;
}

function fileTimers(t: Tcp, tcb: Tcb): void {
  for (let timer = 0; timer < 8; timer++) {
    if (tcb.timer(timer) !== 0) t.wheel.file(tcb.row, tcb.timer(timer));
  }
}

function restoreQueues(t: Tcp, tcb: Tcb, w: Int32Array, snapshot: ArrayBuffer): boolean {
  const [sent, held, queued] = [w[5]!, w[6]!, w[7]!];
  const words = FIXED_WORDS + sent * RTX_WORDS + held * HELD_WORDS;
  const text = new Uint8Array(snapshot, words * 4);
  if (queueText(t, tcb, text, 0, queued) < queued) return false;
  const base = (tcb.flags & F_SYN_ACKED ? tcb.sndUna : tcb.sndUna + 1) | 0;
  let at = FIXED_WORDS;
  for (let n = 0; n < sent; n++, at += RTX_WORDS) {
    if (!restoreSent(t, tcb, w, at, base)) return false;
  }
  let from = queued;
  for (let n = 0; n < held; n++, at += HELD_WORDS) {
    if (!restoreHeld(t, tcb, w, at, text.subarray(from, from + w[at + 1]!))) return false;
    from += w[at + 1]!;
  }
  placeCursor(t, tcb, diff(tcb.sndNxt, base));
  return true;
}

function restoreSent(t: Tcp, tcb: Tcb, w: Int32Array, at: number, base: number): boolean {
  const r = t.records;
  const rec = r.take();
  if (rec < 0) return false;
  const seq = w[at]!;
  r.setSeq(rec, seq);
  r.setLen(rec, w[at + 1]!);
  r.setFlags(rec, w[at + 2]!);
  r.setSentAt(rec, (t.now - ((w[4]! - w[at + 3]!) | 0)) | 0);
  r.setRate(rec, tcb.delivered, tcb.deliveredAt, tcb.firstSentUs, 0);
  r.setLost(rec, tcb.lost);
  const [chunk, offset] = seek(t, tcb, diff(seq, base));
  r.setPlace(rec, chunk, offset);
  if (tcb.rtxTail < 0) tcb.rtxHead = rec;
  else r.setNext(tcb.rtxTail, rec);
  tcb.rtxTail = rec;
  return true;
}

function restoreHeld(t: Tcp, tcb: Tcb, w: Int32Array, at: number, text: Uint8Array): boolean {
  const r = t.records;
  const rec = r.take();
  const chunk = rec < 0 ? -1 : takeHeld(t, tcb, text.length);
  if (chunk < 0) {
    if (rec >= 0) r.give(rec);
    return false;
  }
  t.arena.bytes.set(text, t.arena.offset(chunk));
  r.setSeq(rec, w[at]!);
  r.setLen(rec, text.length);
  r.setFlags(rec, w[at + 2]!);
  r.setPlace(rec, chunk, 0);
  if (tcb.oooHead < 0) tcb.oooHead = rec;
  else {
    let last = tcb.oooHead;
    while (r.next(last) >= 0) last = r.next(last);
    r.setNext(last, rec);
  }
  tcb.oooBytes += text.length;
  tcb.oooCount++;
  return true;
}

/** Chunk and offset of the byte `n` places into the send queue; the end of the last chunk when it is past all of them. */
function seek(t: Tcp, tcb: Tcb, n: number): [number, number] {
  let left = n;
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
    const held = t.arena.end(chunk) - t.arena.start(chunk);
    if (left < held || t.arena.next(chunk) < 0) return [chunk, t.arena.start(chunk) + Math.min(left, held)];
    left -= held;
  }
  return [-1, 0];
}

function placeCursor(t: Tcp, tcb: Tcb, sent: number): void {
  const [chunk, offset] = seek(t, tcb, Math.min(Math.max(0, sent), tcb.sndQueued));
  tcb.sndChunk = chunk;
  tcb.sndOffset = offset;
}
