/** Promises that wait for the peer's TCP to acknowledge what was written. Positions are payload octets since the beginning. */
import type { Core } from '../core/api.ts';
import { ECONNRESET } from '../core/events.ts';
import { StackError, systemError } from './errors.ts';

interface Mark {
  at: number;
  resolve(): void;
  reject(error: Error): void;
}

/** What is known of the writer. */
interface Writer {
  readonly row: number;
  /** Written and not yet taken by the core. */
  readonly pendingBytes: number;
}

const WORD = 2 ** 32;

export class Acks {
  readonly #core: Core;
  readonly #marks = new Map<Writer, Mark[]>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Resolves when everything written so far has been acknowledged. */
  of(conn: Writer): Promise<void> {
    if (conn.row < 0) return Promise.reject(systemError(ECONNRESET, 'write'));
    const waiting = this.#core.sendQueued(conn.row) + conn.pendingBytes;
    if (waiting === 0) return Promise.resolve();
    const at = this.#core.acknowledged(conn.row) + waiting;
    return new Promise((resolve, reject) => {
      const marks = this.#marks.get(conn);
      if (marks === undefined) this.#marks.set(conn, [{ at, resolve, reject }]);
      else marks.push({ at, resolve, reject });
      this.#core.callTellAcked(conn.row, true);
    });
  }

  waits(conn: Writer): boolean {
    return this.#marks.has(conn);
  }

  /** EV_ACKED */
  acked(conn: Writer, words: Int32Array, at: number): void {
    const all = words[at + 3]! * WORD + (words[at + 4]! >>> 0);
    const marks = this.#marks.get(conn);
    while (marks !== undefined && marks.length > 0 && marks[0]!.at <= all) marks.shift()!.resolve();
    if (marks !== undefined && marks.length > 0) return;
    this.#marks.delete(conn);
    if (conn.row >= 0) this.#core.callTellAcked(conn.row, false);
  }

  /** `bytes` that were never sent are gone: what waits for them never ends well, and what waits for later ones waits for less. */
  discarded(conn: Writer, bytes: number): void {
    const marks = this.#marks.get(conn);
    if (marks === undefined) return;
    const from = this.#core.acknowledged(conn.row) + this.#core.sendQueued(conn.row);
    const left = marks.filter((mark) => {
      if (mark.at <= from) return true;
      mark.at -= bytes;
      if (mark.at > from) return true;
      mark.reject(new StackError('ERR_USERTCP_DISCARDED', 'discardUnsent() threw away what this write waits for'));
      return false;
    });
    this.#marks.set(conn, left);
  }

  /** The connection is over; what was acknowledged was told before. */
  over(conn: Writer, error: Error | null): void {
    const marks = this.#marks.get(conn);
    if (marks === undefined) return;
    this.#marks.delete(conn);
    for (const mark of marks) mark.reject(error ?? systemError(ECONNRESET, 'write'));
  }
}
