/** The shared handlers of the `serve` level: one object for all connections of a port, no closures per connection. */
import type { Conn } from './conn.ts';
import type { SynHandler } from './syn-info.ts';

/** Functions shared by all connections of a `serve` or `dial`. All are optional. */
export interface Handlers {
  /** Of a service: asked before a SYN is answered; there is no connection yet. */
  syn?: SynHandler;
  /** ESTABLISHED; the first call of every connection. */
  open?(conn: Conn): void;
  /**
   * In-order bytes. `chunk` is borrowed: it is valid during this call only; copy what must live longer.
   * Its bytes are credited to the peer's window when the call returns, unless the connection is paused by then.
   */
  data?(conn: Conn, chunk: Buffer): void;
  /** The peer sent FIN: told at once, also while paused, when `end` waits for the reader. */
  halfclose?(conn: Conn): void;
  /** Everything a short `write` left over was taken. */
  drain?(conn: Conn): void;
  /** The peer sent FIN and everything before it was delivered. Without this handler our side is closed, too. */
  end?(conn: Conn): void;
  /**
   * The last call. null = closed in order, or aborted by ourselves. Text that is held for a paused reader comes first, also when the connection
   * failed. It is dropped, and this comes at once, when `drain` was still to come, when the stack gave the connection up for its memory (ENOBUFS), and
   * beyond 64 MB of such text in a stack (ADR 58). Who it was (`conn.remoteAddress`) may be asked here for the first time, and not later.
   */
  close?(conn: Conn, error: Error | null): void;
  /** Urgent data lies ahead (0), its end moved (1), reading has reached it (2). RFC 9293 [MUST-32]. */
  urgent?(conn: Conn, what: 0 | 1 | 2): void;
  /**
   * With `urgent: 'out-of-band'`: the last octet of urgent data, when all text before it was delivered or is held for a paused
   * reader; `data` never has it. Without this handler it waits for `conn.takeOutOfBand()`.
   */
  outOfBand?(conn: Conn, octet: number): void;
  /**
   * Something is wrong, nothing is lost yet: an ICMP error (`icmpType`, `icmpCode`), or `ETIMEDOUT` after three
   * retransmissions of the same text, and the connection goes on. RFC 9293 [MUST-47].
   */
  softError?(conn: Conn, error: Error): void;
  /**
   * RFC 9293's state of our end changed, such as from `ESTABLISHED` to `CLOSE_WAIT`: told before what it means (`end`, `close`). A connection
   * that a listener takes begins with `open`. While nobody has this handler, nothing is told and nothing it costs.
   */
  state?(conn: Conn, from: string, to: string): void;
  /** @internal Of sockets, which have async contexts of their own. true: `data` gets copies, the pieces of what came in one burst joined. */
  readonly keeps?: boolean;
  /** @internal The connection failed, text is held, and `close` comes when that was read: only writing is over now. */
  broke?(conn: Conn, error: Error): void;
  /** @internal The stack closes: end in order. Without it, `conn.end()`. */
  shutdown?(conn: Conn): void;
}

export const NO_HANDLERS: Handlers = {};

/** All of them but `syn`, which is the listener's. */
export const HANDLER_NAMES = [
  'open',
  'data',
  'drain',
  'end',
  'close',
  'halfclose',
  'urgent',
  'outOfBand',
  'softError',
  'state',
] as const satisfies readonly (keyof Handlers)[];

/** Of one that is done with its connection, and hears how it ends. */
export function lastOf(handlers: Handlers): Handlers {
  return handlers.close === undefined ? NO_HANDLERS : { close: (conn, error) => handlers.close?.(conn, error) };
}

/** Of one that reset its connection: it hears of the state and of the end. */
export function endOf(handlers: Handlers): Handlers {
  const { state } = handlers;
  return {
    ...(state !== undefined && { state: (conn, from, to) => handlers.state?.(conn, from, to) }),
    ...lastOf(handlers),
  };
}
