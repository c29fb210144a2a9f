/**
 * The passive side of the handshake, on entries of the SYN queue (half-opens.ts): SYN,ACKs and their repetition, and what
 * arrives before a connection has a row. A segment unfolds the entry onto a scratch row, where the steps of §3.10.7.4 judge it.
 */
import { ACK, ROW_WORDS } from '../../wire/abi.ts';
import { OK } from '../events.ts';
import { add } from '../seq.ts';
import { replyReset } from './arrives/closed.ts';
import { rst } from './arrives/rst.ts';
import { sequence } from './arrives/sequence.ts';
import { syn } from './arrives/syn.ts';
import { GO_ON } from './arrives/verdict.ts';
import { acceptQueueFull } from './backlog.ts';
import { note, type Tcp } from './context.ts';
import { cookieArrives } from './cookie-acks.ts';
import { emitAck } from './emit.ts';
import { EV, SYN_RECEIVED } from './figure5.ts';
import { stir } from './flights.ts';
import { dropHalfOpen, forget } from './half-opens.ts';
import { end, enterFlows, inherit, takeRow } from './lifecycle.ts';
import { F_ACK_NOW, F_COUNTED, F_DIRTY, F_RESEND, F_WS } from './row.ts';
import { ANVIL } from './rows.ts';
import type { Segment } from './segment.ts';
import { segmentArrives } from './segment-arrives.ts';
import { blank, sendSynAck } from './syn-ack.ts';
import { BACKLOG, type Tcb } from './tcb.ts';
import { finish } from './time-waits.ts';

/** [SHLD-10] R1: from here on the hop is suspected. */
const R1 = 3;

/** `row`: a cursor for the connection that may come of it. */
export function halfOpenArrives(t: Tcp, rec: number, seg: Segment, row: Tcb): void {
  const tcb = unfold(t, rec);
  if (sequence(t, tcb, seg) === GO_ON && rst(t, tcb, seg) === GO_ON && syn(t, tcb, seg) === GO_ON && seg.flags & ACK) {
    if (seg.ack === tcb.sndNxt) {
      t.rows.unscratch(tcb.row);
      establish(t, rec, tcb, seg, row);
      return;
    }
    // The SYN may have come twice: its first answer was a cookie, before there was room for an entry.
    if (t.timeWaits.find(t.identity, 0) < 0 && cookieArrives(t, row, t.halfOpens.listener(rec), seg)) {
      t.rows.unscratch(tcb.row);
      dropHalfOpen(t, tcb);
      return;
    }
    replyReset(t, seg); // T180: not the ACK of our SYN
  }
  t.counters.inSegs++;
  if (tcb.state !== SYN_RECEIVED) return;
  t.halfOpens.storeNews(rec, tcb);
  if (tcb.flags & F_RESEND) {
    t.counters.retransSegs++;
    t.halfOpens.untimed(rec); // a SYN sent again says that our SYN,ACK was lost (T309, T285)
    sendSynAck(t, rec, tcb);
  } else if (tcb.flags & F_ACK_NOW && tcb.row !== ANVIL && t.ip.ready(tcb.hop)) emitAck(t, tcb, t.ip.linkOf(tcb.hop));
  else t.rows.unscratch(tcb.row);
}

/** The entry as a row, for a moment. It counts as dirty, so that nobody puts it on a list. */
export function unfold(t: Tcp, rec: number, onto?: number): Tcb {
  const scratch = onto ?? t.rows.scratch();
  const tcb = blank(t, scratch < 0 ? ANVIL : scratch);
  t.halfOpens.unfolded = rec;
  load(t, rec, tcb);
  tcb.flags |= F_DIRTY;
  return tcb;
}

function load(t: Tcp, rec: number, tcb: Tcb): void {
  inherit(t, tcb, t.other.select(t.halfOpens.listener(rec)));
  t.halfOpens.load(rec, tcb, t.tick);
  if ((tcb.flags & F_WS) === 0) tcb.rcvBuf = Math.min(tcb.rcvBuf, 0xffff);
  tcb.rcvAdv = add(tcb.rcvNxt, Math.min(tcb.rcvBuf, 0xffff));
}

/** The third ACK: from here on the connection has a row. Without room for one it is as if the ACK was lost. */
function establish(t: Tcp, rec: number, entry: Tcb, seg: Segment, tcb: Tcb): void {
  const listener = t.halfOpens.listener(rec);
  if (acceptQueueFull(t, listener)) {
    t.counters.listenOverflows++; // never a reset: the SYN,ACK is sent again, and with it the ACK
    return;
  }
  if (takeRow(t, tcb, {}) < 0) return;
  stir(t, tcb);
  load(t, rec, tcb);
  tcb.tsRecent = entry.tsRecent;
  tcb.flags |= F_COUNTED;
  t.rows.words[listener * ROW_WORDS + BACKLOG]! += 1 << 16;
  forget(t, rec);
  const old = t.timeWaits.find(tcb.i32, tcb.at);
  if (old >= 0) {
    t.counters.timeWaitReused++; // [MAY-2] until now it could have been an old duplicate
    finish(t, old, EV.evict);
  }
  enterFlows(t, tcb);
  segmentArrives(t, tcb, seg); // the steps that the entry has passed say the same again
}

/** SYN,ACKs that are due again; R2 or the user timeout ends an entry. */
export function expireHalfOpens(t: Tcp): void {
  const h = t.halfOpens;
  if (h.used === 0) return;
  for (let list = 0; list < h.lists; list++) {
    for (let rec = h.due(list, t.tick); rec >= 0; rec = h.due(list, t.tick)) again(t, rec);
  }
}

function again(t: Tcp, rec: number): void {
  const h = t.halfOpens;
  h.tryAgain(rec);
  t.counters.timeouts++;
  const tcb = unfold(t, rec, t.rows.scratch());
  if (h.tries(rec) > t.defaults.synRetries || (tcb.userTimeout > 0 && h.age(rec) >= tcb.userTimeout)) {
    t.counters.attemptFails++;
    end(t, tcb, EV.giveUp, OK); // T234, T267: the user never knew of it
    t.rows.unscratch(tcb.row);
    return;
  }
  if (h.tries(rec) === R1) t.ip.suspect(h.hop(rec));
  t.counters.retransSegs++;
  note(t, tcb, 'retransmission timeout');
  sendSynAck(t, rec, tcb);
}
