/** The handshake is complete: what both ends said in their SYNs is in force. */
import { EV_ACCEPT, EV_CONNECT } from '../events.ts';
import { add } from '../seq.ts';
import { arm, controllerOf, disarm, markDirty, report, type Tcp } from './context.ts';
import { beginRest } from './flights.ts';
import { setSendMss } from './mss.ts';
import { recallPathMtu } from './path-mtu.ts';
import {
  F_KEEPALIVE,
  F_PASSIVE,
  F_SYN_ACKED,
  F_WS,
  F2_TFO_DATA,
  F2_TFO_PENDING,
  F2_UTO,
  F2_UTO_DUE,
  TIMER_KEEPALIVE,
  TIMER_REXMIT,
  TIMER_USER,
} from './row.ts';
import { RTO_AFTER_SYN_TIMEOUT_MS, sampleRtt } from './rtt.ts';
import type { Segment } from './segment.ts';
import { armUserTimeout } from './send-text.ts';
import type { Tcb } from './tcb.ts';

/** Called with SND.UNA = ISS, before the acknowledgment of our SYN is taken. */
export function ourSynAcked(t: Tcp, tcb: Tcb): void {
  tcb.flags |= F_SYN_ACKED;
  tcb.sndUna = add(tcb.iss, 1);
  if (tcb.rttAt !== 0) sampleRtt(tcb, (((t.now | 0) - tcb.rttAt) | 0) >>> 0, t.defaults.minRto);
  // RFC 6298 (5.7): the timer of a lost SYN does not carry over to data.
  else if (tcb.rto < RTO_AFTER_SYN_TIMEOUT_MS) tcb.rto = RTO_AFTER_SYN_TIMEOUT_MS;
  tcb.rttAt = 0;
  disarm(tcb, TIMER_REXMIT);
  disarm(tcb, TIMER_USER);
  recallPathMtu(t, tcb);
  setSendMss(t, tcb);
  controllerOf(t, tcb).open(tcb, t.now);
  tcb.rexmits = 0;
  tcb.softError = 0;
  tcb.firstSentAt = 0;
  if (tcb.flags2 & F2_TFO_PENDING) settle(t, tcb);
  // RFC 5482 §3.1: once more without SYN, for a peer that kept nothing of our SYN (SYN cookies).
  if (tcb.flags2 & F2_UTO) tcb.flags2 |= F2_UTO_DUE;
}

/** The third ACK of a connection that the user has had since its SYN: text in flight needs the timer that the SYN,ACK leaves. */
function settle(t: Tcp, tcb: Tcb): void {
  tcb.flags2 &= ~F2_TFO_PENDING;
  t.fastOpens.settle(tcb.listener);
  if (tcb.sndNxt === tcb.sndUna) return;
  arm(t, tcb, TIMER_REXMIT, tcb.rto);
  armUserTimeout(t, tcb);
}

/** SEG.WND scaled, except in a SYN (RFC 7323 §2.2). 16 bits and a shift of 14 at most: below 2^30, never negative [MUST-1] [REC-1]. */
export function scaledWindow(tcb: Tcb, seg: Segment): number {
  return tcb.flags & F_WS && !seg.unscaled ? seg.rawWnd << (tcb.scales & 0xff) : seg.rawWnd;
}

/** SND.WND, SND.WL1 and SND.WL2 from this segment. */
export function takeWindow(tcb: Tcb, window: number, seq: number, ack: number): void {
  tcb.sndWnd = window;
  tcb.sndWl1 = seq;
  tcb.sndWl2 = ack;
  if (window > tcb.maxSndWnd) tcb.maxSndWnd = window;
}

/** Tells the user. A passive connection stays counted in its listener's backlog until it is accepted. */
export function announce(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_PASSIVE && tcb.flags2 & F2_TFO_DATA) {
    // The user has it since the SYN.
  } else if (tcb.flags & F_PASSIVE) {
    t.counters.passiveOpens++;
    report(t, tcb, EV_ACCEPT, tcb.listener);
  } else report(t, tcb, EV_CONNECT);
  if (tcb.flags & F_KEEPALIVE) arm(t, tcb, TIMER_KEEPALIVE, tcb.keepIdle);
  beginRest(t, tcb);
  markDirty(t, tcb);
}
