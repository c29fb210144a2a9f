/** The 'timeout' of a socket: fires after a time without traffic, of the stack's clock. Refreshing costs no timer operation. */
import { OptionError } from './option-error.ts';

/** Longer ones are none, as in node:net. */
export function checkIdle(ms: number): number {
  if (typeof ms === 'number' && ms >= 0) return ms;
  throw new OptionError('timeout', ms, 'ms, 0 = none');
}

/** ms; a timer of Node's that is to wait longer fires at once. */
const LONGEST = 2 ** 31 - 1;
/** ms; what is left of less than this is rounding. */
const GRAIN = 0.001;

/** An `Engine`: in a simulation its time is virtual. */
interface Time {
  after(ms: number, fn: () => void, quiet: boolean): () => void;
  readonly driver: { now(): number };
}

export class IdleTimer {
  /** ms, undefined = off. */
  ms: number | undefined;
  readonly #time: Time;
  readonly #expired: () => void;
  /** Of the timer that runs. */
  #cancel: (() => void) | undefined;
  /** µs: when there was traffic last. */
  #last = 0;

  constructor(time: Time, expired: () => void) {
    this.#time = time;
    this.#expired = expired;
  }

  set(ms: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.ms = ms > 0 && Number.isFinite(ms) ? Math.min(ms, LONGEST) : undefined;
    this.refresh();
  }

  refresh(): void {
    if (this.ms === undefined) return;
    this.#last = this.#time.driver.now();
    if (this.#cancel === undefined) this.#arm(this.ms);
  }

  #arm(ms: number): void {
    this.#cancel = this.#time.after(ms, () => this.#look(ms), true);
  }

  /** There may have been traffic since the timer was set. */
  #look(ms: number): void {
    this.#cancel = undefined;
    const idle = (this.#time.driver.now() - this.#last) / 1000;
    const left = (this.ms ?? ms) - idle;
    if (left > GRAIN) this.#arm(left);
    else this.#expired();
  }
}
