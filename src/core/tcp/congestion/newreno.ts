/** RFC 5681 with the recovery of RFC 6582; the window counts bytes (RFC 3465). */
import type { Tcb } from '../tcb.ts';
import { type CongestionController, halfOfFlight, initialWindow, MAX_CWND } from './controller.ts';

/** ccWord: bytes acknowledged in congestion avoidance since cwnd last grew. */
const ACKED = 0;

export const newReno: CongestionController = {
  name: 'newreno',

  open(tcb: Tcb): void {
    // RFC 6928 §2: one lost SYN says little of congestion, more than one does; then RFC 5681 §3.1 wants one segment.
    tcb.cwnd = tcb.rexmits > 1 ? tcb.sndMss : initialWindow(tcb.sndMss);
    // "arbitrarily high": the network, not a guess, ends the first slow start.
    tcb.ssthresh = MAX_CWND;
    tcb.setCcWord(ACKED, 0);
  },

  onAck(tcb: Tcb, ackedBytes: number, _rttUs: number, limited: boolean): void {
    if (!limited) return;
    const left = tcb.cwnd < tcb.ssthresh ? slowStart(tcb, ackedBytes) : ackedBytes;
    if (left > 0) avoidCongestion(tcb, left);
  },

  onLossEvent(tcb: Tcb, flightBytes: number): void {
    tcb.ssthresh = halfOfFlight(flightBytes, tcb.sndMss);
    tcb.cwnd = tcb.ssthresh;
    tcb.setCcWord(ACKED, 0);
  },

  onRecoveryEnd(tcb: Tcb): void {
    // RFC 6582 §3.2 step 3, full acknowledgment (1): little may be left in flight, and a burst of ssthresh is avoided.
    const mss = tcb.sndMss;
    const flight = (tcb.sndNxt - tcb.sndUna) | 0;
    const refill = (flight > mss ? flight : mss) + mss;
    tcb.cwnd = refill < tcb.ssthresh ? refill : tcb.ssthresh;
  },

  onRto(tcb: Tcb, flightBytes: number, firstTime: boolean): void {
    // RFC 5681 §3.1: a segment that times out again leaves ssthresh as the first expiry set it; what is in flight by now
    // is the one segment of the loss window.
    if (firstTime) tcb.ssthresh = halfOfFlight(flightBytes, tcb.sndMss);
    tcb.cwnd = tcb.sndMss;
    tcb.setCcWord(ACKED, 0);
  },

  onIdle(tcb: Tcb, idleMs: number): void {
    // RFC 5681 §4.1: after more than one RTO no ACK clock is left; RW = min(IW, cwnd). ssthresh remembers the path.
    if (idleMs <= tcb.rto) return;
    const restart = initialWindow(tcb.sndMss);
    if (tcb.cwnd > restart) tcb.cwnd = restart;
  },
};

/**
 * Every byte acknowledged makes room for one more; returns the bytes left when ssthresh was reached.
 *
 * RFC 5681 §3.1 recommends min(N, SMSS) per ACK, which assumes an ACK for every second segment. One ACK here often stands
 * for 64 KiB: receivers with GRO stretch their ACKs, and our own receive path merges what arrives in one burst. With that limit
 * the window would grow by a few percent per round trip instead of doubling. Counting bytes already defeats the division of
 * ACKs that the limit was made against (RFC 3465 §2.1). As Linux; docs/adr/0006.
 */
function slowStart(tcb: Tcb, ackedBytes: number): number {
  const room = tcb.ssthresh - tcb.cwnd;
  const taken = ackedBytes < room ? ackedBytes : room;
  tcb.cwnd += taken;
  return ackedBytes - taken;
}

/** One SMSS for each cwnd of bytes acknowledged: never more than one per round trip (RFC 5681 §3.1, RFC 3465 §2.1). */
function avoidCongestion(tcb: Tcb, ackedBytes: number): void {
  const cwnd = tcb.cwnd;
  const acked = tcb.ccWord(ACKED) + ackedBytes;
  if (acked < cwnd) {
    tcb.setCcWord(ACKED, acked);
    return;
  }
  // What was acknowledged beyond a second window is not saved up for later growth.
  tcb.setCcWord(ACKED, acked - cwnd < cwnd ? acked - cwnd : 0);
  tcb.cwnd = cwnd + tcb.sndMss > MAX_CWND ? MAX_CWND : cwnd + tcb.sndMss;
}
