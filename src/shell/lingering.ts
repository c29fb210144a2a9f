/**
 * A close that lingers. Who closes while the peer still sends answers its text with a reset [SHLD-3], and a reset makes many peers
 * forget what they had not read yet: an early response is lost. So what still comes is read and thrown away for a while.
 */
import type { Handlers } from './handlers.ts';

/** A `Conn`. */
interface Closing {
  attach(handlers: Handlers): void;
  end(): void;
  resume(): void;
  abort(): void;
}

export class Lingering {
  readonly #after: (ms: number, fn: () => void) => () => void;
  readonly #ms = new WeakMap<object, number>();
  /** Those that have begun to. */
  readonly #begun = new WeakSet<object>();

  constructor(after: (ms: number, fn: () => void) => () => void) {
    this.#after = after;
  }

  /** ms; null = as if it had never been said. */
  set(conn: object, ms: number | null): void {
    if (ms === null) this.#ms.delete(conn);
    else this.#ms.set(conn, ms);
  }

  has(conn: object): boolean {
    return this.#ms.has(conn);
  }

  /** False: nothing was said, the connection ends as ever. `last` hears of the end. To close again changes nothing: only abort() ends it sooner. */
  take(conn: Closing, last: Handlers): boolean {
    if (this.#begun.has(conn)) return true;
    const ms = this.#ms.get(conn);
    if (ms === undefined) return false;
    this.#ms.delete(conn);
    this.#begun.add(conn);
    const cancel = ms === 0 ? () => {} : this.#after(ms, () => conn.abort());
    conn.attach({
      data() {},
      end() {},
      close(of, error) {
        cancel();
        last.close?.(of, error);
      },
    });
    if (ms === 0) conn.abort();
    else {
      conn.end();
      conn.resume();
    }
    return true;
  }
}
