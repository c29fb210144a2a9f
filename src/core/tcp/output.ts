/**
 * "What may be sent now?" One ladder for every connection that owes something at the end of a turn: SYN, lost text,
 * new text with FIN, and only when none of them took the acknowledgment along, a bare ACK.
 */
import { ACK, FIN, PSH } from '../../wire/abi.ts';
import { add, diff } from '../seq.ts';
import { arm, type Tcp } from './context.ts';
import { noteAppLimited } from './delivery-rate.ts';
import { emitAck, emitSyn, emitText } from './emit.ts';
import { synText, synTextSent } from './fast-open.ts';
import { CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT, SYNCHRONIZED, TIME_WAIT } from './figure5.ts';
import { stir } from './flights.ts';
import { frtoRoom, frtoStuck } from './frto.ts';
import { noteLimit } from './limits.ts';
import { mostText } from './mss.ts';
import { probeMtu } from './mtu-search.ts';
import { afterIdle, paced, spend } from './pacing.ts';
import { sendProbe } from './probe.ts';
import { delayAck } from './receive-window.ts';
import { R_FIN } from './records.ts';
import { firstLost, inFlight, noteResent, split, tellResent } from './retransmission.ts';
import {
  F_ACK_LATER,
  F_ACK_NOW,
  F_CORK,
  F_CWND_LIMITED,
  F_DIRTY,
  F_FIN_QUEUED,
  F_NODELAY,
  F_RECOVERY,
  F_RESEND,
  F_RTO_RECOVERY,
  F_SACK,
  F_SYN_ACKED,
  F2_DSACK,
  F2_FRTO_NEW,
  F2_TFO_PENDING,
  F2_TLP_DUE,
  F2_UTO_DUE,
  TIMER_PACE,
  TIMER_PERSIST,
  TIMER_REXMIT,
} from './row.ts';
import { sackLength } from './sack-option.ts';
import { armUserTimeout, finWaits, sendText, unsent } from './send-text.ts';
import { scheduleProbe, sendTailProbe } from './tail-loss-probe.ts';
import type { Tcb } from './tcb.ts';
import { tellLowWater } from './unsent.ts';

/** ms; RFC 9293 §3.8.6.2.1: the override timeout of silly-window avoidance is between 0.1 and 1 second. */
const SWS_OVERRIDE = 200;

/** Sends what is due on `link`. False: the link's buffer is full, call again after a flush. */
export function output(t: Tcp, tcb: Tcb, link: number): boolean {
  if (!t.out.hasRoom(link)) return false;
  tcb.flags &= ~F_DIRTY;
  if (tcb.state & (CLOSED | LISTEN)) return true;
  if (tcb.flight === 0 && tcb.state !== TIME_WAIT) stir(t, tcb);
  t.sack.row = -1; // what an earlier turn wrote is gone
  if ((tcb.flags & F_SYN_ACKED) === 0 && !sendSyn(t, tcb, link)) return false;
  // RFC 7413 §4.2.2: who was handed to the user with the SYN may answer before the third ACK.
  if (tcb.state & (SYN_SENT | SYN_RECEIVED)) return (tcb.flags2 & F2_TFO_PENDING) === 0 || sendNew(t, tcb, link);
  if (wantsBareAck(tcb) && !emitAck(t, tcb, link)) return false;
  if (tcb.flags & F_RESEND && tcb.flags & F_SYN_ACKED) {
    tcb.flags &= ~F_RESEND;
    sendProbe(t, tcb, link);
  }
  if (tcb.flags2 & F2_TLP_DUE && !sendTailProbe(t, tcb, link)) return false;
  const done = resendLost(t, tcb, link) && sendNew(t, tcb, link);
  if (tcb.flags & F_ACK_NOW && !emitAck(t, tcb, link)) return false;
  delayAck(t, tcb);
  return done;
}

/**
 * What text has no room for goes before it: a report of duplicates (RFC 2883), or our user timeout, which the first segment without
 * SYN repeats and which a user may change (RFC 5482 §3.1). With SACK blocks to say there is no room for the latter.
 */
function wantsBareAck(tcb: Tcb): boolean {
  return (tcb.flags2 & F2_DSACK) !== 0 || ((tcb.flags2 & F2_UTO_DUE) !== 0 && tcb.oooBytes === 0);
}

/** Our SYN, first time or again; also in FIN_WAIT_1 when CLOSE came before it was acknowledged (T050). */
function sendSyn(t: Tcp, tcb: Tcb, link: number): boolean {
  const first = tcb.sndNxt === tcb.iss;
  const ack = tcb.state === SYN_SENT ? 0 : ACK;
  if (!first && (tcb.flags & F_RESEND) === 0) {
    if (tcb.state & (SYN_SENT | SYN_RECEIVED) && tcb.flags & F_ACK_NOW) return emitAck(t, tcb, link);
    return true;
  }
  const text = first ? synText(t, tcb) : 0;
  if (!emitSyn(t, tcb, link, ack, text)) return false;
  tcb.flags &= ~F_RESEND;
  if (first) {
    tcb.sndNxt = add(tcb.iss, 1);
    if (text > 0) synTextSent(t, tcb, text);
    tcb.rttAt = t.now | 0 || -1; // 0 means "not measured"; a microsecond early, never late: the difference is unsigned
    tcb.firstSentAt = t.tick;
    armUserTimeout(t, tcb);
  } else {
    tcb.rttAt = 0;
    t.counters.retransSegs++;
    if (t.telling) tellResent(t, tcb, tcb.iss, 1);
  }
  if (tcb.timer(TIMER_REXMIT) === 0) arm(t, tcb, TIMER_REXMIT, tcb.rto);
  return true;
}

/** What is marked lost, oldest first, as far as the congestion window lets it (RFC 6675 §5 rule (1)). */
function resendLost(t: Tcp, tcb: Tcb, link: number): boolean {
  if (tcb.lostOut === 0 || tcb.flags2 & F2_FRTO_NEW) return true;
  const r = t.records;
  for (let rec = firstLost(t, tcb); rec >= 0; rec = firstLost(t, tcb)) {
    const pipe = inFlight(tcb);
    const must = pipe <= 0 || (rec === tcb.rtxHead && headGoes(tcb));
    const room = Math.max(tcb.cwnd - pipe, must ? tcb.sndMss : 0);
    // [SHLD-16] what lies within the window, however far that shrank; the rest waits for it to open again [MAY-7]. A segment that
    // reaches beyond the edge by one octet may be dropped whole, so the record is cut there.
    const window = diff(add(tcb.sndUna, tcb.sndWnd), r.seq(rec));
    if (window <= 0 && r.len(rec) > 0) return true;
    const mss = tcb.sndMss - sackLength(t, tcb);
    const most = mostText(t, tcb, link, mss);
    let len = r.len(rec) === 0 ? 0 : Math.min(r.len(rec), most, window);
    if (len > room) len = room < mss ? (must ? Math.min(len, mss) : 0) : room - (room % mss);
    if (len > 0) len = paced(t, tcb, len, mss);
    if (len === 0 && r.len(rec) > 0) return true;
    if (len < r.len(rec) && !split(t, tcb, rec, len)) return true;
    if (!t.out.hasRoom(link)) return false;
    const fin = r.flags(rec) & R_FIN ? FIN : 0;
    const push = rec === tcb.rtxTail && len > 0 ? PSH : 0;
    if (!emitText(t, tcb, link, r.seq(rec), ACK | fin | push, r.chunk(rec), r.offset(rec), len, mss)) return false;
    noteResent(t, tcb, rec);
    spend(tcb, len);
    // RFC 6298 §5: the timer never sends it again sooner than one RTO after this.
    if (rec === tcb.rtxHead || tcb.timer(TIMER_REXMIT) === 0) arm(t, tcb, TIMER_REXMIT, tcb.rto);
    armUserTimeout(t, tcb); // text of a SYN that was not taken went before anything was outstanding
  }
  return true;
}

/**
 * The first segment goes whatever is in flight: after a timeout (RFC 6298 (5.4)), of which RFC 8985 §6.3 may have left some, and
 * without SACK on the third duplicate and on each partial ACK (RFC 5681 §3.2, RFC 6582 §3.2). With SACK PRR sees to it.
 */
function headGoes(tcb: Tcb): boolean {
  return (tcb.flags & F_RTO_RECOVERY) !== 0 || (tcb.flags & (F_RECOVERY | F_SACK)) === F_RECOVERY;
}

function sendNew(t: Tcp, tcb: Tcb, link: number): boolean {
  if (tcb.sndNxt === tcb.sndUna && tcb.sndQueued > 0) afterIdle(t, tcb);
  tcb.flags &= ~F_CWND_LIMITED;
  const before = tcb.sndNxt;
  let left = unsent(tcb);
  const held = tcb.pmtu !== 0 && left > 0 && probeMtu(t, tcb, link, left);
  if (tcb.sndNxt !== before) left = unsent(tcb);
  while (left > 0 && !held) {
    const mss = tcb.sndMss - sackLength(t, tcb);
    const n = howMuch(t, tcb, link, left, mss);
    if (n === 0) break;
    if (!t.out.hasRoom(link)) return false;
    const from = tcb.sndNxt;
    if (!sendText(t, tcb, link, n, left, mss)) return false;
    if (tcb.sndNxt === from) break; // no record was left to note it in: a timer tries again
    spend(tcb, n);
    left -= n;
  }
  if (left === 0 && finWaits(tcb) && diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt) >= 1) {
    if (!sendText(t, tcb, link, 0, 0, tcb.sndMss)) return false;
  }
  if (left === 0) noteAppLimited(tcb);
  if (tcb.flags2 & F2_FRTO_NEW) frtoStuck(t, tcb);
  if (tcb.sndNxt !== before && tcb.state !== SYN_RECEIVED) scheduleProbe(t, tcb);
  watchWindow(t, tcb, left);
  tellLowWater(t, tcb);
  if (tcb.timing !== 0) noteLimit(t, tcb, left);
  return true;
}

/**
 * Bytes for the next (super-)segment; 0 = wait. RFC 9293 §3.8.6.2.1 [MUST-38] with Nagle (§3.7.4
 * [SHLD-7]): D = left, U = usable window [UNTAGGED-32]. Behind an edge that moved back U is negative: nothing new leaves [SHLD-15].
 */
function howMuch(t: Tcp, tcb: Tcb, link: number, left: number, mss: number): number {
  const usable = diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt);
  let n = Math.min(left, usable, mostText(t, tcb, link, mss));
  if (n <= 0) return 0;
  const pipe = inFlight(tcb) - (tcb.flags & F_SYN_ACKED ? 0 : 1); // Nagle is about text
  const room = tcb.flags2 & F2_FRTO_NEW ? frtoRoom(tcb) : tcb.cwnd - pipe;
  if (n > room) {
    tcb.flags |= F_CWND_LIMITED;
    if (room >= mss) n = room - (room % mss);
    else if (pipe > 0) return 0;
    else n = Math.min(n, mss);
  }
  const tail = n % mss;
  if (tail !== 0 && !mayEndShort(tcb, n, left, pipe)) n -= tail;
  return n === 0 ? 0 : paced(t, tcb, n, mss);
}

/**
 * Whether a segment shorter than MSS may end here: (2), (3) of the rule, and never while corked [MAY-16]: taking the cork out is our
 * PUSH [MAY-15]. The short end of one write with nothing outstanding goes along with its full segments [UNTAGGED-13].
 */
function mayEndShort(tcb: Tcb, n: number, left: number, pipe: number): boolean {
  if (n === left) {
    if (tcb.flags & F_FIN_QUEUED) return true; // [UNTAGGED-26] CLOSE implies PUSH
    if (tcb.flags & F_CORK) return false;
    return (tcb.flags & F_NODELAY) !== 0 || pipe <= 0; // [MUST-17] [UNTAGGED-31]
  }
  return n * 2 >= tcb.maxSndWnd && (pipe <= 0 || (tcb.flags & F_NODELAY) !== 0);
}

/** Output waits for the neighbour. What was never sent has no timer yet, and a neighbour may be silent for good (§3.8.3 R2). */
export function waitForHop(t: Tcp, tcb: Tcb): void {
  if ((tcb.state & SYNCHRONIZED) === 0 || tcb.state === TIME_WAIT) return;
  if (unsent(tcb) <= 0 && !finWaits(tcb)) return;
  armUserTimeout(t, tcb);
  if (tcb.timer(TIMER_REXMIT) === 0 && tcb.timer(TIMER_PERSIST) === 0) arm(t, tcb, TIMER_PERSIST, tcb.rto);
}

/**
 * Nobody answers for the neighbour. Who owes an acknowledgment alone has no timer that would count the attempts, and a peer that
 * still lives asks again: it waits no longer, or the neighbour would be asked once a second for ever. True: it does not wait.
 */
export function waitNoMore(tcb: Tcb): boolean {
  if ((tcb.state & SYNCHRONIZED) === 0 || tcb.state === TIME_WAIT) return false;
  if (tcb.sndUna !== tcb.sndNxt || unsent(tcb) > 0 || finWaits(tcb)) return false;
  tcb.flags &= ~(F_DIRTY | F_ACK_NOW | F_ACK_LATER);
  return true;
}

/**
 * Something waits and nothing is in flight that would bring an ACK: probe a closed window [MUST-36], first after one RTO
 * [SHLD-29], or override silly-window avoidance. With text in flight the retransmission timer does the probing.
 */
function watchWindow(t: Tcp, tcb: Tcb, left: number): void {
  if (left === 0 && !finWaits(tcb)) return;
  if (tcb.sndNxt !== tcb.sndUna || tcb.timer(TIMER_PERSIST) !== 0 || tcb.timer(TIMER_PACE) !== 0) return;
  if (tcb.flags & F_CORK && tcb.sndWnd > 0 && tcb.state === ESTABLISHED) {
    arm(t, tcb, TIMER_PERSIST, SWS_OVERRIDE); // [MUST-60] a cork holds back for a bounded time
    return;
  }
  arm(t, tcb, TIMER_PERSIST, tcb.sndWnd === 0 ? tcb.rto : SWS_OVERRIDE);
}
