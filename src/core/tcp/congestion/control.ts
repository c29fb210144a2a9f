/**
 * Between the TCP functions and the controllers: finds the connection's controller, shows it the view, supplies what it
 * leaves out. A controller that throws loses the connection to NewReno; the error goes to the user.
 */
import type { Micros } from '../../../ports.ts';
import { F_CWND_LIMITED, F_RECOVERY, F_RTO_RECOVERY, F2_PACED, TIMER_PACE } from '../row.ts';
import { CC_STATE, type Tcb } from '../tcb.ts';
import { AckSample } from './ack-sample.ts';
import { type CongestionController, initialWindow, MAX_CWND, restartWindow } from './controller.ts';
import { cubic } from './cubic.ts';
import { newReno } from './newreno.ts';
import { controllerIndex, controllers, NEWRENO } from './registry.ts';
import { CC_WORDS, type CongestionView } from './view.ts';

/** As Linux: slow start doubles per round trip, so it may send at twice the rate; later the window must be filled. */
const SLOW_START_GAIN = 2;
const AVOIDANCE_GAIN = 1.2;

export class CongestionControl {
  readonly ack = new AckSample();
  /** Told what a controller threw. */
  onFault: (error: unknown) => void = () => {};
  private readonly view: CongestionView;
  private readonly controllers: CongestionController[];
  /** Controllers that do not pace are paced all the same. */
  private readonly pacing: boolean;
  /** That, or some connection has a limit of its own. */
  private rates: boolean;

  constructor(view: CongestionView, controllers: CongestionController[], pacing: boolean) {
    this.view = view;
    this.controllers = controllers;
    this.pacing = this.rates = pacing;
  }

  /** For `tcb.cc`. */
  indexOf(choice: string | CongestionController): number {
    return controllerIndex(this.controllers, choice);
  }

  /** The connection's controller. */
  of(tcb: Tcb): CongestionController {
    return this.controllers[tcb.cc] ?? newReno;
  }

  /** [RFC 6937] whether cwnd in recovery is left to the controller. */
  ownsRecovery(tcb: Tcb): boolean {
    return this.of(tcb).ownRecovery === true;
  }

  /** A mark is to it what a loss is. Who answers marks by themselves, such as DCTCP (RFC 8257 §3.5), or is the user's, hears of both. */
  marksAreLosses(tcb: Tcb): boolean {
    const controller = this.of(tcb);
    return controller === newReno || controller === cubic;
  }

  /** The connection becomes ESTABLISHED: `sndMss` is known and `rexmits` still counts the timeouts of our SYN. */
  open(tcb: Tcb, now: Micros): void {
    // RFC 6928 §2: one lost SYN says little of congestion, more than one does; then RFC 5681 §3.1 wants one segment.
    tcb.cwnd = tcb.rexmits > 1 ? tcb.sndMss : initialWindow(tcb.sndMss);
    // RFC 5681 §3.1 "arbitrarily high": the network, not a guess, ends the first slow start.
    tcb.ssthresh = MAX_CWND;
    this.take(tcb, now);
  }

  /** The controller starts from nothing, with the window as it is. */
  take(tcb: Tcb, now: Micros): void {
    tcb.f32.fill(0, tcb.flight + CC_STATE, tcb.flight + CC_STATE + CC_WORDS);
    tcb.pacingRate = 0;
    tcb.roundEnd = tcb.delivered;
    if (tcb.flags & F_RECOVERY) boundThreshold(tcb);
    try {
      this.of(tcb).open(this.view.of(tcb), now);
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  /**
   * A connection from another stack: controllers of the user's have other places there, and what is remembered may hold
   * moments of that stack's clock. The window is kept.
   */
  adopt(tcb: Tcb, now: Micros): void {
    if (tcb.cc >= controllers.length) tcb.cc = NEWRENO;
    if (tcb.maxPacing !== 0) this.rates = true;
    if (tcb.cwnd > 0) this.take(tcb, now);
  }

  /** Another controller, by name or itself. */
  change(tcb: Tcb, choice: string | CongestionController, now: Micros): void {
    tcb.cc = this.indexOf(choice);
    if (tcb.cwnd > 0 && tcb.flight !== 0) this.take(tcb, now);
  }

  /** All of an ACK is known: bytes, losses, rate. */
  onAck(tcb: Tcb, now: Micros): void {
    const { ack } = this;
    const controller = this.of(tcb);
    ack.recovering = ack.repaired || (tcb.flags & F_RECOVERY) !== 0;
    if (!ack.recovering || controller.ownRecovery === true) {
      ack.limited = (tcb.flags & (F_CWND_LIMITED | F_RTO_RECOVERY)) !== 0 || (tcb.flags2 & F2_PACED) !== 0;
      try {
        controller.onAck(this.view.of(tcb), ack, now);
      } catch (error) {
        this.failed(tcb, now, error);
      }
    }
    this.pace(tcb);
  }

  onLossEvent(tcb: Tcb, flightBytes: number, now: Micros): void {
    try {
      this.of(tcb).onLossEvent(this.view.of(tcb), flightBytes, now);
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  onRecoveryEnd(tcb: Tcb, now: Micros): void {
    try {
      this.of(tcb).onRecoveryEnd?.(this.view.of(tcb), now);
    } catch (error) {
      this.failed(tcb, now, error);
    }
  }

  onRto(tcb: Tcb, flightBytes: number, firstTime: boolean, now: Micros): void {
    try {
      this.of(tcb).onRto(this.view.of(tcb), flightBytes, firstTime, now);
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  onIdle(tcb: Tcb, idleMs: number, now: Micros): void {
    const controller = this.of(tcb);
    const view = this.view.of(tcb);
    try {
      if (controller.onIdle !== undefined) controller.onIdle(view, idleMs, now);
      else restartWindow(view, idleMs);
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  /** The last reduction was for nothing. `priorCwnd` and `priorSsthresh` of the row are from before it. */
  onSpurious(tcb: Tcb, now: Micros): void {
    const controller = this.of(tcb);
    const view = this.view.of(tcb);
    try {
      if (controller.onSpurious !== undefined) controller.onSpurious(view, now);
      else {
        if (view.cwnd < view.priorCwnd) view.cwnd = view.priorCwnd;
        if (view.ssthresh < view.priorSsthresh) view.ssthresh = view.priorSsthresh;
      }
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  onEce(tcb: Tcb, flightBytes: number, now: Micros): void {
    const controller = this.of(tcb);
    const view = this.view.of(tcb);
    try {
      if (controller.onEce !== undefined) controller.onEce(view, flightBytes, now);
      else controller.onLossEvent(view, flightBytes, now);
    } catch (error) {
      this.failed(tcb, now, error);
    }
    this.pace(tcb);
  }

  private pace(tcb: Tcb): void {
    if (this.rates) this.rate(tcb);
    if (tcb.pacingRate === 0 && tcb.flags2 & F2_PACED) unpaced(tcb);
  }

  /** The rate of a window that knows none of its own. */
  private rate(tcb: Tcb): void {
    const { maxPacing } = tcb;
    if (this.of(tcb).paced !== true) {
      const gain = tcb.cwnd < tcb.ssthresh ? SLOW_START_GAIN : AVOIDANCE_GAIN;
      this.view.of(tcb).pacingRate = !this.pacing || tcb.srtt === 0 ? 0 : (tcb.cwnd * gain * 1e6) / tcb.srtt;
    }
    if (maxPacing !== 0 && (tcb.pacingRate === 0 || tcb.pacingRate > maxPacing)) tcb.pacingRate = maxPacing;
  }

  /** The user's limit of the connection; 0 = none. */
  limit(tcb: Tcb, units: number): void {
    tcb.maxPacing = units;
    if (units !== 0) this.rates = true;
    this.pace(tcb);
  }

  /** The connection goes on without that controller, from the initial window. */
  private failed(tcb: Tcb, now: Micros, error: unknown): void {
    if (tcb.cc === NEWRENO) throw error; // ours
    tcb.cc = NEWRENO;
    if (tcb.cwnd > initialWindow(tcb.sndMss)) tcb.cwnd = initialWindow(tcb.sndMss);
    this.take(tcb, now);
    this.onFault(error);
  }
}

/**
 * In a recovery that another began: PRR ends it with cwnd = ssthresh (RFC 9937 §6.2), and who has a recovery of its own, or threw,
 * may have left that "arbitrarily high". More than there was in flight at the loss is no reduction that anybody made.
 */
function boundThreshold(tcb: Tcb): void {
  if (tcb.ssthresh > tcb.cwnd && tcb.ssthresh > tcb.recoverFs) tcb.ssthresh = Math.max(tcb.cwnd, 2 * tcb.sndMss);
}

/** There is no rate any more: it holds nothing back and limits nothing, whether text may leave now or not. */
function unpaced(tcb: Tcb): void {
  tcb.flags2 &= ~F2_PACED;
  tcb.setTimer(TIMER_PACE, 0);
}
