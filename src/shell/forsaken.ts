/**
 * Orphans whose peer fell silent. An orphan keeps the process alive until what was written is acknowledged, since there is no kernel that would
 * send it afterwards; but not for the minutes until R2, when the peer may be gone for good. It is sent again as long as the process lives.
 */
import type { Conn } from './conn.ts';
import { CLOSED, FORSAKEN, UNHEARD, UNREFED } from './conn-flags.ts';

/** ms between looks whether the peer is back. */
const LOOK = 5000;

export class Forsaken {
  readonly #after: (ms: number, fn: () => void, quiet?: boolean) => () => void;

  constructor(after: (ms: number, fn: () => void, quiet?: boolean) => () => void) {
    this.#after = after;
  }

  /** EV_SILENT, and nobody was promised to hear how it ends. */
  silent(conn: Conn): void {
    if (!conn.has(UNHEARD) || conn.has(CLOSED | UNREFED)) return;
    conn.forsake();
    this.#watch(conn);
  }

  /** Who finds the peer back holds the process again: what it takes now is worth the wait. */
  #watch(conn: Conn): void {
    const look = (): void => {
      const info = conn.info();
      if (info === null || !conn.has(FORSAKEN)) return;
      if (info.silentMs < LOOK) conn.ref();
      else this.#watch(conn);
    };
    this.#after(LOOK, look, true);
  }
}
