/**
 * What one ACK tells (RFC 2018 §5, RFC 6675 §3): its SACK blocks mark the records they cover, and everything that left the
 * network with it is counted once, whether selectively or cumulatively acknowledged.
 */
import { OPT_SACK, OPT_TS } from '../../wire/abi.ts';
import { add, diff, geq, gt, leq, lt, since } from '../seq.ts';
import type { Tcp } from './context.ts';
import { rateDelivered } from './delivery-rate.ts';
import { rackDelivered } from './rack.ts';
import { R_FIN, R_LOST, R_RESENT, R_SACKED } from './records.ts';
import { advancePlace, split } from './retransmission.ts';
import { F_SACK, F_TS, F2_DSACK_SEEN } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** The ACK at hand. */
export class News {
  /** Octets that left the network: DeliveredData of RFC 9937. */
  delivered = 0;
  /** Of these, octets that only SACK blocks named. */
  sacked = 0;
  /** Octets it made us mark lost. */
  lost = 0;
  /** RACK.fack with it. */
  fack = 0;
  /** Microseconds since the newest of what was sent once and is delivered now left; -1 = there is none (Karn). */
  rtt = -1;
  /** Text from before the timeout that was never sent again is delivered now (F-RTO). */
  original = false;
  /** The peer got [dsackLeft, dsackRight) twice. */
  dsack = false;
  dsackLeft = 0;
  dsackRight = 0;
  /** TSecr, when `stamped`, and the ACK field beside it. */
  stamped = false;
  tsecr = 0;
  ack = 0;
}

/**
 * Before the ACK field of a segment is looked at, so TSecr is read only beside one (RFC 7323 §3.2-g); null: a timer makes us look. A
 * TSecr of 0 is what a middlebox or a careless peer writes that echoes nothing: half of all clocks would take it for an old echo.
 */
export function beginNews(t: Tcp, tcb: Tcb, seg: Segment | null): void {
  const n = t.news;
  n.delivered = 0;
  n.sacked = 0;
  n.lost = 0;
  n.fack = tcb.rackFack;
  n.rtt = -1;
  n.original = false;
  n.dsack = false;
  n.stamped = seg !== null && (tcb.flags & F_TS) !== 0 && (seg.opts & OPT_TS) !== 0 && seg.tsecr !== 0;
  if (!n.stamped) return;
  n.tsecr = seg!.tsecr;
  n.ack = seg!.ack;
}

/** SACK blocks of an acceptable ACK; `t.options` holds the segment's options. Returns the bytes newly marked. */
export function takeSack(t: Tcp, tcb: Tcb, seg: Segment): number {
  if ((tcb.flags & F_SACK) === 0 || (seg.opts & OPT_SACK) === 0) return 0;
  const { sack, sackBlocks } = t.options;
  let marked = 0;
  for (let n = takeDuplicate(t, tcb, seg.ack) ? 1 : 0; n < sackBlocks; n++) {
    marked += applyBlock(t, tcb, sack[2 * n]!, sack[2 * n + 1]!);
  }
  t.news.sacked += marked;
  return marked;
}

/**
 * RFC 2883 §5: the first block reports a duplicate when it lies below the ACK of its own segment, or within the second
 * block. Not below SND.UNA: an ACK that was overtaken by others tells of holes, not of duplicates.
 */
function takeDuplicate(t: Tcp, tcb: Tcb, ack: number): boolean {
  const { sack, sackBlocks } = t.options;
  const [left, right] = [sack[0]!, sack[1]!];
  if (sackBlocks === 0 || !gt(right, left)) return false;
  const within = sackBlocks > 1 && geq(left, sack[2]!) && leq(right, sack[3]!) && gt(sack[3]!, ack);
  if (!leq(right, ack) && !within) return false;
  // What was never sent, or long ago, is nonsense and no SACK block either.
  if (gt(right, tcb.sndNxt) || diff(tcb.sndUna, left) > tcb.maxSndWnd) return true;
  const n = t.news;
  n.dsack = true;
  n.dsackLeft = left;
  n.dsackRight = right;
  tcb.flags2 |= F2_DSACK_SEEN;
  return true;
}

/** While records run short so many of the oldest ones may be cut: with none, a loss is found by the timer alone. */
const FEW_CUTS = 8;

/** Who names a small MSS does not get smaller records for it: each of his blocks is looked for among all of them. */
const LEAST_SEGMENT = 1024;

/** Records a connection may be cut into: half segments for all it has in flight. */
function mostCuts(tcb: Tcb): number {
  return 64 + (2 * diff(tcb.sndNxt, tcb.sndUna)) / Math.max(LEAST_SEGMENT, tcb.sndMss);
}

/**
 * Marks what a SACK block covers; returns the bytes newly marked. Blocks outside (SND.UNA, SND.NXT] are ignored. A peer that
 * names single octets must not make a record of each: beyond what half segments explain, and beyond a few when records run short, what is
 * covered in part is left unmarked. Records that become neighbours in a marked run are made one, so that there are about
 * twice as many records as holes.
 */
export function applyBlock(t: Tcp, tcb: Tcb, left: number, right: number): number {
  if (!(geq(left, tcb.sndUna) && gt(right, left) && leq(right, tcb.sndNxt))) return 0;
  const r = t.records;
  let marked = 0;
  let seen = 0;
  const most = r.isShort ? FEW_CUTS : mostCuts(tcb);
  let prev = -1;
  for (let rec = tcb.rtxHead; rec >= 0 && lt(r.seq(rec), right); prev = rec, rec = r.next(rec)) {
    const mayCut = seen++ < most;
    if (r.flags(rec) & R_SACKED || leq(add(r.seq(rec), r.space(rec)), left)) continue;
    if (lt(r.seq(rec), left)) {
      // The front is not covered: cut, and look at the rest in the next round.
      if (!mayCut || !split(t, tcb, rec, diff(left, r.seq(rec)))) return marked;
      continue;
    }
    // Of what goes with a FIN the text alone may be named: the FIN becomes a record of its own then.
    const covered = diff(right, r.seq(rec));
    if (covered < r.space(rec) && (!mayCut || !split(t, tcb, rec, covered))) continue;
    marked += mark(t, tcb, rec);
    if (prev >= 0 && r.flags(prev) & R_SACKED) {
      absorbNext(t, tcb, prev);
      rec = prev;
    }
    const next = r.next(rec);
    if (next >= 0 && r.flags(next) & R_SACKED) absorbNext(t, tcb, rec);
  }
  return marked;
}

function mark(t: Tcp, tcb: Tcb, rec: number): number {
  const r = t.records;
  const space = r.space(rec);
  if (r.flags(rec) & R_LOST) tcb.lostOut -= space;
  deliver(t, tcb, rec, space);
  r.setFlags(rec, (r.flags(rec) & ~R_LOST) | R_SACKED);
  tcb.sackedOut += space;
  return space;
}

/** The record after `rec` becomes part of it; both are marked, and what they said of their sending was used. */
function absorbNext(t: Tcp, tcb: Tcb, rec: number): void {
  const r = t.records;
  const next = r.next(rec);
  r.setLen(rec, r.len(rec) + r.len(next));
  r.setFlags(rec, r.flags(rec) | (r.flags(next) & (R_FIN | R_RESENT)));
  r.setNext(rec, r.next(next));
  if (tcb.rtxTail === next) tcb.rtxTail = rec;
  if (tcb.rtxLost === next + 1) tcb.rtxLost = r.next(next) + 1;
  r.give(next);
}

/** The first `bytes` of the record left the network and were not known to: once for each octet. */
export function deliver(t: Tcp, tcb: Tcb, rec: number, bytes: number): void {
  const r = t.records;
  t.news.delivered += bytes;
  rateDelivered(t, tcb, rec, bytes);
  rackDelivered(t, tcb, r.sentAt(rec), add(r.seq(rec), bytes), (r.flags(rec) & R_RESENT) !== 0);
}

/**
 * Takes acknowledged records off. Returns the microseconds since the newest of what was sent once and arrived left, or -1:
 * what was sent twice gives no sample (Karn [MUST-18], RFC 6298 §3), nor what was selectively acknowledged long ago; nor what left before
 * something that went again and is acknowledged with it: it may have lain behind that hole, and a timeout in the sample makes the next
 * one longer.
 */
export function acknowledge(t: Tcp, tcb: Tcb, ack: number): number {
  const r = t.records;
  const { rtt } = t.news;
  let filled = 0x7fffffff;
  let rec = tcb.rtxHead;
  while (rec >= 0 && lt(r.seq(rec), ack)) {
    const covered = diff(ack, r.seq(rec));
    const space = r.space(rec);
    const flags = r.flags(rec);
    const bytes = covered < space ? covered : space;
    if ((flags & (R_RESENT | R_SACKED)) === R_RESENT) filled = Math.min(filled, since(t.now | 0, r.sentAt(rec)));
    if (flags & R_SACKED) tcb.sackedOut -= bytes;
    else deliver(t, tcb, rec, bytes);
    if (flags & R_LOST) tcb.lostOut -= bytes;
    if (covered < space) {
      // Only its front is acknowledged: the rest keeps its marks.
      advancePlace(t, rec, covered);
      r.setSeq(rec, ack);
      r.setLen(rec, r.len(rec) - covered);
      break;
    }
    const next = r.next(rec);
    if (tcb.rtxLost === rec + 1) tcb.rtxLost = next + 1;
    r.give(rec);
    rec = next;
  }
  tcb.rtxHead = rec;
  if (rec < 0) tcb.rtxTail = -1;
  if (t.news.rtt > filled) t.news.rtt = rtt;
  return t.news.rtt;
}

/** RFC 2018 §8: SND.UNA stands before text that was selectively acknowledged, so the peer threw it away: no mark is worth anything. */
export function forgetReneged(t: Tcp, tcb: Tcb): void {
  const r = t.records;
  if (tcb.rtxHead < 0 || (r.flags(tcb.rtxHead) & R_SACKED) === 0) return;
  for (let rec = tcb.rtxHead; rec >= 0; rec = r.next(rec)) r.setFlags(rec, r.flags(rec) & ~R_SACKED);
  tcb.sackedOut = 0;
}
