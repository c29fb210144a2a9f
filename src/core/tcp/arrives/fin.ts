/** §3.10.7.4, eighth: the peer's FIN, once everything before it was received (T224); told at once [UNTAGGED-27]. */
import { FIN } from '../../../wire/abi.ts';
import { EV_END } from '../../events.ts';
import { add } from '../../seq.ts';
import { report, step, type Tcp } from '../context.ts';
import { CLOSED, EV, RECEIVING, TIME_WAIT } from '../figure5.ts';
import { beginRest } from '../flights.ts';
import { beginTimeWait, restart2MSL } from '../lifecycle.ts';
import { ackNow } from '../receive-window.ts';
import { F_RCV_FIN } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';

export function fin(t: Tcp, tcb: Tcb, seg: Segment): void {
  if (tcb.state === CLOSED) return; // its text was refused (T218, T219, T329): the row is gone
  if ((tcb.state & RECEIVING) === 0) {
    if (seg.flags & FIN) finAgain(t, tcb);
    return;
  }
  const here = seg.flags & FIN && add(seg.seq, seg.len) === tcb.rcvNxt;
  const held = tcb.flags & F_RCV_FIN && tcb.rcvFin === tcb.rcvNxt;
  if (here || held) reachFin(t, tcb);
}

/** RCV.NXT moves over the FIN; it is acknowledged at once. */
export function reachFin(t: Tcp, tcb: Tcb): void {
  tcb.rcvNxt = add(tcb.rcvNxt, 1);
  if (tcb.rcvAdv === ((tcb.rcvNxt - 1) | 0)) tcb.rcvAdv = tcb.rcvNxt;
  tcb.flags &= ~F_RCV_FIN;
  // FIN_WAIT_1 whose FIN this very segment acknowledged is FIN_WAIT_2 by now: straight to TIME_WAIT (T225).
  step(t, tcb, EV.rcvFin);
  report(t, tcb, EV_END);
  ackNow(t, tcb);
  if (tcb.state === TIME_WAIT) beginTimeWait(t, tcb);
  else beginRest(t, tcb);
}

/** T228 to T231. */
function finAgain(t: Tcp, tcb: Tcb): void {
  ackNow(t, tcb);
  if (tcb.state === TIME_WAIT) restart2MSL(t, tcb);
}
