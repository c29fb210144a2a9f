/** RFC 5681 with the recovery of RFC 6582; the window counts bytes (RFC 3465). */
import { type CongestionController, halfOfFlight } from './controller.ts';
import type { CongestionView } from './view.ts';

/** Word: bytes acknowledged in congestion avoidance since cwnd last grew. */
const ACKED = 0;

export const newReno: CongestionController = {
  name: 'newreno',

  open(): void {},

  onAck(view, ack): void {
    if (!ack.limited) return;
    const left = slowStart(view, ack.ackedBytes);
    if (left > 0) avoidCongestion(view, left);
  },

  onLossEvent(view, flightBytes): void {
    view.ssthresh = halfOfFlight(flightBytes, view.mss);
    view.cwnd = view.ssthresh;
    view.setInt(ACKED, 0);
  },

  onRecoveryEnd: refill,

  onRto(view, flightBytes, firstTime): void {
    // RFC 5681 §3.1: a segment that times out again leaves ssthresh as the first expiry set it; what is in flight by now
    // is the one segment of the loss window.
    if (firstTime) view.ssthresh = halfOfFlight(flightBytes, view.mss);
    view.cwnd = view.mss;
    view.setInt(ACKED, 0);
  },
};

/** RFC 6582 §3.2 step 3, full acknowledgment (1): little may be left in flight, and a burst of ssthresh is avoided. */
export function refill(view: CongestionView): void {
  const { mss, outstanding } = view;
  const room = (outstanding > mss ? outstanding : mss) + mss;
  view.cwnd = room < view.ssthresh ? room : view.ssthresh;
}

/**
 * Every byte acknowledged makes room for one more; returns the bytes left when ssthresh was reached.
 *
 * RFC 5681 §3.1 recommends min(N, SMSS) per ACK, which assumes an ACK for every second segment. One ACK here often stands
 * for 64 KiB: receivers with GRO stretch their ACKs, and our own receive path merges what arrives in one burst. With that limit
 * the window would grow by a few percent per round trip instead of doubling. Counting bytes already defeats the division of
 * ACKs that the limit was made against (RFC 3465 §2.1). As Linux; docs/adr/0006.
 */
export function slowStart(view: CongestionView, ackedBytes: number): number {
  const room = view.ssthresh - view.cwnd;
  if (room <= 0) return ackedBytes;
  const taken = ackedBytes < room ? ackedBytes : room;
  view.cwnd += taken;
  return ackedBytes - taken;
}

/** One SMSS for each cwnd of bytes acknowledged: never more than one per round trip (RFC 5681 §3.1, RFC 3465 §2.1). */
export function avoidCongestion(view: CongestionView, ackedBytes: number): void {
  const { cwnd } = view;
  const acked = view.int(ACKED) + ackedBytes;
  if (acked < cwnd) {
    view.setInt(ACKED, acked);
    return;
  }
  // What was acknowledged beyond a second window is not saved up for later growth.
  view.setInt(ACKED, acked - cwnd < cwnd ? acked - cwnd : 0);
  view.cwnd = cwnd + view.mss;
}
