/** "pipe" (RFC 6675 §2): the bytes that are believed to be in the network. */
import { diff } from '../seq.ts';
import type { Tcb } from './tcb.ts';

export function inFlight(tcb: Tcb): number {
  return diff(tcb.sndNxt, tcb.sndUna) - tcb.sackedOut - tcb.lostOut;
}
