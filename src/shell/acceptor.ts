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
  /** Of each connection; see Conn.setMaxBuffered. */
  readonly maxBuffered?: number | undefined;
  /** Its connections are objects only while they have something to remember. */
  readonly brief?: boolean;
  /** The listener is gone: closed, or its stack was. */
  closed?(): void;
  /** Several share the row: who gets the connection that has come. */
  next?(): Acceptor | undefined;
}

/** A LISTEN row and whose it is. */
export interface Listening {
  readonly acceptor: Acceptor;
  readonly gen: number;
}

/** Who gets the child that this row has. */
export function takerOf(listening: Listening | undefined): Acceptor | undefined {
  const acceptor = listening?.acceptor;
  return acceptor?.next === undefined ? acceptor : acceptor.next();
}
