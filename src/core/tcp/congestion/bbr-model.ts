/** What BBR knows of the path: bandwidth, round trip, aggregation, and how much may be in flight. draft-ietf-ccwg-bbr §2, §5.5, §5.6. */
import type { AckSample } from './ack-sample.ts';
import { MAX_CWND } from './controller.ts';
import { type CongestionView, RATE_UNIT } from './view.ts';

// Words of the view. Rates are in RATE_UNIT, moments are µs (low 32 bits), and 0 is "none" or "no bound" in each.
export const STATE = 0;
export const FLAGS = 1;
/** BBR.MaxBwFilter: of this probing cycle and the one before. */
export const MAX_BW = 2;
const MAX_BW_BEFORE = 3;
export const FULL_BW = 4;
export const FULL_BW_COUNT = 5;
export const BW_SHORT = 6;
export const INFLIGHT_SHORT = 7;
export const INFLIGHT_LONG = 8;
const BW_LATEST = 9;
export const INFLIGHT_LATEST = 10;
const MIN_RTT = 11;
const MIN_RTT_AT = 12;
const PROBE_RTT_MIN = 13;
export const PROBE_RTT_AT = 14;
export const PROBE_RTT_DONE = 15;
export const CYCLE_AT = 16;
export const PROBE_WAIT = 17;
export const ROUNDS = 18;
export const UP_ACKED = 19;
export const UP_COUNT = 20;
export const UP_ROUNDS = 21;
export const PRIOR_CWND = 22;
const EXTRA = 23;
const EXTRA_BEFORE = 24;
const EXTRA_AT = 25;
const EXTRA_ACKED = 26;
const EXTRA_ROUNDS = 27;
/** C.lost and C.delivered when the round began. */
export const ROUND_LOST = 28;
export const ROUND_DELIVERED = 29;
export const ACK_PHASE = 30;

// BBR.state
export const STARTUP = 0;
export const DRAIN = 1;
export const DOWN = 2;
export const CRUISE = 3;
export const REFILL = 4;
export const UP = 5;
export const PROBE_RTT = 6;

// FLAGS
export const FULL_BW_REACHED = 1;
export const FULL_BW_NOW = 2;
export const LOSS_IN_ROUND = 4;
export const IDLE_RESTART = 8;
export const PROBE_SAMPLES = 16;
export const PROBE_RTT_ROUND_DONE = 32;
export const PROBE_RTT_EXPIRED = 64;
/** After a retransmission timeout, until all that was outstanding then is acknowledged. */
export const TIMED_OUT = 128;

const MIN_RTT_FILTER_US = 10e6;
const PROBE_RTT_INTERVAL_US = 5e6;
const BETA = 0.7;
const HEADROOM = 0.15;
const PROBE_RTT_GAIN = 0.5;
const EXTRA_BUCKET_ROUNDS = 5;
const TICK_SECONDS = 0.001;

export function has(view: CongestionView, flag: number): boolean {
  return (view.int(FLAGS) & flag) !== 0;
}
export function put(view: CongestionView, flag: number, on: boolean): void {
  view.setInt(FLAGS, on ? view.int(FLAGS) | flag : view.int(FLAGS) & ~flag);
}
/** µs since a moment that has passed. Unsigned: with half an hour of silence behind it, it would read as one to come. */
export function age(view: CongestionView, moment: number, now: number): number {
  return (now - view.int(moment)) >>> 0;
}
export function inProbeBw(view: CongestionView): boolean {
  const state = view.int(STATE);
  return state >= DOWN && state <= UP;
}

/** BBR.max_bw, bytes per second. */
export function maxBw(view: CongestionView): number {
  const [now, before] = [view.int(MAX_BW), view.int(MAX_BW_BEFORE)];
  return (now > before ? now : before) * RATE_UNIT;
}

/** BBR.bw. */
export function bandwidth(view: CongestionView): number {
  const most = maxBw(view);
  const short = view.int(BW_SHORT) * RATE_UNIT;
  return short > 0 && short < most ? short : most;
}

/** BBRAdvanceMaxBwFilter. */
export function advanceMaxBw(view: CongestionView): void {
  if (view.int(MAX_BW) === 0) return;
  view.setInt(MAX_BW_BEFORE, view.int(MAX_BW));
  view.setInt(MAX_BW, 0);
}

export function minRtt(view: CongestionView): number {
  return view.int(MIN_RTT);
}

export function bdp(view: CongestionView): number {
  return (bandwidth(view) * view.int(MIN_RTT)) / 1e6;
}

/** The window, or what it was before a timeout cut it and will be again: the cut is about the repair, not about the path. */
export function uncutWindow(view: CongestionView): number {
  const prior = view.int(PRIOR_CWND);
  return has(view, TIMED_OUT) && prior > view.cwnd ? prior : view.cwnd;
}

/** BBRInflight with its quantization budget: three quanta of a tick fit, whatever the path. That is more than BBRMinPipeCwnd. */
export function inflightAt(view: CongestionView, gain: number): number {
  if (view.int(MIN_RTT) === 0) return view.initialWindow;
  const { mss } = view;
  const tick = view.pacingRate * TICK_SECONDS;
  const budget = 3 * (tick > 2 * mss ? tick : 2 * mss);
  const product = gain * bdp(view);
  const inflight = product > budget ? product : budget;
  return view.int(STATE) === UP ? inflight + 2 * mss : inflight;
}

/** BBRMinPipeCwnd. */
export function leastWindow(view: CongestionView): number {
  return 4 * view.mss;
}

export function withHeadroom(view: CongestionView): number {
  const long = view.int(INFLIGHT_LONG);
  if (long === 0) return MAX_CWND;
  const room = HEADROOM * long;
  const left = long - (room > view.mss ? room : view.mss);
  return left > leastWindow(view) ? left : leastWindow(view);
}

export function probeRttWindow(view: CongestionView): number {
  const half = PROBE_RTT_GAIN * bdp(view);
  return half > leastWindow(view) ? half : leastWindow(view);
}

/** BBRUpdateLatestDeliverySignals, BBRUpdateCongestionSignals; rounds of loss are rounds of the connection. */
export function takeSignals(view: CongestionView, ack: AckSample): void {
  const rate = (ack.deliveryRate / RATE_UNIT) | 0;
  if (rate > view.int(BW_LATEST)) view.setInt(BW_LATEST, rate);
  if (ack.sampledBytes > view.int(INFLIGHT_LATEST)) view.setInt(INFLIGHT_LATEST, ack.sampledBytes);
  if (rate > view.int(MAX_BW) && (!ack.appLimited || ack.deliveryRate >= maxBw(view))) view.setInt(MAX_BW, rate);
  if (ack.newlyLost > 0) put(view, LOSS_IN_ROUND, true);
  if (!ack.roundStart) return;
  const state = view.int(STATE);
  if (has(view, LOSS_IN_ROUND) && state !== STARTUP && state !== REFILL && state !== UP) lowerBounds(view);
}

/** BBRAdvanceLatestDeliverySignals. */
export function advanceSignals(view: CongestionView, ack: AckSample): void {
  if (!ack.roundStart) return;
  put(view, LOSS_IN_ROUND, false);
  view.setInt(BW_LATEST, ack.deliveryRate / RATE_UNIT);
  view.setInt(INFLIGHT_LATEST, ack.sampledBytes);
  view.setInt(ROUND_LOST, view.lost);
  view.setInt(ROUND_DELIVERED, view.delivered);
}

export function resetSignals(view: CongestionView): void {
  put(view, LOSS_IN_ROUND, false);
  view.setInt(BW_LATEST, 0);
  view.setInt(INFLIGHT_LATEST, 0);
}

/** BBRInitLowerBounds, BBRLossLowerBounds. */
function lowerBounds(view: CongestionView): void {
  const bw = BETA * (view.int(BW_SHORT) || maxBw(view) / RATE_UNIT);
  const flight = BETA * (view.int(INFLIGHT_SHORT) || uncutWindow(view));
  view.setInt(BW_SHORT, bw > view.int(BW_LATEST) ? bw : view.int(BW_LATEST));
  view.setInt(INFLIGHT_SHORT, flight > view.int(INFLIGHT_LATEST) ? flight : view.int(INFLIGHT_LATEST));
}

export function forgetLowerBounds(view: CongestionView): void {
  view.setInt(BW_SHORT, 0);
  view.setInt(INFLIGHT_SHORT, 0);
}

/** BBRUpdateACKAggregation: what ACKs bring beyond what the bandwidth explains, the most of ten rounds. */
export function takeAggregation(view: CongestionView, ack: AckSample, now: number): void {
  if (ack.roundStart) {
    const rounds = view.int(EXTRA_ROUNDS) + 1;
    const full = rounds >= (has(view, FULL_BW_REACHED) ? EXTRA_BUCKET_ROUNDS : 1);
    view.setInt(EXTRA_ROUNDS, full ? 0 : rounds);
    if (full) {
      view.setInt(EXTRA_BEFORE, view.int(EXTRA));
      view.setInt(EXTRA, 0);
    }
  }
  let expected = (bandwidth(view) * age(view, EXTRA_AT, now)) / 1e6;
  if (view.int(EXTRA_ACKED) <= expected) {
    view.setInt(EXTRA_ACKED, 0);
    view.setInt(EXTRA_AT, now);
    expected = 0;
  }
  view.setInt(EXTRA_ACKED, view.int(EXTRA_ACKED) + ack.delivered);
  const more = view.int(EXTRA_ACKED) - expected;
  const extra = more < view.cwnd ? more : view.cwnd;
  if (extra > view.int(EXTRA)) view.setInt(EXTRA, extra);
}

export function restartAggregation(view: CongestionView, now: number): void {
  view.setInt(EXTRA_ACKED, 0);
  view.setInt(EXTRA_AT, now);
}

export function extraAcked(view: CongestionView): number {
  const [now, before] = [view.int(EXTRA), view.int(EXTRA_BEFORE)];
  return now > before ? now : before;
}

/** BBRUpdateMinRTT: two filters, of 5 s to know when to look, of 10 s to know. */
export function takeRtt(view: CongestionView, rttUs: number, now: number): void {
  const expired = view.int(PROBE_RTT_MIN) !== 0 && age(view, PROBE_RTT_AT, now) > PROBE_RTT_INTERVAL_US;
  put(view, PROBE_RTT_EXPIRED, expired);
  if (rttUs > 0 && (rttUs < view.int(PROBE_RTT_MIN) || view.int(PROBE_RTT_MIN) === 0 || expired)) {
    view.setInt(PROBE_RTT_MIN, rttUs);
    view.setInt(PROBE_RTT_AT, now);
  }
  const least = view.int(PROBE_RTT_MIN);
  const old = age(view, MIN_RTT_AT, now) > MIN_RTT_FILTER_US;
  if (least !== 0 && (least < view.int(MIN_RTT) || view.int(MIN_RTT) === 0 || old)) {
    view.setInt(MIN_RTT, least);
    view.setInt(MIN_RTT_AT, view.int(PROBE_RTT_AT));
  }
}
