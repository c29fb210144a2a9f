/**
 * SYN cookies (RFC 4987 §3.6, docs/adr/0028): what a SYN queue without room for more does. The SYN,ACK leaves and nothing is
 * kept; the ACK of it (cookie-acks.ts) brings back what was agreed: the MSS in its ACK field, the rest in its timestamp.
 */
import { ACK, ROW_WORDS } from '../../wire/abi.ts';
import { add, diff } from '../seq.ts';
import { beginAccurate } from './accurate-ecn.ts';
import type { Tcp } from './context.ts';
import { ecnOfSyn } from './ecn.ts';
import { emitSyn } from './emit.ts';
import { inherit, setIdentity } from './lifecycle.ts';
import { hopBack } from './reply.ts';
import { F_DIRTY, F_PASSIVE, F_SACK, F_TS, F_WS, F2_ACCECN, F2_ECN, F2_ROUTED } from './row.ts';
import type { Segment } from './segment.ts';
import { blank } from './syn-ack.ts';
import { takeSynOptions } from './syn-options.ts';
import { OOW_AT, type Tcb } from './tcb.ts';
import { tsval } from './timestamp.ts';

/** The low bits of the TSval: window shift of the peer, SACK, kind of ECN. The clock loses 127 ms at most. */
const NO_SCALE = 15;
const SACK_BIT = 1 << 4;
const ECN_SHIFT = 5;
const ECN_CLASSIC = 1;
const ECN_ACCURATE = 2;
/** The same, and the SYN itself came with CE. */
const ECN_ACCURATE_CE = 3;
const TS_BITS = (1 << 7) - 1;
const CE = 3;

/** Answers a SYN to where it came from. What finds no room in this turn is dropped. */
export function sendCookie(t: Tcp, listener: number, seg: Segment, identity: Int32Array): void {
  const scratch = t.out.hasRoom(seg.link) ? t.rows.scratch() : -1;
  if (scratch < 0) {
    t.counters.listenOverflows++;
    return;
  }
  const tcb = blank(t, scratch);
  const routes = t.sourceRoutes;
  inherit(t, tcb, t.other.select(listener));
  tcb.flags |= F_PASSIVE | F_DIRTY;
  setIdentity(tcb, identity, 0);
  if (routes.arrived && routes.keep(t, routes.arrivedEntry, identity, 0) > 0) tcb.flags2 |= F2_ROUTED; // for this turn
  tcb.hop = hopBack(t, seg, scratch); // no hop of ours is held for somebody who may not exist
  tcb.rcvNxt = add(seg.seq, 1);
  takeSynOptions(t, tcb, seg);
  ecnOfSyn(t, tcb, seg);
  const timestamps = (tcb.flags & F_TS) !== 0;
  if (timestamps) hideOptions(t, tcb);
  else forgetOptions(tcb);
  tcb.iss = t.cookies.make(identity, seg.seq, tcb.peerMss, timestamps, t.now);
  t.rows.words[listener * ROW_WORDS + OOW_AT] = t.tick;
  t.counters.synCookiesSent++;
  emitSyn(t, tcb, seg.link, ACK);
}

/** Nothing could carry them. */
function forgetOptions(tcb: Tcb): void {
  tcb.flags &= ~(F_WS | F_SACK);
  tcb.flags2 &= ~(F2_ECN | F2_ACCECN);
}

/** Into the low bits of this SYN,ACK's TSval; it is never ahead of the clock, or PAWS would drop what follows. */
function hideOptions(t: Tcp, tcb: Tcb): void {
  let said = tcb.flags & F_WS ? tcb.scales & 0xff : NO_SCALE;
  if (tcb.flags & F_SACK) said |= SACK_BIT;
  said |= ecnKind(tcb) << ECN_SHIFT;
  tcb.tsOffset = t.isn.timestampOffset(tcb.i32, tcb.at);
  const clock = tsval(t, tcb);
  let value = (clock & ~TS_BITS) | said;
  if (diff(value, clock) > 0) value = (value - TS_BITS - 1) | 0;
  tcb.tsOffset = (tcb.tsOffset + value - clock) | 0;
}

function ecnKind(tcb: Tcb): number {
  if (tcb.flags2 & F2_ACCECN) return (tcb.ecnState & CE) === CE ? ECN_ACCURATE_CE : ECN_ACCURATE;
  return tcb.flags2 & F2_ECN ? ECN_CLASSIC : 0;
}

/** What `hideOptions` hid. A peer that changes it betrays itself alone; what this stack does not do stays off. */
export function readHidden(t: Tcp, tcb: Tcb, seg: Segment): void {
  const d = t.defaults;
  const shift = seg.tsecr & 15;
  const ecn = d.ecn === 'off' ? 0 : (seg.tsecr & TS_BITS) >> ECN_SHIFT;
  tcb.flags |= F_TS;
  tcb.tsRecent = seg.tsval;
  tcb.tsRecentAt = t.tick;
  if (shift !== NO_SCALE && d.windowScaling) {
    tcb.flags |= F_WS;
    tcb.scales = (tcb.scales & 0xff00) | shift;
  }
  if (seg.tsecr & SACK_BIT && d.sack) tcb.flags |= F_SACK;
  if (ecn === ECN_CLASSIC) tcb.flags2 |= F2_ECN;
  else if (ecn !== 0) beginAccurate(tcb, ecn === ECN_ACCURATE_CE ? CE : 0, false, 0);
}
