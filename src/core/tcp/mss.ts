/** Maximum segment sizes: what we tell the peer and what we send (RFC 9293 §3.7.1). */
import { isMapped } from '../../wire/address.ts';
import { IPV4_HEADER, IPV6_HEADER } from '../../wire/ip.ts';
import { TS_BYTES } from '../../wire/tcp-options.ts';
import type { Tcp } from './context.ts';
import { F_TS } from './row.ts';
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

/** [MUST-67] MMS_R - 20: what a frame of the link can hold. */
export function advertisedMss(t: Tcp, tcb: Tcb): number {
  const mtu = t.links[t.ip.linkOf(tcb.hop)]!.mtu;
  return Math.min(mtu - ipHeader(tcb) - TCP_HEADER, 0xffff);
}

export function defaultMss(tcb: Tcb): number {
  return isV4(tcb) ? DEFAULT_MSS_V4 : DEFAULT_MSS_V6;
}

/**
 * Eff.snd.MSS = min(SendMSS + 20, MMS_S) - TCPhdrsize - IPoptionsize [MUST-16]; what it returns is text alone: options
 * on every segment are taken off.
 */
export function setSendMss(t: Tcp, tcb: Tcb): void {
  const path = t.ip.mtuOf(tcb.hop) - ipHeader(tcb) - TCP_HEADER;
  const size = Math.max(LEAST_MSS, Math.min(tcb.peerMss, path));
  tcb.sndMss = size - (tcb.flags & F_TS ? TS_BYTES : 0);
}

/** Most text one transmit descriptor may hold on this link: whole segments only. */
export function mostText(t: Tcp, tcb: Tcb, link: number, mss: number): number {
  const room = t.links[link]!.offload.maxPacket - ipHeader(tcb) - TCP_HEADER - (tcb.flags & F_TS ? TS_BYTES : 0);
  return room <= mss ? mss : room - (room % mss);
}
