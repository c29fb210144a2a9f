/** The connections that hold bytes for the application, or did so lately. */
import type { Conn } from './conn.ts';
import { Pieces } from './pieces.ts';

export class Laden {
  readonly #conns = new Set<Conn>();

  /** Bytes are going to wait in the connection. */
  pieces(conn: Conn): Pieces {
    this.#conns.add(conn);
    return new Pieces();
  }

  forget(conn: Conn): void {
    this.#conns.delete(conn);
  }

  /** Bytes that connections keep for the application: received and not read, written and not taken by the core. */
  waiting(): { unread: number; unsent: number } {
    const sum = { unread: 0, unsent: 0 };
    for (const conn of this.#conns) {
      sum.unread += conn.heldBytes;
      sum.unsent += conn.pendingBytes;
      if (conn.heldBytes + conn.pendingBytes === 0) this.#conns.delete(conn);
    }
    return sum;
  }
}
