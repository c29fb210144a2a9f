/**
 * TIME_WAIT without a row: all it needs fits 84 bytes (docs/adr/0022). The record is unfolded onto
 * a scratch row whenever somebody wants to treat it as a connection (folding.ts).
 */
import type { Tcp } from './context.ts';
import { CLOSED, EV, TIME_WAIT } from './figure5.ts';
import { GHOST } from './flights.ts';
import { F_APP_DONE, F_DIRTY, F_FIN_SENT, F_SYN_ACKED, F_TS, F_WS, F2_ROUTED } from './row.ts';
import { ANVIL } from './rows.ts';
import type { Tcb } from './tcb.ts';
import { FIRST_WORD, Tuples } from './tuples.ts';

const SND_NXT = FIRST_WORD;
const RCV_NXT = FIRST_WORD + 1;
const RCV_ADV = FIRST_WORD + 2;
const TS_RECENT = FIRST_WORD + 3;
const TS_OFFSET = FIRST_WORD + 4;
/** Window shifts, TOS << 16, TTL << 24. */
const SCALES_IP = FIRST_WORD + 5;
const OOW_AT = FIRST_WORD + 6;
const MAX_SND_WND = FIRST_WORD + 7;
/** Hop, whether a source route, timestamps and window scaling are in use, and how often 2MSL began again. */
const HOP_BITS = FIRST_WORD + 8;
const WORDS = FIRST_WORD + 9;
const NO_HOP = 0x7fffff;
const BIT_ROUTED = 1 << 23;
const BIT_TS = 1 << 24;
const BIT_WS = 1 << 25;
const RESTARTS_SHIFT = 26;
/** Twice as often as a peer sends its FIN by R2, and what five bits hold. */
const MOST_RESTARTS = 31;

export class TimeWaits extends Tuples {
  /** The record that stands on the scratch row at hand. */
  unfolded = -1;

  static regionBytes(records: number): number {
    return Tuples.bytes(records, WORDS, 1);
  }

  constructor(region: ArrayBuffer, table: ArrayBuffer, key: readonly [number, number]) {
    super(region, table, WORDS, 1, key);
  }
}

/** The row's words that TIME_WAIT needs. The hop's holder is the record from now on. */
export function store(t: Tcp, rec: number, tcb: Tcb): void {
  const w = t.timeWaits.words;
  const at = rec * WORDS;
  w[at + SND_NXT] = tcb.sndNxt;
  w[at + RCV_NXT] = tcb.rcvNxt;
  w[at + RCV_ADV] = tcb.rcvAdv;
  w[at + TS_RECENT] = tcb.tsRecent;
  w[at + TS_OFFSET] = tcb.tsOffset;
  w[at + SCALES_IP] = tcb.scales | (tcb.ip << 16);
  w[at + OOW_AT] = tcb.oowAt;
  const routed = tcb.flags2 & F2_ROUTED ? BIT_ROUTED : 0;
  const bits = routed | (tcb.flags & F_TS ? BIT_TS : 0) | (tcb.flags & F_WS ? BIT_WS : 0);
  w[at + MAX_SND_WND] = tcb.maxSndWnd;
  w[at + HOP_BITS] = (tcb.hop & NO_HOP) | bits;
  tcb.hop = -1;
}

export function wasRouted(t: Tcp, rec: number): boolean {
  return (t.timeWaits.words[rec * WORDS + HOP_BITS]! & BIT_ROUTED) !== 0;
}

/** What a segment may have changed. */
export function storeNews(t: Tcp, rec: number, tcb: Tcb): void {
  const w = t.timeWaits.words;
  w[rec * WORDS + TS_RECENT] = tcb.tsRecent;
  w[rec * WORDS + OOW_AT] = tcb.oowAt;
}

/** The record as a row again, for a moment. It counts as dirty, so that nobody puts it on a list. */
export function unfold(t: Tcp, rec: number, row = ANVIL): Tcb {
  const tcb = t.ghost.select(row);
  const w = t.timeWaits.words;
  const at = rec * WORDS;
  const bits = w[at + HOP_BITS]!;
  t.timeWaits.unfolded = rec;
  t.rows.blank(tcb.row);
  tcb.flight = t.flights.blank(GHOST);
  for (let n = 0; n < 9; n++) tcb.i32[tcb.at + n] = w[at + n]!;
  tcb.hop = (bits & NO_HOP) === NO_HOP ? -1 : bits & NO_HOP;
  if (bits & BIT_ROUTED) tcb.flags2 = F2_ROUTED;
  tcb.state = TIME_WAIT;
  tcb.flags = F_APP_DONE | F_DIRTY | F_SYN_ACKED | F_FIN_SENT | (bits & BIT_TS ? F_TS : 0) | (bits & BIT_WS ? F_WS : 0);
  tcb.sndUna = tcb.sndNxt = w[at + SND_NXT]!;
  tcb.maxSndWnd = w[at + MAX_SND_WND]!;
  tcb.rcvNxt = tcb.lastAckSent = w[at + RCV_NXT]!;
  tcb.rcvAdv = w[at + RCV_ADV]!;
  tcb.rcvBuf = (tcb.rcvAdv - tcb.rcvNxt) | 0;
  tcb.tsRecent = w[at + TS_RECENT]!;
  tcb.tsRecentAt = t.tick;
  tcb.tsOffset = w[at + TS_OFFSET]!;
  tcb.scales = w[at + SCALES_IP]! & 0xffff;
  tcb.ip = w[at + SCALES_IP]! >>> 16;
  tcb.oowAt = w[at + OOW_AT]!;
  return tcb;
}

/** 2MSL begins again [MUST-13], but not for ever: a peer that never stops sending its FIN would keep its record (T291). */
export function restartFolded(t: Tcp): void {
  const { words, unfolded } = t.timeWaits;
  const at = unfolded * WORDS + HOP_BITS;
  if (words[at]! >>> RESTARTS_SHIFT === MOST_RESTARTS) return;
  words[at] = words[at]! + (1 << RESTARTS_SHIFT);
  t.timeWaits.append(unfolded, 0, (t.tick + 2 * t.defaults.msl) | 0);
}

/** `remove` for what stands on a scratch row. */
export function dropFolded(t: Tcp, tcb: Tcb): void {
  const rec = t.timeWaits.unfolded;
  if (tcb.hop >= 0) t.ip.release(tcb.hop);
  t.timeWaits.give(rec);
  tcb.state = CLOSED;
}

/** Those whose 2MSL have passed (T249). */
export function expireTimeWaits(t: Tcp): void {
  for (let rec = t.timeWaits.due(0, t.tick); rec >= 0; rec = t.timeWaits.due(0, t.tick)) finish(t, rec, EV.timeout2MSL);
}

/** The address is no longer ours: nothing more may be sent from it. */
export function dropTimeWaitsAt(t: Tcp, address: Int32Array): void {
  const { timeWaits } = t;
  for (let rec = timeWaits.first(0); rec >= 0; ) {
    const next = timeWaits.after(rec);
    if (timeWaits.isAt(rec, address)) finish(t, rec, EV.abort);
    rec = next;
  }
}

/** Ends a record without a segment. */
export function finish(t: Tcp, rec: number, event: number): void {
  const { timeWaits } = t;
  const hop = timeWaits.words[rec * WORDS + HOP_BITS]! & NO_HOP;
  if (hop !== NO_HOP) t.ip.release(hop);
  if (t.trace !== null) t.trace.push(ANVIL, TIME_WAIT, CLOSED, event, -1, 0);
  timeWaits.give(rec);
}
