/** §3.10.8 and its kin: what happens when a deadline of a row has passed. */
import { ACK } from '../../wire/abi.ts';
import { ETIMEDOUT, EV_SOFT_ERROR, OK } from '../events.ts';
import { diff } from '../seq.ts';
import { MAX_CWND } from './congestion/controller.ts';
import { arm, controllerOf, disarm, markDirty, note, quietFor, report, step, type Tcp } from './context.ts';
import { tellReduced } from './ecn.ts';
import { emitRst, emitText } from './emit.ts';
import { fastOpenFailed } from './fast-open.ts';
import { EV, LISTEN, SYN_RECEIVED, SYN_SENT, SYNCHRONIZED, TIME_WAIT } from './figure5.ts';
import { rest, stir } from './flights.ts';
import { beginFrto } from './frto.ts';
import { BY_CLOSED_WINDOW, BY_KEEP_ALIVE, BY_NEIGHBOUR, BY_REASON, BY_USER_TIMEOUT } from './last-words.ts';
import { end, remove } from './lifecycle.ts';
import { reorderTimeout } from './loss.ts';
import { orphanExpired, tellSilence, watchOrphan } from './orphan.ts';
import { headIsPaced, paceDue } from './pacing.ts';
import { timeoutMeansMtu } from './path-mtu.ts';
import { rackTimeout } from './rack.ts';
import { ackNow } from './receive-window.ts';
import { markAllLost, R1 } from './retransmission.ts';
import {
  F_ACK_LATER,
  F_FIN_QUEUED,
  F_FIN_SENT,
  F_KEEPALIVE,
  F_PERSIST,
  F_RECOVERY,
  F_RESEND,
  F_RTO_RECOVERY,
  F_SACK,
  F2_FRTO,
  F2_FRTO_NEW,
  F2_PTO,
  F2_TLP_DUE,
  F2_TLP_OUT,
  F2_UNDO,
  TIMER_DELACK,
  TIMER_KEEPALIVE,
  TIMER_LOSS,
  TIMER_PACE,
  TIMER_PERSIST,
  TIMER_REXMIT,
  TIMER_STATE,
  TIMER_USER,
} from './row.ts';
import { backOff } from './rtt.ts';
import { forgetReneged } from './scoreboard.ts';
import { tellRoom } from './send-buffer.ts';
import { armUserTimeout } from './send-text.ts';
import { probeTimeout } from './tail-loss-probe.ts';
import type { Tcb } from './tcb.ts';
import { beginUndo } from './undo.ts';

const TIMER_COUNT = 8;

/** Runs what is due on the row and files it again under its next deadline. */
export function expire(t: Tcp, tcb: Tcb): void {
  const gen = tcb.gen;
  if (tcb.state & ~(LISTEN | TIME_WAIT)) stir(t, tcb);
  for (let timer = 0; timer < TIMER_COUNT; timer++) {
    const at = tcb.timer(timer);
    if (at === 0 || diff(at, t.tick) > 0) continue;
    tcb.setTimer(timer, 0);
    fire(t, tcb, timer, at);
    if (tcb.gen !== gen) return; // the connection ended
  }
  refile(t, tcb);
}

function refile(t: Tcp, tcb: Tcb): void {
  let next = 0;
  for (let timer = 0; timer < TIMER_COUNT; timer++) {
    const at = tcb.timer(timer);
    if (at !== 0 && (next === 0 || diff(at, next) < 0)) next = at;
  }
  if (next !== 0) t.wheel.file(tcb.row, next);
}

function fire(t: Tcp, tcb: Tcb, timer: number, at: number): void {
  switch (timer) {
    case TIMER_REXMIT:
      return retransmission(t, tcb);
    case TIMER_PERSIST:
      return persist(t, tcb);
    case TIMER_DELACK:
      if ((tcb.flags & F_ACK_LATER) === 0) return;
      note(t, tcb, 'delayed ACK timer');
      ackNow(t, tcb); // T325 [MUST-40]
      return;
    case TIMER_KEEPALIVE:
      return keepAlive(t, tcb, at);
    case TIMER_STATE:
      return stateTimeout(t, tcb);
    case TIMER_LOSS:
      if (tcb.flags2 & F2_PTO) probeTimeout(t, tcb);
      else reorderTimeout(t, tcb);
      return;
    case TIMER_USER:
      if (diff(t.tick, tcb.firstSentAt) >= tcb.userTimeout || tcb.firstSentAt === 0)
        giveUp(t, tcb, ETIMEDOUT, BY_USER_TIMEOUT); // T233 …
      else arm(t, tcb, TIMER_USER, tcb.userTimeout - diff(t.tick, tcb.firstSentAt));
      return;
    case TIMER_PACE:
      return paceDue(t, tcb);
  }
}

/** Nothing more will be tried (T235, T311 to T317). The last soft error is the better reason when there was one. */
export function giveUp(t: Tcp, tcb: Tcb, reason: number, cause = BY_REASON): void {
  t.cause = cause;
  if (tcb.state & (SYN_SENT | SYN_RECEIVED)) t.counters.attemptFails++;
  end(t, tcb, EV.giveUp, tcb.softError < 0 ? tcb.softError : reason);
}

function retransmission(t: Tcp, tcb: Tcb): void {
  if (tcb.sndUna === tcb.sndNxt) return; // acknowledged since: T263 to T265
  if (tcb.flags2 & F2_PTO) {
    probeTimeout(t, tcb); // RFC 8985 §7.2: a probe goes first, also when we woke too late for both
    return;
  }
  const opening = (tcb.state & (SYN_SENT | SYN_RECEIVED)) !== 0;
  const closedWindow = !opening && tcb.sndWnd === 0;
  if (!opening && !closedWindow && headIsPaced(t, tcb)) {
    // What has not left again was not lost again: that says nothing about the path, nor about the peer.
    arm(t, tcb, TIMER_REXMIT, diff(tcb.timer(TIMER_PACE), t.tick) + tcb.rto);
    return;
  }
  const first = tcb.rexmits === 0;
  tcb.rexmits++;
  t.counters.timeouts++;
  if (tcb.rexmits > (opening ? t.defaults.synRetries : t.defaults.dataRetries)) {
    giveUp(t, tcb, ETIMEDOUT); // R2 [MUST-20]
    return;
  }
  if (tcb.rexmits === R1) {
    t.ip.suspect(tcb.hop); // T318: the next hop may be dead
    report(t, tcb, EV_SOFT_ERROR, ETIMEDOUT); // [SHLD-9]
  }
  tellSilence(t, tcb);
  note(t, tcb, 'retransmission timeout');
  fastOpenFailed(t, tcb);
  if (opening || (tcb.sndUna === tcb.iss && tcb.sndNxt !== tcb.iss)) tcb.flags |= F_RESEND;
  if (!opening) startOver(t, tcb, first && !closedWindow, closedWindow);
  backOff(tcb); // RFC 6298 (5.5), (5.6): and never sooner than that (RFC 6298 §1)
  arm(t, tcb, TIMER_REXMIT, closedWindow ? untilNextProbe(tcb) : tcb.rto);
  if (closedWindow) {
    tcb.flags |= F_RESEND; // [MUST-35] the peer took its window back: text in flight serves as the probe
    armUserTimeout(t, tcb);
  }
  markDirty(t, tcb);
}

/** ms. A peer that died is found out within twice the user timeout, however far apart the probes have come to lie. */
function untilNextProbe(tcb: Tcb): number {
  return tcb.userTimeout > 0 ? Math.min(tcb.rto, tcb.userTimeout) : tcb.rto;
}

/**
 * RFC 5681 §3.1, RFC 6582 §4.2: one segment, slow start from there. A recovery ends here, and until all that was sent before is
 * acknowledged no other begins (RFC 6675 §5.1).
 */
function startOver(t: Tcp, tcb: Tcb, first: boolean, closedWindow: boolean): void {
  // In a recovery what was lost and has not left again is in flight no more (RFC 5681 §3.1 means what is outstanding in the network).
  const again = (tcb.flags & (F_RECOVERY | F_RTO_RECOVERY)) !== 0;
  const flight = diff(tcb.sndNxt, tcb.sndUna) - (again ? tcb.lostOut : 0);
  const most = again ? tcb.ssthresh : MAX_CWND;
  timeoutMeansMtu(t, tcb);
  disarm(tcb, TIMER_LOSS);
  tcb.flags2 &= ~(F2_TLP_OUT | F2_TLP_DUE);
  if ((tcb.flags & F_SACK) === 0) tcb.sackedOut = 0;
  else forgetReneged(t, tcb);
  if (first) {
    // A timeout in the middle of a recovery: what may be undone is all of it.
    if (!again) beginUndo(tcb);
    beginFrto(tcb);
  } else {
    tcb.flags2 &= ~(F2_FRTO | F2_FRTO_NEW);
    // RFC 3522 §3.2 asks for the time of the first retransmission, however often the timer has expired since. A link that was away for
    // as long leaves an old echo as well: only with SACK the peer can say that it was the ACKs that were lost (step 5).
    const asked = F_RTO_RECOVERY | F_SACK;
    if (closedWindow || (tcb.flags & asked) !== asked) tcb.flags2 &= ~F2_UNDO;
  }
  if (tcb.flags & F_SACK && tcb.rackRtt > 0) rackTimeout(t, tcb);
  else markAllLost(t, tcb);
  controllerOf(t, tcb).onRto(tcb, flight, first, t.now);
  tellReduced(tcb);
  if (tcb.ssthresh > most) tcb.ssthresh = most;
  tcb.flags = (tcb.flags & ~F_RECOVERY) | F_RTO_RECOVERY;
  tcb.recover = tcb.sndNxt;
  tcb.dupAcks = 0;
}

/** A closed window is probed for ever as long as the peer answers [MUST-37] [SHLD-17]; the interval grows [SHLD-30]. */
function persist(t: Tcp, tcb: Tcb): void {
  tellRoom(t, tcb); // SEND found the arena full, and no ACK may ever come to say that there is room again
  if (tcb.state & (SYN_SENT | SYN_RECEIVED)) return;
  const waiting = tcb.sndQueued > 0 || (tcb.flags & (F_FIN_QUEUED | F_FIN_SENT)) === F_FIN_QUEUED || tcb.rtxHead >= 0;
  if (!waiting) {
    tcb.flags &= ~F_PERSIST;
    return;
  }
  // Text left since the timer was set, and the retransmission timer looks after it.
  if (tcb.rtxHead >= 0 && (tcb.flags & F_PERSIST) === 0) return;
  // Pacing holds it back, and not the window: its timer comes, and this one begins anew then.
  if (tcb.sndWnd > 0 && tcb.timer(TIMER_PACE) !== 0) return;
  if (!t.ip.ready(tcb.hop)) {
    unreached(t, tcb);
    return;
  }
  if (tcb.sndWnd === 0) {
    if ((tcb.flags & F_PERSIST) === 0) {
      tcb.flags |= F_PERSIST;
      watchOrphan(t, tcb);
    }
    tcb.rexmits++;
    if (tcb.rexmits > t.defaults.dataRetries) {
      giveUp(t, tcb, ETIMEDOUT, BY_CLOSED_WINDOW);
      return;
    }
    tellSilence(t, tcb);
    backOff(tcb);
    armUserTimeout(t, tcb);
    arm(t, tcb, TIMER_PERSIST, untilNextProbe(tcb));
  }
  tcb.flags |= F_RESEND; // the probe leaves with the turn's output, when nothing can take its bytes away any more
  markDirty(t, tcb);
}

/** The neighbour does not answer, so nothing was sent that could time out: R2 counts the attempts all the same (§3.8.3). */
function unreached(t: Tcp, tcb: Tcb): void {
  tcb.rexmits++;
  if (tcb.rexmits > t.defaults.dataRetries) {
    giveUp(t, tcb, ETIMEDOUT, BY_NEIGHBOUR);
    return;
  }
  tellSilence(t, tcb);
  backOff(tcb);
  arm(t, tcb, TIMER_PERSIST, tcb.rto);
}

/** T255, T256: probes only while nothing is outstanding and nothing was received [MUST-26]. */
function keepAlive(t: Tcp, tcb: Tcb, at: number): void {
  if ((tcb.flags & F_KEEPALIVE) === 0 || (tcb.state & SYNCHRONIZED) === 0 || tcb.state === TIME_WAIT) return;
  const idle = quietFor(t, tcb);
  const allowed = tcb.keepCount & 0xffff;
  // [MUST-29] what arrived since the last probe answers it, also when the interval is longer than the idle time.
  const answered = idle <= diff(t.tick, at) + tcb.keepInterval;
  const sent = answered ? 0 : tcb.keepCount >>> 16;
  if (tcb.sndUna !== tcb.sndNxt || idle < tcb.keepIdle) {
    tcb.keepCount = allowed;
    arm(t, tcb, TIMER_KEEPALIVE, idle < tcb.keepIdle ? tcb.keepIdle - idle : tcb.keepIdle);
    return;
  }
  if (sent >= allowed) {
    // [MUST-29] never after a single one. The peer may only be cut off: it hears that we are gone, as Linux does.
    if (t.ip.ready(tcb.hop)) emitRst(t, tcb, t.ip.linkOf(tcb.hop));
    giveUp(t, tcb, ETIMEDOUT, BY_KEEP_ALIVE);
    return;
  }
  tcb.keepCount = allowed | ((sent + 1) << 16);
  t.counters.keepaliveProbes++;
  note(t, tcb, 'keep-alive probe');
  t.sack.row = -1;
  // [SHLD-12] <SEQ=SND.NXT-1>, no text: below the peer's RCV.NXT, so it must answer.
  if (t.ip.ready(tcb.hop)) emitText(t, tcb, t.ip.linkOf(tcb.hop), (tcb.sndNxt - 1) | 0, ACK, -1, 0, 0, tcb.sndMss);
  arm(t, tcb, TIMER_KEEPALIVE, tcb.keepInterval);
}

function stateTimeout(t: Tcp, tcb: Tcb): void {
  if (tcb.state === TIME_WAIT) {
    step(t, tcb, EV.timeout2MSL); // T249
    remove(t, tcb, OK, TIME_WAIT);
  } else if (!orphanExpired(t, tcb)) rest(t, tcb);
}
