/**
 * Two connections joined, for proxies: what one receives the other sends. A slow one holds the other back (its window closes), a FIN
 * goes on as a FIN in its direction, a reset as a reset.
 */
import { EPIPE } from '../core/events.ts';
import { Conn } from './conn.ts';
import { CLOSED, END_TOLD, ENDING, GONE } from './conn-flags.ts';
import { Connection } from './connection.ts';
import { systemError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { OptionError } from './option-error.ts';

/** How two joined connections ended. */
export interface Piped {
  /** Bytes that went from the first to the second. */
  readonly forth: number;
  /** Bytes that went back. */
  readonly back: number;
  /** What broke the first of them to break; null when both ended in order. */
  readonly error: Error | null;
}

interface Half {
  readonly conn: Conn;
  bytes: number;
  /** Its peer sent FIN. */
  ended: boolean;
  closed: boolean;
}

/** What both directions know of each other. */
interface Pair {
  /** A write failed: both are aborted, and what still comes is for nobody. */
  broken: boolean;
  error: Error | null;
  told(error: Error | null): void;
}

/** Takes both over, in place of their handlers, and resolves when both are gone. A write that fails (`maxBuffered`, after `end()`) resets both, and is the `error`. */
export function pipe(first: Conn | Connection, second: Conn | Connection): Promise<Piped> {
  return new Promise((resolve) => {
    const [a, b] = [halfOf(first), halfOf(second)];
    if (a.conn === b.conn) throw new OptionError('pipe', second, 'another connection than the first');
    for (const end of [first, second]) if (end instanceof Connection) end.refuseWhenLeft(); // before either is touched
    const pair: Pair = {
      broken: false,
      error: null,
      told(reason) {
        pair.error ??= reason;
        if (a.closed && b.closed) resolve({ forth: a.bytes, back: b.bytes, error: pair.error });
      },
    };
    join(first, a, b, pair);
    join(second, b, a, pair);
  });
}

function halfOf(end: Conn | Connection): Half {
  const conn = end instanceof Connection ? end.conn : end;
  if (!(conn instanceof Conn)) throw new OptionError('pipe', end, 'two connections of serve, dial, open or listen');
  return { conn, bytes: 0, ended: false, closed: false };
}

function join(end: Conn | Connection, from: Half, to: Half, pair: Pair): void {
  const handlers: Handlers = {
    data(conn, chunk) {
      if (pair.broken) return;
      try {
        if (to.closed) throw systemError(EPIPE, 'write'); // it was over before it was joined
        if (to.conn.has(GONE) && !to.conn.has(ENDING)) return; // it failed, which it tells when it has been read
        const room = to.conn.write(chunk);
        from.bytes += chunk.length;
        if (!room) conn.pause();
      } catch (error) {
        breaks(pair, from, to, error as Error);
      }
    },
    drain: () => to.conn.resume(),
    end() {
      from.ended = true;
      if (!pair.broken) to.conn.end();
    },
    close(_conn, error) {
      from.closed = true;
      // Without the peer's FIN it was aborted, by whomever: the other side must not take that for an end.
      if (error !== null || !from.ended) to.conn.abort();
      pair.told(error);
    },
  };
  if (end instanceof Connection) {
    end.leaveTo(handlers);
    return;
  }
  end.attach(handlers);
  if (end.has(END_TOLD)) handlers.end?.(end);
  if (end.has(CLOSED)) handlers.close?.(end, null);
  else end.resume();
}

/** Bytes that one has sent cannot reach the other: neither may take it for an end. */
function breaks(pair: Pair, from: Half, to: Half, error: Error): void {
  pair.broken = true;
  pair.error ??= error;
  from.conn.abort();
  to.conn.abort();
}
