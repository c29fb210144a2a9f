/**
 * Into TIME_WAIT records and out of them. Once its last acknowledgment has left, a connection in TIME_WAIT is folded; a
 * segment for it unfolds it onto a scratch row, on which the steps of §3.10.7.4 run as on any other.
 */
import { OK } from '../events.ts';
import type { Tcp } from './context.ts';
import { emitAck } from './emit.ts';
import { CLOSED, EV, TIME_WAIT } from './figure5.ts';
import { remove } from './lifecycle.ts';
import { hopBack } from './reply.ts';
import { F_ACK_NOW, TIMER_STATE } from './row.ts';
import { ANVIL } from './rows.ts';
import type { Segment } from './segment.ts';
import { segmentArrives } from './segment-arrives.ts';
import type { Tcb } from './tcb.ts';
import { finish, store, storeNews, unfold } from './time-waits.ts';

/** The connection goes on without its row. */
export function fold(t: Tcp, tcb: Tcb): void {
  const { timeWaits } = t;
  if (timeWaits.full) {
    t.counters.timeWaitEvicted++;
    finish(t, timeWaits.first(0), EV.evict);
  }
  const rec = timeWaits.take(tcb.i32, tcb.at);
  store(t, rec, tcb);
  timeWaits.append(rec, 0, tcb.timer(TIMER_STATE));
  remove(t, tcb, OK, TIME_WAIT);
}

/** §3.10.7.4 for a connection in TIME_WAIT. What it answers leaves at once: there is no row that could owe it. */
export function timeWaitArrives(t: Tcp, rec: number, seg: Segment): void {
  const scratch = t.rows.scratch();
  const tcb = unfold(t, rec, scratch < 0 ? ANVIL : scratch);
  segmentArrives(t, tcb, seg);
  if (tcb.state === CLOSED) return;
  storeNews(t, rec, tcb);
  if ((tcb.flags & F_ACK_NOW) === 0 || !answer(t, tcb, seg)) t.rows.unscratch(tcb.row);
}

/** By the route while its neighbour is known, else back to where the segment came from. */
function answer(t: Tcp, tcb: Tcb, seg: Segment): boolean {
  if (tcb.row === ANVIL) return false;
  let link = seg.link;
  if (tcb.hop >= 0 && t.ip.ready(tcb.hop)) link = t.ip.linkOf(tcb.hop);
  else tcb.hop = hopBack(t, seg, tcb.row);
  return t.out.hasRoom(link) && emitAck(t, tcb, link);
}
