/** §3.10.7.4, first: is any of it within the window? What lies outside is trimmed, what lies wholly outside answered. */
import { ACK, FIN, OPT_TS, RST, SYN } from '../../../wire/abi.ts';
import { add, diff, geq, gt, leq, lt, since } from '../../seq.ts';
import { markDirty, quietFor, type Tcp } from '../context.ts';
import { isDuplicate, noteDuplicate } from '../duplicate.ts';
import { SYN_RECEIVED, TIME_WAIT } from '../figure5.ts';
import { restart2MSL } from '../lifecycle.ts';
import { ackNow, hurryAcks, receiveWindow } from '../receive-window.ts';
import { F_PASSIVE, F_RESEND, F_SACK, F_TS } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';
import { ackFieldOnly } from './ack.ts';
import { challengeAck } from './challenge.ts';
import { reincarnate } from './time-wait.ts';
import { GO_ON, STOP, type Verdict } from './verdict.ts';

/** 24 days: after that a TS.Recent says nothing (RFC 7323 §5.5). */
const TS_RECENT_LIFE = 24 * 24 * 3600 * 1000;

export function sequence(t: Tcp, tcb: Tcb, seg: Segment): Verdict {
  if (tcb.state === TIME_WAIT && (seg.flags & (SYN | RST | ACK)) === SYN && reincarnate(t, tcb, seg)) return STOP;
  if (!paws(t, tcb, seg)) return STOP;
  if (tcb.state === SYN_RECEIVED && simultaneousSynAck(tcb, seg)) return GO_ON;
  if (!acceptable(tcb, seg)) {
    unacceptable(t, tcb, seg);
    return STOP;
  }
  trim(t, tcb, seg);
  if (seg.len > 0 && quietFor(t, tcb) > tcb.rto) hurryAcks(tcb);
  tcb.lastRcvAt = t.tick;
  tcb.ip = (tcb.ip & 0xffff) | (seg.tos << 16); // [MAY-9]
  return GO_ON;
}

/**
 * RFC 7323 §5.3 R1: an old duplicate by its timestamp (T310). RST is judged by its sequence number alone (RFC 7323 §5.2). A
 * timestamp that was not agreed on says nothing, one that is missing ends nothing (RFC 7323 §3.2-e, §3.2-f; ADR 27).
 */
function paws(t: Tcp, tcb: Tcb, seg: Segment): boolean {
  if ((tcb.flags & F_TS) === 0 || (seg.opts & OPT_TS) === 0 || seg.flags & RST) return true;
  if (diff(seg.tsval, tcb.tsRecent) >= 0 || since(t.tick, tcb.tsRecentAt) > TS_RECENT_LIFE) return true;
  t.counters.pawsDrops++;
  repeated(tcb, seg); // what was sent first may arrive last: its timestamp is old, and so is its text
  challengeAck(t, tcb, seg);
  return false;
}

/** Text that went with our SYN need not be acknowledged (T324). */
function answersSyn(tcb: Tcb, seg: Segment): boolean {
  return gt(seg.ack, tcb.iss) && leq(seg.ack, tcb.sndNxt);
}

/** T286: in simultaneous open the peer's SYN,ACK repeats its SYN at IRS; what it acknowledges must not be lost. */
function simultaneousSynAck(tcb: Tcb, seg: Segment): boolean {
  const synAck = (seg.flags & (SYN | ACK | RST)) === (SYN | ACK);
  if (!synAck || seg.seq !== tcb.irs || tcb.flags & F_PASSIVE || !answersSyn(tcb, seg)) return false;
  seg.seq = add(seg.seq, 1);
  seg.flags &= ~SYN;
  seg.unscaled = true; // RFC 7323 §2.2: it is the window of a SYN all the same
  return true;
}

/** The four cases of §3.4 (T005 to T008). */
function acceptable(tcb: Tcb, seg: Segment): boolean {
  const window = receiveWindow(tcb);
  const len = seg.space;
  const edge = tcb.rcvAdv;
  if (window === 0) {
    // [MUST-66] with a zero window the ACK, RST and URG of a segment right at RCV.NXT are still taken.
    return seg.seq === tcb.rcvNxt;
  }
  if (geq(seg.seq, tcb.rcvNxt) && lt(seg.seq, edge)) return true;
  if (len === 0) return false;
  const last = add(seg.seq, len - 1);
  return geq(last, tcb.rcvNxt) && lt(last, edge);
}

/** All of its text was here already: that is reported (RFC 2883 §4). */
function repeated(tcb: Tcb, seg: Segment): void {
  if (isDuplicate(tcb, seg)) noteDuplicate(tcb, seg.seq, add(seg.seq, seg.len));
}

function unacceptable(t: Tcp, tcb: Tcb, seg: Segment): void {
  if (seg.flags & RST) return;
  repeated(tcb, seg);
  if (tcb.state === SYN_RECEIVED && seg.flags & SYN && seg.seq === tcb.irs) {
    // T309, T285: a SYN sent again says that our SYN,ACK was lost.
    tcb.flags |= F_RESEND;
    markDirty(t, tcb);
    return;
  }
  if (tcb.state === TIME_WAIT && seg.flags & FIN && leq(add(seg.seq, seg.len), tcb.rcvNxt)) {
    // T290: read literally, a FIN that comes again would never restart 2MSL, because it lies below RCV.NXT.
    restart2MSL(t, tcb);
  }
  // [UNTAGGED-12] T288: crossing zero-window probes; T287: crossing FINs. The acknowledgment on them is current and must be heard.
  // Not on a SYN, which is never believed here (RFC 5961 §4, T149 …).
  const heard = (seg.flags & (ACK | SYN)) === ACK && (add(seg.seq, seg.space) === tcb.rcvNxt || atEdge(tcb, seg));
  if (heard && ackFieldOnly(t, tcb, seg) === STOP) return;
  challengeAck(t, tcb, seg);
}

/**
 * An ACK alone from a peer that has filled our window, or has probed it with one octet: its SND.NXT is at the edge or one
 * past it for as long as the window is closed, and our own text must not wait for that (T288).
 */
function atEdge(tcb: Tcb, seg: Segment): boolean {
  const past = diff(seg.seq, tcb.rcvAdv);
  return seg.space === 0 && (past === 0 || past === 1);
}

/** [UNTAGGED-10] only the part within the window is new; a FIN beyond it has not been reached. */
function trim(t: Tcp, tcb: Tcb, seg: Segment): void {
  const before = diff(tcb.rcvNxt, seg.seq);
  // Something lies at RCV.NXT or behind it, or the segment were not acceptable: so this cuts text only. A SYN goes no further.
  if (before > 0 && (seg.flags & SYN) === 0) {
    if (tcb.flags & F_SACK) {
      noteDuplicate(tcb, seg.seq, tcb.rcvNxt);
      ackNow(t, tcb);
    }
    seg.skip += before;
    seg.len -= before;
    seg.seq = tcb.rcvNxt;
  }
  // A FIN takes an octet of the window too (RFC 9293 §3.10.7.4: "including SYN and FIN"): behind a full one it is not reached.
  const fin = seg.flags & FIN;
  const beyond = diff(add(seg.seq, seg.len + fin), tcb.rcvAdv);
  if (beyond > 0) {
    seg.len -= Math.min(beyond - fin, seg.len);
    seg.flags &= ~FIN;
    ackNow(t, tcb); // [UNTAGGED-22] a probe of a closed window is answered with it
  }
}
