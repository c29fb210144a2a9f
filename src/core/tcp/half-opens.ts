/**
 * The SYN queue: connections a listener knows before the third ACK, 100 bytes each (docs/adr/0026). They have no buffers and
 * no timers of their own: a list for each interval of RFC 6298's backing off is in the order of its deadlines by itself.
 */
import { ROW_WORDS } from '../../wire/abi.ts';
import { beginAccurate } from './accurate-ecn.ts';
import type { Tcp } from './context.ts';
import { CLOSED, SYN_RECEIVED } from './figure5.ts';
import { F_DIRTY, F2_ACCECN } from './row.ts';
import { INITIAL_RTO_MS, MAX_RTO_MS } from './rtt.ts';
import { HALF_OPEN, type Tcb } from './tcb.ts';
import { FIRST_WORD, Tuples } from './tuples.ts';
import { adoptTimeout } from './user-timeout.ts';

const ISS = FIRST_WORD;
const IRS = FIRST_WORD + 1;
const TS_RECENT = FIRST_WORD + 2;
const TS_OFFSET = FIRST_WORD + 3;
const FLAGS = FIRST_WORD + 4;
const FLAGS2 = FIRST_WORD + 5;
const HOP = FIRST_WORD + 6;
const LISTENER = FIRST_WORD + 7;
/** Window shifts; SYN,ACKs sent again << 16; ECN field of the SYN << 28. */
const SCALES_TRIES = FIRST_WORD + 8;
/** MSS of the peer, its window << 16. */
const MSS_WINDOW = FIRST_WORD + 9;
const OOW_AT = FIRST_WORD + 10;
/** us, when the SYN,ACK left; 0 = not to be timed. */
const SENT_AT = FIRST_WORD + 11;
/** ms, USER_TIMEOUT that the peer wishes; 0 = none. */
const UTO = FIRST_WORD + 12;
const WORDS = FIRST_WORD + 13;

/** List of those whose SYN,ACK could not leave yet; then by how often it was sent again; last those that could not leave again. */
const WAITING = 0;
const LEVELS = 7;
const WAITING_AGAIN = 1 + LEVELS;
export const WAITING_LISTS = [WAITING_AGAIN, WAITING] as const;
export const LISTS = WAITING_AGAIN + 1;

export class HalfOpens extends Tuples {
  /** The record that stands on the scratch row at hand. */
  unfolded = -1;
  /** Some of those that wait may be able to go now. */
  hurry = false;

  static regionBytes(records: number): number {
    return Tuples.bytes(records, WORDS, LISTS);
  }

  constructor(region: ArrayBuffer, table: ArrayBuffer, key: readonly [number, number]) {
    super(region, table, WORDS, LISTS, key);
  }

  listener(rec: number): number {
    return this.words[rec * WORDS + LISTENER]!;
  }

  tries(rec: number): number {
    return (this.words[rec * WORDS + SCALES_TRIES]! >>> 16) & 0xfff;
  }

  tryAgain(rec: number): void {
    this.words[rec * WORDS + SCALES_TRIES]! += 1 << 16;
    this.untimed(rec);
  }

  /** Karn: an ACK would not say which SYN,ACK it answers. */
  untimed(rec: number): void {
    this.words[rec * WORDS + SENT_AT] = 0;
  }

  hop(rec: number): number {
    return this.words[rec * WORDS + HOP]!;
  }

  /** ms since the SYN,ACK first left, as far as the tries tell. */
  age(rec: number): number {
    const tries = this.tries(rec);
    return (
      (INITIAL_RTO_MS << Math.min(tries, LEVELS - 1)) - INITIAL_RTO_MS + Math.max(0, tries - LEVELS + 1) * MAX_RTO_MS
    );
  }

  /** Some SYN,ACK was due more than once, sent or not: peers that answer are not what fills the queue. */
  get unanswered(): boolean {
    for (let list = 2; list < LISTS; list++) if (this.first(list) >= 0) return true;
    return false;
  }

  /** Its SYN,ACK could not leave: it is due again in a second, or as soon as there is a way. */
  wait(rec: number, tick: number): void {
    this.append(rec, this.tries(rec) === 0 ? WAITING : WAITING_AGAIN, (tick + INITIAL_RTO_MS) | 0);
  }

  /** Waits for its ACK from now on. */
  sent(rec: number, tick: number, flags2: number): void {
    this.words[rec * WORDS + FLAGS2] = flags2; // the last ones go without ECN
    const level = Math.min(this.tries(rec), LEVELS - 1);
    this.append(rec, 1 + level, (tick + Math.min(INITIAL_RTO_MS << level, MAX_RTO_MS)) | 0);
  }

  /** The row's words that the rest of the handshake needs; its hop goes over. */
  store(rec: number, tcb: Tcb, now: number): void {
    const w = this.words;
    const at = rec * WORDS;
    w[at + ISS] = tcb.iss;
    w[at + IRS] = tcb.irs;
    w[at + TS_OFFSET] = tcb.tsOffset;
    w[at + FLAGS] = tcb.flags & ~F_DIRTY;
    w[at + FLAGS2] = tcb.flags2;
    w[at + HOP] = tcb.hop;
    w[at + LISTENER] = tcb.listener;
    w[at + SCALES_TRIES] = tcb.scales | ((tcb.ecnState & 3) << 28);
    w[at + MSS_WINDOW] = tcb.peerMss | (tcb.sndWnd << 16);
    w[at + SENT_AT] = now | 0 || -1;
    w[at + UTO] = tcb.uto;
    this.storeNews(rec, tcb);
  }

  /** What a segment may have changed. */
  storeNews(rec: number, tcb: Tcb): void {
    this.words[rec * WORDS + TS_RECENT] = tcb.tsRecent;
    this.words[rec * WORDS + OOW_AT] = tcb.oowAt;
  }

  /** The other way round, onto a row that has inherited from the listener. */
  load(rec: number, tcb: Tcb, tick: number): void {
    const w = this.words;
    const at = rec * WORDS;
    for (let n = 0; n < 9; n++) tcb.i32[tcb.at + n] = w[at + n]!;
    tcb.state = SYN_RECEIVED;
    tcb.iss = tcb.sndUna = tcb.sndUp = tcb.sndWl2 = tcb.recover = w[at + ISS]!;
    tcb.sndNxt = (tcb.iss + 1) | 0;
    tcb.irs = tcb.sndWl1 = w[at + IRS]!;
    tcb.rcvNxt = tcb.lastAckSent = tcb.rcvUp = (tcb.irs + 1) | 0;
    tcb.tsRecent = w[at + TS_RECENT]!;
    tcb.tsRecentAt = tick;
    tcb.tsOffset = w[at + TS_OFFSET]!;
    tcb.flags = w[at + FLAGS]!;
    tcb.flags2 = w[at + FLAGS2]!;
    if (tcb.flags2 & F2_ACCECN) beginAccurate(tcb, (w[at + SCALES_TRIES]! >>> 28) & 3, false, 0);
    tcb.hop = w[at + HOP]!;
    tcb.scales = w[at + SCALES_TRIES]! & 0xffff;
    tcb.peerMss = w[at + MSS_WINDOW]! & 0xffff;
    tcb.sndWnd = tcb.maxSndWnd = w[at + MSS_WINDOW]! >>> 16;
    tcb.oowAt = w[at + OOW_AT]!;
    tcb.rttAt = w[at + SENT_AT]!;
    tcb.rexmits = this.tries(rec);
    tcb.rto = Math.min(INITIAL_RTO_MS << Math.min(tcb.rexmits, LEVELS - 1), MAX_RTO_MS);
    if (w[at + UTO]! > 0) adoptTimeout(tcb, w[at + UTO]!);
  }
}

/** The record goes, and its place in the SYN queue is free; its hop is the caller's. */
export function forget(t: Tcp, rec: number): void {
  t.rows.words[t.halfOpens.listener(rec) * ROW_WORDS + HALF_OPEN]!--;
  t.halfOpens.give(rec);
}

/** `remove` for a half-open entry that stands on a scratch row. */
export function dropHalfOpen(t: Tcp, tcb: Tcb): void {
  if (tcb.hop >= 0) t.ip.release(tcb.hop);
  forget(t, t.halfOpens.unfolded);
  tcb.state = CLOSED;
}

/** The listener goes: what comes for its entries from now on finds nobody, and is reset. */
export function dropHalfOpens(t: Tcp, listener: number): void {
  if (t.rows.words[listener * ROW_WORDS + HALF_OPEN]! > 0) dropThose(t, (h, rec) => h.listener(rec) === listener);
}

/** The address is no longer ours: nothing more may be sent from it. */
export function dropHalfOpensAt(t: Tcp, address: Int32Array): void {
  dropThose(t, (h, rec) => h.isAt(rec, address));
}

function dropThose(t: Tcp, which: (h: HalfOpens, rec: number) => boolean): void {
  const h = t.halfOpens;
  for (let list = 0; list < LISTS && h.used > 0; list++) {
    for (let rec = h.first(list); rec >= 0; ) {
      const next = h.after(rec);
      if (which(h, rec)) {
        if (h.hop(rec) >= 0) t.ip.release(h.hop(rec));
        forget(t, rec);
      }
      rec = next;
    }
  }
}
