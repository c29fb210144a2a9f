/** TCP Fast Open, RFC 7413: what an active open sends and learns, and the option on SYNs of both sides. Off by default. */
import { MAX_OPTION_BYTES, writeFastOpen } from '../../wire/tcp-options.ts';
import { add } from '../seq.ts';
import type { Tcp } from './context.ts';
import { SYN_SENT } from './figure5.ts';
import { roomForText, routeBytes } from './mss.ts';
import { recallPathMtu } from './path-mtu.ts';
import { markAllLost, noteSent } from './retransmission.ts';
import { F_PASSIVE, F2_TFO_ASKED, F2_TFO_DATA, F2_UTO } from './row.ts';
import type { Segment } from './segment.ts';
import { advanceNew, seekNew } from './send-queue.ts';
import { RADDR, type Tcb } from './tcb.ts';

/** §4.1.1: 4 to 16 bytes. */
const LEAST_COOKIE = 4;
/** What fits beside the other options of a SYN; longer cookies are not kept. */
const MOST_COOKIE = 14;
const MOST_BESIDE_TIMEOUT = 10;

/** Active OPEN: `wish` is of the connection, else the stack's default holds. */
export function askFastOpen(t: Tcp, tcb: Tcb, wish: boolean | undefined): void {
  const mode = t.defaults.fastOpen;
  if (!(wish ?? (mode === 'client' || mode === 'on'))) return;
  if (t.cookieCache.mayTry(tcb.i32, tcb.at + RADDR, t.tick)) tcb.flags2 |= F2_TFO_ASKED;
}

/** Bytes of text that go with our first SYN (§4.2.1): what was queued by now and fits the MSS that the server named last. */
export function synText(t: Tcp, tcb: Tcb): number {
  if ((tcb.flags2 & F2_TFO_ASKED) === 0 || tcb.state !== SYN_SENT || tcb.sndQueued === 0 || t.records.isShort) return 0;
  const server = t.cookieCache.find(tcb.i32, tcb.at + RADDR);
  const length = server?.cookie.length ?? 0;
  if (server === undefined || length === 0 || length > mostCookie(tcb)) return 0;
  recallPathMtu(t, tcb);
  seekNew(t.arena, tcb);
  const most = Math.min(server.mss, roomForText(t, tcb)) - MAX_OPTION_BYTES - routeBytes(t, tcb);
  return Math.max(0, Math.min(tcb.sndQueued, most));
}

function mostCookie(tcb: Tcb): number {
  return tcb.flags2 & F2_UTO ? MOST_BESIDE_TIMEOUT : MOST_COOKIE;
}

/** The SYN left with `n` bytes: from here on they are text in flight. */
export function synTextSent(t: Tcp, tcb: Tcb, n: number): void {
  if (!noteSent(t, tcb, tcb.sndNxt, n, false, tcb.sndChunk, tcb.sndOffset)) return;
  advanceNew(t.arena, tcb, n);
  tcb.sndNxt = add(tcb.sndNxt, n);
  tcb.flags2 |= F2_TFO_DATA;
  t.counters.fastOpenActive++;
}

/** The option on a SYN (a cookie, or the question for one) or on a SYN,ACK (a cookie). Returns the bytes written. */
export function fastOpenOption(t: Tcp, tcb: Tcb, out: Uint8Array, at: number, used: number): number {
  if (tcb.flags & F_PASSIVE) return writeFastOpen(out, at, t.fastOpens.cookie(tcb.i32, tcb.at + RADDR, t.now));
  if (tcb.state !== SYN_SENT) return 0; // both ends opened: theirs had no cookie, ours is nobody's
  const server = t.cookieCache.find(tcb.i32, tcb.at + RADDR);
  const length = server?.cookie.length ?? 0;
  if (used + ((2 + length + 3) & ~3) > MAX_OPTION_BYTES) return 0;
  return writeFastOpen(out, at, server?.cookie);
}

/**
 * The SYN,ACK to our SYN; `t.options` holds its options, and SND.UNA is what it acknowledged. Text that it did not take goes
 * again at once as on any connection (§4.2.1, T324), and the address is left alone for a while, unless a new cookie says why.
 */
export function synAnswered(t: Tcp, tcb: Tcb, seg: Segment): void {
  const { fastOpenAt: at, fastOpenLength: length } = t.options;
  let renewed = false;
  if (tcb.flags2 & F2_TFO_ASKED && at >= 0 && length >= LEAST_COOKIE && length <= MOST_COOKIE && length % 2 === 0) {
    renewed = t.cookieCache.learn(tcb.i32, tcb.at + RADDR, seg.memory.subarray(at, at + length), tcb.peerMss);
  }
  if ((tcb.flags2 & F2_TFO_DATA) === 0 || tcb.rtxHead < 0) return;
  if (tcb.sndUna === add(tcb.iss, 1)) {
    tcb.flags2 &= ~F2_TFO_DATA;
    t.counters.fastOpenFallbacks++;
    if (!renewed) t.cookieCache.refuse(tcb.i32, tcb.at + RADDR, t.tick);
  }
  markAllLost(t, tcb);
  tcb.lostSeen = tcb.lost; // it says nothing about the path: no controller hears of it
}

/** No answer in time, or an ICMP error (§4.1.3.1): the SYN goes again without option and text (§4.2.1). */
export function fastOpenFailed(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags2 & F2_TFO_ASKED) === 0 || tcb.state !== SYN_SENT) return;
  tcb.flags2 &= ~F2_TFO_ASKED;
  t.cookieCache.refuse(tcb.i32, tcb.at + RADDR, t.tick);
}
