/** What a user may change on a connection that exists. */
import { diff } from '../seq.ts';
import type { CongestionController } from './congestion/controller.ts';
import { arm, controllerOf, markDirty, quietFor, type Tcp } from './context.ts';
import { CLOSED } from './figure5.ts';
import { setKeepAlive } from './lifecycle.ts';
import { setReceiveBuffer } from './receive-window.ts';
import { F_KEEPALIVE, F2_OUT_OF_BAND, F2_TELL_ACKED, TIMER_KEEPALIVE, TIMER_USER } from './row.ts';
import { setSendBuffer } from './send-buffer.ts';
import type { Tcb } from './tcb.ts';
import { outlast, userTimeoutSet } from './user-timeout.ts';

/** Nagle, cork: what was held back may be free to go. */
export function setFlag(t: Tcp, tcb: Tcb, flag: number, on: boolean): void {
  tcb.flags = on ? tcb.flags | flag : tcb.flags & ~flag;
  if (tcb.sndQueued > 0) markDirty(t, tcb);
}

/** null = off. At any time, with any times [MUST-24] [MUST-27]. */
export function keepAlive(t: Tcp, tcb: Tcb, k: { idle: number; interval: number; count: number } | null): void {
  if (tcb.state === CLOSED) return; // a free row has no timers: its links are the free list's
  tcb.flags &= ~F_KEEPALIVE;
  tcb.setTimer(TIMER_KEEPALIVE, 0);
  if (k === null) return;
  setKeepAlive(tcb, k);
  outlast(tcb);
  arm(t, tcb, TIMER_KEEPALIVE, Math.max(1, k.idle - quietFor(t, tcb)));
}

/** [MUST-21] what is outstanding already is under the new limit. */
export function userTimeout(t: Tcp, tcb: Tcb, ms: number): void {
  if (tcb.state === CLOSED) return;
  tcb.userTimeout = ms;
  userTimeoutSet(t, tcb);
  if (ms > 0 && tcb.firstSentAt !== 0) arm(t, tcb, TIMER_USER, ms - diff(t.tick, tcb.firstSentAt));
  else tcb.setTimer(TIMER_USER, 0);
}

/** The two ECN bits are TCP's own [SHLD-22]. */
export function tos(tcb: Tcb, value: number): void {
  if (tcb.state !== CLOSED) tcb.ip = (tcb.ip & ~0xff) | (value & 0xfc);
}

/** From now on: an octet that has come as text stays text. */
export function outOfBand(tcb: Tcb, on: boolean): void {
  if (tcb.state !== CLOSED) tcb.flags2 = on ? tcb.flags2 | F2_OUT_OF_BAND : tcb.flags2 & ~F2_OUT_OF_BAND;
}

/** Whether EV_ACKED is told. */
export function tellAcked(tcb: Tcb, on: boolean): void {
  if (tcb.state !== CLOSED) tcb.flags2 = on ? tcb.flags2 | F2_TELL_ACKED : tcb.flags2 & ~F2_TELL_ACKED;
}

/** Name of a controller, or one of the user's own; cwnd stays as it is. */
export function congestion(t: Tcp, tcb: Tcb, choice: string | CongestionController): void {
  if (tcb.state === CLOSED) return;
  controllerOf(t, tcb).change(tcb, choice, t.now);
  if (tcb.sndQueued > 0) markDirty(t, tcb);
}

/** A larger one could put its ends half the sequence space apart (RFC 7323 §2.3: a window is less than 2^30). */
const MAX_BUFFER = 1 << 30;

/** RCV.BUFF or SND.BUF, as the user wants it from now on. */
export function buffer(t: Tcp, tcb: Tcb, which: 'send' | 'receive', bytes: number): void {
  const size = Math.min(bytes, MAX_BUFFER);
  if (which === 'send') setSendBuffer(t, tcb, size);
  else setReceiveBuffer(t, tcb, size);
}
