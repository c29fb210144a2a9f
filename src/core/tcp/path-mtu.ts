/**
 * The path MTU of a connection [UNTAGGED-29]: what routers say (RFC 1191, RFC 8201), checked as RFC 5927 §7.2 wants, and when they
 * are silent, what large segments that vanish say (RFC 4821 §7.7). The search upwards is mtu-search.ts.
 */
import { since } from '../seq.ts';
import { markDirty, type Tcp } from './context.ts';
import { SYNCHRONIZED } from './figure5.ts';
import { isV4, optionsOnText, pathMtu, routeBytes, setSendMss } from './mss.ts';
import { PATH_LIFE } from './path-cache.ts';
import { R_RESENT } from './records.ts';
import { markAllLost } from './retransmission.ts';
import { F2_BLACK_HOLE, F2_MTU_PROBE } from './row.ts';
import { RADDR, type Tcb } from './tcb.ts';

/** RFC 791: every link carries this; RFC 8200 §5. */
const LEAST_V4 = 68;
const LEAST_V6 = 1280;
/** RFC 4821 §7.2: what nearly every path carries. */
const BASE_V4 = 1024;
const BASE_V6 = LEAST_V6;
/** RFC 1122 §3.3.2: what every IPv4 host takes; the last resort when even the base vanishes. */
const LAST_V4 = 576;
/** Packets up to this size are not what is suspected first. */
const UNSUSPECTED = 1280;
/** What surrounds text, without options. */
const HEADERS_V4 = 40;
const HEADERS_V6 = 60;
/** Timeouts in a row after which large segments are suspected rather than the path. */
const VANISHED = 2;
/** And after which those that nearly every path carries are suspected, too. */
const STILL_VANISHED = 4;

/** The connection opens: what an earlier one learned holds for this one. */
export function recallPathMtu(t: Tcp, tcb: Tcb): void {
  tcb.pmtu = t.paths.mtu(tcb.i32, tcb.at + RADDR, t.tick);
  recallSearch(t, tcb);
}

/** The range that is searched is the path's (RFC 4821 §7.7): another connection, and one that has rested, goes on where it stood. */
export function recallSearch(t: Tcp, tcb: Tcb): void {
  tcb.mtuAt = t.paths.pausedAt(tcb.i32, tcb.at + RADDR);
  tcb.mtuHigh = t.paths.high(tcb.i32, tcb.at + RADDR);
  tcb.mtuFails = t.paths.fails(tcb.i32, tcb.at + RADDR);
}

/** For them. What was learned ten minutes ago has just been seen once more. */
export function keepSearch(t: Tcp, tcb: Tcb): void {
  if (t.paths.mtu(tcb.i32, tcb.at + RADDR, t.tick) === 0) t.paths.learn(tcb.i32, tcb.at + RADDR, tcb.pmtu, t.tick);
  t.paths.keepSearch(tcb.i32, tcb.at + RADDR, tcb.mtuHigh, tcb.mtuFails);
}

/**
 * "Fragmentation needed" or "packet too big" about the segment at `seq`, which is known to be in flight. It never raises the
 * estimate (RFC 1191 §3, RFC 8201 §4).
 */
export function packetTooBig(t: Tcp, tcb: Tcb, seq: number, mtu: number): void {
  const size = Math.max(mtu, isV4(tcb) ? LEAST_V4 : LEAST_V6);
  if ((tcb.state & SYNCHRONIZED) === 0 || size >= pathMtu(t, tcb)) return;
  t.counters.packetsTooBig++;
  // RFC 5927 §7.2: segments of this size have got through. Only if this one makes no progress the claim is believed.
  if (tcb.rexmits === 0 && tcb.bytesOut > 2 * tcb.sndMss && !isSaidAgain(t, tcb, seq, size)) {
    tcb.mtuClaim = size;
    tcb.mtuClaimSeq = seq;
    return;
  }
  tcb.mtuClaim = 0;
  believe(t, tcb, size);
}

/**
 * The first segment outstanding was sent again and drew the same claim: no progress. No timeout need come of it, which ever other
 * text that gets through puts off (RFC 6298 (5.3), RFC 8985 §6.3).
 */
function isSaidAgain(t: Tcp, tcb: Tcb, seq: number, size: number): boolean {
  if (tcb.mtuClaim !== size || tcb.mtuClaimSeq !== seq || tcb.rtxHead < 0) return false;
  return t.records.seq(tcb.rtxHead) === seq && (t.records.flags(tcb.rtxHead) & R_RESENT) !== 0;
}

/** A router named the size. */
function believe(t: Tcp, tcb: Tcb, mtu: number): void {
  shrink(t, tcb, mtu);
  pauseSearch(t, tcb);
}

/**
 * The retransmission timer expired. A claim about text that is still not acknowledged is true, then; and large segments that
 * vanish again and again without a word fell into a black hole (RFC 4821 §7.7).
 */
export function timeoutMeansMtu(t: Tcp, tcb: Tcb): void {
  tcb.flags2 &= ~F2_MTU_PROBE;
  if (tcb.mtuClaim > 0) {
    const claim = tcb.mtuClaim;
    tcb.mtuClaim = 0;
    if (claim < pathMtu(t, tcb)) believe(t, tcb, claim);
    return;
  }
  if (!t.defaults.mtuProbing || tcb.rtxHead < 0) return;
  const v4 = isV4(tcb);
  // A record may be of many segments: the packet is no larger than one of them. Small ones vanish as well, then.
  const text = Math.min(t.records.len(tcb.rtxHead), tcb.sndMss);
  const packet = text + (v4 ? HEADERS_V4 + routeBytes(t, tcb) : HEADERS_V6) + optionsOnText(tcb);
  const last = v4 && tcb.rexmits === STILL_VANISHED && packet > LAST_V4;
  if (!last && (tcb.rexmits !== VANISHED || packet <= UNSUSPECTED)) return;
  const base = last ? LAST_V4 : v4 ? BASE_V4 : BASE_V6;
  tcb.flags2 |= F2_BLACK_HOLE;
  t.counters.blackHoles++;
  shrink(t, tcb, base);
  lookFor(tcb); // nobody said how much passes: the search begins as soon as text does
}

/** The path carries less than we thought. */
function shrink(t: Tcp, tcb: Tcb, mtu: number): void {
  setPathMtu(t, tcb, mtu);
  tcb.flags2 &= ~F2_MTU_PROBE;
  sendSmaller(t, tcb);
}

/**
 * What is in flight and larger was dropped for its size, not for congestion: it is sent again, cut anew, beginning with one segment
 * (RFC 1191 §6.4) and growing back to the window there was.
 */
function sendSmaller(t: Tcp, tcb: Tcb): void {
  if (tcb.rtxHead < 0) return;
  markAllLost(t, tcb);
  if (tcb.cwnd > tcb.ssthresh) tcb.ssthresh = tcb.cwnd;
  tcb.cwnd = tcb.sndMss;
  markDirty(t, tcb);
}

/** The connection has another next hop, perhaps on another link, which may carry more or less than the one before. */
export function hopChanged(t: Tcp, tcb: Tcb): void {
  if ((tcb.state & SYNCHRONIZED) === 0) return; // the end of the handshake sees to it
  tcb.flags2 &= ~F2_MTU_PROBE;
  tcb.mtuClaim = 0; // of a router on the way before
  linkChanged(t, tcb);
}

/** The device carries more or less than before: it refused what is larger. */
export function linkChanged(t: Tcp, tcb: Tcb): void {
  if ((tcb.state & SYNCHRONIZED) === 0) return;
  const before = tcb.sndMss;
  setSendMss(t, tcb);
  if (tcb.sndMss >= before) return;
  tcb.flags2 &= ~F2_MTU_PROBE;
  sendSmaller(t, tcb);
}

/** A router on the link says another MTU, for IPv6. What has left was not dropped for it: new text alone has the size that fits. */
export function routerSaidMtu(t: Tcp, tcb: Tcb): void {
  if (tcb.state & SYNCHRONIZED && !isV4(tcb)) setSendMss(t, tcb);
}

/** Segments are cut by this from now on; cwnd stays as it is in bytes (RFC 8899 §3). */
export function setPathMtu(t: Tcp, tcb: Tcb, mtu: number): void {
  tcb.pmtu = mtu;
  t.paths.learn(tcb.i32, tcb.at + RADDR, mtu, t.tick);
  setSendMss(t, tcb);
}

function lookFor(tcb: Tcb): void {
  tcb.mtuHigh = 0;
  tcb.mtuAt = 0;
}

/**
 * RFC 1191 §3, RFC 8201 §4: no larger one is tried before five minutes, better ten, have passed; the path may have changed then. That
 * goes for the path: for the next connection, too, and for this one after it has rested.
 */
export function pauseSearch(t: Tcp, tcb: Tcb): void {
  tcb.mtuHigh = 0;
  tcb.mtuAt = t.tick || 1; // 0: not paused
  t.paths.pause(tcb.i32, tcb.at + RADDR, tcb.mtuAt);
}

/** Whether the time to look for a larger one has come. */
export function searchIsDue(t: Tcp, tcb: Tcb): boolean {
  return tcb.mtuAt === 0 || since(t.tick, tcb.mtuAt) >= PATH_LIFE;
}
