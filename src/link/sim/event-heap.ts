/** A binary heap of events, earliest first; of two at the same time, the one scheduled first. */
import type { Micros } from '../../ports.ts';

interface Event {
  readonly at: Micros;
  readonly order: number;
  readonly run: () => void;
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class EventHeap {
  readonly #events: Event[] = [];
  #scheduled = 0;

  get size(): number {
    return this.#events.length;
  }

  /** Time of the earliest event; Infinity when there is none. */
  get next(): Micros {
    return this.#events[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: Micros, run: () => void): void {
    const events = this.#events;
    const event: Event = { at, order: this.#scheduled++, run };
    let i = events.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, events[parent]!)) break;
      events[i] = events[parent]!;
      i = parent;
    }
    events[i] = event;
  }

  /** Removes the earliest event and returns what it does. */
  pop(): (() => void) | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined) return undefined;
    if (events.length > 0) this.#sink(last);
    return first.run;
  }

  /** Puts `event` where the root was taken. */
  #sink(event: Event): void {
    const events = this.#events;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && before(events[child + 1]!, events[child]!)) child++;
      if (!before(events[child]!, event)) break;
      events[i] = events[child]!;
      i = child;
    }
    events[i] = event;
  }
}
