/** Who gets the children of a LISTEN row. */
import type { Handlers } from './handlers.ts';
import type { SynHandler } from './syn-info.ts';

/** What gets the children of a LISTEN row. */
export interface Acceptor {
  readonly handlers: Handlers;
  /** Children start paused and stay in the accept queue until `Engine.accepted`. */
  readonly queued: boolean;
  /** Asked before a SYN is answered. */
  readonly syn?: SynHandler | undefined;
  /** Takes no IPv4 on an address that both families have. */
  readonly ipv6Only?: boolean;
  /** Of each connection; see Conn.setMaxBuffered. */
  readonly maxBuffered?: number | undefined;
  /** Its connections are objects only while they have something to remember. */
  readonly brief?: boolean;
  /** The listener is gone: closed, or its stack was. */
  closed?(): void;
  /** Several share the row: who gets the connection that has come, which has a row of its own. */
  next?(row: number): Acceptor | undefined;
}

/** A LISTEN row and whose it is. */
export interface Listening {
  readonly acceptor: Acceptor;
  readonly gen: number;
}

/** Who gets the child of a listener. */
export function takerOf(listening: Listening | undefined, child: number): Acceptor | undefined {
  const acceptor = listening?.acceptor;
  return acceptor?.next === undefined ? acceptor : acceptor.next(child);
}

/** One that has a row to itself: with `ipv6Only` nobody is left for a SYN of IPv4. */
export function alone(acceptor: Acceptor): Acceptor {
  const { ipv6Only, syn } = acceptor;
  if (!ipv6Only) return acceptor;
  return { ...acceptor, syn: (info) => (info.family === 'IPv4' ? 'reset' : (syn?.(info) ?? 'accept')) };
}
