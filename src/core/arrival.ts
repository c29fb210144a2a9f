/** Which connection a received descriptor belongs to, and what becomes of one that belongs to none. */
import {
  ACK,
  KIND_PIECE,
  KIND_TCP,
  RX_FRAME,
  RX_KIND,
  RX_L3L4,
  RX_MULTICAST,
  RX_ROUTED,
  RX_ROW,
  SYN,
} from '../wire/abi.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR, readFlowKey } from '../wire/flow-key.ts';
import { replyReset } from './tcp/arrives/closed.ts';
import { listen } from './tcp/arrives/listen.ts';
import type { Tcp } from './tcp/context.ts';
import { cookieArrives } from './tcp/cookie-acks.ts';
import { CLOSED, EV } from './tcp/figure5.ts';
import { timeWaitArrives } from './tcp/folding.ts';
import { halfOpenArrives } from './tcp/handshakes.ts';
import { F2_ROUTED } from './tcp/row.ts';
import { segmentArrives } from './tcp/segment-arrives.ts';
import type { Tcb } from './tcp/tcb.ts';
import { finish, wasRouted } from './tcp/time-waits.ts';

const KIND_AND_ROUTE = 0xff | (RX_ROUTED << 16);

export function arrival(t: Tcp, tcb: Tcb, link: number, rx: Int32Array, base: number, memory: Uint8Array): void {
  const kind = rx[base + RX_KIND]! & KIND_AND_ROUTE;
  if (kind !== KIND_TCP) {
    if (kind > 0xff) {
      routedArrives(t, tcb, link, rx, base, memory);
      return;
    }
    // The last fragment of a datagram is followed by the datagram.
    if (kind !== KIND_PIECE && t.ip.handle(link, rx, base, memory, t.now)) {
      arrival(t, tcb, link, t.ip.whole, 0, t.arena.bytes);
    }
    return;
  }
  const seg = t.seg;
  seg.load(rx, base, link, memory);
  const row = rx[base + RX_ROW]!;
  if (row >= 0 && tcb.select(row).state !== CLOSED) segmentArrives(t, tcb, seg);
  else withoutRow(t, tcb);
}

/**
 * A packet that came by an IPv4 source route. It is dropped unless such packets are wanted, or this is the answer to a route that a
 * connection of ours names (ADR 42). While it is dealt with, the way back is at hand [MUST-53] [SHLD-24].
 */
function routedArrives(t: Tcp, tcb: Tcb, link: number, rx: Int32Array, base: number, memory: Uint8Array): void {
  const { sourceRoutes: routes, seg } = t;
  rx[base + RX_KIND]! &= ~(RX_ROUTED << 16);
  const isTcp = (rx[base + RX_KIND]! & 0xff) === KIND_TCP;
  if (isTcp) {
    seg.load(rx, base, link, memory);
    readKey(t);
  }
  const wanted = routes.accept || (isTcp && isAnswer(t, tcb));
  if (!wanted || !routes.read(rx, base, memory)) {
    t.ip.counters.sourceRouted++;
    return;
  }
  try {
    arrival(t, tcb, link, rx, base, memory);
  } finally {
    routes.arrived = false;
  }
}

/**
 * Whether the segment at hand belongs to a connection that goes by a route of its own. Entries outlive their connections, so they say
 * nothing here. Where routes of others are dropped no half-open connection has one.
 */
function isAnswer(t: Tcp, tcb: Tcb): boolean {
  const row = t.flows.find(t.identity, 0);
  if (row >= 0) return (tcb.select(row).flags2 & F2_ROUTED) !== 0;
  const waiting = t.timeWaits.find(t.identity, 0);
  return waiting >= 0 && wasRouted(t, waiting);
}

/** The identity that the segment at hand would have. */
function readKey({ seg, identity }: Tcp): void {
  const frame = seg.rx[seg.base + RX_FRAME]!;
  const layers = seg.rx[seg.base + RX_L3L4]!;
  readFlowKey(seg.memory, frame + (layers & 0xffff), frame + (layers >>> 16), identity, 0);
}

/**
 * The link knew no live connection. One may have begun or ended earlier in this very burst (T297, T300), so the table is
 * asked once more; the exact four-tuple goes before any listener (T296).
 */
function withoutRow(t: Tcp, tcb: Tcb): void {
  const { seg, identity } = t;
  readKey(t);
  const row = t.flows.find(identity, 0);
  if (row >= 0) {
    segmentArrives(t, tcb.select(row), seg);
    return;
  }
  const opening = t.halfOpens.find(identity, 0);
  if (opening >= 0) {
    halfOpenArrives(t, opening, seg, tcb);
    return;
  }
  const waiting = t.timeWaits.find(identity, 0);
  const syn = (seg.flags & (SYN | ACK)) === SYN;
  const shared = t.share.on && t.links[seg.link]!.kind !== 'loop';
  const elsewhere = shared && !(syn ? t.share.owns(identity, 0) : t.share.reaches(identity, 0));
  if (waiting >= 0) {
    // The next incarnation is opened by whose bucket it is now; ISNs of all stacks rise by one clock.
    if (elsewhere && syn) finish(t, waiting, EV.evict);
    else timeWaitArrives(t, waiting, seg);
    return;
  }
  if (elsewhere) {
    t.counters.elsewhere++;
    return;
  }
  // [MUST-57] [MUST-63] nothing that came to or from a group, or from an impossible address, is answered.
  const group = (seg.rx[seg.base + RX_KIND]! >> 16) & RX_MULTICAST;
  if (group || !t.ip.isOurs(identity, KEY_LADDR) || !t.ip.isValidSource(seg.link, identity, KEY_RADDR)) {
    t.counters.invalidSource++;
    return;
  }
  const listener = t.listeners.find(identity, KEY_LADDR, identity[KEY_PORTS]! >>> 16);
  if (listener >= 0 && cookieArrives(t, tcb, listener, seg)) return;
  t.counters.inSegs++;
  if (listener >= 0) listen(t, listener, seg, identity);
  else replyReset(t, seg);
}
