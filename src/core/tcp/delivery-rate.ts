/**
 * How fast data arrives at the peer: draft-ietf-ccwg-bbr §4.1. Each record remembers where the count of delivered bytes
 * stood when it was sent; the newest record an ACK reports gives bytes and time between then and now. The longer of the
 * send and the ACK phase counts, so that compressed ACKs make no rate that the path never had.
 */
import { diff } from '../seq.ts';
import type { Tcp } from './context.ts';
import { inFlight } from './pipe.ts';
import { R_APP_LIMITED, R_RESENT } from './records.ts';
import { F2_APP_LIMITED } from './row.ts';
import type { Tcb } from './tcb.ts';

/** A record leaves, for the first time or again; `space` bytes of it are not counted as in flight yet. */
export function rateSent(t: Tcp, tcb: Tcb, rec: number, space: number): void {
  const now = t.now | 0;
  const pipe = inFlight(tcb);
  if (pipe <= 0) {
    // The pipe was empty: the sample must not reach back over the silence.
    tcb.firstSentUs = now;
    tcb.deliveredAt = now;
  }
  const r = t.records;
  r.setRate(rec, tcb.delivered, tcb.deliveredAt, tcb.firstSentUs, pipe + space);
  r.setLost(rec, tcb.lost);
  const flags = r.flags(rec) & ~R_APP_LIMITED;
  r.setFlags(rec, tcb.flags2 & F2_APP_LIMITED ? flags | R_APP_LIMITED : flags);
  tcb.lastSentUs = now;
}

/** `bytes` of a record are known to have arrived: acknowledged, or selectively acknowledged for the first time. */
export function rateDelivered(t: Tcp, tcb: Tcb, rec: number, bytes: number): void {
  const now = t.now | 0;
  const r = t.records;
  const s = t.congestion.ack;
  tcb.delivered = (tcb.delivered + bytes) | 0;
  tcb.deliveredAt = now;
  s.delivered += bytes;
  const sentAt = r.sentAt(rec);
  if (s.filled) {
    const later = diff(r.delivered(rec), s.priorDelivered);
    if (later < 0 || (later === 0 && diff(sentAt, s.sentAt) < 0)) return;
  }
  s.filled = true;
  s.priorDelivered = r.delivered(rec);
  s.sentAt = sentAt;
  s.sendElapsed = diff(sentAt, r.firstSentAt(rec));
  s.ackElapsed = diff(now, r.deliveredAt(rec));
  s.appLimited = (r.flags(rec) & R_APP_LIMITED) !== 0;
  s.txInFlight = r.inFlight(rec);
  s.lost = diff(tcb.lost, r.lost(rec));
  // Karn: of a segment sent twice nobody knows which one arrived. At least 1: 0 is "not measured".
  s.rttUs = r.flags(rec) & R_RESENT ? 0 : Math.max(1, diff(now, sentAt));
  tcb.firstSentUs = sentAt;
}

/** A record was marked lost; the controller hears of it with the next ACK. */
export function rateLost(tcb: Tcb, bytes: number): void {
  tcb.lost = (tcb.lost + bytes) | 0;
}

/**
 * The connection has nothing to send though it might (draft §4.1.2.4): what is in flight now and what follows until that
 * is delivered says nothing about the path's rate.
 */
export function noteAppLimited(tcb: Tcb): void {
  const pipe = inFlight(tcb);
  if (tcb.lostOut > 0 || pipe >= tcb.cwnd) return;
  markAppLimited(tcb);
}

/** MarkConnectionAppLimited, also for a controller that holds itself back (draft §5.3.4.3). */
export function markAppLimited(tcb: Tcb): void {
  tcb.appLimited = (tcb.delivered + inFlight(tcb)) | 0;
  tcb.flags2 |= F2_APP_LIMITED;
}

/** An ACK was taken in whole: completes the sample, tells the controller, and forgets it. */
export function ackTaken(t: Tcp, tcb: Tcb, ackedBytes: number): void {
  const s = t.congestion.ack;
  if (s.delivered > 0 || ackedBytes > 0) {
    if (tcb.flags2 & F2_APP_LIMITED && diff(tcb.delivered, tcb.appLimited) > 0) tcb.flags2 &= ~F2_APP_LIMITED;
    s.ackedBytes = ackedBytes;
    s.inFlight = inFlight(tcb);
    s.ceBytes = diff(tcb.deliveredCe, tcb.ceSeen);
    tcb.ceSeen = tcb.deliveredCe;
    s.newlyLost = diff(tcb.lost, tcb.lostSeen);
    tcb.lostSeen = tcb.lost;
    if (s.filled) complete(tcb, t);
    t.congestion.onAck(tcb, t.now);
  }
  s.clear();
}

function complete(tcb: Tcb, t: Tcp): void {
  const s = t.congestion.ack;
  if (diff(s.priorDelivered, tcb.roundEnd) >= 0) {
    tcb.roundEnd = tcb.delivered;
    s.roundStart = true;
  }
  const interval = s.sendElapsed > s.ackElapsed ? s.sendElapsed : s.ackElapsed;
  // Shorter than the shortest round trip: the clock is too coarse for it, or the ACK is of an earlier transmission.
  if (interval <= 0 || (tcb.minRtt > 0 && interval < tcb.minRtt)) return;
  s.sampledBytes = diff(tcb.delivered, s.priorDelivered);
  s.intervalUs = interval;
  s.deliveryRate = (s.sampledBytes * 1e6) / interval;
}
