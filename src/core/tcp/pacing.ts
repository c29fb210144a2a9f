/**
 * Pacing: text leaves at a rate instead of in windows. Deadlines are ticks of 1 ms, so it leaves in quanta: what the rate
 * allows in one tick, at least two segments. A quantum goes out as one super-segment where the device cuts, and the
 * rate, not 64 KiB, decides how large that is. Above some 500 Mbit/s a tick holds more than a super-segment.
 */
import { diff, since } from '../seq.ts';
import { RATE_UNIT } from './congestion/view.ts';
import { arm, controllerOf, disarm, markDirty, type Tcp } from './context.ts';
import { forgetSent } from './rack.ts';
import { R_LOST } from './records.ts';
import { F2_PACED, TIMER_PACE } from './row.ts';
import type { Tcb } from './tcb.ts';

const TICK_US = 1000;
/** µs of budget that a wait may collect: a process that woke late makes up for it, one that slept long does not. */
const MOST_SAVED = 4000;
const LONG_IDLE = 30e6;

/**
 * How many of `want` bytes may leave now: whole segments, or `want` itself. 0 = later, and the timer is set.
 */
export function paced(t: Tcp, tcb: Tcb, want: number, mss: number): number {
  if (isHeldBack(tcb)) return 0;
  if (tcb.pacingRate === 0) return want;
  const perUs = (tcb.pacingRate * RATE_UNIT) / 1e6;
  const quantum = Math.max(2 * mss, Math.floor(perUs * TICK_US));
  const budget = earn(t, tcb, perUs, quantum);
  const least = want < quantum ? want : quantum;
  if (budget >= least) {
    disarm(tcb, TIMER_PACE);
    return want < quantum ? want : quantum - (quantum % mss);
  }
  tcb.flags2 |= F2_PACED;
  wakeIn(t, tcb, Math.ceil((least - budget) / perUs / TICK_US));
  return 0;
}

/** What time has brought since the last look. */
function earn(t: Tcp, tcb: Tcb, perUs: number, quantum: number): number {
  const now = t.now | 0 || -1;
  const passed = diff(now, tcb.paceAt);
  if (passed === 0) return tcb.paceBudget;
  const most = tcb.flags2 & F2_PACED ? quantum + perUs * MOST_SAVED : quantum;
  tcb.flags2 &= ~F2_PACED;
  // A fresh block has no moment yet, and a silence of half an hour would read as one to come: both find a full budget.
  const fresh = tcb.paceAt === 0 || passed < 0;
  const budget = fresh ? quantum : Math.min(most, tcb.paceBudget + perUs * passed);
  const whole = Math.floor(budget);
  tcb.paceBudget = whole;
  // The fraction of a byte is time that is not used up yet.
  tcb.paceAt = (now - Math.floor((budget - whole) / perUs)) | 0 || -1;
  return whole;
}

/** A timer that runs already stays, unless the rate has risen since: who asks again does not put it off. */
function wakeIn(t: Tcp, tcb: Tcb, ms: number): void {
  const due = tcb.timer(TIMER_PACE);
  if (due === 0 || diff(due, t.tick) > ms) arm(t, tcb, TIMER_PACE, ms);
}

/** The timer runs, and not for the rate's sake. */
function isHeldBack(tcb: Tcb): boolean {
  return tcb.timer(TIMER_PACE) !== 0 && (tcb.flags2 & F2_PACED) === 0;
}

/**
 * No text for so many ms, although nothing is in flight, whatever the rate says or will say: a debt in bytes would be paid at the
 * rate of later, which may be a thousandth. Who is held back already is not for longer.
 */
export function holdBack(t: Tcp, tcb: Tcb, ms: number): void {
  if (isHeldBack(tcb)) return;
  tcb.flags2 &= ~F2_PACED;
  arm(t, tcb, TIMER_PACE, ms);
}

/** `bytes` left. */
export function spend(tcb: Tcb, bytes: number): void {
  if (tcb.pacingRate !== 0) tcb.paceBudget -= bytes;
}

/** The oldest octets are to go again, and only wait for their turn. */
export function headIsPaced(t: Tcp, tcb: Tcb): boolean {
  if (tcb.timer(TIMER_PACE) === 0 || tcb.lostOut === 0 || tcb.rtxHead < 0) return false;
  return (t.records.flags(tcb.rtxHead) & R_LOST) !== 0;
}

/** TIMER_PACE: the next quantum may leave. */
export function paceDue(t: Tcp, tcb: Tcb): void {
  markDirty(t, tcb);
}

/** The first text after everything sent was acknowledged: how long nothing left (RFC 5681 §4.1: since the last was sent). */
export function afterIdle(t: Tcp, tcb: Tcb): void {
  // A fresh block: nothing left for half a minute. Unsigned: a block may be kept for long, and idle time has no sign.
  const us = tcb.lastSentUs === 0 ? LONG_IDLE : since(t.now | 0, tcb.lastSentUs);
  if (us >= LONG_IDLE) forgetSent(tcb);
  controllerOf(t, tcb).onIdle(tcb, Math.floor(us / TICK_US), t.now);
}
