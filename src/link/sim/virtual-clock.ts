/** Time that jumps to the next event: hours of protocol time in moments, and the same run every time. */
import type { Clock, Micros } from '../../ports.ts';
import { EventHeap } from './event-heap.ts';

/** Time that jumps to the next event. Nothing happens unless it is told to `step`, `run` or `advance`. */
export class VirtualClock implements Clock {
  readonly #heap = new EventHeap();
  #now: Micros;
  readonly #own: Clock;

  constructor(start: Micros = 0) {
    this.#now = start;
    this.#own = this.alarm();
  }

  /** µs since the start. */
  now(): Micros {
    return this.#now;
  }

  /** The one alarm of the clock itself; more than one stack on this clock take an `alarm()` each. */
  setAlarm(at: Micros, wake: () => void): void {
    this.#own.setAlarm(at, wake);
  }

  /** A Clock with the same time and an alarm of its own. */
  alarm(): Clock {
    return new Alarm(this);
  }

  /** Runs `fn` at `at`; a time gone by means as soon as possible. */
  schedule(at: Micros, fn: () => void): void {
    this.#heap.push(Math.max(at, this.#now), fn);
  }

  /** Events that wait. */
  get pending(): number {
    return this.#heap.size;
  }

  /** Time of the next event; Infinity when there is none. */
  get next(): Micros {
    return this.#heap.next;
  }

  /** Jumps to the next event and runs it. False when there is none. */
  step(): boolean {
    const at = this.#heap.next;
    const run = this.#heap.pop();
    if (run === undefined) return false;
    this.#now = at;
    run();
    return true;
  }

  /**
   * Runs every event up to `until`, then stands at `until`. Without it, until nothing is left: a stack with keep-alive
   * never gets there.
   */
  run(until: Micros = Number.POSITIVE_INFINITY): void {
    while (this.#heap.next <= until && this.step());
    if (until !== Number.POSITIVE_INFINITY && until > this.#now) this.#now = until;
  }

  /** Runs `duration` from now. */
  advance(duration: Micros): void {
    this.run(this.#now + duration);
  }

  /** Steps while `busy` says so and `until` is not reached; returns what `busy` says in the end. */
  runWhile(busy: () => boolean, until: Micros = Number.POSITIVE_INFINITY): boolean {
    while (busy() && this.#heap.next <= until && this.step());
    return busy();
  }

  /**
   * As `run`, but lets `pause` go by after each event: promises of the code under test settle there. With
   * `() => new Promise(setImmediate)` streams and async iterators keep up.
   */
  async drive(until: Micros, pause: () => Promise<unknown>): Promise<void> {
    await pause();
    while (this.#heap.next <= until && this.step()) await pause();
    if (until > this.#now && until !== Number.POSITIVE_INFINITY) this.#now = until;
  }
}

/** Keeps at most one event per deadline that moved earlier; one that moved later finds out when the event comes. */
class Alarm implements Clock {
  readonly #clock: VirtualClock;
  #at: Micros = Number.POSITIVE_INFINITY;
  #filed: Micros = Number.POSITIVE_INFINITY;
  #wake: (() => void) | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): Micros {
    return this.#clock.now();
  }

  setAlarm(at: Micros, wake: () => void): void {
    this.#at = Math.max(at, this.#clock.now());
    this.#wake = wake;
    if (this.#at < this.#filed) this.#file();
  }

  #file(): void {
    const due = this.#at;
    this.#filed = due;
    this.#clock.schedule(due, () => this.#ring(due));
  }

  #ring(due: Micros): void {
    if (due !== this.#filed) return; // an earlier deadline was filed meanwhile and has been dealt with
    this.#filed = Number.POSITIVE_INFINITY;
    if (this.#at > due) {
      if (this.#at !== Number.POSITIVE_INFINITY) this.#file();
      return;
    }
    this.#at = Number.POSITIVE_INFINITY;
    this.#wake?.();
  }
}
