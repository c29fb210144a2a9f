/** The clock of the Timestamps option (RFC 7323 §5.4). */
import type { Tcp } from './context.ts';
import type { Tcb } from './tcb.ts';

/** TSval: milliseconds plus the connection's own offset (RFC 7323 §5.4). */
export function tsval(t: Tcp, tcb: Tcb): number {
  // Rounded down also below zero: a connection that moves between clocks must not step back (RFC 7323 §5.3).
  return (Math.floor(t.now / 1000) + tcb.tsOffset) | 0;
}
