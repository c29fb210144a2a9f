/**
 * A connection as its congestion controller sees it. One object per stack, pointed at the connection at hand: a
 * controller never keeps it. What is set is kept within bounds, so no controller can break the connection's arithmetic.
 */
import { markAppLimited } from '../delivery-rate.ts';
import { inFlight } from '../pipe.ts';
import { F_RECOVERY, F_RTO_RECOVERY } from '../row.ts';
import { CC_STATE, FLIGHT, type Tcb } from '../tcb.ts';
import { initialWindow, MAX_CWND } from './controller.ts';

/** Words of state a controller has for each connection. */
export const CC_WORDS = 32;
/** Bytes per second in one unit of the row's pacing rate: 275 Gbit/s fit in an int32. */
export const RATE_UNIT = 16;
const MAX_RATE = 0x7fffffff;

/** A connection as its congestion controller sees it; the same object for all, so it must not be kept. What is set is kept within bounds. */
export class CongestionView {
  private tcb: Tcb;
  private readonly reals: Float64Array;

  constructor(tcb: Tcb) {
    this.tcb = tcb;
    this.reals = new Float64Array(tcb.f32.buffer);
  }

  /** @internal */
  of(tcb: Tcb): this {
    this.tcb = tcb;
    return this;
  }

  /** Congestion window in bytes: at least one segment. */
  get cwnd(): number {
    return this.tcb.cwnd;
  }
  /** At least one segment, at most 1 GiB. */
  set cwnd(bytes: number) {
    this.tcb.cwnd = bound(bytes, this.tcb.sndMss);
  }

  /** Slow start threshold in bytes. */
  get ssthresh(): number {
    return this.tcb.ssthresh;
  }
  /** Within the same bounds. */
  set ssthresh(bytes: number) {
    this.tcb.ssthresh = bound(bytes, this.tcb.sndMss);
  }

  /** cwnd is below ssthresh (RFC 5681 §3.1). */
  get inSlowStart(): boolean {
    return this.tcb.cwnd < this.tcb.ssthresh;
  }

  /** Bytes of text in a full segment (SMSS). */
  get mss(): number {
    return this.tcb.sndMss;
  }

  /** RFC 6928 §2. */
  get initialWindow(): number {
    return initialWindow(this.tcb.sndMss);
  }

  /** Smoothed round trip in µs; 0 = none measured yet. */
  get srttUs(): number {
    return this.tcb.srtt;
  }

  /** Least round trip of late in µs; 0 = none measured yet. */
  get minRttUs(): number {
    return this.tcb.minRtt === 0 ? this.tcb.srtt : this.tcb.minRtt;
  }

  /** Retransmission timeout, ms. */
  get rtoMs(): number {
    return this.tcb.rto;
  }

  /** Bytes believed to be in the network (RFC 6675 "pipe"). */
  get inFlight(): number {
    return inFlight(this.tcb);
  }

  /** Bytes sent and not acknowledged, lost ones and selectively acknowledged ones included (FlightSize). */
  get outstanding(): number {
    return (this.tcb.sndNxt - this.tcb.sndUna) | 0;
  }

  /** In fast recovery. */
  get recovering(): boolean {
    return (this.tcb.flags & F_RECOVERY) !== 0;
  }

  /** After a retransmission timeout, until all that was outstanding then is acknowledged. */
  get restarting(): boolean {
    return (this.tcb.flags & F_RTO_RECOVERY) !== 0;
  }

  /** All bytes delivered, modulo 2^32: compare by difference, `(a - b) | 0`. */
  get delivered(): number {
    return this.tcb.delivered;
  }
  /** All bytes marked lost, modulo 2^32. */
  get lost(): number {
    return this.tcb.lost;
  }

  /** cwnd before the reduction that `onSpurious` takes back. */
  get priorCwnd(): number {
    return this.tcb.priorCwnd;
  }
  /** ssthresh before the reduction that `onSpurious` takes back. */
  get priorSsthresh(): number {
    return this.tcb.priorSsthresh;
  }

  /** Bytes per second; 0 = not paced. */
  get pacingRate(): number {
    return this.tcb.pacingRate * RATE_UNIT;
  }
  /** 0 = not paced. */
  set pacingRate(bytesPerSecond: number) {
    const units = bytesPerSecond / RATE_UNIT;
    // Not a number, too: the connection must go on.
    this.tcb.pacingRate = units > 0 ? (units < MAX_RATE ? (units < 1 ? 1 : units | 0) : MAX_RATE) : 0;
  }

  /** The round trip that `ack.roundStart` reports the end of begins anew. */
  startRound(): void {
    this.tcb.roundEnd = this.tcb.delivered;
  }

  /** @internal What is in flight, and what follows until that is delivered, says nothing about the path's rate. */
  markAppLimited(): void {
    markAppLimited(this.tcb);
  }

  /** Word `n` (0 to 31) of the controller's state: an int32. Zero again after half a minute of silence. */
  int(n: number): number {
    return this.tcb.f32[this.word(n)]!;
  }
  /** Sets word `n`. */
  setInt(n: number, value: number): void {
    this.tcb.f32[this.word(n)] = value;
  }

  /** The same words as float64s, `n` from 0 to 15: number `n` takes the words 2n and 2n+1. */
  float(n: number): number {
    return this.reals[this.word(2 * n) >> 1]!;
  }
  /** Sets float64 `n`. */
  setFloat(n: number, value: number): void {
    this.reals[this.word(2 * n) >> 1] = value;
  }

  private word(n: number): number {
    if (n < 0 || n >= CC_WORDS)
      throw new RangeError(`a congestion controller has words 0 to ${CC_WORDS - 1}, not ${n}`);
    return this.tcb.i32[this.tcb.at + FLIGHT]! + CC_STATE + n;
  }
}

/** Between one segment and the largest window; what is not a number counts as the least. */
function bound(bytes: number, mss: number): number {
  return bytes > mss ? (bytes < MAX_CWND ? bytes | 0 : MAX_CWND) : mss;
}
