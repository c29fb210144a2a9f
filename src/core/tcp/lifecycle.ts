/** Birth and death of a connection: what a row is filled with, and everything that must go when it ends. */
import { ROW_PORTS, ROW_WORDS } from '../../wire/abi.ts';
import type { OpenOptions } from '../api.ts';
import { EV_CLOSED, OK } from '../events.ts';
import { add, gt } from '../seq.ts';
import { arm, markDirty, report, step, type Tcp } from './context.ts';
import { LISTEN, TIME_WAIT } from './figure5.ts';
import { buryFlight, stir } from './flights.ts';
import { dropHalfOpen } from './half-opens.ts';
import { discardText } from './held-text.ts';
import { reportEnd } from './last-words.ts';
import { discardHeld } from './reassembly.ts';
import { returnGrant, scaleFor } from './receive-window.ts';
import {
  F_APP_DONE,
  F_COUNTED,
  F_FIXED_BUFFER,
  F_IN_FLOWS,
  F_KEEPALIVE,
  F_LISTED,
  F_NODELAY,
  F2_OUT_OF_BAND,
  F2_SND_GROWS,
  F2_TFO_PENDING,
  F2_UTO,
  F2_UTO_FIXED,
  TIMER_STATE,
} from './row.ts';
import { INITIAL_RTO_MS } from './rtt.ts';
import { beginSendBuffer } from './send-buffer.ts';
import { BACKLOG, STATE, type Tcb } from './tcb.ts';
import { dropFolded, restartFolded } from './time-waits.ts';

const TIMER_COUNT = 8;
/** How far above the old SND.NXT the ISS of the next incarnation lies at least. */
const REUSE_GAP = 64_000;

/** A fresh row with the stack's defaults and the user's options; -1 when there is no room. */
export function takeRow(t: Tcp, tcb: Tcb, options: OpenOptions): number {
  const row = t.rows.take();
  if (row < 0) {
    t.counters.noRows++;
    return -1;
  }
  const d = t.defaults;
  tcb.select(row);
  beginSendBuffer(t, tcb, options.sendBuffer);
  tcb.rcvBuf = options.receiveBuffer ?? Math.min(d.initialWindow, d.receiveBuffer);
  tcb.rto = INITIAL_RTO_MS;
  tcb.userTimeout = options.userTimeout ?? d.userTimeout;
  tcb.ip = ((options.tos ?? 0) & 0xfc) | ((options.ttl ?? d.ttl) << 8);
  tcb.scales = d.windowScaling ? scaleFor(Math.max(d.receiveBuffer, tcb.rcvBuf)) << 8 : 0;
  if (!d.windowScaling) tcb.rcvBuf = Math.min(tcb.rcvBuf, 0xffff);
  if (options.receiveBuffer !== undefined) tcb.flags |= F_FIXED_BUFFER;
  if (options.noDelay ?? d.noDelay) tcb.flags |= F_NODELAY;
  if (d.userTimeoutOption) tcb.flags2 |= F2_UTO;
  if (options.outOfBand === true) tcb.flags2 |= F2_OUT_OF_BAND;
  if (options.userTimeout !== undefined) tcb.flags2 |= F2_UTO_FIXED;
  tcb.lastRcvAt = t.tick;
  if (options.keepAlive !== undefined) setKeepAlive(tcb, options.keepAlive); // else off [MUST-25] [MAY-5]
  return row;
}

export function setKeepAlive(tcb: Tcb, k: { idle: number; interval: number; count: number }): void {
  tcb.flags |= F_KEEPALIVE;
  tcb.keepIdle = k.idle;
  tcb.keepInterval = k.interval;
  tcb.keepCount = k.count & 0xffff;
}

/** The child takes over what was set on its listener. */
export function inherit(t: Tcp, child: Tcb, listener: Tcb): void {
  child.sndBuf = listener.sndBuf;
  child.flags2 = (child.flags2 & ~F2_SND_GROWS) | (listener.flags2 & F2_SND_GROWS);
  child.rcvBuf = listener.rcvBuf;
  child.userTimeout = listener.userTimeout;
  child.ip = listener.ip;
  child.scales = listener.scales;
  child.flags |= listener.flags & (F_NODELAY | F_KEEPALIVE | F_FIXED_BUFFER);
  child.keepIdle = listener.keepIdle;
  child.keepInterval = listener.keepInterval;
  child.keepCount = listener.keepCount & 0xffff;
  child.flags2 |= listener.flags2 & (F2_UTO | F2_UTO_FIXED | F2_OUT_OF_BAND);
  child.listener = listener.row;
  child.cc = listener.cc;
  child.lastRcvAt = t.tick;
}

/** ISS and the timestamp offset need the identity words. */
export function chooseNumbers(t: Tcp, tcb: Tcb): void {
  stir(t, tcb);
  numbers(t, tcb);
}

/** `after`: SND.NXT of the incarnation before, which the new ISS must lie well above. */
export function numbers(t: Tcp, tcb: Tcb, after?: number): void {
  const iss = t.isn.isn(tcb.i32, tcb.at, t.now);
  const least = after === undefined ? iss : add(after, REUSE_GAP);
  tcb.iss = gt(least, iss) ? least : iss;
  tcb.tsOffset = t.isn.offsetBeside;
  tcb.sndUna = tcb.sndNxt = tcb.sndUp = tcb.sndWl2 = tcb.recover = tcb.iss;
}

export function setIdentity(tcb: Tcb, identity: Int32Array, at: number): void {
  for (let n = 0; n < 9; n++) tcb.i32[tcb.at + ROW_PORTS + n] = identity[at + n]!;
}

export function enterFlows(t: Tcp, tcb: Tcb): void {
  t.flows.insert(tcb.row);
  tcb.flags |= F_IN_FLOWS;
}

/** Deletes the TCB. `reason` is what the user is told; a connection that was never shown to the user ends silently. */
export function remove(t: Tcp, tcb: Tcb, reason: number, stateBefore: number, event = -1): void {
  if (t.rows.isScratch(tcb.row)) return tcb === t.child ? dropHalfOpen(t, tcb) : dropFolded(t, tcb);
  reportEnd(t, tcb, reason, stateBefore, event);
  dropBuffers(t, tcb);
  if (tcb.flags & F_IN_FLOWS) t.flows.remove(tcb.row);
  if (tcb.flags & F_LISTED) t.listeners.remove(tcb.row);
  uncount(t, tcb);
  t.budget.leave(tcb.row);
  if (tcb.flags2 & F2_TFO_PENDING) t.fastOpens.settle(tcb.listener);
  returnGrant(t, tcb);
  if (tcb.hop >= 0) t.ip.release(tcb.hop);
  t.wheel.remove(tcb.row);
  buryFlight(t, tcb);
  tcb.flags &= ~(F_IN_FLOWS | F_LISTED);
  t.rows.bury(tcb.row);
}

/** A half-open or unaccepted child gives its place in the backlog back. */
export function uncount(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags & F_COUNTED) === 0) return;
  tcb.flags &= ~F_COUNTED;
  const at = tcb.listener * ROW_WORDS;
  if (tcb.listener >= 0 && t.rows.words[at + STATE] === LISTEN) t.rows.words[at + BACKLOG]! -= 1 << 16;
}

function dropBuffers(t: Tcp, tcb: Tcb): void {
  discardText(t, tcb);
  for (let rec = tcb.rtxHead; rec >= 0; ) {
    const next = t.records.next(rec);
    t.records.give(rec);
    rec = next;
  }
  tcb.rtxHead = tcb.rtxTail = -1;
  tcb.sackedOut = tcb.lostOut = 0;
  discardHeld(t, tcb);
}

/** Ends a connection by an arrow of the figure that leads to CLOSED. */
export function end(t: Tcp, tcb: Tcb, event: number, reason: number): void {
  const before = tcb.state;
  step(t, tcb, event);
  remove(t, tcb, reason, before, event);
}

/**
 * After the arrow into TIME_WAIT: 2MSL starts, the other timers stop (T225, T227), memory goes back. For the user the
 * connection is over; only the row stays, to answer a FIN that comes again and to keep old segments out (T279, T280).
 */
export function beginTimeWait(t: Tcp, tcb: Tcb): void {
  markDirty(t, tcb); // with the turn's output it becomes a small record (time-waits.ts)
  for (let timer = 0; timer < TIMER_COUNT; timer++) tcb.setTimer(timer, 0);
  dropBuffers(t, tcb);
  report(t, tcb, EV_CLOSED, OK, TIME_WAIT);
  restart2MSL(t, tcb);
}

export function restart2MSL(t: Tcp, tcb: Tcb): void {
  if (t.rows.isScratch(tcb.row)) restartFolded(t);
  else arm(t, tcb, TIMER_STATE, 2 * t.defaults.msl);
}

/** From here on the user hears nothing of it: used for children that were never accepted. */
export function silence(tcb: Tcb): void {
  tcb.flags |= F_APP_DONE;
}
