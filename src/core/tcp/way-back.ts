/** What a connection does with a source route: where its packets are handed to, and whose word counts (RFC 9293 §3.9.2.1). */
import { HOP_WORDS, ROUTE_FIRST, ROW_RADDR } from '../../wire/abi.ts';
import { HOP_ADDRESS } from '../ip/neighbours.ts';
import type { Tcp } from './context.ts';
import { setSendMss } from './mss.ts';
import { F_PASSIVE, F2_MTU_PROBE, F2_ROUTED } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** The hop to the first address of a route, held; -1 when there is no way to it. A strict route begins at a neighbour. */
export function hopAlong(t: Tcp, entry: number): number {
  const routes = t.sourceRoutes;
  const hop = t.ip.routeTo(routes.next(entry), 0);
  if (hop < 0 || !routes.isStrict(entry)) return hop;
  const first = t.hops[entry * HOP_WORDS + ROUTE_FIRST];
  if (t.hops[hop * HOP_WORDS + HOP_ADDRESS + 3] === first) return hop;
  t.ip.release(hop);
  return -1;
}

/** The hop to answer the SYN at hand by, held: along the route it came by [MUST-53]. -1 = no way back. */
export function wayBack(t: Tcp, identity: Int32Array): number {
  const routes = t.sourceRoutes;
  if (!routes.arrived) return t.ip.routeTo(identity, ROW_RADDR);
  const entry = routes.keep(t, routes.arrivedEntry, identity, 0);
  return entry === 0 ? -1 : hopAlong(t, entry);
}

/** The hop that a connection's packets are handed to, held. */
export function hopOf(t: Tcp, tcb: Tcb): number {
  const entry = tcb.flags2 & F2_ROUTED ? t.sourceRoutes.of(tcb.i32, tcb.at) : 0;
  return entry === 0 ? t.ip.routeTo(tcb.i32, tcb.at + ROW_RADDR) : hopAlong(t, entry);
}

/** Another hop than the one that failed, held; -1 when there is none. */
export function wayAround(t: Tcp, tcb: Tcb): number {
  const routes = t.sourceRoutes;
  const entry = tcb.flags2 & F2_ROUTED ? routes.of(tcb.i32, tcb.at) : 0;
  if (entry === 0) return t.ip.wayAround(tcb.hop, tcb.i32, tcb.at + ROW_RADDR);
  return routes.isStrict(entry) ? -1 : t.ip.wayAround(tcb.hop, routes.next(entry), 0);
}

/** The connection goes by the route that its SYN came by. */
export function takeRoute(t: Tcp, tcb: Tcb): void {
  if (t.sourceRoutes.arrived) tcb.flags2 |= F2_ROUTED;
}

/**
 * A segment that passed the ACK step came by a route: the later one counts [SHLD-24], unless ours was named by its OPEN [MUST-52].
 * RFC 5961 §5.2 lets old acknowledgments pass; such a segment is not the later one, and its sender need know less of us.
 */
export function laterRoute(t: Tcp, tcb: Tcb, seg: Segment): void {
  const routes = t.sourceRoutes;
  if (!routes.arrived || (tcb.flags & F_PASSIVE) === 0) return;
  if (seg.ack !== tcb.sndUna) return;
  const before = tcb.flags2 & F2_ROUTED ? routes.of(tcb.i32, tcb.at) : 0;
  if (before !== 0 && routes.agree(before, routes.arrivedEntry)) return;
  const hop = hopAlong(t, routes.arrivedEntry);
  if (hop < 0) return;
  if (routes.keep(t, routes.arrivedEntry, tcb.i32, tcb.at) === 0) {
    t.ip.release(hop);
    return;
  }
  if (tcb.hop >= 0) t.ip.release(tcb.hop);
  tcb.hop = hop;
  tcb.flags2 = (tcb.flags2 | F2_ROUTED) & ~F2_MTU_PROBE; // its size was reckoned with the header of the other route
  setSendMss(t, tcb);
}
