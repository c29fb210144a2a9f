/** The clock of the Timestamps option (RFC 7323 §5.4). */
import { OPT_TS } from '../../wire/abi.ts';
import { gt } from '../seq.ts';
import type { Tcp } from './context.ts';
import { F_TS } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** TSval: milliseconds plus the connection's own offset (RFC 7323 §5.4). */
export function tsval(t: Tcp, tcb: Tcb): number {
  // Rounded down also below zero: a connection that moves between clocks must not step back (RFC 7323 §5.3).
  return (Math.floor(t.now / 1000) + tcb.tsOffset) | 0;
}

/**
 * RFC 7323 §4.3 (2): only a segment that begins at or below what was last acknowledged counts; never a RST (RFC 7323 §5.2). Its ACK field
 * was believed: else it is discarded (RFC 5961 §5.2), and whoever guesses a sequence number alone could name a time that the peer's
 * clock reaches in weeks, until when PAWS drops all that it sends.
 */
export function takeTimestamp(t: Tcp, tcb: Tcb, seg: Segment): void {
  if ((tcb.flags & F_TS) === 0 || (seg.opts & OPT_TS) === 0) return;
  // A lower one got through PAWS because TS.Recent was too old: the clock begins anew (RFC 7323 §5.5).
  if (gt(seg.seq - seg.skip, tcb.lastAckSent)) return;
  tcb.tsRecent = seg.tsval;
  tcb.tsRecentAt = t.tick;
}
