/**
 * A SYN with a Fast Open option in LISTEN (RFC 7413 §4.2.2). With a cookie of ours the connection begins here and now: it has a
 * row, the user gets it and its text, and may answer before the third ACK.
 */
import { OPT_OTHER, ROW_WORDS } from '../../../wire/abi.ts';
import { add } from '../../seq.ts';
import { controllerOf, step, type Tcp } from '../context.ts';
import { ecnOfSyn } from '../ecn.ts';
import { announce, takeWindow } from '../established.ts';
import { EV, LISTEN } from '../figure5.ts';
import { stir } from '../flights.ts';
import { enterFlows, inherit, numbers, setIdentity, takeRow } from '../lifecycle.ts';
import { setSendMss } from '../mss.ts';
import { recallPathMtu } from '../path-mtu.ts';
import { F_COUNTED, F_PASSIVE, F2_TFO_ASKED, F2_TFO_DATA, F2_TFO_PENDING } from '../row.ts';
import type { Segment } from '../segment.ts';
import { readOptions, takeSynOptions } from '../syn-options.ts';
import { BACKLOG, type Tcb } from '../tcb.ts';
import { takeUserTimeout } from '../user-timeout.ts';
import { takeRoute } from '../way-back.ts';
import { deliver } from './text.ts';

/** Nothing of Fast Open. */
export const PLAIN = 0;
/** The SYN,ACK carries a cookie. */
export const COOKIE = 1;
/** There is a connection. */
export const OPENED = 2;
/** Pending openings of one listener, whatever its backlog. */
const MOST_PENDING = 256;

export function fastOpen(t: Tcp, listener: number, seg: Segment, identity: Int32Array, hop: number): number {
  const mode = t.defaults.fastOpen;
  if ((mode !== 'server' && mode !== 'on') || (seg.opts & OPT_OTHER) === 0) return PLAIN;
  readOptions(t, seg);
  const { fastOpenAt: at, fastOpenLength: length } = t.options;
  if (at < 0) return PLAIN;
  if (length === 0) return COOKIE;
  const age = t.fastOpens.age(identity, 5, seg.memory, at, length, t.now);
  const tcb = t.fastOpens.row;
  // §5.1: beyond the limit a handshake like any other. Half of the backlog stays for those who prove where they are.
  const backlog = t.rows.words[listener * ROW_WORDS + BACKLOG]! & 0xffff;
  const room = t.fastOpens.count(listener, t.tick) < Math.min(MOST_PENDING, (backlog + 1) >> 1);
  if (age < 0 || !room || takeRow(t, tcb, {}) < 0) {
    t.counters.fastOpenFallbacks++;
    return age < 0 ? COOKIE : PLAIN;
  }
  begin(t, tcb, listener, identity, hop);
  synReceived(t, tcb, seg);
  if (age > 0) tcb.flags2 |= F2_TFO_ASKED; // the next one should have a fresh cookie
  open(t, tcb, seg);
  return OPENED;
}

function begin(t: Tcp, tcb: Tcb, listener: number, identity: Int32Array, hop: number): void {
  stir(t, tcb);
  inherit(t, tcb, t.other.select(listener));
  tcb.flags |= F_PASSIVE | F_COUNTED;
  t.rows.words[listener * ROW_WORDS + BACKLOG]! += 1 << 16;
  t.fastOpens.begin(listener);
  setIdentity(tcb, identity, 0);
  takeRoute(t, tcb);
  tcb.hop = hop;
  numbers(t, tcb);
  enterFlows(t, tcb);
}

/** Half of what the handshake would do, and the user hears of it (§4.2.2 4. and 5.). */
function open(t: Tcp, tcb: Tcb, seg: Segment): void {
  tcb.rcvUp = tcb.rcvNxt;
  tcb.rcvAdv = add(tcb.rcvNxt, Math.min(tcb.rcvBuf, 0xffff));
  recallPathMtu(t, tcb);
  setSendMss(t, tcb);
  controllerOf(t, tcb).open(tcb, t.now);
  announce(t, tcb);
  tcb.flags2 |= F2_TFO_DATA | F2_TFO_PENDING;
  t.counters.fastOpenPassive++;
  seg.seq = tcb.rcvNxt;
  seg.len = Math.min(seg.len, tcb.rcvBuf, 0xffff);
  // Nobody looks at a FIN here: it is not acknowledged, and comes again.
  if (seg.len > 0) deliver(t, tcb, seg);
}

/** T086: RCV.NXT, IRS and the options from the SYN. */
export function synReceived(t: Tcp, tcb: Tcb, seg: Segment): void {
  tcb.state = LISTEN; // it begins where its listener stands
  step(t, tcb, EV.rcvSyn);
  tcb.irs = seg.seq;
  tcb.rcvNxt = tcb.lastAckSent = add(seg.seq, 1);
  takeSynOptions(t, tcb, seg);
  takeUserTimeout(t, tcb, seg, true);
  ecnOfSyn(t, tcb, seg);
  takeWindow(tcb, seg.rawWnd, seg.seq, tcb.iss);
}
