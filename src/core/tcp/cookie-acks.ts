/** ACKs of SYN cookies: connections out of nothing but a segment (RFC 4987 §3.6). */
import { ACK, OPT_TS, ROW_WORDS, RST, SYN } from '../../wire/abi.ts';
import { PERIOD_MS } from '../cookie.ts';
import { add, since } from '../seq.ts';
import { acceptQueueFull } from './backlog.ts';
import { step, type Tcp } from './context.ts';
import { EV, LISTEN } from './figure5.ts';
import { stir } from './flights.ts';
import { enterFlows, inherit, setIdentity, takeRow } from './lifecycle.ts';
import { F_COUNTED, F_PASSIVE, F_WS } from './row.ts';
import type { Segment } from './segment.ts';
import { segmentArrives } from './segment-arrives.ts';
import { readHidden } from './syn-cookies.ts';
import { BACKLOG, OOW_AT, type Tcb } from './tcb.ts';
import { takeRoute, wayBack } from './way-back.ts';

/**
 * An ACK for which there is no connection. True: it acknowledges a cookie, and was dealt with. `t.identity` has its four-tuple;
 * `tcb` is a cursor for the connection that may come of it.
 */
export function cookieArrives(t: Tcp, tcb: Tcb, listener: number, seg: Segment): boolean {
  if ((seg.flags & (SYN | ACK | RST)) !== ACK || !overflowed(t, listener)) return false;
  if (!t.cookies.check(t.identity, add(seg.seq, -1), add(seg.ack, -1), t.now)) {
    t.counters.synCookiesFailed++;
    return false;
  }
  // RFC 7323 §3.2-b: timestamps are agreed, and without one the other options are unknown.
  if (!t.cookies.timestamps || seg.opts & OPT_TS) establish(t, tcb, listener, seg);
  else t.counters.inSegs++;
  return true;
}

/** Recently enough that a cookie may be under way. Otherwise there is nothing to guess at. */
function overflowed(t: Tcp, listener: number): boolean {
  const at = t.rows.words[listener * ROW_WORDS + OOW_AT]!;
  return at !== 0 && since(t.tick, at) < 2 * PERIOD_MS;
}

/** Without room it is as if the ACK was lost; the peer's text, or its next ACK, asks again. Never a reset (RFC 4987 §3). */
function establish(t: Tcp, tcb: Tcb, listener: number, seg: Segment): void {
  if (acceptQueueFull(t, listener)) t.counters.listenOverflows++;
  else {
    const hop = wayBack(t, t.identity);
    if (hop >= 0 && takeRow(t, tcb, {}) >= 0) {
      t.counters.synCookiesReceived++;
      remember(t, tcb, listener, seg, hop);
      segmentArrives(t, tcb, seg); // §3.10.7.4: the ACK of our SYN, and what came with it
      return;
    }
    if (hop >= 0) t.ip.release(hop);
  }
  t.counters.inSegs++;
}

/** The row as it would be after the SYN. */
function remember(t: Tcp, tcb: Tcb, listener: number, seg: Segment, hop: number): void {
  stir(t, tcb);
  inherit(t, tcb, t.other.select(listener));
  setIdentity(tcb, t.identity, 0);
  takeRoute(t, tcb);
  tcb.hop = hop;
  tcb.state = LISTEN; // it begins where its listener stands
  step(t, tcb, EV.rcvSyn);
  tcb.iss = tcb.sndUna = tcb.sndUp = tcb.sndWl2 = tcb.recover = add(seg.ack, -1);
  tcb.sndNxt = seg.ack;
  tcb.irs = tcb.sndWl1 = add(seg.seq, -1);
  tcb.rcvNxt = tcb.lastAckSent = tcb.rcvUp = seg.seq;
  tcb.tsOffset = t.isn.timestampOffset(tcb.i32, tcb.at);
  tcb.peerMss = t.cookies.mss;
  tcb.flags |= F_PASSIVE | F_COUNTED;
  t.rows.words[listener * ROW_WORDS + BACKLOG]! += 1 << 16;
  if (t.cookies.timestamps) readHidden(t, tcb, seg);
  if ((tcb.flags & F_WS) === 0) tcb.rcvBuf = Math.min(tcb.rcvBuf, 0xffff);
  tcb.rcvAdv = add(tcb.rcvNxt, Math.min(tcb.rcvBuf, 0xffff));
  enterFlows(t, tcb);
}
