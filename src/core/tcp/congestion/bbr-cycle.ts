/** BBR's ProbeBW: lets the queue drain, cruises, fills the pipe, asks for more. draft-ietf-ccwg-bbr §5.3.3. */
import type { AckSample } from './ack-sample.ts';
import {
  ACK_PHASE,
  advanceMaxBw,
  age,
  bdp,
  CRUISE,
  CYCLE_AT,
  DOWN,
  FULL_BW,
  FULL_BW_COUNT,
  FULL_BW_NOW,
  FULL_BW_REACHED,
  forgetLowerBounds,
  has,
  INFLIGHT_LONG,
  inflightAt,
  inProbeBw,
  PROBE_SAMPLES,
  PROBE_WAIT,
  put,
  REFILL,
  ROUNDS,
  resetSignals,
  STATE,
  UP,
  UP_ACKED,
  UP_COUNT,
  UP_ROUNDS,
  uncutWindow,
  withHeadroom,
} from './bbr-model.ts';
import { type CongestionView, RATE_UNIT } from './view.ts';

// BBR.ack_phase. Only whether a probe is stopping is ever asked: the draft's ACKS_PROBE_FEEDBACK is not told apart from its beginning.
const ACKS_INIT = 0;
const ACKS_REFILLING = 1;
const ACKS_PROBE_STARTING = 2;
export const ACKS_PROBE_STOPPING = 4;

const LOSS_THRESHOLD = 0.02;
const BETA = 0.7;
/** §5.3.3.5.3: the time after which a Reno flow would have grown by one window, in rounds. */
const MOST_RENO_ROUNDS = 63;
const LEAST_WAIT_US = 2e6;
const MORE_WAIT_US = 1e6;
const MOST_UP_ROUNDS = 30;

export function startDown(view: CongestionView, now: number): void {
  resetSignals(view);
  // BBRPickProbeWait: flows must not probe in step. What was delivered until now is random enough, and the same in a replay.
  const dice = Math.imul(view.delivered ^ now, 0x9e3779b1) >>> 0;
  view.setInt(ROUNDS, dice & 1);
  view.setInt(PROBE_WAIT, LEAST_WAIT_US + (dice % MORE_WAIT_US));
  view.setInt(CYCLE_AT, now);
  view.setInt(ACK_PHASE, ACKS_PROBE_STOPPING);
  view.startRound();
  view.setInt(STATE, DOWN);
}

function startRefill(view: CongestionView): void {
  forgetLowerBounds(view);
  view.setInt(UP_ROUNDS, 0);
  view.setInt(UP_ACKED, 0);
  view.setInt(ACK_PHASE, ACKS_REFILLING);
  view.startRound();
  view.setInt(STATE, REFILL);
}

function startUp(view: CongestionView, ack: AckSample): void {
  view.setInt(ACK_PHASE, ACKS_PROBE_STARTING);
  view.startRound();
  resetFullBw(view, ack);
  view.setInt(STATE, UP);
  raiseSlope(view);
}

export function resetFullBw(view: CongestionView, ack: AckSample): void {
  view.setInt(FULL_BW, ack.deliveryRate / RATE_UNIT);
  view.setInt(FULL_BW_COUNT, 0);
  put(view, FULL_BW_NOW, false);
}

/** BBRUpdateProbeBWCyclePhase. */
export function updateCycle(view: CongestionView, ack: AckSample, now: number): void {
  if (!has(view, FULL_BW_REACHED)) return;
  adaptLongTerm(view, ack, now);
  if (!inProbeBw(view)) return;
  if (ack.roundStart) view.setInt(ROUNDS, view.int(ROUNDS) + 1);
  switch (view.int(STATE)) {
    case DOWN:
      if (timeToProbe(view, now)) startRefill(view);
      else if (ack.inFlight <= withHeadroom(view) && ack.inFlight <= inflightAt(view, 1)) view.setInt(STATE, CRUISE);
      return;
    case CRUISE:
      if (timeToProbe(view, now)) startRefill(view);
      return;
    case REFILL:
      if (!ack.roundStart) return;
      put(view, PROBE_SAMPLES, true);
      startUp(view, ack);
      return;
    default:
      // BBRIsTimeToGoDown
      if (ack.limited && atLongTerm(view)) resetFullBw(view, ack);
      else if (has(view, FULL_BW_NOW)) startDown(view, now);
  }
}

function atLongTerm(view: CongestionView): boolean {
  return view.int(INFLIGHT_LONG) !== 0 && view.cwnd >= view.int(INFLIGHT_LONG);
}

/** BBRIsTimeToProbeBW: by the clock, or as soon as a Reno flow would have. */
function timeToProbe(view: CongestionView, now: number): boolean {
  if (age(view, CYCLE_AT, now) > view.int(PROBE_WAIT)) return true;
  const target = targetInflight(view) / view.mss;
  return view.int(ROUNDS) >= (target < MOST_RENO_ROUNDS ? target : MOST_RENO_ROUNDS);
}

function targetInflight(view: CongestionView): number {
  const product = bdp(view);
  const window = uncutWindow(view);
  return product < window ? product : window;
}

/** BBRAdaptLongTermModel. */
function adaptLongTerm(view: CongestionView, ack: AckSample, now: number): void {
  if (ack.roundStart && view.int(ACK_PHASE) === ACKS_PROBE_STOPPING) {
    put(view, PROBE_SAMPLES, false);
    view.setInt(ACK_PHASE, ACKS_INIT);
    if (inProbeBw(view) && !ack.appLimited) advanceMaxBw(view);
  }
  if (tooHigh(view, ack, now)) return;
  const long = view.int(INFLIGHT_LONG);
  if (long === 0) return;
  if (ack.txInFlight > long) view.setInt(INFLIGHT_LONG, ack.txInFlight);
  if (view.int(STATE) === UP) probeUpward(view, ack);
}

/** BBRIsInflightTooHigh, BBRHandleInflightTooHigh. */
function tooHigh(view: CongestionView, ack: AckSample, now: number): boolean {
  if (ack.lost <= tolerated(view, ack.txInFlight)) return false;
  if (!has(view, PROBE_SAMPLES)) return true;
  put(view, PROBE_SAMPLES, false);
  if (!ack.appLimited) {
    const least = targetInflight(view) * BETA;
    view.setInt(INFLIGHT_LONG, ack.txInFlight > least ? ack.txInFlight : least);
  }
  if (view.int(STATE) === UP) startDown(view, now);
  return true;
}

/** Segments are lost whole: 2 % of 83 are 1.7, and one more than one is not yet too many. Of fewer than 50 each loss is. */
function tolerated(view: CongestionView, flight: number): number {
  const segments = (flight * LOSS_THRESHOLD) / view.mss;
  return segments < 1 ? 0 : Math.round(segments) * view.mss;
}

/** BBRProbeInflightLongtermUpward. */
function probeUpward(view: CongestionView, ack: AckSample): void {
  if (!ack.limited || view.cwnd < view.int(INFLIGHT_LONG)) return;
  const acked = view.int(UP_ACKED) + ack.delivered;
  const count = view.int(UP_COUNT);
  const more = Math.floor(acked / count);
  view.setInt(UP_ACKED, acked - more * count);
  view.setInt(INFLIGHT_LONG, view.int(INFLIGHT_LONG) + more);
  if (ack.roundStart) raiseSlope(view);
}

/** BBRRaiseInflightLongtermSlope: one segment more in the first round, two in the second, … */
function raiseSlope(view: CongestionView): void {
  const rounds = view.int(UP_ROUNDS);
  const growth = view.mss * (1 << (rounds < 14 ? rounds : 14));
  view.setInt(UP_ROUNDS, rounds < MOST_UP_ROUNDS ? rounds + 1 : rounds);
  view.setInt(UP_COUNT, view.cwnd > growth ? view.cwnd / growth : 1);
}
