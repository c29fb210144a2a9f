/** CLOSE once the handshake lets it: the state changes at the call; the FIN follows the queued text (T052, T055). */
import { ECONNABORTED } from '../events.ts';
import { markDirty, step, type Tcp } from './context.ts';
import { emitRst } from './emit.ts';
import { CLOSE_WAIT, ESTABLISHED, EV, SYN_RECEIVED, SYNCHRONIZED } from './figure5.ts';
import { end } from './lifecycle.ts';
import { F_CLOSE_QUEUED, F_FIN_QUEUED } from './row.ts';
import type { Tcb } from './tcb.ts';

export function closeNow(t: Tcp, tcb: Tcb): void {
  tcb.flags = (tcb.flags | F_FIN_QUEUED) & ~F_CLOSE_QUEUED;
  if (tcb.state & (SYN_RECEIVED | ESTABLISHED | CLOSE_WAIT)) step(t, tcb, EV.close);
  markDirty(t, tcb);
}

/** RST to the peer when it is synchronized with us, then nothing is left (T062 to T066). */
export function abort(t: Tcp, tcb: Tcb, reason = ECONNABORTED): void {
  if (tcb.state & (SYN_RECEIVED | SYNCHRONIZED) && tcb.hop >= 0 && t.ip.ready(tcb.hop)) {
    emitRst(t, tcb, t.ip.linkOf(tcb.hop));
  }
  end(t, tcb, EV.abort, reason);
}
