/** The rows that owe output, one after the other: what leaves, what waits for a neighbour, what waits for room. */
import { EFAULT } from './events.ts';
import type { FromBelow } from './from-below.ts';
import { abort } from './tcp/close.ts';
import type { Tcp } from './tcp/context.ts';
import { CLOSED, TIME_WAIT } from './tcp/figure5.ts';
import { fold } from './tcp/folding.ts';
import { output, waitForHop } from './tcp/output.ts';
import { F_DIRTY } from './tcp/row.ts';
import type { Tcb } from './tcp/tcb.ts';

/** Goes on until nobody owes anything, or nobody can send: a link's buffer is full and wants a flush. */
export function sendDirty(t: Tcp, tcb: Tcb, below: FromBelow): void {
  let blocked = -1;
  for (let row = t.dirty.shift(); row >= 0 && row !== blocked; row = t.dirty.shift()) {
    tcb.select(row);
    if (tcb.state === CLOSED) {
      t.rows.release(row);
    } else if (tcb.hop < 0 || !t.ip.ready(tcb.hop)) {
      below.park(row);
      waitForHop(t, tcb);
    } else if (!output(t, tcb, t.ip.linkOf(tcb.hop))) {
      tcb.flags |= F_DIRTY;
      t.dirty.push(row);
      if (blocked < 0) blocked = row;
    } else if (tcb.state === TIME_WAIT) fold(t, tcb);
    if (t.broken === row) {
      t.broken = -1;
      abort(t, tcb, EFAULT);
    }
  }
  if (blocked >= 0) t.dirty.unshift(blocked);
}
