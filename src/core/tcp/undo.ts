/**
 * Taking back what was done for nothing. Three ways tell that nothing was lost: every retransmission was reported as a
 * duplicate (RFC 2883, RFC 3708), an ACK echoes a timestamp older than the first of them (Eifel, RFC 3522), or text from
 * before a timeout arrives by itself (F-RTO, frto.ts). The answer is RFC 4015's.
 */
import { diff, geq, leq } from '../seq.ts';
import { controllerOf, markDirty, note, type Tcp } from './context.ts';
import { clearLost } from './retransmission.ts';
import { F_FIN_SENT, F_RECOVERY, F_RTO_RECOVERY, F2_FRTO, F2_FRTO_NEW, F2_TLP_RESENT, F2_UNDO } from './row.ts';
import { afterSpuriousTimeout, rtoFromEstimate } from './rtt.ts';
import type { Tcb } from './tcb.ts';
import { tsval } from './timestamp.ts';

/** cwnd and ssthresh are about to be reduced. */
export function beginUndo(tcb: Tcb): void {
  tcb.priorCwnd = tcb.cwnd;
  tcb.priorSsthresh = tcb.ssthresh;
  tcb.undoSeq = tcb.sndUna;
  tcb.undoRetrans = 0;
  tcb.undoTs = 0;
  tcb.flags2 |= F2_UNDO;
}

/** A duplicate was reported. When that was the last of what we sent again, none of it was lost. */
export function undoByDuplicate(t: Tcp, tcb: Tcb): void {
  const { dsackLeft, dsackRight } = t.news;
  if ((tcb.flags2 & F2_UNDO) === 0 || tcb.undoRetrans <= 0) return;
  if (!geq(dsackLeft, tcb.undoSeq) || !leq(dsackRight, tcb.recover)) return;
  tcb.undoRetrans -= diff(dsackRight, dsackLeft);
  if (tcb.undoRetrans <= 0) undo(t, tcb);
}

/**
 * It is what the tail loss probe sent twice: it left before the windows were reduced, so it is not among what was sent again since, and
 * says nothing of what the probe was to find out. Reported once; the probe was needless, then (RFC 8985 §7.4.2).
 */
export function isTailProbe(tcb: Tcb, left: number, right: number): boolean {
  const most = tcb.sndMss + (tcb.flags & F_FIN_SENT ? 1 : 0);
  if ((tcb.flags2 & F2_TLP_RESENT) === 0 || right !== tcb.tlpEndSeq || diff(right, left) > most) return false;
  tcb.flags2 &= ~F2_TLP_RESENT;
  return true;
}

/**
 * RFC 3522 §3.2: the ACK was caused by something sent before our first retransmission. At the end of fast recovery this
 * says that no hole was filled by a retransmission: each would have brought its own, younger timestamp. Not with a duplicate to report
 * (step 5): our text had arrived, and the ACKs of it were lost; what is echoed tells of the time before.
 */
export function isEifel(t: Tcp, tcb: Tcb): boolean {
  const { stamped, tsecr, dsack } = t.news;
  return stamped && !dsack && (tcb.flags2 & F2_UNDO) !== 0 && tcb.undoRetrans > 0 && diff(tsecr, tcb.undoTs) < 0;
}

/** RFC 4015 §3.2: the windows there were before, unless a mark told of congestion meanwhile; and nothing is lost. */
export function undo(t: Tcp, tcb: Tcb): void {
  const timeout = (tcb.flags & F_RTO_RECOVERY) !== 0;
  const whole = (tcb.flags2 & F2_UNDO) !== 0;
  tcb.flags &= ~(F_RECOVERY | F_RTO_RECOVERY);
  tcb.flags2 &= ~(F2_UNDO | F2_FRTO | F2_FRTO_NEW);
  tcb.undoRetrans = 0;
  if (whole) controllerOf(t, tcb).onSpurious(tcb, t.now);
  clearLost(t, tcb);
  if (timeout && t.news.stamped && !t.news.dsack) {
    // RFC 4015 §3.3: the path has become slower than we thought.
    afterSpuriousTimeout(tcb, diff(tsval(t, tcb), t.news.tsecr) * 1000);
  }
  tcb.rto = rtoFromEstimate(tcb, t.defaults.minRto);
  t.counters.undone++;
  tcb.recoveries += 1 << 16;
  note(t, tcb, 'nothing was lost');
  markDirty(t, tcb);
}
