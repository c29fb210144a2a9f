/**
 * Proportional rate reduction (RFC 9937 §6.2, before it RFC 6937 §3): in fast recovery each ACK lets out as much as brings the flight
 * to ssthresh by the time recovery ends, neither in a burst nor after a silence. Controllers that know better set cwnd themselves.
 */
import { MAX_CWND } from './congestion/controller.ts';
import type { Tcp } from './context.ts';
import { inFlight } from './retransmission.ts';
import type { Tcb } from './tcb.ts';

/** Recovery begins; ssthresh is set. What was SACKed before this ACK will not be delivered once more. */
export function beginPrr(t: Tcp, tcb: Tcb): void {
  tcb.prrDelivered = 0;
  tcb.prrOut = 0;
  tcb.recoverFs = Math.max(1, ((tcb.sndNxt - tcb.sndUna) | 0) - tcb.sackedOut + t.news.delivered);
}

/** Each ACK in recovery. `safe`: it moved SND.UNA and told of no further loss (SafeACK). */
export function prrAck(t: Tcp, tcb: Tcb, safe: boolean): void {
  const delivered = t.news.delivered;
  if (delivered === 0 && tcb.prrOut > 0) return;
  tcb.prrDelivered += delivered;
  const pipe = inFlight(tcb);
  let count: number;
  if (pipe > tcb.ssthresh) count = Math.ceil((tcb.prrDelivered * tcb.ssthresh) / tcb.recoverFs) - tcb.prrOut;
  else {
    // Conservative bound: as much as was delivered; one segment more while recovery makes progress (slow start bound).
    count = Math.max(tcb.prrDelivered - tcb.prrOut, delivered) + (safe ? tcb.sndMss : 0);
    count = Math.min(tcb.ssthresh - pipe, count);
  }
  // The first retransmission is always allowed.
  if (tcb.prrOut === 0 && count < tcb.sndMss) count = tcb.sndMss;
  tcb.cwnd = pipe + Math.max(0, count);
}

/** A controller may have named no ssthresh at all: then there is room for what was in flight. */
export function endPrr(tcb: Tcb): void {
  tcb.cwnd = tcb.ssthresh < MAX_CWND ? tcb.ssthresh : Math.max(tcb.cwnd, tcb.recoverFs);
}
