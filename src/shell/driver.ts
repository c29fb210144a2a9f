/**
 * The loop around a core, as documented at the top of core/api.ts. One turn: something happened (a burst, the
 * alarm, calls of the user) → its events are dispatched → everything due is sent → the alarm is set.
 * Calls made outside a turn mark the driver; one microtask then runs a turn for all of them.
 */

import type { Core } from '../core/api.ts';
import { EVENT_WORDS } from '../core/events.ts';
import type { Clock, Link, Micros } from '../ports.ts';
import { surface } from './surface.ts';

/** Called per event record: `words[at]` is its first word. May make calls, which may append events. */
export type Dispatch = (words: Int32Array, at: number) => void;

/** Sees a turn's packets while their memory is lent: capture annotates here. */
export interface TurnWatcher {
  afterBurst(link: number): void;
  beforeFlush(link: number, descriptors: number): void;
  endTurn(): void;
}

/** Told of each turn: before anything happens in it, and when all has been sent. */
export interface TurnListener {
  begin(): void;
  end(): void;
}

export class Driver {
  readonly counts = { turns: 0, bursts: 0, descriptors: 0, alarms: 0, events: 0, flushes: 0 };
  watcher: TurnWatcher | null = null;
  turns: TurnListener | null = null;
  /** Told of each burst that the event loop brings: before anything happens in it, and when all of it has. */
  bursts: TurnListener | null = null;
  /** Called before each burst that the event loop brings. */
  before: () => void = () => {};
  /** Called after each event of a burst or an alarm, before the next one. */
  between: (() => void) | null = null;
  /** Whether the event dispatched last is half of something that the next one completes: `between` comes behind that. */
  halfway: () => boolean = () => false;
  readonly #core: Core;
  readonly #links: readonly Link[];
  readonly #clock: Clock;
  readonly #dispatch: Dispatch;
  readonly #onDown: (link: number, error: Error) => void;
  /** How many frames of turns are on the call stack: a link may deliver while it is flushed. */
  #depth = 0;
  #again = false;
  /** Waits for what is under way over our own loopback. */
  #behind: (() => void)[] = [];
  /** Next event to dispatch; a burst inside a burst goes on from here. */
  #cursor = 0;
  #breaths = 0;
  /** The turn was begun by the event loop, so nobody's code but a handler's is on the call stack. */
  #fromLoop = false;
  #queued = false;
  #running = false;
  #now: Micros = Number.NaN;

  constructor(
    core: Core,
    links: readonly Link[],
    clock: Clock,
    dispatch: Dispatch,
    onDown: (link: number, error: Error) => void,
  ) {
    this.#core = core;
    this.#links = links;
    this.#clock = clock;
    this.#dispatch = dispatch;
    this.#onDown = onDown;
  }

  /** Begins to take bursts from every link. */
  start(): void {
    this.#running = true;
    this.#links.forEach((link, index) => {
      link.start(
        (n) => this.#burst(index, n),
        (error) => this.#down(index, error),
      );
    });
    this.touch();
  }

  /** No turn starts after this. */
  stop(): void {
    this.#running = false;
    this.#clock.setAlarm(Infinity, this.#alarm);
  }

  /** Time of the turn being run, or the clock's outside of one. */
  now(): Micros {
    return this.#depth > 0 ? this.#now : this.#clock.now();
  }

  /** Says that a call was made. Inside a turn that turn sends it; otherwise one more runs at the end of this tick. */
  touch(): void {
    if (this.#depth > 0) {
      this.#again = true;
      return;
    }
    if (this.#queued || !this.#running) return;
    this.#queued = true;
    queueMicrotask(this.#endOfTick);
  }

  /** Runs a turn now, for what was called so far. */
  flush(): void {
    if (this.#depth > 0 || !this.#running) return;
    this.#turn(() => {});
  }

  /** Sends what is due, also in the middle of a turn, and is over: the process exits. */
  leave(): void {
    if (!this.#running) return;
    if (this.#depth === 0) this.#now = this.#clock.now();
    this.stop();
    this.#transmit();
  }

  /** Calls `act` when what this turn sends over our own loopback has arrived, behind who is told of that; at once where there is none. */
  behind(act: () => void): void {
    const own = this.#links.find(({ kind }) => kind === 'loop');
    if (own?.behind === undefined) return act();
    if (this.#behind.push(act) === 1) own.behind(this.#arrived);
  }

  readonly #arrived = (): void => {
    const due = this.#behind;
    this.#behind = [];
    if (!this.#running) return;
    this.#fromLoop = true;
    this.#turn(() => {
      for (const act of due) {
        try {
          act();
        } catch (error) {
          surface(error);
        }
        this.breathe();
      }
    });
    this.bursts?.end();
  };

  readonly #endOfTick = (): void => {
    this.#queued = false;
    this.flush();
  };

  readonly #alarm = (): void => {
    if (!this.#running) return;
    this.counts.alarms++;
    this.#fromLoop = true;
    this.#turn(() => this.#core.handleTimers(this.#now));
  };

  #burst(link: number, descriptors: number): void {
    if (!this.#running) return;
    this.counts.bursts++;
    this.counts.descriptors += descriptors;
    const outermost = this.#depth === 0;
    const goesOn = this.#behind.length > 0 && this.#links[link]!.kind === 'loop';
    if (outermost) {
      this.before();
      this.bursts?.begin();
      this.#fromLoop = true;
    }
    this.#turn(() => {
      this.#core.handleBurst(link, descriptors, this.#now);
      this.#drainEvents();
      this.watcher?.afterBurst(link);
    });
    if (outermost && !goesOn) this.bursts?.end();
  }

  #down(link: number, error: Error): void {
    if (!this.#running) return;
    this.#turn(() => {
      this.#core.handleLinkDown(link);
      this.#onDown(link, error);
    });
  }

  /**
   * The outermost frame sends; inner ones only ask it to look again. Whatever throws surfaces at the caller, and the driver
   * is ready for the next turn: nothing of this one is left, and the alarm is set.
   */
  #turn(act: () => void): void {
    const outermost = this.#depth++ === 0;
    if (outermost) {
      this.#now = this.#clock.now();
      this.counts.turns++;
      this.turns?.begin();
    }
    try {
      try {
        act();
      } finally {
        if (outermost) this.#settle();
      }
    } finally {
      this.#depth--;
      if (outermost) this.#over();
      else this.#again = true;
    }
  }

  #settle(): void {
    do {
      this.#again = false;
      try {
        this.#drainEvents();
      } finally {
        this.#transmit();
      }
    } while (this.#again || this.#core.events.count > 0);
    this.#core.pollEnd();
    this.watcher?.endTurn();
    this.turns?.end();
  }

  #over(): void {
    // Only after a failure is there anything left; its payload was lent for this turn only.
    this.#core.events.count = 0;
    this.#cursor = 0;
    this.#fromLoop = false;
    if (this.#running) this.#clock.setAlarm(this.#core.pollAlarm(), this.#alarm);
  }

  /** Another number whenever somebody's ticks and promises may have run since: a new turn, or a breath within one. */
  get moment(): number {
    return this.counts.turns + this.#breaths;
  }

  /** Between two events, or two parts of one. */
  breathe(): void {
    if (!this.#fromLoop || this.between === null) return;
    this.#breaths++;
    this.between();
  }

  /** One event that cannot be dispatched does not keep the others from their connections. */
  #drainEvents(): void {
    const events = this.#core.events;
    let failure: { readonly error: unknown } | undefined;
    // A handler's call may append to the queue, and growing replaces `words`: read both again each time.
    while (this.#cursor < events.count) {
      this.counts.events++;
      try {
        this.#dispatch(events.words, this.#cursor++ * EVENT_WORDS);
      } catch (error) {
        failure ??= { error };
      }
      if (this.between !== null && (this.#cursor === events.count || !this.halfway())) this.breathe();
    }
    events.count = 0;
    this.#cursor = 0;
    if (failure !== undefined) throw failure.error;
  }

  /** A full buffer of one link may hold back what is due on another, so the links are gone over until none has more. */
  #transmit(): void {
    for (let quiet = 0, i = 0; quiet < this.#links.length; i = (i + 1) % this.#links.length) {
      const n = this.#core.pollTransmit(i, this.#now);
      if (n === 0) {
        quiet++;
        continue;
      }
      quiet = 0;
      this.counts.flushes++;
      this.watcher?.beforeFlush(i, n);
      this.#links[i]!.flush(n);
    }
  }
}
