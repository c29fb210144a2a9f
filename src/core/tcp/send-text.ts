/** New text leaves: the next bytes of the send queue get sequence numbers, a record, and a descriptor. */
import { ACK, FIN, PSH } from '../../wire/abi.ts';
import { add, diff } from '../seq.ts';
import { arm, type Tcp } from './context.ts';
import { emitText } from './emit.ts';
import { noteSent } from './retransmission.ts';
import { F_FIN_QUEUED, F_FIN_SENT, F_PERSIST, F_SYN_ACKED, TIMER_REXMIT, TIMER_USER } from './row.ts';
import { advanceNew, seekNew } from './send-queue.ts';
import type { Tcb } from './tcb.ts';

/** Bytes SEND gave us that were never sent. */
export function unsent(tcb: Tcb): number {
  const syn = tcb.flags & F_SYN_ACKED ? 0 : 1;
  // A FIN takes sequence space until it is acknowledged: in FIN_WAIT_2 and TIME_WAIT nothing is left (RFC 9293 §3.4).
  const fin = tcb.flags & F_FIN_SENT && tcb.sndUna !== tcb.sndNxt ? 1 : 0;
  return tcb.sndQueued - (diff(tcb.sndNxt, tcb.sndUna) - syn - fin);
}

/** Our FIN is queued and was never sent. */
export function finWaits(tcb: Tcb): boolean {
  return (tcb.flags & (F_FIN_QUEUED | F_FIN_SENT)) === F_FIN_QUEUED;
}

/** One (super-)segment of new text, with FIN when it is the last and PSH when it empties the queue [MUST-61] [SHLD-27]. */
export function sendText(t: Tcp, tcb: Tcb, link: number, n: number, left: number, mss: number): boolean {
  seekNew(t.arena, tcb);
  const last = n === left;
  const fin = last && finWaits(tcb) && (n === 0 || diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt) > n);
  const flags = ACK | (fin ? FIN : 0) | (last && n > 0 ? PSH : 0);
  const seq = tcb.sndNxt;
  if (!noteSent(t, tcb, seq, n, fin, tcb.sndChunk, tcb.sndOffset)) return true;
  if (!emitText(t, tcb, link, seq, flags, tcb.sndChunk, tcb.sndOffset, n, mss)) {
    // The buffer filled up half way: it is lost like any segment, and the timer sends it again.
    t.counters.txOverflow++;
  }
  advanceNew(t.arena, tcb, n);
  if (tcb.sndUna === seq) tcb.firstSentAt = t.tick;
  tcb.sndNxt = add(seq, n + (fin ? 1 : 0));
  if (fin) tcb.flags |= F_FIN_SENT;
  if (tcb.timer(TIMER_REXMIT) === 0 && (tcb.flags & F_PERSIST) === 0) {
    arm(t, tcb, TIMER_REXMIT, tcb.rto);
    armUserTimeout(t, tcb);
  }
  return true;
}

/** [MUST-21] R2 in time: counts from the first transmission of what is outstanding, or from when it began to wait for the neighbour. */
export function armUserTimeout(t: Tcp, tcb: Tcb): void {
  if (tcb.firstSentAt === 0) tcb.firstSentAt = t.tick;
  if (tcb.userTimeout > 0 && tcb.timer(TIMER_USER) === 0) arm(t, tcb, TIMER_USER, tcb.userTimeout);
}
