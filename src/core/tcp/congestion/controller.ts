/**
 * Congestion control, RFC 9293 §3.8.2 [MUST-19], [MAY-18]: how large the congestion window may be, and how fast it may
 * leave. A controller is a set of functions without state of its own: whatever it remembers of a connection is in the
 * view it is handed, so one object serves all connections of a stack, and a connection can change its controller, be
 * stored, replayed or handed over.
 *
 * Loss detection, retransmission, proportional rate reduction and the count of bytes in flight are the stack's.
 */
import type { Micros } from '../../../ports.ts';
import type { AckSample } from './ack-sample.ts';
import type { CongestionView } from './view.ts';

/** A congestion controller: functions without state of their own, one object for all connections. */
export interface CongestionController {
  /** By which options and `info()` know it. */
  readonly name: string;
  /** Sends at `view.pacingRate`. Without it pacing is the stack's choice (`tcp.pacing`), and so is the rate. */
  readonly paced?: boolean;
  /** cwnd in fast recovery is the controller's: no rate reduction by the stack, and `onAck` is called there, too. */
  readonly ownRecovery?: boolean;
  /**
   * Takes charge of a connection that becomes ESTABLISHED, changes its controller, or talks again after a long silence.
   * cwnd and ssthresh are set already, all words are zero.
   */
  open(view: CongestionView, now: Micros): void;
  /** Data was newly acknowledged; outside fast recovery only, unless `ownRecovery`. */
  onAck(view: CongestionView, ack: AckSample, now: Micros): void;
  /** Fast recovery begins; `flightBytes` is FlightSize (RFC 5681 §2), not cwnd. */
  onLossEvent(view: CongestionView, flightBytes: number, now: Micros): void;
  /** The retransmission timer expired; `firstTime` = not yet for this segment. */
  onRto(view: CongestionView, flightBytes: number, firstTime: boolean, now: Micros): void;
  /** All that was outstanding when fast recovery began is acknowledged. */
  onRecoveryEnd?(view: CongestionView, now: Micros): void;
  /** Data is about to leave after `idleMs` in which none did and nothing was outstanding. Else: RFC 5681 §4.1. */
  onIdle?(view: CongestionView, idleMs: number, now: Micros): void;
  /** The last reduction was for nothing: nothing was lost. Else: cwnd and ssthresh are as before it. */
  onSpurious?(view: CongestionView, now: Micros): void;
  /** The peer saw congestion marks (RFC 3168 §6.1.2), at most once per round trip. Else: as `onLossEvent`. */
  onEce?(view: CongestionView, flightBytes: number, now: Micros): void;
}

/** cwnd and ssthresh stay below this, so that sums of two of them are int32; it is the largest window of RFC 7323 too. */
export const MAX_CWND = 1 << 30;

/** RFC 6928 §2: IW = min (10*MSS, max (2*MSS, 14600)). */
export function initialWindow(mss: number): number {
  const ten = 10 * mss;
  const two = 2 * mss;
  const floor = two > 14600 ? two : 14600;
  return ten < floor ? ten : floor;
}

/** RFC 5681 §3.1 equation (4): ssthresh = max (FlightSize / 2, 2*SMSS). */
export function halfOfFlight(flightBytes: number, mss: number): number {
  const half = flightBytes >> 1;
  return half > 2 * mss ? half : 2 * mss;
}

/** RFC 5681 §4.1: after more than one RTO no ACK clock is left; RW = min(IW, cwnd). ssthresh remembers the path. */
export function restartWindow(view: CongestionView, idleMs: number): void {
  if (idleMs <= view.rtoMs) return;
  if (view.cwnd > view.initialWindow) view.cwnd = view.initialWindow;
}
