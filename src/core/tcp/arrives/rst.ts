/** §3.10.7.4, second: RST, with the precision RFC 5961 §3.2 asks for [UNTAGGED-6]. A RST may carry text [SHLD-2]. */
import { RST } from '../../../wire/abi.ts';
import { ECONNREFUSED, ECONNRESET, OK } from '../../events.ts';
import type { Tcp } from '../context.ts';
import { step } from '../context.ts';
import { CLOSING, EV, LAST_ACK, SYN_RECEIVED, TIME_WAIT } from '../figure5.ts';
import { end, remove } from '../lifecycle.ts';
import { F_PASSIVE, F2_TFO_PENDING } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';
import { challengeAck } from './challenge.ts';
import { GO_ON, STOP, type Verdict } from './verdict.ts';

export function rst(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  if ((seg.flags & RST) === 0) return GO_ON;
  if (seg.seq !== tcb.rcvNxt || seg.skip > 0) {
    challengeAck(t, tcb, seg); // in the window, but a guess could be that too (T115 …)
    return STOP;
  }
  // RFC 1337 §3: it would let old segments into the next incarnation (T138); who turns that off gets RFC 9293 to the letter.
  if (tcb.state === TIME_WAIT && t.defaults.rfc1337 !== false) return STOP;
  if (tcb.state === SYN_RECEIVED) {
    refuse(t, tcb);
    return STOP;
  }
  if (tcb.state !== TIME_WAIT) t.counters.estabResets++;
  // CLOSING and LAST_ACK: the user already has everything the peer sent (T136, T137).
  end(t, tcb, EV.rcvRst, tcb.state & (CLOSING | LAST_ACK | TIME_WAIT) ? OK : ECONNRESET);
  return STOP;
}

/** [MUST-11] where the connection came from decides: back to LISTEN without a word, or "refused" (T130, T131). */
function refuse(t: Tcp, tcb: Tcb): void {
  t.counters.attemptFails++;
  if (tcb.flags2 & F2_TFO_PENDING) {
    tcb.flags2 &= ~F2_TFO_PENDING;
    t.fastOpens.settleLater(tcb.listener, t.tick);
    end(t, tcb, EV.rcvRst, ECONNRESET); // RFC 7413 §5.1: the user has it already
  } else if (tcb.flags & F_PASSIVE) backToListen(t, tcb);
  else end(t, tcb, EV.rcvRst, ECONNREFUSED);
}

/** The half-open entry goes, of which no user knows; its listener never stopped listening. */
export function backToListen(t: Tcp, tcb: Tcb): void {
  step(t, tcb, EV.backToListen);
  remove(t, tcb, OK, SYN_RECEIVED);
}
