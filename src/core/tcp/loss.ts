/**
 * Fast retransmit and fast recovery: RFC 5681 §3.2, NewReno (RFC 6582), and with SACK the loss rule of RFC 6675 §4. Without
 * SACK each duplicate ACK stands for one segment that left the network (`sackedOut` counts it), so that one rule for what may
 * be sent serves both.
 */
import { OPT_SACK } from '../../wire/abi.ts';
import { geq } from '../seq.ts';
import { controllerOf, markDirty, note, type Tcp } from './context.ts';
import { probeLost } from './mtu-search.ts';
import { R_RESENT, R_SACKED } from './records.ts';
import { applyBlock, inFlight, markLost, split } from './retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

const DUP_THRESH = 3;

/** SACK blocks of an acceptable ACK; `t.options` holds the segment's options. Returns the bytes newly marked. */
export function takeSack(t: Tcp, tcb: Tcb, seg: Segment): number {
  if ((tcb.flags & F_SACK) === 0 || (seg.opts & OPT_SACK) === 0) return 0;
  let marked = 0;
  for (let n = 0; n < t.options.sackBlocks; n++) {
    marked += applyBlock(t, tcb, t.options.sack[2 * n]!, t.options.sack[2 * n + 1]!);
  }
  return marked;
}

/** An ACK that acknowledged nothing new while data is outstanding. `sacked` = bytes its blocks newly marked. */
export function duplicateAck(t: Tcp, tcb: Tcb, sacked: number): void {
  tcb.dupAcks++;
  if ((tcb.flags & F_SACK) === 0) {
    // RFC 5681 §3.2: one segment has left the network. Never more than there is, nor all of it.
    tcb.sackedOut = Math.min(
      tcb.sackedOut + tcb.sndMss,
      Math.max(0, ((tcb.sndNxt - tcb.sndUna) | 0) - tcb.lostOut - 1),
    );
  } else if (sacked === 0 && tcb.dupAcks < DUP_THRESH) return;
  detectLoss(t, tcb);
}

/** RFC 6675 §4 IsLost(SND.UNA): three duplicates, or more than two segments' worth selectively acknowledged above it. */
export function detectLoss(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_RECOVERY) {
    if (tcb.flags & F_SACK) markHoles(t, tcb);
    markDirty(t, tcb);
    return;
  }
  const enough = tcb.dupAcks >= DUP_THRESH || (tcb.flags & F_SACK && tcb.sackedOut > (DUP_THRESH - 1) * tcb.sndMss);
  if (!enough || tcb.rtxHead < 0) return;
  // RFC 6582 §3.2 step 2: duplicates of segments sent before the last loss event begin no new one.
  if (tcb.flags & F_RTO_RECOVERY && !geq(tcb.sndUna, tcb.recover)) return;
  enterRecovery(t, tcb);
}

function enterRecovery(t: Tcp, tcb: Tcb): void {
  if (probeLost(t, tcb)) return;
  const flight = inFlight(tcb) + tcb.sackedOut;
  tcb.flags |= F_RECOVERY;
  tcb.recover = tcb.sndNxt;
  controllerOf(t, tcb).onLossEvent(tcb, flight, t.now);
  t.counters.fastRetransmits++;
  note(t, tcb, 'fast retransmit');
  markHead(t, tcb);
  if (tcb.flags & F_SACK) markHoles(t, tcb);
  markDirty(t, tcb);
}

/** The first segment outstanding is lost; of a super-segment only its first MSS is known to be. */
export function markHead(t: Tcp, tcb: Tcb): void {
  const head = tcb.rtxHead;
  if (head < 0) return;
  if (t.records.len(head) > tcb.sndMss) split(t, tcb, head, tcb.sndMss);
  markLost(t, tcb, head);
  boundGuess(tcb);
}

/** Without SACK `sackedOut` is a guess from duplicates: what is lost or acknowledged cannot have left the network as well. */
function boundGuess(tcb: Tcb): void {
  if (tcb.flags & F_SACK) return;
  tcb.sackedOut = Math.max(0, Math.min(tcb.sackedOut, ((tcb.sndNxt - tcb.sndUna) | 0) - tcb.lostOut));
}

/** Everything with more than two segments' worth selectively acknowledged above it is lost (RFC 6675 §4). */
function markHoles(t: Tcp, tcb: Tcb): void {
  let above = tcb.sackedOut;
  for (let rec = tcb.rtxHead; rec >= 0 && above > (DUP_THRESH - 1) * tcb.sndMss; rec = t.records.next(rec)) {
    if (t.records.flags(rec) & R_SACKED) above -= t.records.space(rec);
    else if ((t.records.flags(rec) & R_RESENT) === 0) markLost(t, tcb, rec);
  }
}

/** SND.UNA moved while in recovery: ends it at `recover`, else resends the next hole (partial ACK, RFC 6582 §3.2). */
export function recoveryAck(t: Tcp, tcb: Tcb, acked: number): void {
  if (geq(tcb.sndUna, tcb.recover)) {
    if (tcb.flags & F_RECOVERY) controllerOf(t, tcb).onRecoveryEnd(tcb, t.now);
    tcb.flags &= ~(F_RECOVERY | F_RTO_RECOVERY);
    if ((tcb.flags & F_SACK) === 0) tcb.sackedOut = 0;
    return;
  }
  if ((tcb.flags & F_SACK) === 0) {
    tcb.sackedOut = Math.max(0, tcb.sackedOut - Math.max(0, acked - tcb.sndMss));
    boundGuess(tcb);
    if (tcb.flags & F_RECOVERY) markHead(t, tcb);
  } else if (tcb.flags & F_RECOVERY) {
    if (tcb.sackedOut === 0) markHead(t, tcb);
    markHoles(t, tcb);
  }
}
