/** Maximum segment sizes: what we tell the peer and what we send (RFC 9293 §3.7.1). */
import { isMapped } from '../../wire/address.ts';
import { IPV4_HEADER, IPV6_HEADER } from '../../wire/ip.ts';
import { TS_BYTES } from '../../wire/tcp-options.ts';
import type { Tcp } from './context.ts';
import { ES_TELL, F_TS, F2_ACCECN, F2_ROUTED } from './row.ts';
import { LADDR, type Tcb } from './tcb.ts';

export const TCP_HEADER = 20;
/** [MUST-15] when the peer names none. */
const DEFAULT_MSS_V4 = 536;
const DEFAULT_MSS_V6 = 1220;
/** No path is so narrow that less makes sense; keeps nonsense options from making tinygrams (as Linux). */
const LEAST_MSS = 48;

export function isV4(tcb: Tcb): boolean {
  return isMapped(tcb.i32, tcb.at + LADDR);
}

function ipHeader(tcb: Tcb): number {
  return isV4(tcb) ? IPV4_HEADER : IPV6_HEADER;
}

/** [MUST-67] MMS_R - 20: what a packet on the link can hold. A link has one MTU, so it is the smallest [SHLD-6]. */
export function advertisedMss(t: Tcp, tcb: Tcb, link = t.ip.linkOf(tcb.hop)): number {
  const mtu = t.ip.mtuOn(link, !isV4(tcb));
  return Math.min(mtu - ipHeader(tcb) - TCP_HEADER, 0xffff);
}

export function defaultMss(tcb: Tcb): number {
  return isV4(tcb) ? DEFAULT_MSS_V4 : DEFAULT_MSS_V6;
}

/** Largest IP packet that the path is believed to carry: what was learned of it (path-mtu.ts), else what the link carries (RFC 1122 §3.3.3). */
export function pathMtu(t: Tcp, tcb: Tcb): number {
  const link = t.ip.mtuOf(tcb.hop);
  return tcb.pmtu > 0 && tcb.pmtu < link ? tcb.pmtu : link;
}

/** Bytes of options and text that a segment on this path may hold. */
export function roomForText(t: Tcp, tcb: Tcb): number {
  return pathMtu(t, tcb) - ipHeader(tcb) - TCP_HEADER;
}

/**
 * Eff.snd.MSS = min(SendMSS + 20, MMS_S) - TCPhdrsize - IPoptionsize [MUST-16]; what it returns is text alone: options
 * on every segment are taken off. 40 or 60 bytes are headers (RFC 8200 §8.3); a peer that says 65535 leaves it to the path [UNTAGGED-30].
 */
export function setSendMss(t: Tcp, tcb: Tcb): void {
  const path = roomForText(t, tcb);
  // As Linux: the route comes off before the least, so that peer and route together cannot leave no room for text and SACK blocks.
  const size = Math.max(LEAST_MSS, Math.min(tcb.peerMss, path) - routeBytes(t, tcb));
  tcb.sndMss = size - optionsOnText(tcb);
}

/** Bytes of IP options on every packet. */
export function routeBytes(t: Tcp, tcb: Tcb): number {
  if ((tcb.flags2 & F2_ROUTED) === 0) return 0;
  return t.sourceRoutes.bytes(t.sourceRoutes.of(tcb.i32, tcb.at));
}

/** Bytes of options on every segment with text. */
export function optionsOnText(tcb: Tcb): number {
  return tcb.flags & F_TS ? TS_BYTES : 0;
}

/** Most text one transmit descriptor may hold on this link: whole segments of `mss` only [SHLD-28], which SACK blocks may have made shorter. */
export function mostText(t: Tcp, tcb: Tcb, link: number, mss: number): number {
  // RFC 9768: with CWR set the kernel and devices clear it in all but the first segment, and the field would lie.
  // And the first one after the SYN,ACK alone says how that arrived.
  if (tcb.flags2 & F2_ACCECN && (tcb.ceRcvd & 2 || tcb.ecnState & ES_TELL)) return mss;
  if (tcb.flags2 & F2_ROUTED) return mss; // devices that cut segments seldom know IP options
  const options = optionsOnText(tcb) + tcb.sndMss - mss;
  const room = t.links[link]!.offload.maxPacket - ipHeader(tcb) - TCP_HEADER - options;
  return room <= mss ? mss : room - (room % mss);
}
