/** §3.10.7.4, fifth: the ACK field. */
import { ACK, FIN, OPT_SACK, SYN } from '../../../wire/abi.ts';
import { EV_ACKED, EV_ALL_ACKED, OK } from '../../events.ts';
import { add, diff, geq, gt, leq, lt } from '../../seq.ts';
import { closeNow } from '../close.ts';
import { arm, disarm, markDirty, report, step, type Tcp } from '../context.ts';
import { ackTaken } from '../delivery-rate.ts';
import { ecnFeedback } from '../ecn.ts';
import { announce, ourSynAcked, scaledWindow, takeWindow } from '../established.ts';
import { CLOSED, CLOSING, EV, FIN_WAIT_1, LAST_ACK, SYN_RECEIVED, TIME_WAIT } from '../figure5.ts';
import { textAcked } from '../held-text.ts';
import { beginTimeWait, end } from '../lifecycle.ts';
import { noteIdle } from '../limits.ts';
import { duplicateAck, lossAck } from '../loss.ts';
import { passMilestones } from '../milestones.ts';
import { probeAcked } from '../mtu-search.ts';
import { isKeptByAnswers, watchOrphan } from '../orphan.ts';
import { markAllLost } from '../retransmission.ts';
import {
  F_CLOSE_QUEUED,
  F_FIN_QUEUED,
  F_FIN_SENT,
  F_PASSIVE,
  F_PERSIST,
  F_RCV_FIN,
  F_RECOVERY,
  F_RTO_RECOVERY,
  F_SACK,
  F_SHORT_SEND,
  F_SND_URG,
  F_SYN_ACKED,
  F2_ACCECN,
  F2_ECN,
  F2_MTU_PROBE,
  F2_PTO,
  F2_TELL_ACKED,
  F2_TFO_DATA,
  F2_TLP_SPENT,
  TIMER_LOSS,
  TIMER_PERSIST,
  TIMER_REXMIT,
  TIMER_USER,
} from '../row.ts';
import { rtoFromEstimate, sampleRtt } from '../rtt.ts';
import { acknowledge, beginNews, takeSack } from '../scoreboard.ts';
import type { Segment } from '../segment.ts';
import { growSendBuffer, tellRoom } from '../send-buffer.ts';
import { armUserTimeout } from '../send-text.ts';
import { readOptions } from '../syn-options.ts';
import { scheduleProbe } from '../tail-loss-probe.ts';
import type { Tcb } from '../tcb.ts';
import { takeTimestamp, tsval } from '../timestamp.ts';
import { challengeAck } from './challenge.ts';
import { replyReset } from './closed.ts';
import { reachFin } from './fin.ts';
import { deliverWaiting } from './text.ts';
import { GO_ON, STOP, type Verdict } from './verdict.ts';

export function ack(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  if ((seg.flags & ACK) === 0) return STOP; // T157 …
  if (tcb.state === SYN_RECEIVED) {
    if (!handshake(t, tcb, seg)) return STOP;
  } else if (!inRange(t, tcb, seg)) return STOP;
  else if ((tcb.flags & F_SYN_ACKED) === 0 && gt(seg.ack, tcb.iss)) lateHandshake(t, tcb);
  takeTimestamp(t, tcb, seg);
  acknowledgment(t, tcb, seg);
  return afterAck(t, tcb, seg);
}

/** T179, T180: the range check of RFC 5961 is for synchronized states only (T322). */
function handshake(t: Tcp, tcb: Tcb, seg: Segment): boolean {
  if (!(gt(seg.ack, tcb.sndUna) && leq(seg.ack, tcb.sndNxt))) {
    replyReset(t, seg); // [UNTAGGED-33]
    return false;
  }
  ourSynAcked(t, tcb);
  takeWindow(tcb, scaledWindow(tcb, seg), seg.seq, seg.ack);
  step(t, tcb, EV.rcvAckOfSyn);
  if (tcb.flags2 & F2_TFO_DATA && (tcb.flags & F_PASSIVE) === 0) markAllLost(t, tcb); // both ends opened: T324
  announce(t, tcb);
  takeFromSyn(t, tcb);
  if (tcb.flags & F_CLOSE_QUEUED) closeNow(t, tcb); // T181
  return true;
}

/**
 * RFC 9293 §3.10.4: CLOSE in SYN_RECEIVED made it FIN_WAIT_1 with our SYN unacknowledged (T050, T282). The SYN is no octet
 * of the send queue, and a FIN still in flight needs the timer that the SYN leaves behind.
 */
function lateHandshake(t: Tcp, tcb: Tcb): void {
  ourSynAcked(t, tcb);
  announce(t, tcb);
  if (tcb.sndUna !== tcb.sndNxt) {
    arm(t, tcb, TIMER_REXMIT, tcb.rto);
    armUserTimeout(t, tcb);
  }
  takeFromSyn(t, tcb);
}

/** [UNTAGGED-3] Text on the peer's SYN, and a FIN behind it, was kept until ours is acknowledged. */
function takeFromSyn(t: Tcp, tcb: Tcb): void {
  if (tcb.oooHead >= 0) deliverWaiting(t, tcb);
  if (tcb.flags & F_RCV_FIN && tcb.rcvFin === tcb.rcvNxt) reachFin(t, tcb);
}

/** [MAY-12] RFC 5961 §5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT. */
function inRange(t: Tcp, tcb: Tcb, seg: Segment): boolean {
  // While our SYN is not acknowledged (CLOSE in SYN_RECEIVED) nothing proves that the peer is there: only its ACK counts.
  const oldest = tcb.flags & F_SYN_ACKED ? (tcb.sndUna - tcb.maxSndWnd) | 0 : add(tcb.iss, 1);
  if (geq(seg.ack, oldest) && leq(seg.ack, tcb.sndNxt)) return true;
  challengeAck(t, tcb, seg);
  return false;
}

/** SND.UNA, the send window and loss detection; the states come after it. */
function acknowledgment(t: Tcp, tcb: Tcb, seg: Segment): void {
  const window = scaledWindow(tcb, seg);
  const acked = hear(t, tcb, seg, window);
  if (tcb.flags2 & (F2_ECN | F2_ACCECN)) ecnFeedback(t, tcb, seg, acked);
  updateWindow(t, tcb, window, seg, acked > 0);
  ackTaken(t, tcb, acked);
}

/** What its ACK field and its SACK blocks say of our text; returns the octets that SND.UNA moved by. */
function hear(t: Tcp, tcb: Tcb, seg: Segment, window: number): number {
  beginNews(t, tcb, seg);
  if (seg.opts & OPT_SACK) {
    readOptions(t, seg);
    takeSack(t, tcb, seg);
  }
  const advances = gt(seg.ack, tcb.sndUna);
  const acked = advances ? diff(seg.ack, tcb.sndUna) : 0;
  if (advances) {
    advance(t, tcb, seg);
  } else if (seg.ack === tcb.sndUna && tcb.rtxHead >= 0) {
    if (wasProbed(tcb) && isKeptByAnswers(tcb)) probeAnswered(tcb); // [MUST-37]
    // RFC 5681 §2: no text, no SYN or FIN, and the same window. What SACK says counts in any case (RFC 6675 §2).
    const bare = seg.len === 0 && (seg.flags & (SYN | FIN)) === 0;
    if (bare && window === tcb.sndWnd && (tcb.flags & F_PERSIST) === 0) duplicateAck(t, tcb);
    if (t.news.rtt > 0) takeSample(t, tcb, t.news.delivered, diff(tcb.sndNxt, tcb.sndUna));
    lossAck(t, tcb, seg, 0);
  } else if (t.news.dsack || t.news.sacked > 0) lossAck(t, tcb, seg, 0); // what an overtaken ACK says is news all the same
  return acked;
}

/**
 * [UNTAGGED-11] [UNTAGGED-23] only news that is newer by (SEQ, ACK) moves the window; leaving zero ends probing (T184).
 *
 * A segment that moves SND.UNA was sent after all that did not, whatever its SEQ: text that is sent again has an old one.
 * Were its window left out, SND.UNA would go on with the old window and the edge would lie where the peer never put it.
 */
function updateWindow(t: Tcp, tcb: Tcb, window: number, seg: Segment, advances: boolean): void {
  if (!(leq(tcb.sndUna, seg.ack) && leq(seg.ack, tcb.sndNxt))) return;
  const newer = lt(tcb.sndWl1, seg.seq) || (tcb.sndWl1 === seg.seq && leq(tcb.sndWl2, seg.ack));
  if (!newer && !advances) return;
  const opened = window > tcb.sndWnd;
  const probed = wasProbed(tcb);
  takeWindow(tcb, window, seg.seq, seg.ack);
  if (tcb.flags & F_PERSIST) probeAnswered(tcb);
  if (window > 0 && probed) leavePersist(t, tcb);
  if (opened) markDirty(t, tcb);
}

/** [MUST-37] the peer lives: R2 and the user timeout count from the next probe that it does not answer. */
function probeAnswered(tcb: Tcb): void {
  tcb.rexmits = 0;
  tcb.softError = 0;
  tcb.firstSentAt = 0;
  disarm(tcb, TIMER_USER);
}

/** The window was closed and a timer asked for it: the persist timer, or with text in flight the retransmission timer. */
function wasProbed(tcb: Tcb): boolean {
  return tcb.sndWnd === 0 && (tcb.flags & (F_PERSIST | F_RTO_RECOVERY)) !== 0;
}

function leavePersist(t: Tcp, tcb: Tcb): void {
  tcb.flags &= ~F_PERSIST;
  disarm(tcb, TIMER_PERSIST);
  tcb.rto = rtoFromEstimate(tcb, t.defaults.minRto);
  // The probe's octet may have been thrown away with the window closed: it goes again with the rest.
  if ((tcb.flags & F_SACK) === 0) tcb.sackedOut = 0;
  markAllLost(t, tcb);
  if (tcb.rtxHead >= 0) {
    arm(t, tcb, TIMER_REXMIT, tcb.rto);
    armUserTimeout(t, tcb);
  }
  markDirty(t, tcb);
}

/** SND.UNA moves to `ack`: text leaves the queues, the timer restarts (RFC 6298 (5.3), (5.2)), the user hears of room. */
export function advance(t: Tcp, tcb: Tcb, seg: Segment): void {
  const ackNo = seg.ack;
  const finAcked = (tcb.flags & F_FIN_SENT) !== 0 && ackNo === tcb.sndNxt;
  const acked = diff(ackNo, tcb.sndUna);
  const bytes = acked - (finAcked ? 1 : 0);
  const flight = diff(tcb.sndNxt, tcb.sndUna);
  acknowledge(t, tcb, ackNo);
  tcb.sndUna = ackNo;
  if ((tcb.ecnSeq | tcb.mtuClaim | tcb.dsackRound) !== 0) passMilestones(tcb);
  if (tcb.flags2 & (F2_MTU_PROBE | F2_TELL_ACKED)) watched(t, tcb, bytes);
  t.ip.confirm(tcb.hop);
  if (bytes > 0) {
    textAcked(t, tcb, bytes);
    tcb.bytesOut += bytes;
  }
  // [UNTAGGED-21] without a sample a backed-off RTO stays
  takeSample(t, tcb, acked, diff(tcb.sndNxt, tcb.sndUna) + acked);
  tcb.dupAcks = 0;
  tcb.rexmits = 0;
  tcb.softError = 0; // something got through: what a router said before is no reason for an end of much later
  lossAck(t, tcb, seg, acked);
  if ((tcb.flags & (F_RECOVERY | F_SACK)) === 0) tcb.sackedOut = 0;
  if (tcb.flags & F_SND_URG && leq(tcb.sndUp, tcb.sndUna)) tcb.flags &= ~F_SND_URG;
  restartTimers(t, tcb);
  if (tcb.flags & F_SHORT_SEND) {
    growSendBuffer(t, tcb, flight);
    tellRoom(t, tcb);
  }
  // A FIN that the window held back needs its probe as text does (RFC 9293 §3.8.6.1 [MUST-36], T283).
  const finWaits = (tcb.flags & (F_FIN_QUEUED | F_FIN_SENT)) === F_FIN_QUEUED;
  if (tcb.sndQueued > 0 || tcb.lostOut > 0 || finWaits) markDirty(t, tcb);
}

/** SND.UNA moved by `bytes` of text, and somebody wants to know. */
function watched(t: Tcp, tcb: Tcb, bytes: number): void {
  if (tcb.flags2 & F2_MTU_PROBE) probeAcked(t, tcb);
  if ((tcb.flags2 & F2_TELL_ACKED) === 0) return;
  const all = tcb.bytesOut + bytes;
  report(t, tcb, EV_ACKED, Math.floor(all / 0x1_0000_0000), all | 0);
}

/**
 * RFC 6298 (2.3), RFC 7323 §4.1: one sample of each ACK that has one; text sent twice gives it by its echo alone, and only when
 * SND.UNA moved.
 */
function takeSample(t: Tcp, tcb: Tcb, bytes: number, flight: number): void {
  let us = t.news.rtt;
  if (us < 0) {
    // What drew a report of a duplicate was outside of the window, and is not what is echoed (RFC 7323 §5.3 R2).
    if (!t.news.stamped || t.news.dsack || bytes === 0) return;
    const ms = diff(tsval(t, tcb), t.news.tsecr);
    if (ms < 0) return;
    us = ms === 0 ? 1000 : ms * 1000;
  }
  const { rto } = tcb;
  sampleRtt(tcb, us, t.defaults.minRto, bytes, flight);
  // RFC 9293 §3.8.6.1 [SHLD-30]: a peer that takes the probes' octets and stays closed is not asked more often for it.
  if (tcb.flags & F_PERSIST) tcb.rto = rto;
  tcb.flags2 &= ~F2_TLP_SPENT;
}

function restartTimers(t: Tcp, tcb: Tcb): void {
  if (tcb.sndUna === tcb.sndNxt) {
    disarm(tcb, TIMER_REXMIT);
    disarm(tcb, TIMER_LOSS);
    tcb.flags2 &= ~F2_PTO;
    disarm(tcb, TIMER_USER);
    tcb.firstSentAt = 0;
    if (tcb.timing !== 0) noteIdle(t, tcb);
    return;
  }
  tcb.firstSentAt = t.tick;
  if ((tcb.flags & F_PERSIST) === 0) {
    arm(t, tcb, TIMER_REXMIT, tcb.rto);
    scheduleProbe(t, tcb);
  }
  if (tcb.userTimeout > 0) arm(t, tcb, TIMER_USER, tcb.userTimeout);
}

/** What the acknowledgment of our FIN means in each state (T194 to T200). */
function afterAck(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  // T295: a FIN that is queued but not sent cannot be acknowledged.
  const finAcked = (tcb.flags & F_FIN_SENT) !== 0 && tcb.sndUna === tcb.sndNxt;
  switch (tcb.state) {
    case FIN_WAIT_1:
      if (finAcked) {
        step(t, tcb, EV.rcvAckOfFin);
        report(t, tcb, EV_ALL_ACKED, 1); // T195
        watchOrphan(t, tcb);
      }
      return GO_ON;
    case CLOSING:
      if (!finAcked) return STOP;
      step(t, tcb, EV.rcvAckOfFin);
      beginTimeWait(t, tcb);
      return GO_ON;
    case LAST_ACK:
      if (!finAcked) return GO_ON;
      end(t, tcb, EV.rcvAckOfFin, OK);
      return STOP;
    case TIME_WAIT:
      return seg.flags & FIN ? GO_ON : STOP; // T323: without a FIN nothing is answered and nothing restarts
    default:
      return GO_ON;
  }
}

/**
 * The segment itself is not acceptable, but its acknowledgment is current (T287, T288). STOP: it ended LAST_ACK, and the row
 * must not be touched again.
 */
export function ackFieldOnly(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  if ((tcb.flags & F_SYN_ACKED) === 0 || tcb.state & (SYN_RECEIVED | TIME_WAIT)) return GO_ON;
  if (!(geq(seg.ack, tcb.sndUna) && leq(seg.ack, tcb.sndNxt))) return GO_ON;
  tcb.lastRcvAt = t.tick;
  const window = scaledWindow(tcb, seg);
  const acked = hear(t, tcb, seg, window);
  ackTaken(t, tcb, acked);
  // What the network repeats from before SND.WL1 closes nothing. What opens the window is believed: a peer that counts from behind, or
  // sends text again, may say so with nothing else, and a probe's answer never would.
  const repeats = acked === 0 && lt(seg.seq, tcb.sndWl1) && window < tcb.sndWnd;
  if (leq(tcb.sndWl2, seg.ack) && !repeats) {
    const probed = wasProbed(tcb);
    takeWindow(tcb, window, tcb.sndWl1, seg.ack);
    if (tcb.flags & F_PERSIST) probeAnswered(tcb);
    if (window > 0 && probed) leavePersist(t, tcb);
  }
  afterAck(t, tcb, seg);
  if (tcb.state === CLOSED) return STOP;
  if (tcb.state !== TIME_WAIT) markDirty(t, tcb);
  return GO_ON;
}
