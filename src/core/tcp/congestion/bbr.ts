/**
 * BBR, version 3, as in draft-ietf-ccwg-bbr: the rate at which data arrives and the round trip without queues say how
 * fast to send and how much to have in flight; loss is a bound on that and no more. Sends paced. What is simpler here than
 * in the draft stands in docs/adr/0025.
 */
import type { AckSample } from './ack-sample.ts';
import { ACKS_PROBE_STOPPING, resetFullBw, startDown, updateCycle } from './bbr-cycle.ts';
import {
  ACK_PHASE,
  advanceSignals,
  bandwidth,
  bdp,
  CRUISE,
  DOWN,
  DRAIN,
  extraAcked,
  FULL_BW,
  FULL_BW_COUNT,
  FULL_BW_NOW,
  FULL_BW_REACHED,
  forgetLowerBounds,
  has,
  IDLE_RESTART,
  INFLIGHT_LATEST,
  INFLIGHT_LONG,
  INFLIGHT_SHORT,
  inflightAt,
  inProbeBw,
  leastWindow,
  PRIOR_CWND,
  PROBE_RTT,
  PROBE_RTT_AT,
  PROBE_RTT_DONE,
  PROBE_RTT_EXPIRED,
  PROBE_RTT_ROUND_DONE,
  probeRttWindow,
  put,
  ROUND_DELIVERED,
  ROUND_LOST,
  restartAggregation,
  STARTUP,
  STATE,
  TIMED_OUT,
  takeAggregation,
  takeRtt,
  takeSignals,
  UP,
  withHeadroom,
} from './bbr-model.ts';
import { type CongestionController, initialWindow } from './controller.ts';
import { type CongestionView, RATE_UNIT } from './view.ts';

const STARTUP_GAIN = 2.77;
const DRAIN_GAIN = 0.5;
const DOWN_GAIN = 0.9;
const UP_GAIN = 1.25;
const CWND_GAIN = 2;
const UP_CWND_GAIN = 2.25;
/** Paced 1 % below the estimate, so that no queue stands. */
const MARGIN = 0.99;
const FULL_BW_GROWTH = 1.25;
const FULL_BW_ROUNDS = 3;
const LOSS_THRESHOLD = 0.02;
/** Segments of loss in a round of Startup that end it. */
const STARTUP_LOSSES = 6;
const PROBE_RTT_US = 200_000;

export const bbr: CongestionController = {
  name: 'bbr',
  paced: true,
  ownRecovery: true,

  open(view, now): void {
    // BBRInitPacingRate: the window in a round trip, of 1 ms while none is known.
    view.pacingRate = (STARTUP_GAIN * view.cwnd * 1e6) / (view.srttUs || 1000);
    restartAggregation(view, now);
    view.setInt(ROUND_DELIVERED, view.delivered);
    view.setInt(ROUND_LOST, view.lost);
    view.startRound();
  },

  onAck(view, ack, now): void {
    if (has(view, TIMED_OUT) && !view.restarting) endRestart(view);
    takeSignals(view, ack);
    takeAggregation(view, ack, now);
    checkFullBw(view, ack);
    if (view.int(STATE) === STARTUP && (highLoss(view, ack) || has(view, FULL_BW_REACHED))) view.setInt(STATE, DRAIN);
    if (view.int(STATE) === DRAIN && ack.inFlight <= inflightAt(view, 1)) startDown(view, now);
    updateCycle(view, ack, now);
    takeRtt(view, ack.rttUs, now);
    checkProbeRtt(view, ack, now);
    advanceSignals(view, ack);
    setPace(view);
    setWindow(view, ack);
  },

  onLossEvent(view): void {
    saveWindow(view);
  },

  onRecoveryEnd: restoreWindow,

  /** BBROnEnterRTO: what RACK still believes to be in the network, and one segment. */
  onRto(view): void {
    saveWindow(view);
    put(view, TIMED_OUT, true);
    view.cwnd = view.inFlight + view.mss;
  },

  /** BBRHandleRestartFromIdle. The window stays: what paces out is no burst. */
  onIdle(view, _idleMs, now): void {
    put(view, IDLE_RESTART, true);
    restartAggregation(view, now);
    if (inProbeBw(view)) view.pacingRate = bandwidth(view) * MARGIN;
    else if (view.int(STATE) === PROBE_RTT) leaveProbeRtt(view, now);
  },

  onSpurious(view): void {
    forgetLowerBounds(view);
    endRestart(view);
  },
};

/** §5.6.4.4: the window comes back when the recovery from a timeout is over, as after fast recovery. */
function endRestart(view: CongestionView): void {
  put(view, TIMED_OUT, false);
  restoreWindow(view);
}

/** BBRCheckFullBWReached: three rounds without a quarter more. */
function checkFullBw(view: CongestionView, ack: AckSample): void {
  if (has(view, FULL_BW_NOW) || !ack.roundStart || ack.appLimited || ack.deliveryRate === 0) return;
  if (ack.deliveryRate >= view.int(FULL_BW) * RATE_UNIT * FULL_BW_GROWTH) {
    resetFullBw(view, ack);
    return;
  }
  const count = view.int(FULL_BW_COUNT) + 1;
  view.setInt(FULL_BW_COUNT, count);
  if (count >= FULL_BW_ROUNDS) put(view, FULL_BW_NOW | FULL_BW_REACHED, true);
}

/** BBRCheckStartupHighLoss: a round in recovery in which more than 2 % and six segments were lost. */
function highLoss(view: CongestionView, ack: AckSample): boolean {
  if (!ack.roundStart || !ack.recovering || has(view, FULL_BW_REACHED)) return false;
  const lost = (view.lost - view.int(ROUND_LOST)) | 0;
  const delivered = (view.delivered - view.int(ROUND_DELIVERED)) | 0;
  if (lost < STARTUP_LOSSES * view.mss || lost <= LOSS_THRESHOLD * (lost + delivered)) return false;
  put(view, FULL_BW_REACHED, true);
  const [product, latest] = [bdp(view), view.int(INFLIGHT_LATEST)];
  view.setInt(INFLIGHT_LONG, product > latest ? product : latest);
  return true;
}

/** BBRCheckProbeRTT: when no round trip was as short for 5 s, the pipe is emptied for a moment to see. */
function checkProbeRtt(view: CongestionView, ack: AckSample, now: number): void {
  if (view.int(STATE) !== PROBE_RTT && has(view, PROBE_RTT_EXPIRED) && !has(view, IDLE_RESTART)) {
    view.setInt(STATE, PROBE_RTT);
    saveWindow(view);
    view.setInt(PROBE_RTT_DONE, 0);
    // A probe that was under way is over: what is lost from here on says nothing about how much it could have in flight.
    view.setInt(ACK_PHASE, ACKS_PROBE_STOPPING);
    view.startRound();
  }
  if (view.int(STATE) === PROBE_RTT) inProbeRtt(view, ack, now);
  if (ack.delivered > 0) put(view, IDLE_RESTART, false);
}

function inProbeRtt(view: CongestionView, ack: AckSample, now: number): void {
  // So few segments make a low rate: three rounds of it are no full pipe, and no news for the filter of the maximum.
  view.markAppLimited();
  if (view.int(PROBE_RTT_DONE) === 0) {
    if (ack.inFlight > probeRttWindow(view)) return;
    view.setInt(PROBE_RTT_DONE, (now + PROBE_RTT_US) | 0 || 1);
    put(view, PROBE_RTT_ROUND_DONE, false);
    view.startRound();
    return;
  }
  if (ack.roundStart) put(view, PROBE_RTT_ROUND_DONE, true);
  if (has(view, PROBE_RTT_ROUND_DONE)) leaveProbeRtt(view, now);
}

function leaveProbeRtt(view: CongestionView, now: number): void {
  const done = view.int(PROBE_RTT_DONE);
  // It lies ahead by no more than that; what is further off passed half an hour ago or more.
  if (done === 0 || (done - now) >>> 0 <= PROBE_RTT_US) return;
  view.setInt(PROBE_RTT_AT, now);
  restoreWindow(view);
  forgetLowerBounds(view);
  if (has(view, FULL_BW_REACHED)) {
    startDown(view, now);
    view.setInt(STATE, CRUISE);
  } else view.setInt(STATE, STARTUP);
}

function setPace(view: CongestionView): void {
  const bw = bandwidth(view);
  if (bw === 0) return;
  const state = view.int(STATE);
  const gain =
    state === STARTUP
      ? STARTUP_GAIN
      : state === DRAIN
        ? DRAIN_GAIN
        : state === DOWN
          ? DOWN_GAIN
          : state === UP
            ? UP_GAIN
            : 1;
  const rate = gain * bw * MARGIN;
  if (has(view, FULL_BW_REACHED) || rate > view.pacingRate) view.pacingRate = rate;
}

/** BBRSetCwnd. */
function setWindow(view: CongestionView, ack: AckSample): void {
  const most = inflightAt(view, view.int(STATE) === UP ? UP_CWND_GAIN : CWND_GAIN) + extraAcked(view);
  let cwnd = view.cwnd;
  if (ack.newlyLost > 0 && ack.recovering) cwnd = Math.max(cwnd - ack.newlyLost, view.mss);
  if (has(view, FULL_BW_REACHED)) cwnd = Math.min(cwnd + ack.delivered, most);
  else if (cwnd < most || view.delivered >>> 0 < 2 * initialWindow(view.mss)) cwnd += ack.delivered;
  cwnd = Math.max(cwnd, leastWindow(view));
  if (view.int(STATE) === PROBE_RTT) cwnd = Math.min(cwnd, probeRttWindow(view));
  view.cwnd = Math.min(cwnd, modelBound(view));
}

/** BBRBoundCwndForModel. */
function modelBound(view: CongestionView): number {
  const state = view.int(STATE);
  const long = view.int(INFLIGHT_LONG);
  let cap = Number.POSITIVE_INFINITY;
  if (state === CRUISE || state === PROBE_RTT) cap = withHeadroom(view);
  else if (inProbeBw(view) && long !== 0) cap = long;
  const short = view.int(INFLIGHT_SHORT);
  if (short !== 0 && short < cap) cap = short;
  return Math.max(cap, leastWindow(view));
}

/** BBRSaveCwnd: the largest of those that are waiting to come back. */
function saveWindow(view: CongestionView): void {
  const cutAlready = view.recovering || has(view, TIMED_OUT) || view.int(STATE) === PROBE_RTT;
  const prior = view.int(PRIOR_CWND);
  view.setInt(PRIOR_CWND, cutAlready && prior > view.cwnd ? prior : view.cwnd);
}

function restoreWindow(view: CongestionView): void {
  if (view.int(PRIOR_CWND) > view.cwnd) view.cwnd = view.int(PRIOR_CWND);
}
