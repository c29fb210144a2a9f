/**
 * What an ACK says of loss, and what is done about it. With SACK: RACK-TLP (RFC 8985) finds the loss, PRR (RFC 9937) paces the
 * repair. Without: fast retransmit and fast recovery of RFC 5681 §3.2 with NewReno (RFC 6582), where each duplicate ACK stands
 * for one segment that left the network (`sackedOut` counts it), which also lets new text out on the first two (RFC 3042 §2). Both
 * leave the congestion control of RFC 5681 §4.3 as it is (RFC 2018 §5.1): half the window at the first loss of a flight, no more
 * than that until all is repaired, one more reduction for a retransmission that is lost (RFC 8985 §9.2, §9.3).
 */
import { diff, geq } from '../seq.ts';
import { controllerOf, markDirty, note, type Tcp } from './context.ts';
import { isAnsweredByMark, tellReduced } from './ecn.ts';
import { frtoAck } from './frto.ts';
import { probeLost } from './mtu-search.ts';
import { beginPrr, endPrr, prrAck } from './prr.ts';
import { armReordering, DUP_THRESH, growWindow, rackDetect, shrinkWindow } from './rack.ts';
import { R_RESENT } from './records.ts';
import { boundGuess, firstLost, markLost, split } from './retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK, F2_FRTO, F2_TLP_OUT } from './row.ts';
import { beginNews } from './scoreboard.ts';
import type { Segment } from './segment.ts';
import { cancelProbe, probeAnswered } from './tail-loss-probe.ts';
import type { Tcb } from './tcb.ts';
import { beginUndo, isEifel, isTailProbe, undo, undoByDuplicate } from './undo.ts';

const RECOVERING = F_RECOVERY | F_RTO_RECOVERY;

/** After the marks of an ACK were made; `acked` = octets SND.UNA moved by. In order and without loss there is nothing to do. */
export function lossAck(t: Tcp, tcb: Tcb, seg: Segment | null, acked: number): void {
  if ((tcb.flags & F_SACK) === 0) {
    if (acked > 0 && tcb.flags & RECOVERING) newRenoAck(t, tcb, acked);
  } else if (
    tcb.flags & RECOVERING ||
    (tcb.sackedOut | tcb.lostOut | t.news.sacked) !== 0 ||
    tcb.flags2 & F2_TLP_OUT ||
    t.news.dsack
  ) {
    sackAck(t, tcb, seg, acked > 0);
  }
  tcb.rackFack = t.news.fack;
}

function sackAck(t: Tcp, tcb: Tcb, seg: Segment | null, advanced: boolean): void {
  const news = t.news;
  if (tcb.flags2 & F2_TLP_OUT && seg !== null) probeAnswered(t, tcb, seg, advanced);
  if (news.dsack) duplicateReported(t, tcb);
  const ended = (tcb.flags & RECOVERING) !== 0 && spuriousOrOver(t, tcb, advanced, seg !== null);
  const wait = tcb.rtxHead < 0 ? 0 : rackDetect(t, tcb);
  if ((tcb.flags & RECOVERING) === 0 && (news.lost > 0 || (ended && tcb.lostOut > 0))) enterRecovery(t, tcb);
  if (tcb.flags & F_RECOVERY && rateReduced(t, tcb)) prrAck(t, tcb, advanced && news.lost === 0);
  armReordering(t, tcb, wait);
  if (tcb.lostOut > 0 || news.sacked > 0) markDirty(t, tcb);
}

function duplicateReported(t: Tcp, tcb: Tcb): void {
  t.counters.spuriousRetransmits++;
  tcb.probes += 1 << 16;
  // It was no reordering that made the probe be sent (as on Linux).
  if (isTailProbe(tcb, t.news.dsackLeft, t.news.dsackRight)) return;
  growWindow(tcb);
  undoByDuplicate(t, tcb);
}

/** Whether PRR sets cwnd in recovery: with SACK, unless the controller does. */
function rateReduced(t: Tcp, tcb: Tcb): boolean {
  return (tcb.flags & F_SACK) !== 0 && !controllerOf(t, tcb).ownsRecovery(tcb);
}

/** Whether recovery is over, be it that there was nothing to recover from. F-RTO asks ACKs alone: `heard`, and no timer made us look. */
function spuriousOrOver(t: Tcp, tcb: Tcb, advanced: boolean, heard: boolean): boolean {
  if (heard && tcb.flags2 & F2_FRTO && frtoAck(t, tcb, advanced)) return true;
  const over = geq(tcb.sndUna, tcb.recover);
  // After a timeout the first ACK tells; in fast recovery the last one.
  if (advanced && (over || tcb.flags & F_RTO_RECOVERY) && isEifel(t, tcb)) {
    undo(t, tcb);
    return true;
  }
  if (over) endRecovery(t, tcb);
  return over;
}

/** RFC 6675 §5 (C), RFC 6582 §3.2: all that was in flight when it began is acknowledged. */
function endRecovery(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_RECOVERY) {
    controllerOf(t, tcb).onRecoveryEnd(tcb, t.now);
    // The ACK that ends it lets cwnd come down to ssthresh, and not grow.
    t.congestion.ack.repaired = true;
    if (rateReduced(t, tcb)) endPrr(tcb);
  }
  tcb.flags &= ~RECOVERING;
  if (tcb.flags & F_SACK) shrinkWindow(tcb);
}

/** RFC 8985 §6.2 step 5: the reordering timer. */
export function reorderTimeout(t: Tcp, tcb: Tcb): void {
  beginNews(t, tcb, null);
  if (tcb.rtxHead >= 0) lossAck(t, tcb, null, 0);
}

/** An ACK that acknowledged nothing new while data is outstanding. */
export function duplicateAck(t: Tcp, tcb: Tcb): void {
  tcb.dupAcks++;
  if (tcb.flags & F_SACK) return; // RFC 6675 §2: with SACK only what its blocks say counts
  if (tcb.flags2 & F2_FRTO && frtoAck(t, tcb, false)) return;
  // RFC 5681 §3.2: one segment has left the network. Never more than there is, nor all of it.
  const most = Math.max(0, diff(tcb.sndNxt, tcb.sndUna) - tcb.lostOut - 1);
  tcb.sackedOut = Math.min(tcb.sackedOut + tcb.sndMss, most);
  markDirty(t, tcb); // RFC 3042: it makes room for a new one
  if (tcb.flags & F_RECOVERY || tcb.dupAcks < DUP_THRESH || tcb.rtxHead < 0) return;
  // RFC 6582 §3.2 step 2, RFC 6582 §4: duplicates of segments sent before the last loss event begin no new one.
  if (tcb.flags & F_RTO_RECOVERY && !geq(tcb.sndUna, tcb.recover)) return;
  enterRecovery(t, tcb);
}

function enterRecovery(t: Tcp, tcb: Tcb): void {
  cancelProbe(tcb);
  if (probeLost(t, tcb)) return;
  // FlightSize of RFC 5681: what was sent and not cumulatively acknowledged.
  const flight = diff(tcb.sndNxt, tcb.sndUna);
  const answered = isAnsweredByMark(t, tcb, firstMissing(t, tcb));
  if (!answered) beginUndo(tcb);
  tcb.flags |= F_RECOVERY;
  tcb.recover = tcb.sndNxt;
  if (!answered) {
    controllerOf(t, tcb).onLossEvent(tcb, flight, t.now);
    tellReduced(tcb);
  }
  t.counters.fastRetransmits++;
  t.counters.recoveries++;
  tcb.recoveries++;
  note(t, tcb, 'fast retransmit');
  if (tcb.flags & F_SACK) beginPrr(t, tcb);
  else markHead(t, tcb);
  markDirty(t, tcb);
}

/** Where the first segment begins that is lost. One that was lost again is a new sign of congestion (RFC 3168 §6.1.2), and left last. */
function firstMissing(t: Tcp, tcb: Tcb): number {
  const rec = tcb.flags & F_SACK ? firstLost(t, tcb) : tcb.rtxHead;
  return rec < 0 || t.records.flags(rec) & R_RESENT ? tcb.sndNxt : t.records.seq(rec);
}

/** Without SACK: the first segment outstanding is lost; of a super-segment only its first MSS is known to be. */
function markHead(t: Tcp, tcb: Tcb): void {
  const head = tcb.rtxHead;
  if (head < 0) return;
  if (t.records.len(head) > tcb.sndMss) split(t, tcb, head, tcb.sndMss);
  markLost(t, tcb, head);
}

/** Without SACK SND.UNA moved in recovery: it is over at `recover`, else the next hole goes (partial ACK, RFC 6582 §3.2). */
function newRenoAck(t: Tcp, tcb: Tcb, acked: number): void {
  if (spuriousOrOver(t, tcb, true, true)) {
    tcb.sackedOut = 0;
    return;
  }
  tcb.sackedOut = Math.max(0, tcb.sackedOut - Math.max(0, acked - tcb.sndMss));
  boundGuess(tcb);
  if (tcb.flags & F_RECOVERY) markHead(t, tcb);
}
