/**
 * What holds until SND.UNA has passed some place in sequence space is over then, and said so: 2 GiB later that place would lie ahead
 * again.
 */
import { geq, gt } from '../seq.ts';
import type { Tcb } from './tcb.ts';

/** SND.UNA moved. Most often none of them stands. */
export function passMilestones(tcb: Tcb): void {
  if (tcb.ecnSeq !== 0 && gt(tcb.sndUna, tcb.ecnSeq)) tcb.ecnSeq = 0;
  if (tcb.dsackRound !== 0 && geq(tcb.sndUna, tcb.dsackRound)) tcb.dsackRound = 0;
  if (tcb.mtuClaim !== 0 && gt(tcb.sndUna, tcb.mtuClaimSeq)) tcb.mtuClaim = 0; // it has got through
}
