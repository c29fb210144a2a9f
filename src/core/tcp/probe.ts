/** Zero-window probes and the override of silly-window avoidance (RFC 9293 §3.8.6.1, §3.8.6.2.1). */
import { ACK, FIN, PSH } from '../../wire/abi.ts';
import { add, diff } from '../seq.ts';
import { note, type Tcp } from './context.ts';
import { emitText } from './emit.ts';
import { spend } from './pacing.ts';
import { R_FIN } from './records.ts';
import { noteResent, split } from './retransmission.ts';
import { finWaits, sendText, unsent } from './send-text.ts';
import type { Tcb } from './tcb.ts';

/**
 * Sends something the peer must answer: what is in flight once more, else one octet of new text, else the FIN. With a
 * window that is merely small, all that fits (T327).
 */
export function sendProbe(t: Tcp, tcb: Tcb, link: number): void {
  const left = unsent(tcb);
  const usable = diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt);
  if (tcb.sndWnd === 0) {
    t.counters.zeroWindowProbes++;
    note(t, tcb, 'zero window probe');
  }
  if (tcb.rtxHead >= 0) probeAgain(t, tcb, link);
  else if (left > 0) {
    const n = Math.min(left, Math.max(1, usable), tcb.sndMss);
    if (sendText(t, tcb, link, n, left, tcb.sndMss)) spend(tcb, n);
  } else if (finWaits(tcb)) sendText(t, tcb, link, 0, 0, tcb.sndMss);
}

/** One octet, not the whole super-segment: it may be thrown away. */
function probeAgain(t: Tcp, tcb: Tcb, link: number): void {
  const r = t.records;
  const rec = tcb.rtxHead;
  if (r.len(rec) > 1 && !split(t, tcb, rec, 1)) return;
  const fin = r.flags(rec) & R_FIN ? FIN : 0;
  const push = r.len(rec) > 0 ? PSH : 0;
  if (!emitText(t, tcb, link, r.seq(rec), ACK | push | fin, r.chunk(rec), r.offset(rec), r.len(rec), tcb.sndMss))
    return;
  noteResent(t, tcb, rec);
}
