/** §3.10.7.4, fourth: a SYN where none is due. RFC 5961 §4.2: whatever its sequence number, ask whether it was meant [UNTAGGED-7]. */
import { SYN } from '../../../wire/abi.ts';
import type { Tcp } from '../context.ts';
import { SYN_RECEIVED } from '../figure5.ts';
import { F_PASSIVE, F2_TFO_PENDING } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';
import { challengeAck } from './challenge.ts';
import { backToListen } from './rst.ts';
import { GO_ON, STOP, type Verdict } from './verdict.ts';

export function syn(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  if ((seg.flags & SYN) === 0) return GO_ON;
  if (tcb.state === SYN_RECEIVED && tcb.flags & F_PASSIVE && (tcb.flags2 & F2_TFO_PENDING) === 0)
    backToListen(t, tcb); // T147
  else challengeAck(t, tcb, seg); // T148 to T155: a peer that restarted answers with a RST at our RCV.NXT
  return STOP;
}
