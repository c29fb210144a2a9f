/** Time from Node: microseconds of the monotonic clock and one timer for the whole stack. */
import type { Clock, Micros } from '../ports.ts';

/** µs; an alarm later than this was held up by the program, not by the timer's grain. */
const LATE = 2000;

export class NodeClock implements Clock {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** When the timer that is running fires; Infinity = none runs. */
  #armed: Micros = Infinity;
  /** When the alarm is wanted; never earlier than what is armed, because a later wish does not move the timer. */
  #wanted: Micros = Infinity;
  #wake: () => void = () => {};
  #ref = false;

  now(): Micros {
    return performance.now() * 1000;
  }

  setAlarm(at: Micros, wake: () => void): void {
    this.#wanted = at;
    this.#wake = wake;
    if (at >= this.#armed) return;
    this.#disarm();
    this.#arm();
  }

  ref(on: boolean): void {
    this.#ref = on;
    if (on) {
      this.#timer?.ref();
      this.#immediate?.ref();
    } else {
      this.#timer?.unref();
      this.#immediate?.unref();
    }
  }

  /** Never wakes anybody again. */
  stop(): void {
    this.#wanted = Infinity;
    this.#disarm();
  }

  #arm(): void {
    const delay = (this.#wanted - this.now()) / 1000;
    this.#armed = this.#wanted;
    if (delay <= 0) {
      this.#immediate = setImmediate(this.#fire);
      if (!this.#ref) this.#immediate.unref();
      return;
    }
    // setTimeout turns more than 2^31 - 1 ms into 1 ms; firing early is harmless, the timer is armed again.
    this.#timer = setTimeout(this.#fire, Math.min(Math.ceil(delay), 0x7fffffff));
    if (!this.#ref) this.#timer.unref();
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#armed = Infinity;
  }

  readonly #fire = (): void => {
    const byTimer = this.#timer !== undefined;
    this.#disarm();
    if (this.#wanted === Infinity) return;
    const late = this.now() - this.#wanted;
    if (late < 0) return this.#arm();
    // The process slept past the deadline, and the packet that would have met it may be waiting in a ring. Node reads those
    // after its timers and before its immediates: let them speak first, or a busy program resends what was acknowledged.
    if (byTimer && late > LATE) return this.#arm();
    this.#wanted = Infinity;
    this.#wake();
  };
}
