/**
 * §3.10.7.4, sixth: the urgent pointer moves forward only [UNTAGGED-16], however far it points [MUST-31]. The user is told as MUST-32
 * asks: once when urgent mode begins, and of each advance by an event of its own [UNTAGGED-15].
 */
import { URG } from '../../../wire/abi.ts';
import { EV_URGENT } from '../../events.ts';
import { add, gt } from '../../seq.ts';
import { report, type Tcp } from '../context.ts';
import { RECEIVING } from '../figure5.ts';
import { F_URG_MODE } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';

export function urg(t: Tcp, tcb: Tcb, seg: Segment): void {
  if ((seg.flags & URG) === 0 || (tcb.state & RECEIVING) === 0) return;
  // [MUST-62] the pointer counts from the segment as it was sent, text trimmed since included.
  const up = add(seg.seq, seg.urg - seg.skip);
  if (!gt(up, tcb.rcvNxt)) return;
  if ((tcb.flags & F_URG_MODE) === 0) {
    tcb.flags |= F_URG_MODE;
    tcb.rcvUp = up;
    report(t, tcb, EV_URGENT, 0, up);
  } else if (gt(up, tcb.rcvUp)) {
    tcb.rcvUp = up;
    report(t, tcb, EV_URGENT, 1, up);
  }
}

/** RCV.NXT passed the mark: what follows is ordinary text again. */
export function leaveUrgentMode(t: Tcp, tcb: Tcb): void {
  if (gt(tcb.rcvUp, tcb.rcvNxt)) return;
  tcb.flags &= ~F_URG_MODE;
  report(t, tcb, EV_URGENT, 2, tcb.rcvUp);
}
