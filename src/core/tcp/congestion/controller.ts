/**
 * Congestion control, RFC 9293 §3.8.2 [MUST-19]: how large the congestion window may be. A controller is a set of
 * functions without state; whatever it remembers of a connection is in `cwnd`, `ssthresh` and the six `ccWord`s of the
 * row, so one object serves all connections and a row can be stored, replayed or handed over.
 *
 * Loss detection, retransmission and the count of bytes in flight are the caller's. In recovery without SACK the caller
 * takes duplicate ACKs off its estimate of what is in flight (one SMSS each), which lets out the same segments as the
 * inflation of cwnd in RFC 5681 §3.2 steps 3 to 5 and leaves cwnd to the controller alone.
 */
import type { Micros } from '../../../ports.ts';
import type { Tcb } from '../tcb.ts';

export interface CongestionController {
  readonly name: string;
  /**
   * The connection becomes ESTABLISHED: `sndMss` is known and `rexmits` still counts the timeouts of our SYN. The SYN,ACK
   * and the ACK of it are not to be reported by `onAck` (RFC 5681 §3.1).
   */
  open(tcb: Tcb): void;
  /**
   * New data was acknowledged, outside fast recovery. `rttUs` is the round trip of this ACK or 0. `limited`: the window
   * was what held the sender back; a window that was not used proves nothing and must not grow (RFC 7661 §4.3).
   */
  onAck(tcb: Tcb, ackedBytes: number, rttUs: number, limited: boolean, now: Micros): void;
  /** Fast recovery begins (third duplicate ACK or its like); `flightBytes` is FlightSize, not cwnd. */
  onLossEvent(tcb: Tcb, flightBytes: number, now: Micros): void;
  /** `recover` was acknowledged: fast recovery ends. */
  onRecoveryEnd(tcb: Tcb, now: Micros): void;
  /** The retransmission timer expired; `firstTime` = not yet for this segment. */
  onRto(tcb: Tcb, flightBytes: number, firstTime: boolean, now: Micros): void;
  /** Data is about to leave after `idleMs` in which none did. */
  onIdle(tcb: Tcb, idleMs: number): void;
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
