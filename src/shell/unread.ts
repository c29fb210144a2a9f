/** Connections whose row is gone while the application has not read all that came, and how they ended (ADR 58). */
import { ENOBUFS } from '../core/events.ts';
import type { Acks } from './acks.ts';
import type { Conn } from './conn.ts';

/** Bytes of all connections that failed and are still to be read; what fails beyond that is over at once. */
const MOST = 64 * 1024 * 1024;
/** A connection with an end to be told and no text counts as so many. */
const LEAST = 1024;

const weightOf = (conn: Conn): number => conn.heldBytes || LEAST;

export class Unread {
  readonly #acks: Acks;
  readonly #most: number;
  /** How each ended, null = in order; and what those that failed held then. */
  readonly #ends = new Map<Conn, { readonly error: Error | null; readonly bytes: number }>();
  #sum = 0;
  /** Of these, lend() and the like did not take all that they were given last: the application waits for `drain`. */
  readonly #short = new WeakSet<object>();

  constructor(acks: Acks, most = MOST) {
    this.#acks = acks;
    this.#most = most;
  }

  /**
   * Whether one that failed with `code` stays for its reader, who is still to be told of text or of the peer's end. Not if the application waits for `drain`, and is not `told` that none comes: it may
   * have paused until then. Nor if it had to go for its memory, or too much is kept already: resets cost nothing, and no row counts them.
   */
  mayRead(conn: Conn, code: number, told: boolean): boolean {
    if (code === ENOBUFS || this.#sum + weightOf(conn) > this.#most) return false;
    return told || (conn.pendingBytes === 0 && !this.#short.has(conn));
  }

  /** What was not acknowledged after a failure never will be, whoever reads. */
  keep(conn: Conn, end: Error | null): void {
    const bytes = end === null ? 0 : weightOf(conn);
    this.#ends.set(conn, { error: end, bytes });
    this.#sum += bytes;
    if (end !== null) this.#acks.over(conn, end);
  }

  /** What is told when it has been read; null = it ended in order. */
  endOf(conn: Conn): Error | null {
    return this.#ends.get(conn)?.error ?? null;
  }

  /** Bytes that are given to one that is only read are for nobody, and have all been taken: nobody waits for a `drain` that never comes. */
  refused(conn: object, bytes: number): number {
    return this.#ends.has(conn as Conn) ? bytes : 0;
  }

  /** lend() and the like were given `bytes`: `drain` follows when not all of them were taken, but not an error (`taken` < 0). */
  offered(conn: object, taken: number, bytes: number): void {
    if (taken < 0 || bytes === 0) return;
    if (taken < bytes) this.#short.add(conn);
    else this.#short.delete(conn);
  }

  /** EV_DRAIN */
  drained(conn: Conn): void {
    this.#short.delete(conn);
    conn.drained();
  }

  forget(conn: Conn): void {
    this.#sum -= this.#ends.get(conn)?.bytes ?? 0;
    this.#ends.delete(conn);
  }

  conns(): Conn[] {
    return [...this.#ends.keys()];
  }
}
