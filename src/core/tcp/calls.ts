/** §3.10.1 to 3.10.6: OPEN, SEND, CLOSE, ABORT. Each returns OK (or a count) or one of the error codes of events.ts. */
import { ROW_WORDS } from '../../wire/abi.ts';
import { isLimitedBroadcast, isMapped, isMulticast } from '../../wire/address.ts';
import type { OpenOptions } from '../api.ts';
import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  ECONNABORTED,
  EDESTADDRREQ,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOBUFS,
  ENOTCONN,
  EPIPE,
  OK,
} from '../events.ts';
import { add } from '../seq.ts';
import { abort, closeNow } from './close.ts';
import { arm, markDirty, step, type Tcp } from './context.ts';
import { askFastOpen } from './fast-open.ts';
import {
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  EV,
  FIN_WAIT_1,
  FIN_WAIT_2,
  LAST_ACK,
  LISTEN,
  SYN_RECEIVED,
  SYN_SENT,
  TIME_WAIT,
} from './figure5.ts';
import { stir } from './flights.ts';
import { dropHalfOpens } from './half-opens.ts';
import { lendText, queueText } from './held-text.ts';
import { chooseNumbers, end, enterFlows, silence, takeRow, uncount } from './lifecycle.ts';
import { isAny } from './listeners.ts';
import { tellSilence, watchOrphan } from './orphan.ts';
import {
  F_CLOSE_QUEUED,
  F_COUNTED,
  F_FIN_QUEUED,
  F_LISTED,
  F_NO_READER,
  F_SHORT_SEND,
  F_SND_URG,
  F2_ROUTED,
  TIMER_PERSIST,
} from './row.ts';
import { SCRATCH_ROWS } from './rows.ts';
import { openForLoan } from './send-buffer.ts';
import { finWaits, unsent } from './send-text.ts';
import type { SourceRoute } from './source-routes.ts';
import { LADDR, LISTENER, RADDR, type Tcb } from './tcb.ts';
import { sendRoom } from './unsent.ts';
import { hopAlong } from './way-back.ts';

const MAX_BACKLOG = 0xffff;
/** ms until a writer that found the arena full may try again. */
const ROOM_RETRY = 200;

/** Passive OPEN (T009). Never disturbs an existing record [MUST-41]; a connection in progress on the port is no obstacle [MUST-42]. */
export function openPassive(
  t: Tcp,
  tcb: Tcb,
  laddr: Int32Array,
  port: number,
  backlog: number,
  o: OpenOptions,
): number {
  if (port < 1 || port > 0xffff) return EINVAL;
  const any = isAny(laddr, 0) || (laddr[2] === 0xffff && laddr[3] === 0);
  if (!any && !t.ip.isOurs(laddr, 0)) return EADDRNOTAVAIL;
  if (t.listeners.exact(laddr, 0, port) >= 0) return EADDRINUSE;
  const cc = t.congestion.indexOf(o.congestion ?? t.defaults.congestion); // throws when there are too many: before a row is taken
  const row = takeRow(t, tcb, o);
  if (row < 0) return ENOBUFS;
  tcb.ports = port << 16;
  copyAddress(tcb.i32, tcb.at + LADDR, laddr);
  tcb.cc = cc;
  tcb.backlog = Math.max(1, Math.min(backlog, MAX_BACKLOG));
  step(t, tcb, EV.passiveOpen);
  tcb.flags |= F_LISTED;
  t.listeners.add(row, port);
  return row;
}

/** Active OPEN from CLOSED (T010 to T012). */
export function openActive(
  t: Tcp,
  tcb: Tcb,
  laddr: Int32Array,
  lport: number,
  raddr: Int32Array,
  rport: number,
  o: OpenOptions,
): number {
  if (rport < 1 || rport > 0xffff || lport < 0 || lport > 0xffff) return rport === 0 ? EDESTADDRREQ : EINVAL;
  if (isAny(raddr, 0)) return EDESTADDRREQ;
  if (isMulticast(raddr, 0) || isLimitedBroadcast(raddr, 0)) return EINVAL; // [MUST-46]
  const cc = t.congestion.indexOf(o.congestion ?? t.defaults.congestion); // as above
  const row = takeRow(t, tcb, o);
  if (row < 0) return ENOBUFS;
  tcb.cc = cc;
  const failed = address(t, tcb, laddr, lport, raddr, rport, o.sourceRoute);
  if (failed !== OK) {
    t.rows.bury(row);
    return failed;
  }
  askFastOpen(t, tcb, o.fastOpen);
  start(t, tcb);
  return row;
}

/**
 * [MUST-43], [MUST-44]: local address and port as given, else chosen by the route and by RFC 6056. They are the identity of the row and
 * stay as they are [MUST-45].
 */
function address(
  t: Tcp,
  tcb: Tcb,
  laddr: Int32Array,
  lport: number,
  raddr: Int32Array,
  rport: number,
  route?: SourceRoute,
): number {
  const i = tcb.i32;
  if (!isAny(laddr, 0) && isMapped(laddr, 0) !== isMapped(raddr, 0)) return EINVAL; // two families
  copyAddress(i, tcb.at + RADDR, raddr);
  const named = route === undefined || !isMapped(raddr, 0) ? 0 : t.sourceRoutes.draft(route, raddr[3]!);
  if (route !== undefined && named === 0) return EINVAL;
  tcb.hop = named === 0 ? t.ip.routeTo(i, tcb.at + RADDR) : hopAlong(t, named);
  if (tcb.hop < 0) return ENETUNREACH;
  const towards = named === 0 ? raddr : t.sourceRoutes.next(named);
  let failed = localEnd(t, tcb, laddr, lport, raddr, rport, towards);
  if (failed === OK && named !== 0) {
    if (t.sourceRoutes.keep(t, named, i, tcb.at) === 0) failed = ENOBUFS;
    else tcb.flags2 |= F2_ROUTED;
  }
  if (failed !== OK) {
    t.ip.release(tcb.hop);
    tcb.hop = -1;
  }
  return failed;
}

/** `towards`: where packets go first. */
function localEnd(
  t: Tcp,
  tcb: Tcb,
  laddr: Int32Array,
  lport: number,
  raddr: Int32Array,
  rport: number,
  towards: Int32Array,
): number {
  const i = tcb.i32;
  if (isAny(laddr, 0)) {
    if (!t.ip.sourceFor(towards, t.address)) return EADDRNOTAVAIL;
    copyAddress(i, tcb.at + LADDR, t.address);
  } else {
    if (!t.ip.isOurs(laddr, 0)) return EADDRNOTAVAIL;
    copyAddress(i, tcb.at + LADDR, laddr);
  }
  tcb.ports = (lport << 16) | rport;
  const use = t.portUse.about(tcb, t.links[t.ip.linkOf(tcb.hop)]!.kind === 'loop');
  if (lport !== 0) return use.taken(i, tcb.at) ? EADDRINUSE : use.strays(i, tcb.at) ? EADDRNOTAVAIL : OK;
  copyAddress(t.address, 0, i, tcb.at + LADDR);
  const chosen = t.ports.pick(t.address, raddr, rport, use);
  if (chosen < 0) return EADDRNOTAVAIL;
  tcb.ports = (chosen << 16) | rport;
  return OK;
}

function start(t: Tcp, tcb: Tcb): void {
  enterFlows(t, tcb);
  chooseNumbers(t, tcb);
  step(t, tcb, EV.activeOpen);
  t.counters.activeOpens++;
  markDirty(t, tcb);
}

function copyAddress(into: Int32Array, at: number, from: Int32Array, fromAt = 0): void {
  for (let n = 0; n < 4; n++) into[at + n] = from[fromAt + n]!;
}

/** OPEN on a record that exists: only LISTEN may turn active, given a remote (T013 to T022, T301). */
export function openExisting(t: Tcp, tcb: Tcb, raddr: Int32Array | null, rport: number): number {
  if (tcb.state === CLOSED) return ENOTCONN;
  if (tcb.state !== LISTEN) return EISCONN;
  if (raddr === null || rport === 0 || isAny(raddr, 0)) return EDESTADDRREQ;
  const laddr = new Int32Array(4);
  copyAddress(laddr, 0, tcb.i32, tcb.at + LADDR);
  const lport = tcb.ports >>> 16;
  t.listeners.remove(tcb.row);
  const any = isAny(laddr, 0) || (laddr[2] === 0xffff && laddr[3] === 0);
  const failed = address(t, tcb, any ? new Int32Array(4) : laddr, lport, raddr, rport);
  if (failed !== OK) {
    tcb.ports = lport << 16;
    copyAddress(tcb.i32, tcb.at + LADDR, laddr);
    tcb.i32.fill(0, tcb.at + RADDR, tcb.at + RADDR + 4);
    t.listeners.add(tcb.row, lport);
    return failed;
  }
  tcb.flags &= ~F_LISTED;
  dropChildren(t, tcb);
  askFastOpen(t, tcb, undefined);
  start(t, tcb);
  return OK;
}

/** How SEND takes its bytes. */
export const COPY = 0;
/** Sent from where they are; the user leaves them alone until they are acknowledged. */
export const LEND = 1;
/** The last of them is urgent: SND.UP goes behind it [MUST-30]. */
export const URGENT = 2;

/** SEND (§3.10.2). Returns the bytes taken. */
export function send(t: Tcp, tcb: Tcb, bytes: Uint8Array, offset: number, length: number, how: number): number {
  switch (tcb.state) {
    case CLOSED:
      return ENOTCONN;
    case LISTEN:
      return EDESTADDRREQ; // T025
    case SYN_SENT:
    case SYN_RECEIVED:
    case ESTABLISHED:
    case CLOSE_WAIT:
      break;
    default:
      return EPIPE; // T030 …: connection closing
  }
  if (tcb.flags & (F_FIN_QUEUED | F_CLOSE_QUEUED)) return EPIPE;
  if (how === URGENT && length === 0) return EINVAL; // [UNTAGGED-17]
  stir(t, tcb);
  if (how === LEND) openForLoan(t, tcb);
  const room = sendRoom(t, tcb);
  const most = Math.min(room, length);
  let taken = 0;
  if (most > 0 && how === LEND) taken = lendText(t, tcb, bytes, offset, most);
  else if (most > 0) taken = queueText(t, tcb, bytes, offset, most);
  if (taken < length) {
    tcb.flags |= F_SHORT_SEND;
    if (taken < Math.min(room, length)) {
      t.counters.noMemory++;
      // The arena is full of others' text: with nothing in flight here no ACK would ever bring EV_DRAIN.
      if (tcb.timer(TIMER_PERSIST) === 0) arm(t, tcb, TIMER_PERSIST, ROOM_RETRY);
    }
  }
  if (how === URGENT && taken > 0) {
    tcb.sndUp = add(tcb.sndNxt, unsent(tcb));
    tcb.flags |= F_SND_URG;
  }
  if (taken > 0) markDirty(t, tcb);
  return taken;
}

/** CLOSE (§3.10.4). What is queued goes first, as long as R2 or the user timeout let it [UNTAGGED-25]. */
export function close(t: Tcp, tcb: Tcb): number {
  switch (tcb.state) {
    case CLOSED:
      return ENOTCONN;
    case LISTEN:
      closeListener(t, tcb, EV.close);
      return OK;
    case SYN_SENT:
      end(t, tcb, EV.close, OK); // T049: nothing is sent
      return OK;
    case SYN_RECEIVED:
      // T050: with nothing to send the FIN goes at once; T051: else the close waits for ESTABLISHED.
      if (tcb.sndQueued > 0) tcb.flags |= F_CLOSE_QUEUED;
      else closeNow(t, tcb);
      return OK;
    case ESTABLISHED:
    case CLOSE_WAIT:
      closeNow(t, tcb);
      watchOrphan(t, tcb);
      return OK;
    case FIN_WAIT_1:
    case FIN_WAIT_2:
      return OK; // T053, T054: no second FIN
    default:
      return EPIPE; // CLOSING, LAST_ACK, TIME_WAIT
  }
}

/** ABORT (§3.10.5). */
export function abortCall(t: Tcp, tcb: Tcb): number {
  if (tcb.state === CLOSED) return ENOTCONN;
  if (tcb.state === LISTEN) closeListener(t, tcb, EV.abort);
  // T067 to T069: nothing is sent. A FIN that waits behind text has not been, and these are states of one that has: the peer
  // would wait for it, so it is told.
  else if (tcb.state & (CLOSING | LAST_ACK | TIME_WAIT) && !finWaits(tcb)) end(t, tcb, EV.abort, ECONNABORTED);
  else abort(t, tcb);
  return OK;
}

function closeListener(t: Tcp, tcb: Tcb, event: number): void {
  dropChildren(t, tcb);
  end(t, tcb, event, OK);
}

/** It listens no more: children nobody has accepted would wait for ever, and are reset (T298). */
function dropChildren(t: Tcp, tcb: Tcb): void {
  const listener = tcb.row;
  const words = t.rows.words;
  const child = t.other;
  dropHalfOpens(t, listener);
  for (let row = SCRATCH_ROWS, left = tcb.backlog >>> 16; left > 0 && row < t.rows.top; row++) {
    if (words[row * ROW_WORDS + LISTENER] !== listener) continue;
    child.select(row);
    if ((child.flags & F_COUNTED) === 0 || child.state === CLOSED) continue;
    left--;
    silence(child);
    abort(t, child);
  }
}

/** The application will not read again (§3.6.1, [MAY-1]): what it leaves unread is lost to the peer, which must know [SHLD-3]. */
export function giveUpReading(t: Tcp, tcb: Tcb): number {
  if (tcb.state & (CLOSED | LISTEN)) return ENOTCONN;
  tcb.flags |= F_NO_READER;
  if (tcb.rcvUser > 0 && tcb.state & (SYN_RECEIVED | ESTABLISHED | CLOSE_WAIT | FIN_WAIT_1 | FIN_WAIT_2)) {
    abort(t, tcb); // T305, T306
    return OK;
  }
  watchOrphan(t, tcb);
  tellSilence(t, tcb);
  return OK;
}

/** The child leaves its listener's accept queue. */
export function accepted(t: Tcp, tcb: Tcb): void {
  uncount(t, tcb);
}
