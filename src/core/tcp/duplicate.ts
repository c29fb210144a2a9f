/** Text that came twice: the range goes back to the peer as the first block of the next SACK option (D-SACK, RFC 2883 §4). */
import { add, geq, gt, leq, lt } from '../seq.ts';
import { F_SACK, F2_DSACK } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** All text of the segment was here already. */
export function isDuplicate(tcb: Tcb, seg: Segment): boolean {
  return seg.len > 0 && leq(add(seg.seq, seg.len), tcb.rcvNxt);
}

/** [left, right) was here already. A range that touches the one still to be reported makes it longer, else the newer one counts. */
export function noteDuplicate(tcb: Tcb, left: number, right: number): void {
  if ((tcb.flags & F_SACK) === 0 || tcb.flight === 0 || !gt(right, left)) return;
  const touches = (tcb.flags2 & F2_DSACK) !== 0 && leq(left, tcb.dsackEnd) && geq(right, tcb.dsackStart);
  if (!touches || lt(left, tcb.dsackStart)) tcb.dsackStart = left;
  if (!touches || gt(right, tcb.dsackEnd)) tcb.dsackEnd = right;
  tcb.flags2 |= F2_DSACK;
}
