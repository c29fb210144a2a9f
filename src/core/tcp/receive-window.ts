/** RCV.WND: what we offer, and when offering more is worth a segment (RFC 9293 §3.8.6). */
import { OPT_TS } from '../../wire/abi.ts';
import { add, diff, since } from '../seq.ts';
import { arm, markDirty, quietFor, type Tcp } from './context.ts';
import { CLOSED, LISTEN, RECEIVING, SYN_SENT } from './figure5.ts';
import { F_ACK_LATER, F_ACK_NOW, F_FIXED_BUFFER, F_WS, F2_DSACK, TIMER_DELACK } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';
import { tsval } from './timestamp.ts';

/** Segments acknowledged without delay after a loss or a silence: a slow start of four round trips. */
const QUICK_ACKS = 16;
/** Segments after a loss, merged ones as one, that one ACK for their whole burst does not answer (ADR 57). */
const OFTEN_FOR = 1024;
/** Bytes of text that get an ACK of their own then. */
const STRETCH = 16_000;
/** ms for which the least echo counts. */
const LEAST_ECHO_FOR = 5000;
/** ms; what is beyond is none (a peer that echoes what it likes). */
const LONGEST_ECHO = 5000;
/** ms of the last echo that count beyond the least. */
const LONGEST_WAIT = 10;

/** Shift that makes a buffer of that size fit 16 bits (RFC 7323 §2.3: at most 14). */
export function scaleFor(buffer: number): number {
  let shift = 0;
  while (shift < 14 && buffer >> shift > 0xffff) shift++;
  return shift;
}

/** RCV.WND as the peer knows it. */
export function receiveWindow(tcb: Tcb): number {
  return diff(tcb.rcvAdv, tcb.rcvNxt);
}

/** min(RCV.BUFF / 2, MSS): the least worth offering (§3.8.6.2.2 [MUST-39]). */
function worthOffering(tcb: Tcb): number {
  return Math.min(tcb.rcvBuf >> 1, tcb.peerMss);
}

/**
 * The right edge the buffer would allow, and 16 scaled bits can say; left of RCV.NXT when more came than the buffer holds,
 * which rounding can make happen.
 */
function possibleEdge(tcb: Tcb): number {
  return add(tcb.rcvNxt, Math.min(tcb.rcvBuf - tcb.rcvUser, 0xffff << windowShift(tcb)));
}

function windowShift(tcb: Tcb): number {
  return tcb.flags & F_WS ? tcb.scales >> 8 : 0;
}

/**
 * The window field for a segment that leaves now; `rcvAdv` moves to what it promises. The edge never moves left
 * [SHLD-14] [UNTAGGED-9]: scaling rounds up, because rounding down would take back what an earlier segment offered. It rounds up by
 * one unit beyond the buffer and no more, else small segments would push the edge along for ever; then it rounds down, and
 * text up to the old edge is still taken (RFC 7323 §2.4).
 */
export function windowField(tcb: Tcb): number {
  const possible = possibleEdge(tcb);
  const edge = diff(possible, tcb.rcvAdv) < worthOffering(tcb) ? tcb.rcvAdv : possible;
  const shift = windowShift(tcb);
  const window = diff(edge, tcb.rcvNxt);
  let field = Math.min((window + (1 << shift) - 1) >> shift, 0xffff);
  if (diff(add(tcb.rcvNxt, field << shift), possible) > 1 << shift) field = Math.min(window >> shift, 0xffff);
  const promised = add(tcb.rcvNxt, field << shift);
  if (diff(promised, tcb.rcvAdv) > 0) tcb.rcvAdv = promised;
  return field;
}

/** Less than half of the window is open: what the application takes opens it with an ACK of its own. */
export function isHeldBack(tcb: Tcb): boolean {
  return receiveWindow(tcb) < Math.min(tcb.rcvBuf, 0xffff << windowShift(tcb)) >> 1;
}

/** The application took n bytes: the window may open, and a peer that was held back is told at once (T326). */
export function consumed(t: Tcp, tcb: Tcb, n: number): void {
  tcb.rcvUser = Math.max(0, tcb.rcvUser - n);
  if ((tcb.state & RECEIVING) === 0) return;
  const heldBack = isHeldBack(tcb);
  const wanted = worthOneRound(t, tcb);
  // The peer filled more than half of the window before we could answer.
  if (tcb.rcvUser === 0) growBuffer(t, tcb, heldBack && isPrompt(t, tcb) ? Math.max(wanted, 2 * tcb.rcvBuf) : wanted);
  if (!heldBack) return;
  if (diff(possibleEdge(tcb), tcb.rcvAdv) < worthOffering(tcb)) return;
  tcb.flags |= F_ACK_NOW;
  markDirty(t, tcb);
}

/** A reader who comes long after the text would fill any window: a larger one does not make him faster. */
function isPrompt(t: Tcp, tcb: Tcb): boolean {
  return quietFor(t, tcb) <= 2 + tcb.srtt / 1000;
}

/**
 * Dynamic right-sizing: the buffer that the text of the round trip that has just ended asks for; 0 = none has ended, or too long ago.
 * Twice as much as came, so that the window never sets the pace, and twice that while it doubles with each round trip
 * (slow start). The measure is what came, not how full the window was: a reader who takes every frame as it comes never sees it
 * half full.
 */
function worthOneRound(t: Tcp, tcb: Tcb): number {
  if (tcb.flight === 0) return 0; // idle for long: nothing is measured, and nobody's block stays blank
  const elapsed = since(t.now | 0, tcb.rttAt);
  const rtt = roundTrip(tcb);
  if (tcb.rttAt !== 0 && elapsed < rtt) return 0;
  // The last echo may be of a moment at which nothing waited.
  const longest = Math.max(rtt, tcb.echoAt === 0 ? 0 : LONGEST_WAIT * 1000);
  const measured = tcb.rttAt !== 0 && elapsed <= 2 * longest + 1000;
  const came = diff(tcb.rcvNxt, tcb.rttSeq);
  tcb.rttAt = t.now | 0 || 1;
  tcb.rttSeq = tcb.rcvNxt;
  if (!measured) return 0;
  const before = tcb.rcvSpace;
  if (came > before) tcb.rcvSpace = came;
  const growth = before === 0 ? 0 : Math.min(1, Math.max(0, (came - before) / before));
  return Math.ceil(2 * came * (1 + growth));
}

/**
 * What the echo of text in order says of the round trip (RFC 7323 §4.1): of one who only reads, SRTT is the handshake's alone. The
 * least of the last five seconds and more is the path, which may have become another one; of what the last one took, some ms: there
 * text waits for a busy machine, in a ring of ours most likely, and a larger window keeps the sender going. More would be a
 * queue on the path, which a larger window only makes longer; or silence of the sender's. The clock has milliseconds, of
 * which the first may have been about to end.
 */
export function timeEcho(t: Tcp, tcb: Tcb, seg: Segment): void {
  if ((seg.opts & OPT_TS) === 0 || seg.tsecr === 0) return; // 0: nothing is echoed (scoreboard.ts)
  const ms = Math.min(Math.max(0, diff(tsval(t, tcb), seg.tsecr) - 1), LONGEST_ECHO);
  let least = Math.min(ms, tcb.echo >>> 16);
  if (tcb.echoAt === 0 || since(t.tick, tcb.echoAt) > LEAST_ECHO_FOR) {
    tcb.echoBefore = tcb.echoAt === 0 ? ms : tcb.echo >>> 16;
    tcb.echoAt = t.tick || 1;
    least = ms;
  }
  tcb.echo = (least << 16) | Math.min(ms, LONGEST_WAIT);
}

/** us */
function roundTrip(tcb: Tcb): number {
  const path = Math.min(tcb.echo >>> 16, tcb.echoBefore);
  return Math.max(tcb.srtt, Math.max(path, tcb.echo & 0xffff) * 1000);
}

/** All growth together stays below what the links can hold while this process sleeps, and stops early when memory is short. */
function growBuffer(t: Tcp, tcb: Tcb, wanted: number): void {
  if (wanted <= tcb.rcvBuf || tcb.flags & F_FIXED_BUFFER) return;
  const limit = tcb.flags & F_WS ? t.defaults.receiveBuffer : Math.min(t.defaults.receiveBuffer, 0xffff);
  const gain = Math.min(wanted, limit) - tcb.rcvBuf;
  if (gain <= 0 || t.windowGranted + gain > t.windowLimit || t.budget.isTight(tcb.row)) return;
  tcb.rcvBuf += gain;
  t.windowGranted += gain;
}

/** The user chooses. The window shrinks no faster than text comes in [SHLD-14], and opens at once. */
export function setReceiveBuffer(t: Tcp, tcb: Tcb, bytes: number): void {
  if (tcb.state === CLOSED) return;
  returnGrant(t, tcb);
  tcb.flags |= F_FIXED_BUFFER;
  tcb.rcvBuf = tcb.flags & F_WS || tcb.state & (SYN_SENT | LISTEN) ? bytes : Math.min(bytes, 0xffff);
  if (tcb.state & RECEIVING && diff(possibleEdge(tcb), tcb.rcvAdv) >= worthOffering(tcb)) ackNow(t, tcb);
}

/** A connection that comes from another stack brings its window along, whatever the others have. */
export function takeGrant(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_FIXED_BUFFER) return;
  t.windowGranted += Math.max(0, tcb.rcvBuf - t.defaults.initialWindow);
}

/** What `growBuffer` took goes back to the others. */
export function returnGrant(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_FIXED_BUFFER) return;
  t.windowGranted -= Math.max(0, tcb.rcvBuf - t.defaults.initialWindow);
}

/** In-order text arrived: acknowledge every second full segment at once, else within the delay [SHLD-18, SHLD-19]. */
export function oweAck(t: Tcp, tcb: Tcb, bytes: number): void {
  tcb.ackBytes += bytes;
  const often = tcb.ackOften;
  if (often !== 0) tcb.ackOften = often > 0 ? often - 1 : often + 1;
  const quick = often < 0 || often > OFTEN_FOR - QUICK_ACKS;
  if (quick || tcb.ackBytes >= 2 * tcb.sndMss || t.defaults.delayedAck === 0) {
    tcb.flags |= F_ACK_NOW;
  } else tcb.flags |= F_ACK_LATER;
  markDirty(t, tcb);
}

/** What the turn sent did not take along waits for the timer; what it did never asked for one. */
export function delayAck(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_ACK_LATER && tcb.timer(TIMER_DELACK) === 0) arm(t, tcb, TIMER_DELACK, t.defaults.delayedAck);
}

/**
 * The peer's window is small after a silence, and each ACK opens it: for some segments none is delayed. What the application
 * answers within the turn takes the ACK along, as ever.
 */
export function hurryAcks(tcb: Tcb): void {
  tcb.ackOften = -QUICK_ACKS;
}

/**
 * Likewise after a loss. What was lost was perhaps sent in one go, because one ACK for a whole burst released it (RFC 2525
 * §2.13): for some time a burst gets several.
 */
export function releaseLess(tcb: Tcb): void {
  tcb.ackOften = OFTEN_FOR;
}

/** The text so far gets an ACK of its own. A report of duplicates waits for the end of the turn. */
export function wantsOwnAck(tcb: Tcb): boolean {
  return tcb.ackOften > 0 && diff(tcb.rcvNxt, tcb.lastAckSent) >= STRETCH && (tcb.flags2 & F2_DSACK) === 0;
}

/** It has it; what is left of the burst is not delayed, as it would not be without. */
export function sentOwnAck(tcb: Tcb): void {
  tcb.ackBytes = 2 * tcb.sndMss;
}

export function ackNow(t: Tcp, tcb: Tcb): void {
  tcb.flags |= F_ACK_NOW;
  markDirty(t, tcb);
}
