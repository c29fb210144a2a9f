/**
 * Explicit congestion notification [SHLD-8]: what SYNs agree on (RFC 3168 §6.1.1, RFC 9768 §3.1), marks that arrive, and the two
 * ways of telling the peer. Its answer to congestion is the congestion controller's.
 */
import { ACK, CWR, ECE, RX_FLAGS, RX_IP, SYN } from '../../wire/abi.ts';
import { lt } from '../seq.ts';
import { accurateFeedback, beginAccurate, countMarks, HANDSHAKE } from './accurate-ecn.ts';
import { arm, controllerOf, type Tcp } from './context.ts';
import { beginRest } from './flights.ts';
import { holdBack } from './pacing.ts';
import { inFlight } from './pipe.ts';
import { ackNow } from './receive-window.ts';
import {
  ES_TELL,
  F_CWND_LIMITED,
  F_MARKED,
  F_RECOVERY,
  F_RTO_RECOVERY,
  F2_ACCECN,
  F2_CWR,
  F2_ECE,
  F2_ECN,
  F2_ECN_ASKED,
  F2_UNDO,
  TIMER_REXMIT,
} from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** The reserved bit next to CWR, as RX_FLAGS and TX_FLAGS hold it (RFC 9768 §3.1). */
export const AE = 1 << 8;
/** ECN field of the IP header. */
export const ECT_0 = 2;
const CE = 3;
/** SYNs and SYN,ACKs sent in vain after which they go without ECN: a middlebox may drop them for it (RFC 3168 §6.1.1.1). */
const FEW = 2;

/** AE, CWR and ECE as the three bits of the ACE field. */
export function aceOf(seg: Segment): number {
  return aceBits(seg.rx[seg.base + RX_FLAGS]!);
}

function aceBits(flags: number): number {
  return ((flags & AE) >> 6) | ((flags & CWR) >> 6) | ((flags & ECE) >> 6);
}

/** The other way round. */
export function flagsOfAce(ace: number): number {
  return ((ace & 4) << 6) | ((ace & 2) << 6) | ((ace & 1) << 6);
}

/** What our SYN asks for. */
export function ecnOnSyn(t: Tcp, tcb: Tcb): number {
  const { ecn } = t.defaults;
  const asks = (ecn === 'on' || ecn === 'accurate') && tcb.rexmits < FEW;
  tcb.flags2 = asks ? tcb.flags2 | F2_ECN_ASKED : tcb.flags2 & ~F2_ECN_ASKED;
  return asks ? (ecn === 'accurate' ? AE | CWR | ECE : CWR | ECE) : 0;
}

/** A SYN arrived. RFC 9768 §3.1.2: what is neither nothing nor the older kind is taken for the accurate kind. */
export function ecnOfSyn(t: Tcp, tcb: Tcb, seg: Segment): void {
  const asked = aceOf(seg);
  if (asked === 0 || t.defaults.ecn === 'off') return;
  if (asked === 3) tcb.flags2 |= F2_ECN;
  else beginAccurate(tcb, seg.tos & CE, false, 0);
}

/** What our SYN,ACK says. */
export function ecnOnSynAck(tcb: Tcb): number {
  if (tcb.rexmits >= FEW) tcb.flags2 &= ~(F2_ECN | F2_ACCECN);
  if (tcb.flags2 & F2_ACCECN) return flagsOfAce(HANDSHAKE[tcb.ecnState & CE]!);
  return tcb.flags2 & F2_ECN ? ECE : 0;
}

/** A SYN,ACK arrived (RFC 9768 §3.1.2 table 2). A peer that sends our flags back does not know what they mean. */
export function ecnOfSynAck(t: Tcp, tcb: Tcb, seg: Segment): void {
  if ((tcb.flags2 & F2_ECN_ASKED) === 0) return;
  const said = aceOf(seg);
  if (t.defaults.ecn === 'accurate' && HANDSHAKE.includes(said)) beginAccurate(tcb, seg.tos & CE, true, said);
  else if ((said & 3) === 1) tcb.flags2 |= F2_ECN;
}

/** Flags of a segment that leaves, SYNs apart. `fresh`: it has new text. */
export function ecnFlags(t: Tcp, tcb: Tcb, fresh: boolean): number {
  if (tcb.flags2 & F2_ACCECN) {
    if ((tcb.ecnState & ES_TELL) === 0) return flagsOfAce(tcb.ceRcvd & 7);
    tcb.ecnState &= ~ES_TELL;
    return flagsOfAce(HANDSHAKE[tcb.ecnState & CE]!);
  }
  let flags = tcb.flags2 & F2_ECE ? ECE : 0; // RFC 3168 §6.1.3: until CWR is seen
  if (fresh && tcb.flags2 & F2_CWR) {
    flags |= CWR; // RFC 3168 §6.1.2: on the first new text after the reduction
    tcb.flags2 &= ~F2_CWR;
    beginRest(t, tcb);
  }
  return flags;
}

/** An acceptable segment arrived. CE on what lies outside the window says nothing (RFC 3168 §6.1.5). */
export function ecnArrives(t: Tcp, tcb: Tcb, seg: Segment): void {
  const marks = (seg.rx[seg.base + RX_IP]! >>> 16) & 0xff;
  t.counters.ceMarks += marks;
  if (tcb.flags2 & F2_ACCECN) {
    countMarks(tcb, seg, marks);
    if (marks > 0 && seg.len > 0) ackNow(t, tcb); // RFC 9768 §3.2.2.5.1: before the field's three bits wrap
    return;
  }
  if (seg.flags & CWR && tcb.flags2 & F2_ECE) {
    tcb.flags2 &= ~F2_ECE;
    beginRest(t, tcb);
  }
  if (marks === 0 || seg.len === 0) return;
  tcb.flags2 |= F2_ECE;
}

/** An acceptable ACK arrived; `acked` = octets it newly acknowledged. */
export function ecnFeedback(t: Tcp, tcb: Tcb, seg: Segment, acked: number): void {
  if ((seg.flags & (ACK | SYN)) !== ACK) return;
  const marked =
    tcb.flags2 & F2_ACCECN ? accurateFeedback(t, tcb, seg, acked, aceOf(seg)) : seg.flags & ECE ? acked : -1;
  if (marked < 0) return;
  tcb.flags &= ~F_CWND_LIMITED; // §6.1.2: such an ACK does not open the window
  tcb.deliveredCe = (tcb.deliveredCe + marked) | 0;
  congested(t, tcb, acked);
}

/** §6.1.2: as for a loss, at most once per round trip, and CWR tells the peer. */
function congested(t: Tcp, tcb: Tcb, acked: number): void {
  // What the peer goes on saying until CWR reaches it is the same mark, and CWR rides on new text.
  if (tcb.ecnSeq !== 0) return;
  tcb.ecnSeq = tcb.sndNxt || 1;
  tcb.flags &= ~F_MARKED;
  tellReduced(tcb);
  tcb.flags2 &= ~F2_UNDO; // the reduction has a reason now, or another follows: nothing gives it back (RFC 4015 §3.2)
  if (tcb.flags & (F_RECOVERY | F_RTO_RECOVERY)) return;
  t.counters.ecnReductions++;
  if (tcb.cwnd > tcb.sndMss) {
    // What this very ACK took off was in flight when the mark was made.
    tcb.flags |= F_MARKED;
    controllerOf(t, tcb).onEce(tcb, inFlight(tcb) + tcb.sackedOut + acked, t.now);
  } else if (tcb.sndUna !== tcb.sndNxt) {
    arm(t, tcb, TIMER_REXMIT, tcb.rto); // one segment is the least: it waits for the timer instead
  } else holdBack(t, tcb, tcb.rto); // one in a round trip is too much: one in an RTO (RFC 3168 §6.1.2, RFC 9438 §4.6)
}

/** §6.1.2: the window was reduced, for whatever reason. */
export function tellReduced(tcb: Tcb): void {
  if (tcb.flags2 & F2_ECN) tcb.flags2 |= F2_CWR;
}

/**
 * §6.1.2: "reduced only once in response to a series of dropped and/or CE packets from a single window of data": the segment at `seq` had
 * left when a mark reduced the window. For controllers to whom both are one sign.
 */
export function isAnsweredByMark(t: Tcp, tcb: Tcb, seq: number): boolean {
  return (
    (tcb.flags & F_MARKED) !== 0 && tcb.ecnSeq !== 0 && lt(seq, tcb.ecnSeq) && controllerOf(t, tcb).marksAreLosses(tcb)
  );
}
