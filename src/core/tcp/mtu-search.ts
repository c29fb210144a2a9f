/**
 * Packetization layer path MTU discovery, upwards (RFC 4821 §7, RFC 8899 §5.1): text itself is the probe, one segment larger than
 * the others. Its loss is not congestion. On a path as wide as its link nothing of this ever runs.
 */

import { IPV4_HEADER, IPV6_HEADER } from '../../wire/ip.ts';
import { add, diff, geq } from '../seq.ts';
import { markDirty, type Tcp } from './context.ts';
import { isV4, optionsOnText, pathMtu, routeBytes, TCP_HEADER } from './mss.ts';
import { paced, spend } from './pacing.ts';
import { keepSearch, pauseSearch, searchIsDue, setPathMtu } from './path-mtu.ts';
import { inFlight, markLost, split } from './retransmission.ts';
import { F_CWND_LIMITED, F_RECOVERY, F_RTO_RECOVERY, F_SACK, F2_BLACK_HOLE, F2_MTU_PROBE } from './row.ts';
import { sendText } from './send-text.ts';
import type { Tcb } from './tcb.ts';

/** RFC 8899 §5.1.2 MAX_PROBES. */
const MOST_PROBES = 3;
/** The search ends when no more than this can be won. */
const CLOSE_ENOUGH = 16;
/** Segments that must follow the probe, so that its loss is seen by what is acknowledged behind it. */
const FOLLOWERS = 3;

/**
 * New text is about to leave: sends a probe instead of the next segment when one is due. True: no further text now, for the probe
 * waits for room. A flow that fills its window never leaves more of it free than an ACK brings, so the text behind it waits, too,
 * as on Linux: less than a round trip, for at least the followers are in flight meanwhile.
 */
export function probeMtu(t: Tcp, tcb: Tcb, link: number, left: number): boolean {
  const size = candidate(t, tcb);
  if (size === 0) return false;
  const text = size - headers(t, tcb);
  if (text <= tcb.sndMss) return false; // no path is taken for so narrow (mss.ts): there is nothing to win
  const all = text + FOLLOWERS * tcb.sndMss;
  if (left < all || tcb.sndWnd < all || tcb.cwnd < all) return false;
  if (diff(add(tcb.sndUna, tcb.sndWnd), tcb.sndNxt) < text) return true;
  if (tcb.cwnd - inFlight(tcb) < text) {
    tcb.flags |= F_CWND_LIMITED;
    return true;
  }
  if (paced(t, tcb, text, text) < text) return true;
  const seq = tcb.sndNxt;
  if (!sendText(t, tcb, link, text, left, text) || tcb.sndNxt === seq) return false;
  spend(tcb, text);
  tcb.mtuProbe = size;
  tcb.mtuProbeSeq = seq;
  tcb.flags2 |= F2_MTU_PROBE;
  t.counters.mtuProbes++;
  return false;
}

/** Packet size to try; 0 = none. */
function candidate(t: Tcp, tcb: Tcb): number {
  if (!t.defaults.mtuProbing || tcb.flags2 & F2_MTU_PROBE || !searchIsDue(t, tcb)) return 0;
  if (tcb.flags & (F_RECOVERY | F_RTO_RECOVERY) || tcb.lostOut > 0 || tcb.sackedOut > 0) return 0;
  // SACK blocks would go along, and the packet be larger than what is learned from it, and perhaps than the link carries.
  if (tcb.oooHead >= 0 && tcb.flags & F_SACK) return 0;
  const now = pathMtu(t, tcb);
  const link = Math.min(t.ip.mtuOf(tcb.hop), tcb.peerMss + headers(t, tcb) - optionsOnText(tcb) - routeBytes(t, tcb));
  if (now >= link) return 0;
  // The link's own size first: most often what was narrow has gone, and one probe is enough.
  const size = tcb.mtuHigh === 0 ? link : Math.min(link, (now + tcb.mtuHigh) >> 1);
  if (size - now > CLOSE_ENOUGH) return size;
  pauseSearch(t, tcb); // PMTU_RAISE_TIMER of RFC 8899 §5.1.1
  return 0;
}

function headers(t: Tcp, tcb: Tcb): number {
  return (isV4(tcb) ? IPV4_HEADER + routeBytes(t, tcb) : IPV6_HEADER) + TCP_HEADER + optionsOnText(tcb);
}

/** SND.UNA moved while a probe was in flight. */
export function probeAcked(t: Tcp, tcb: Tcb): void {
  if (!geq(tcb.sndUna, add(tcb.mtuProbeSeq, tcb.mtuProbe - headers(t, tcb)))) return;
  tcb.flags2 &= ~(F2_MTU_PROBE | F2_BLACK_HOLE);
  tcb.mtuFails = 0;
  setPathMtu(t, tcb, tcb.mtuProbe);
  keepSearch(t, tcb);
}

/**
 * Loss was detected, and the segment that is missing is the probe: it is sent again in smaller ones, cwnd stays as it is, and no
 * controller hears of it (RFC 4821 §7.5, RFC 8899 §3). False: it was something else, or that as well.
 */
export function probeLost(t: Tcp, tcb: Tcb): boolean {
  if ((tcb.flags2 & F2_MTU_PROBE) === 0) return false;
  tcb.flags2 &= ~F2_MTU_PROBE;
  const head = tcb.rtxHead;
  if (head < 0 || t.records.seq(head) !== tcb.mtuProbeSeq) return false; // something before it is lost too: that says nothing
  const space = t.records.space(head);
  if (tcb.lostOut > space) return false; // something behind it is lost too
  t.counters.mtuProbesLost++;
  tcb.mtuFails++;
  if (tcb.mtuFails >= MOST_PROBES) {
    tcb.mtuFails = 0;
    tcb.mtuHigh = tcb.mtuProbe;
  }
  keepSearch(t, tcb);
  const text = tcb.mtuProbe - headers(t, tcb);
  if (t.records.len(head) > text) split(t, tcb, head, text);
  markLost(t, tcb, head);
  tcb.lost = (tcb.lost - space) | 0;
  // Without SACK each segment behind it brings one more duplicate of the same loss.
  tcb.dupAcks = tcb.flags & F_SACK ? 0 : -Math.ceil(diff(tcb.sndNxt, tcb.sndUna) / tcb.sndMss);
  markDirty(t, tcb);
  return true;
}
