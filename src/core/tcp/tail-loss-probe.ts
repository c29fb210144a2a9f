/**
 * Tail loss probe (RFC 8985 §7): when the end of a flight stays unanswered, one more segment draws an ACK with SACK, so that
 * RACK sees the loss instead of the retransmission timer. Needs SACK.
 */
import { ACK, FIN, OPT_SACK, PSH } from '../../wire/abi.ts';
import { add, diff, geq, gt } from '../seq.ts';
import { arm, controllerOf, disarm, markDirty, note, type Tcp } from './context.ts';
import { tellReduced } from './ecn.ts';
import { emitText } from './emit.ts';
import { R_FIN } from './records.ts';
import { noteResent, split } from './retransmission.ts';
import {
  F_CORK,
  F_PERSIST,
  F_RECOVERY,
  F_RTO_RECOVERY,
  F_SACK,
  F2_PTO,
  F2_TLP_DUE,
  F2_TLP_OUT,
  F2_TLP_RESENT,
  F2_TLP_SPENT,
  TIMER_LOSS,
  TIMER_REXMIT,
} from './row.ts';
import { sackLength } from './sack-option.ts';
import type { Segment } from './segment.ts';
import { sendText, unsent } from './send-text.ts';
import type { Tcb } from './tcb.ts';

/**
 * §7.2 TLP.max_ack_delay: a lone segment may wait for its ACK as long as this; and so may two that are not full, for only the second
 * full-sized one is acknowledged at once (RFC 5681 §4.2).
 */
const MAX_ACK_DELAY_US = 200_000;
/** No earlier than this: below it a probe says more of how busy the two processes are than of the path. */
const LEAST_PTO_US = 10_000;
const NO_SRTT_US = 1_000_000;

/** §7.2: new text left or was acknowledged, and the retransmission timer runs. When that comes first, it sends the probe. */
export function scheduleProbe(t: Tcp, tcb: Tcb): void {
  const no = F_RECOVERY | F_RTO_RECOVERY | F_PERSIST;
  if ((tcb.flags & (F_SACK | no)) !== F_SACK || tcb.sackedOut > 0 || tcb.flags2 & (F2_TLP_OUT | F2_TLP_SPENT)) {
    cancelProbe(tcb);
    return;
  }
  let us = tcb.srtt === 0 ? NO_SRTT_US : 2 * tcb.srtt;
  if (diff(tcb.sndNxt, tcb.sndUna) < 2 * tcb.sndMss) us += MAX_ACK_DELAY_US;
  const ms = Math.ceil((us < LEAST_PTO_US ? LEAST_PTO_US : us) / 1000);
  tcb.flags2 |= F2_PTO;
  if (diff(tcb.timer(TIMER_REXMIT), t.tick) > ms) arm(t, tcb, TIMER_LOSS, ms);
  else disarm(tcb, TIMER_LOSS);
}

export function cancelProbe(tcb: Tcb): void {
  if ((tcb.flags2 & F2_PTO) === 0) return;
  tcb.flags2 &= ~F2_PTO;
  disarm(tcb, TIMER_LOSS);
}

/** RFC 8985 §7.3: the probe timeout. Whether or not a probe can leave, the retransmission timer begins anew. */
export function probeTimeout(t: Tcp, tcb: Tcb): void {
  cancelProbe(tcb);
  if (tcb.sndUna === tcb.sndNxt) return;
  arm(t, tcb, TIMER_REXMIT, tcb.rto);
  tcb.flags2 |= F2_TLP_DUE;
  markDirty(t, tcb);
}

/** Sends the probe, which cwnd does not hold back. False: the link is full. */
export function sendTailProbe(t: Tcp, tcb: Tcb, link: number): boolean {
  if (!t.out.hasRoom(link)) return false;
  tcb.flags2 &= ~F2_TLP_DUE;
  if (tcb.sndUna === tcb.sndNxt || tcb.sackedOut > 0 || tcb.lostOut > 0 || tcb.flags & (F_RECOVERY | F_RTO_RECOVERY))
    return true;
  const before = tcb.sndNxt;
  const again = !probeNew(t, tcb, link);
  if (again && !probeAgain(t, tcb, link)) return true;
  if (!again && tcb.sndNxt === before) return true;
  tcb.flags2 = (tcb.flags2 & ~F2_TLP_RESENT) | F2_TLP_OUT | F2_TLP_SPENT | (again ? F2_TLP_RESENT : 0);
  tcb.tlpEndSeq = tcb.sndNxt;
  t.counters.tailLossProbes++;
  tcb.probes++;
  note(t, tcb, 'tail loss probe');
  return true;
}

/** New text, if there is any and the window takes it. */
function probeNew(t: Tcp, tcb: Tcb, link: number): boolean {
  const left = unsent(tcb);
  const mss = tcb.sndMss - sackLength(t, tcb);
  const n = Math.min(left, mss);
  if (n <= 0 || diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt) < n) return false;
  if (n < mss && tcb.flags & F_CORK) return false;
  return sendText(t, tcb, link, n, left, mss);
}

/** Else the last segment once more: the highest sequence number brings the most SACK. */
function probeAgain(t: Tcp, tcb: Tcb, link: number): boolean {
  const r = t.records;
  const mss = tcb.sndMss - sackLength(t, tcb);
  const len = r.len(tcb.rtxTail);
  const last = len === 0 ? 0 : len % mss || mss;
  if (last < len && !split(t, tcb, tcb.rtxTail, len - last)) return false;
  const rec = tcb.rtxTail;
  if (gt(add(r.seq(rec), last), add(tcb.sndUna, tcb.sndWnd))) return false;
  const bits = ACK | (last > 0 ? PSH : 0) | (r.flags(rec) & R_FIN ? FIN : 0);
  if (!emitText(t, tcb, link, r.seq(rec), bits, r.chunk(rec), r.offset(rec), last, mss)) return false;
  noteResent(t, tcb, rec);
  return true;
}

/**
 * RFC 8985 §7.4.2: what the ACK says of the probe. A probe that was a retransmission, was needed, and leaves no other trace repaired a
 * loss all by itself: congestion control hears of it as of any loss.
 */
export function probeAnswered(t: Tcp, tcb: Tcb, seg: Segment, advanced: boolean): void {
  const end = tcb.tlpEndSeq;
  if (!geq(tcb.sndUna, end)) return;
  const resent = (tcb.flags2 & F2_TLP_RESENT) !== 0;
  const twice = t.news.dsack && t.news.dsackRight === end;
  const duplicate = !advanced && (seg.opts & OPT_SACK) === 0;
  const repaired = gt(tcb.sndUna, end);
  if (resent && !twice && !duplicate && !repaired) return;
  tcb.flags2 &= ~F2_TLP_OUT;
  if (!resent || twice || !repaired) return;
  controllerOf(t, tcb).onLossEvent(tcb, diff(tcb.sndNxt, tcb.sndUna) + t.news.delivered, t.now);
  tellReduced(tcb);
  tcb.recoveries++;
  t.counters.recoveries++;
}
