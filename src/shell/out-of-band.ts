/** Urgent data that the application hears of apart from the text. */
import type { Conn } from './conn.ts';

/** Octets that came out of band and wait for somebody to take them: one of each connection, and few connections ever have one. */
export class Octets {
  readonly #waiting = new WeakMap<object, number>();

  /** [RFC 6093 §3.1] There is room for one octet: what nobody took is lost to the next. */
  keep(conn: object, octet: number): void {
    this.#waiting.set(conn, octet);
  }

  waits(conn: object): boolean {
    return this.#waiting.has(conn);
  }

  take(conn: object): number | undefined {
    const octet = this.#waiting.get(conn);
    this.#waiting.delete(conn);
    return octet;
  }
}

/** Told at once, also while the reader pauses: that is what urgent means. */
export function urgentNews(conn: Conn, what: number, octet: number): void {
  conn.news((h) => {
    if (what < 3) h.urgent?.(conn, what as 0 | 1 | 2);
    else if (h.outOfBand === undefined) conn.keepOctet(octet);
    else h.outOfBand(conn, octet);
  });
}
