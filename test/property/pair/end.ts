/** One end of a connection under test: writes a known stream, checks the stream it gets, and ends as it was told to. */
import { EV_ACCEPT, EV_CLOSED, EV_CONNECT, EV_DATA, EV_DRAIN, EV_END, REGION_ARENA } from '../../../src/core/events.ts';
import { SeededRng } from '../../../src/link/sim.ts';
import type { Host, Listener } from './host.ts';

/** Byte `n` of the stream with that salt: no period that a segment size could hide. */
export const byteAt = (n: number, salt: number): number => ((n * 31) ^ (n >> 8) ^ (n >> 15) ^ salt) & 0xff;

export interface Plan {
  /** Bytes to write. */
  readonly size: number;
  /** Largest single write. */
  readonly write: number;
  /** Chance that a write is followed by a pause, and the longest pause in µs. */
  readonly writePause: number;
  readonly pauseUs: number;
  /** Chance that after data the reader stops for a while. */
  readonly readPause: number;
  /** CLOSE only after the peer's FIN. */
  readonly closeLast: boolean;
  /** ABORT after so many µs. */
  readonly abortAt?: number;
}

export class End implements Listener {
  readonly host: Host;
  row = -1;
  gen = 0;
  received = 0;
  written = 0;
  opened = false;
  ended = false;
  closed = false;
  aborted = false;
  reason = 0;
  wrong = '';
  readonly #plan: Plan;
  readonly #salt: number;
  readonly #rng: SeededRng;
  #unread = 0;
  #reading = true;
  #writing = false;
  #shut = false;
  #drain = false;
  readonly #buffer: Uint8Array;

  constructor(host: Host, plan: Plan, salt: number, seed: number) {
    this.host = host;
    this.#plan = plan;
    this.#salt = salt;
    this.#rng = new SeededRng(seed * 7 + salt);
    this.#buffer = new Uint8Array(plan.write);
  }

  /** Its row, now or after it moved to another stack. */
  take(row: number, host: Host = this.host, gen = host.core.generation(row)): void {
    (this as { host: Host }).host = host;
    this.row = row;
    this.gen = gen;
    host.listeners.set(row, this);
  }

  get done(): boolean {
    return this.closed;
  }

  /** Something that can only go on when woken does so; used after a hand-over. */
  resume(): void {
    this.host.turn(() => this.#write());
  }

  event(type: number, a: number, b: number, c: number): void {
    switch (type) {
      case EV_ACCEPT:
        this.host.core.callAccepted(this.row);
        return this.#open();
      case EV_CONNECT:
        return this.#open();
      case EV_DATA:
        return this.#data(a, b, c);
      case EV_DRAIN:
        this.#drain = false;
        return this.#write();
      case EV_END:
        if (this.ended) this.#fail('FIN twice');
        this.ended = true;
        return this.#maybeClose();
      case EV_CLOSED:
        if (this.closed) this.#fail('closed twice');
        this.closed = true;
        this.reason = a;
    }
  }

  #fail(why: string): void {
    this.wrong ||= why;
  }

  #open(): void {
    if (this.opened) this.#fail('opened twice');
    this.opened = true;
    if (this.#plan.abortAt !== undefined) this.#later(this.#plan.abortAt, () => this.#abort());
    this.#write();
  }

  #abort(): void {
    this.aborted = true;
    this.host.core.callAbort(this.row, this.host.now);
  }

  #later(us: number, work: () => void): void {
    this.host.clock.schedule(this.host.clock.now() + us, () => {
      if (!this.closed) this.host.turn(work);
    });
  }

  #data(region: number, offset: number, length: number): void {
    if (this.ended) this.#fail('text after FIN');
    const memory = region === REGION_ARENA ? this.host.core.arena : this.host.link.rxMemory;
    const peer = this.#salt ^ 1;
    for (let n = 0; n < length; n++) {
      if (memory[offset + n] === byteAt(this.received + n, peer)) continue;
      this.#fail(`byte ${this.received + n} is wrong`);
      break;
    }
    this.received += length;
    this.#unread += length;
    if (this.#reading && this.#rng.chance(this.#plan.readPause)) {
      this.#reading = false;
      this.#later(this.#rng.below(this.#plan.pauseUs) + 1, () => {
        this.#reading = true;
        this.#consume();
      });
    }
    if (this.#reading) this.#consume();
  }

  /** Sometimes not all of it. */
  #consume(): void {
    const n = this.#rng.chance(this.#plan.readPause) ? this.#rng.below(this.#unread + 1) : this.#unread;
    this.#unread -= n;
    this.host.core.callConsumed(this.row, n, this.host.now);
    if (this.#unread > 0) this.#later(1000, () => this.#reading && this.#consume());
  }

  #write(): void {
    if (this.#writing || this.#drain || this.closed || this.#shut || !this.opened) return;
    const { size, write, writePause, pauseUs } = this.#plan;
    while (this.written < size) {
      const length = Math.min(1 + this.#rng.below(write), size - this.written);
      for (let n = 0; n < length; n++) this.#buffer[n] = byteAt(this.written + n, this.#salt);
      const taken = this.host.core.callSend(this.row, this.#buffer, 0, length, this.host.now);
      if (taken < 0) {
        if (this.host.core.generation(this.row) === this.gen) this.#fail(`send: ${taken}`);
        return;
      }
      this.written += taken;
      if (taken < length) {
        this.#drain = true;
        return;
      }
      if (this.#rng.chance(writePause)) {
        this.#writing = true;
        this.#later(this.#rng.below(pauseUs) + 1, () => {
          this.#writing = false;
          this.#write();
        });
        return;
      }
    }
    this.#maybeClose();
  }

  #maybeClose(): void {
    if (
      this.#shut ||
      this.closed ||
      !this.opened ||
      this.written < this.#plan.size ||
      (this.#plan.closeLast && !this.ended)
    )
      return;
    this.#shut = true;
    const result = this.host.core.callClose(this.row, this.host.now);
    // It may have ended in this very turn, and the event is still on its way.
    if (result < 0 && this.host.core.generation(this.row) === this.gen) this.#fail(`close: ${result}`);
  }
}
