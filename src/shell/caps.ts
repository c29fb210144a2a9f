/** Hard limits of what may wait to be sent, for those who want one: writers that do not look at what `write` returns. */
import { StackError } from './errors.ts';
import { checkSetting } from './options/tcp.ts';

/** A method of `conn.data`: the limit is kept there, and not by the connection. For streams, which keep bytes before the connection sees them. */
export const LIMIT = Symbol('limit');

interface Limited {
  data?: { readonly [LIMIT]?: (most: number) => void } | null;
}

/** The error's stack names the caller. */
export function tooMuch(call: string, length: number, waiting: number, most: number): StackError {
  return new StackError(
    'ERR_USERTCP_MAX_BUFFERED',
    `${call} of ${length} bytes while ${waiting} wait to be sent: maxBuffered is ${most}; wait for drain, or raise it`,
  );
}

export class Caps {
  readonly #most = new WeakMap<object, number>();

  /** Infinity = none. Whether the connection has a limit to keep now. */
  set(conn: object, bytes: number): boolean {
    if (bytes !== Number.POSITIVE_INFINITY) checkSetting('maxBuffered', bytes);
    const { data } = conn as Limited;
    const elsewhere = data?.[LIMIT] !== undefined;
    if (elsewhere) data![LIMIT]!(bytes);
    if (elsewhere || bytes === Number.POSITIVE_INFINITY) return this.#most.delete(conn) && false;
    this.#most.set(conn, bytes);
    return true;
  }

  of(conn: object): number | undefined {
    return this.#most.get(conn);
  }

  /**
   * Throws when a write of `length` bytes on top of those that wait is too much. Nothing of it is taken then. What room the send buffer
   * has is not asked: so a write that is larger by itself fails always, and not only on the days when the peer is slow.
   */
  check(conn: object, length: number, waiting: number): void {
    const most = this.#most.get(conn) ?? Number.POSITIVE_INFINITY;
    if (waiting + length > most) throw tooMuch('write()', length, waiting, most);
  }
}
