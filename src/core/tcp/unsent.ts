/** What SEND queued and no segment carries yet: how much of it there may be, and throwing it away. */
import { EV_DRAIN } from '../events.ts';
import { diff } from '../seq.ts';
import { disarm, report, type Tcp } from './context.ts';
import { truncateText } from './held-text.ts';
import { F_SHORT_SEND, F_SND_URG, F_SYN_ACKED, TIMER_USER } from './row.ts';
import { rtoFromEstimate } from './rtt.ts';
import { finWaits, unsent } from './send-text.ts';
import type { Tcb } from './tcb.ts';

/**
 * Bytes SEND may take. With a low-water mark (RFC 9293 §A.4 [UNTAGGED-14]) the queue behind SND.NXT stays short, so that what
 * an application writes now is soon sent, however large the send buffer is.
 */
export function sendRoom(t: Tcp, tcb: Tcb): number {
  const room = tcb.sndBuf - tcb.sndQueued;
  const mark = lowWater(t, tcb);
  return mark === 0 ? room : Math.min(room, mark - unsent(tcb));
}

/** The connection's own mark, or the stack's; 0 = none. */
function lowWater(t: Tcp, tcb: Tcb): number {
  const own = tcb.lowWater;
  return own === 0 ? t.defaults.notSentLowat : own < 0 ? 0 : own;
}

/** Text has left: SEND may take more although nothing was acknowledged. */
export function tellLowWater(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags & F_SHORT_SEND) === 0 || lowWater(t, tcb) === 0) return;
  const room = sendRoom(t, tcb);
  if (room <= 0) return;
  tcb.flags &= ~F_SHORT_SEND;
  report(t, tcb, EV_DRAIN, room);
}

/**
 * FLUSH (RFC 9293 §3.9.1.7 [MAY-14]): what was not sent yet never will be. A CLOSE that waits behind it goes on. Text up to urgent data
 * stays: the peer may know SND.UP, and would take the octet that comes to lie there for the urgent one. Returns the bytes.
 */
export function discardUnsent(t: Tcp, tcb: Tcb): number {
  const urgent = tcb.flags & F_SND_URG ? Math.max(0, diff(tcb.sndUp, tcb.sndNxt)) : 0;
  // A SYN that has not left yet has taken no sequence number, and `unsent` counts one more (SND.UP, in calls.ts, lies behind it).
  const syn = (tcb.flags & F_SYN_ACKED) === 0 && tcb.sndNxt === tcb.iss ? 1 : 0;
  const left = unsent(tcb) - Math.max(syn, urgent);
  if (left <= 0) return 0;
  truncateText(t, tcb, tcb.sndQueued - left);
  if (syn + urgent === 0 && tcb.sndUna === tcb.sndNxt && !finWaits(tcb)) {
    // It may have waited for a neighbour, or for a window to open: nothing is left that could time out.
    disarm(tcb, TIMER_USER);
    tcb.firstSentAt = 0;
    tcb.rexmits = 0;
    tcb.rto = rtoFromEstimate(tcb, t.defaults.minRto);
  }
  if (tcb.flags & F_SHORT_SEND) {
    tcb.flags &= ~F_SHORT_SEND;
    report(t, tcb, EV_DRAIN, tcb.sndBuf - tcb.sndQueued);
  }
  return left;
}
