/**
 * An orphan: nobody reads any more, and nobody has an eye on what is still to be sent. RFC 9293 lets a peer keep it for ever, in
 * FIN_WAIT_2 by never closing, before that by never opening its window; its memory would be gone for good (T266, T283; RFC 6429 §3
 * leaves ending it to who owns the memory).
 */
import { ETIMEDOUT, EV_SILENT, OK } from '../events.ts';
import { abort } from './close.ts';
import { arm, quietFor, report, type Tcp } from './context.ts';
import { CLOSE_WAIT, CLOSING, ESTABLISHED, EV, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK } from './figure5.ts';
import { end } from './lifecycle.ts';
import { R1 } from './retransmission.ts';
import { F_NO_READER, F_PERSIST, TIMER_STATE } from './row.ts';
import type { Tcb } from './tcb.ts';

/** States in which a closed window may hold back our text, and the FIN behind it; CLOSE itself may still wait behind text for SEND. */
const SENDS = ESTABLISHED | CLOSE_WAIT | FIN_WAIT_1 | CLOSING | LAST_ACK;

/**
 * The peer answered what its closed window does not take. That keeps a connection, but not an orphan with text in flight, whose
 * window was taken back: it is the retransmission timer that asks there, and R2 bounds its life.
 */
export function isKeptByAnswers(tcb: Tcb): boolean {
  return (tcb.flags & F_NO_READER) === 0 || (tcb.flags & F_PERSIST) !== 0 || (tcb.state & SENDS) === 0;
}

/**
 * Never while the application still reads. The time is that of one closed window: where the peer opens it the next one begins anew, since it may
 * be a slow reader. So it is on Linux, whose backoff ends then. Who only plays with its window goes when others need the memory (eviction.ts).
 */
export function watchOrphan(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags & F_NO_READER) === 0) return;
  if (tcb.state === FIN_WAIT_2) arm(t, tcb, TIMER_STATE, t.defaults.finWait2);
  else if (tcb.state & SENDS && tcb.flags & F_PERSIST) arm(t, tcb, TIMER_STATE, t.defaults.orphanTimeout);
}

/** ms. R1 alone is 1.4 s on a short path: too little for a cable that is put back, or a station that changes its cell. */
const SILENCE = 5000;

/** Who has the process may end it now: a peer that has said nothing for so long may never come back. */
export function tellSilence(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags & F_NO_READER) === 0 || tcb.rexmits < R1 || quietFor(t, tcb) < SILENCE) return;
  report(t, tcb, EV_SILENT);
}

/** TIMER_STATE fired. True: the orphan is gone. */
export function orphanExpired(t: Tcp, tcb: Tcb): boolean {
  if ((tcb.flags & F_NO_READER) === 0) return false;
  if (tcb.state === FIN_WAIT_2) {
    end(t, tcb, EV.orphanTimeout, OK); // T266
    return true;
  }
  if ((tcb.state & SENDS) === 0 || (tcb.flags & F_PERSIST) === 0) return false;
  t.counters.orphansReset++;
  abort(t, tcb, ETIMEDOUT);
  return true;
}
