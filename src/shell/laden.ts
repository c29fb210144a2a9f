/** The connections that hold bytes for the application, or did so lately. */
import type { Conn } from './conn.ts';
import { Pieces } from './pieces.ts';

/** Who has taken bytes from a connection before anybody asked for them. */
export interface Ahead {
  /** How many are still there. */
  readonly ready: number;
}

export class Laden {
  readonly #conns = new Set<Conn>();
  /** By connection, as long as that is not over: then they are the reader's alone. */
  readonly #ahead = new Map<object, Ahead>();

  /** Bytes are going to wait in the connection. */
  pieces(conn: Conn): Pieces {
    this.#conns.add(conn);
    return new Pieces();
  }

  /** They wait with who reads the connection. */
  reads(conn: object, ahead: Ahead): void {
    this.#ahead.set(conn, ahead);
  }

  forget(conn: Conn): void {
    this.#conns.delete(conn);
    this.#ahead.delete(conn);
  }

  /** Bytes that connections keep for the application: received and not read, written and not taken by the core. */
  waiting(): { unread: number; unsent: number } {
    const sum = { unread: 0, unsent: 0 };
    for (const conn of this.#conns) {
      sum.unread += conn.heldBytes;
      sum.unsent += conn.pendingBytes;
      if (conn.heldBytes + conn.pendingBytes === 0) this.#conns.delete(conn);
    }
    for (const [conn, { ready }] of this.#ahead) {
      sum.unread += ready;
      if (ready === 0) this.#ahead.delete(conn);
    }
    return sum;
  }
}
