/**
 * F-RTO (RFC 5682): after a timeout only the first segment is sent again, and then new text, until the ACKs tell whether what
 * was in flight still arrives by itself. RFC 5682 §2.1 without SACK, §3.1 with it.
 */
import { diff, geq, lt } from '../seq.ts';
import { markDirty, type Tcp } from './context.ts';
import { F_RTO_RECOVERY, F_SACK, F2_FRTO, F2_FRTO_NEW, TIMER_PACE } from './row.ts';
import { unsent } from './send-text.ts';
import type { Tcb } from './tcb.ts';
import { undo } from './undo.ts';

/** Step 1. Not while an earlier timeout is being repaired: what that one sent again would look like originals. */
export function beginFrto(tcb: Tcb): void {
  tcb.flags2 &= ~(F2_FRTO | F2_FRTO_NEW);
  if (tcb.flags & F_RTO_RECOVERY && lt(tcb.sndUna, tcb.recover)) return;
  tcb.flags2 |= F2_FRTO;
  tcb.frtoSeq = tcb.sndNxt;
}

/** Steps 2 and 3. True: the timeout was spurious, and was taken back. */
export function frtoAck(t: Tcp, tcb: Tcb, advanced: boolean): boolean {
  if (tcb.flags2 & F2_FRTO_NEW) {
    // Step 3.
    const original = tcb.flags & F_SACK ? t.news.original : advanced;
    if (original) undo(t, tcb);
    else endFrto(t, tcb);
    return original;
  }
  // Step 2. With SACK duplicates only bring the scoreboard up to date; without, they say that the first segment was lost.
  if (!advanced) {
    if ((tcb.flags & F_SACK) === 0) endFrto(t, tcb);
    return false;
  }
  const window = diff((tcb.sndUna + tcb.sndWnd) | 0, tcb.sndNxt);
  if (geq(tcb.sndUna, tcb.frtoSeq) || unsent(tcb) <= 0 || window <= 0) endFrto(t, tcb);
  else tcb.flags2 |= F2_FRTO_NEW;
  return false;
}

/** Nothing new could leave: it may be corked, or too little to be sent alone. There will be no answer to wait for, then. */
export function frtoStuck(t: Tcp, tcb: Tcb): void {
  if (tcb.sndNxt === tcb.frtoSeq && tcb.timer(TIMER_PACE) === 0) endFrto(t, tcb);
}

/** The timeout was right: what is marked lost goes again. */
function endFrto(t: Tcp, tcb: Tcb): void {
  tcb.flags2 &= ~(F2_FRTO | F2_FRTO_NEW);
  markDirty(t, tcb);
}

/** New text that step 2 lets out: two segments. */
export function frtoRoom(tcb: Tcb): number {
  return 2 * tcb.sndMss - diff(tcb.sndNxt, tcb.frtoSeq);
}
