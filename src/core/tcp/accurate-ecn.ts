/**
 * Accurate ECN, RFC 9768: both ends count marked segments and octets, and each tells the other its counts, in three header
 * bits on every segment and in an option where there is room.
 */
import { OPT_OTHER } from '../../wire/abi.ts';
import { writeAccEcn } from '../../wire/tcp-options.ts';
import { lt } from '../seq.ts';
import type { Tcp } from './context.ts';
import { ES_HEAR, ES_OPTION, ES_TELL, F2_ACCECN } from './row.ts';
import type { Segment } from './segment.ts';
import { readOptions } from './syn-options.ts';
import type { Tcb } from './tcb.ts';

/** ecnState, bits 0 and 1: ECN field of the SYN or SYN,ACK that arrived. */
const CE = 3;

/** ACE field by the ECN field it reports: Not-ECT, ECT(1), ECT(0), CE (§3.1.2 table 2). */
export const HANDSHAKE = [0b010, 0b011, 0b100, 0b110];
/** §3.2.1. */
const FIRST_CEP = 5;
const FIRST_BYTES = 1;
const FIELD = 0xffffff;

/** Both ends speak it. `said`: the ACE field of the SYN,ACK, for an active open. */
export function beginAccurate(tcb: Tcb, ipEcn: number, active: boolean, said: number): void {
  tcb.flags2 |= F2_ACCECN;
  tcb.ecnState = ipEcn | (active ? ES_TELL : ES_HEAR) | ES_OPTION;
  tcb.ceRcvd = FIRST_CEP + (ipEcn === CE ? 1 : 0);
  tcb.cePeer = FIRST_CEP + (said === HANDSHAKE[CE] ? 1 : 0);
  tcb.ect0Rcvd = tcb.ect1Rcvd = tcb.ect0Peer = tcb.ect1Peer = FIRST_BYTES;
  tcb.ceBytesRcvd = tcb.ceBytesPeer = 0;
}

/** §3.2.2.1, §3.2.3: `marks` segments of this descriptor came with CE. */
export function countMarks(tcb: Tcb, seg: Segment, marks: number): void {
  tcb.ceRcvd = (tcb.ceRcvd + marks) | 0;
  if (seg.len === 0 || (seg.tos & CE) === 0) return;
  // Merged segments have one size, and their marks are only counted.
  const marked = Math.min(seg.len, marks * (seg.gso === 0 ? seg.len : seg.gso));
  tcb.ceBytesRcvd = (tcb.ceBytesRcvd + marked) | 0;
  if ((seg.tos & CE) === 1) tcb.ect1Rcvd = (tcb.ect1Rcvd + seg.len - marked) | 0;
  else tcb.ect0Rcvd = (tcb.ect0Rcvd + seg.len - marked) | 0;
  tcb.ecnState |= ES_OPTION;
}

/** Octets that the peer saw marked since its last report; -1 = none. */
export function accurateFeedback(t: Tcp, tcb: Tcb, seg: Segment, acked: number, ace: number): number {
  if (tcb.ecnState & ES_HEAR) {
    tcb.ecnState &= ~ES_HEAR;
    if (ace === 0)
      tcb.flags2 &= ~F2_ACCECN; // §3.2.2.4: somebody on the path clears the bits
    else if (ace === HANDSHAKE[CE]) tcb.cePeer = FIRST_CEP + 1;
    return -1;
  }
  if (lt(seg.ack, tcb.sndUna)) return -1; // overtaken: the difference to what it did not know yet would read as marks
  const delta = cepDelta(tcb, ace, acked);
  tcb.cePeer = (tcb.cePeer + delta) | 0;
  const octets = seg.opts & OPT_OTHER ? optionDelta(t, tcb, seg) : -1;
  if (octets >= 0) return octets === 0 && delta === 0 ? -1 : octets;
  return delta === 0 ? -1 : Math.min(acked, delta * tcb.sndMss);
}

/** §A.2: the field has three bits; when more than seven segments were acknowledged at once it may have gone round. */
function cepDelta(tcb: Tcb, ace: number, acked: number): number {
  const delta = (ace - tcb.cePeer) & 7;
  const segments = Math.ceil(acked / tcb.sndMss);
  return delta === 0 || segments <= 7 ? delta : segments - ((segments - delta) & 7);
}

/** Newly marked octets by the peer's option; -1 = it is not there. */
function optionDelta(t: Tcp, tcb: Tcb, seg: Segment): number {
  readOptions(t, seg);
  const o = t.options;
  if (o.accEcnFields < 2) return -1;
  const octets = (((o.ceBytes - tcb.ceBytesPeer) & FIELD) << 8) >> 8;
  if (octets < 0) return -1; // an old segment
  tcb.ceBytesPeer = (tcb.ceBytesPeer + octets) | 0;
  return octets;
}

/** Writes the option when it is due; returns its length. */
export function accEcnOption(tcb: Tcb, out: Uint8Array, at: number): number {
  tcb.ecnState &= ~ES_OPTION;
  return writeAccEcn(out, at, tcb.ect0Rcvd, tcb.ceBytesRcvd, tcb.ect1Rcvd);
}

export function optionIsDue(tcb: Tcb): boolean {
  return (tcb.ecnState & ES_OPTION) !== 0;
}
