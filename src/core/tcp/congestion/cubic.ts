/**
 * CUBIC (RFC 9438): the window follows a cubic curve through the size at which the last loss happened, by the clock and
 * not by round trips. Windows are in segments as in the RFC, with fractions. Slow start is HyStart++ (§4.10).
 */
import type { AckSample } from './ack-sample.ts';
import { type CongestionController, restartWindow } from './controller.ts';
import { firstSlowStart, grow } from './hystart.ts';
import { refill, slowStart } from './newreno.ts';
import type { CongestionView } from './view.ts';

// Floats of the view 0 to 11; HyStart++ has the words from 24 on.
/** W_max; 0 = congestion avoidance began without a loss to speak of: W_max is cwnd then, and K is 0 (RFC 9438 §4.8, §4.10). */
const W_MAX = 0;
const K = 1;
/** µs; 0 = congestion avoidance has not begun. */
const EPOCH = 2;
const W_EST = 3;
const CWND_PRIOR = 4;
/** Bytes that cwnd is larger than its whole number. */
const FRACTION = 5;
/** When the window was last looked at: t stands still while nothing holds the sender back but the application (RFC 9438 §4.2). */
const LOOKED_AT = 6;
/** The first five, as they were before the reduction (RFC 9438 §4.9). */
const BEFORE = 7;
const KEPT = 5;

const C = 0.4;
const BETA = 0.7;
/** RFC 9438 §4.3: what makes the Reno-friendly window as fast as Reno on average. */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** RFC 9438 §4.2: most growth in a round trip. */
const MOST_GROWTH = 1.5;
const US = 1e6;

export const cubic: CongestionController = {
  name: 'cubic',

  open(): void {},

  onAck(view, ack, now): void {
    if (view.inSlowStart) {
      if (firstSlowStart(view)) {
        grow(view, ack);
        return;
      }
      // What follows slow start is another stage of avoidance, with a W_est and a t of its own (RFC 9438 §4.2, §4.3).
      view.setFloat(EPOCH, 0);
      const left = ack.limited ? slowStart(view, ack.ackedBytes) : 0;
      if (left > 0) avoid(view, ack, left, now);
    } else avoid(view, ack, ack.ackedBytes, now);
  },

  onLossEvent(view, flightBytes): void {
    reduce(view, flightBytes);
    view.cwnd = view.ssthresh;
  },

  /** RFC 9438 §4.6: down to one segment as long as marks come; below that the timer slows the sender. */
  onEce(view, flightBytes): void {
    reduce(view, flightBytes);
    view.cwnd = flightBytes * BETA;
  },

  onRecoveryEnd: refill,

  onRto(view, flightBytes, firstTime): void {
    if (firstTime) {
      keep(view);
      view.ssthresh = lessened(view, flightBytes);
    }
    view.setFloat(W_MAX, 0); // RFC 9438 §4.8
    view.setFloat(EPOCH, 0);
    view.cwnd = view.mss;
  },

  onIdle(view, idleMs, now): void {
    restartWindow(view, idleMs);
    standStill(view, now);
  },

  /** RFC 9438 §4.9: everything as it was, unless the window has become larger meanwhile. */
  onSpurious(view): void {
    if (view.cwnd >= view.priorCwnd) return;
    view.cwnd = view.priorCwnd;
    view.ssthresh = view.priorSsthresh;
    for (let n = 0; n < KEPT; n++) view.setFloat(n, view.float(BEFORE + n));
  },
};

/** RFC 9438 §4.6, §4.7. */
function reduce(view: CongestionView, flightBytes: number): void {
  keep(view);
  const cwnd = view.cwnd / view.mss;
  const before = view.float(W_MAX);
  // Fast convergence: another flow wants room when we lose below the last maximum.
  view.setFloat(W_MAX, cwnd < before ? (cwnd * (1 + BETA)) / 2 : cwnd);
  view.setFloat(CWND_PRIOR, cwnd);
  view.setFloat(EPOCH, 0);
  view.ssthresh = lessened(view, flightBytes);
}

function lessened(view: CongestionView, flightBytes: number): number {
  const less = flightBytes * BETA;
  return less > 2 * view.mss ? less : 2 * view.mss;
}

function keep(view: CongestionView): void {
  for (let n = 0; n < KEPT; n++) view.setFloat(BEFORE + n, view.float(n));
}

function standStill(view: CongestionView, now: number): void {
  if (view.float(EPOCH) !== 0) view.setFloat(EPOCH, view.float(EPOCH) + now - view.float(LOOKED_AT));
  view.setFloat(LOOKED_AT, now);
}

/** Congestion avoidance, §4.2 to §4.5. */
function avoid(view: CongestionView, ack: AckSample, ackedBytes: number, now: number): void {
  if (!ack.limited) {
    standStill(view, now);
    return;
  }
  const { mss } = view;
  const cwnd = (view.cwnd + view.float(FRACTION)) / mss;
  if (view.float(EPOCH) === 0) begin(view, cwnd, now);
  view.setFloat(LOOKED_AT, now);
  const t = (now - view.float(EPOCH)) / US;
  const segments = ackedBytes / mss;
  const est = view.float(W_EST) + ((view.float(W_EST) >= view.float(CWND_PRIOR) ? 1 : ALPHA) * segments) / cwnd;
  view.setFloat(W_EST, est);
  let next: number;
  if (curve(view, t) < est)
    next = est > cwnd ? est : cwnd; // RFC 9438 §4.3, Reno-friendly
  else {
    const target = curve(view, t + view.srttUs / US);
    const bounded = target < cwnd ? cwnd : target > MOST_GROWTH * cwnd ? MOST_GROWTH * cwnd : target;
    next = cwnd + ((bounded - cwnd) * (segments < cwnd ? segments : cwnd)) / cwnd;
  }
  const bytes = next * mss;
  view.cwnd = bytes;
  const over = bytes - view.cwnd;
  view.setFloat(FRACTION, over > 0 && over < 1 ? over : 0);
}

function begin(view: CongestionView, cwnd: number, now: number): void {
  const most = view.float(W_MAX);
  view.setFloat(EPOCH, now > 0 ? now : 1);
  view.setFloat(W_EST, cwnd);
  if (most <= cwnd) {
    view.setFloat(W_MAX, cwnd);
    view.setFloat(K, 0);
    if (most === 0) view.setFloat(CWND_PRIOR, cwnd);
  } else view.setFloat(K, cubeRoot((most - cwnd) / C)); // (2)
}

/** (1) W_cubic(t) = C*(t-K)^3 + W_max. */
function curve(view: CongestionView, t: number): number {
  const d = t - view.float(K);
  return C * d * d * d + view.float(W_MAX);
}

/** Newton's method, so that every machine gets the same bits (Math.cbrt need not). */
export function cubeRoot(a: number): number {
  if (!(a > 0)) return 0;
  let x = a > 1 ? Math.sqrt(a) : 1;
  for (let n = 0; n < 100; n++) {
    const next = (2 * x + a / (x * x)) / 3;
    // From above it falls until it is there.
    if (next >= x) return x;
    x = next;
  }
  return x;
}
