/**
 * SEGMENT ARRIVES, RFC 9293 §3.10.7: a table of contents. The order of the lines is the order of the RFC; each step is
 * a file of `arrives/` and ends the processing by returning STOP.
 */

import { ack } from './arrives/ack.ts';
import { fin } from './arrives/fin.ts';
import { rst } from './arrives/rst.ts';
import { sequence } from './arrives/sequence.ts';
import { syn } from './arrives/syn.ts';
import { synSent } from './arrives/syn-sent.ts';
import { text } from './arrives/text.ts';
import { urg } from './arrives/urg.ts';
import { STOP } from './arrives/verdict.ts';
import type { Tcp } from './context.ts';
import { ecnArrives } from './ecn.ts';
import { SYN_SENT, TIME_WAIT } from './figure5.ts';
import { stir } from './flights.ts';
import { F2_ACCECN, F2_ECN, F2_UTO } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';
import { takeUserTimeout } from './user-timeout.ts';
import { laterRoute } from './way-back.ts';

/** For a segment of a connection. Without one, §3.10.7.1 is `arrives/closed.ts` and §3.10.7.2 `arrives/listen.ts`. */
export function segmentArrives(t: Tcp, tcb: Tcb, seg: Segment): void {
  t.counters.inSegs++;
  if (tcb.flight === 0 && tcb.state !== TIME_WAIT) stir(t, tcb);
  if (tcb.state === SYN_SENT) {
    synSent(t, tcb, seg); // §3.10.7.3
    return;
  }
  if (sequence(t, tcb, seg) === STOP) return; // §3.10.7.4 first
  if (rst(t, tcb, seg) === STOP) return; //                 second
  // third: security/compartment is not implemented on hosts without multilevel security (RFC 9293 §A.1; T139 to T146)
  if (syn(t, tcb, seg) === STOP) return; //                 fourth
  if (ack(t, tcb, seg) === STOP) return; //                 fifth
  if (tcb.flags2 & (F2_ECN | F2_ACCECN)) ecnArrives(t, tcb, seg);
  if (t.sourceRoutes.arrived) laterRoute(t, tcb, seg);
  if (tcb.flags2 & F2_UTO) takeUserTimeout(t, tcb, seg, false);
  urg(t, tcb, seg); //                                      sixth
  text(t, tcb, seg); //                                     seventh
  fin(t, tcb, seg); //                                      eighth
}
