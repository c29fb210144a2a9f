/** The 'timeout' of a socket: fires after a time without traffic. Refreshing costs no timer operation. */
import { OptionError } from './option-error.ts';

/** Longer ones are none, as in node:net. */
export function checkIdle(ms: number): number {
  if (typeof ms === 'number' && ms >= 0) return ms;
  throw new OptionError('timeout', ms, 'ms, 0 = none');
}

/** ms; a timer of Node's that is to wait longer fires at once. */
const LONGEST = 2 ** 31 - 1;

export class IdleTimer {
  /** ms, undefined = off. */
  ms: number | undefined;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  set(ms: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.ms = ms > 0 && Number.isFinite(ms) ? Math.min(ms, LONGEST) : undefined;
    if (this.ms === undefined) return;
    this.#timer = setTimeout(this.#expired, this.ms);
    this.#timer.unref();
  }

  refresh(): void {
    this.#timer?.refresh();
  }
}
