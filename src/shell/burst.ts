/** Bursts: what came in one turn, lent to who waits for it, or kept for who came late. */
import { type InspectOptions, inspect } from 'node:util';
import { StackError } from './errors.ts';
import { shown } from './shown.ts';

/** What one turn brought of a connection. */
export interface Burst {
  /** Bytes in all. */
  readonly length: number;
  /** Whether the bytes are the stack's, and only lent; false = they are copies already, which stay. */
  readonly lent: boolean;
  /** The bytes, in as many pieces as they came in. Throws ERR_USERTCP_BURST_OVER once lent ones are the stack's again. */
  readonly views: readonly Buffer[];
  /** All bytes in one piece: the view where there is only one, else a copy. */
  readonly bytes: Buffer;
  /** A copy that belongs to the caller; call it before the next `await`. */
  retain(): Buffer;
}

/** The connection they come from. */
interface Lender {
  /** A copy that may be kept. */
  keep(bytes: Uint8Array): Buffer;
  /** The bytes are of the core's own memory, which it uses again within the turn. */
  isPassing(bytes: Uint8Array): boolean;
  /** Calls `over` when the memory of this turn is given back; false = none of it was lent before. */
  whenOver(over: () => void): void;
  /** The same as long as no promise can have run, so that who a burst was given to has not seen it yet. */
  readonly moment: number;
}

export class Lent implements Burst {
  length = 0;
  readonly #lender: Lender;
  readonly #moment: number;
  #views: Buffer[] = [];
  #lent: boolean;
  #whole: Buffer | undefined;
  #over = false;

  constructor(lender: Lender, views: readonly Buffer[], lent: boolean) {
    this.#lender = lender;
    this.#moment = lender.moment;
    this.#lent = lent;
    for (const view of views) this.#push(view);
    if (lent)
      lender.whenOver(() => {
        this.#over = this.#lent;
      });
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    const facts = { length: this.length, pieces: this.#views.length, lent: this.#lent, over: this.#over };
    return shown('Burst', facts, depth, options);
  }

  get lent(): boolean {
    return this.#lent;
  }

  get views(): readonly Buffer[] {
    this.#check();
    return this.#views;
  }

  get bytes(): Buffer {
    this.#check();
    return this.#views.length === 1 ? this.#views[0]! : this.retain();
  }

  retain(): Buffer {
    if (this.#whole !== undefined) return this.#whole;
    this.#check();
    const [first, second] = this.#views;
    if (first === undefined) this.#whole = Buffer.alloc(0);
    else if (second !== undefined) this.#whole = Buffer.concat(this.#views);
    else this.#whole = this.#lent ? this.#lender.keep(first) : first;
    this.#views = [this.#whole];
    this.#lent = false;
    return this.#whole;
  }

  /** More of the same turn; false = its reader may have dealt with it by now, or the burst has been copied. */
  add(view: Buffer): boolean {
    if (this.#over || this.#whole !== undefined || this.#lender.moment !== this.#moment) return false;
    this.#push(view);
    return true;
  }

  #push(view: Buffer): void {
    this.#views.push(this.#lent && this.#lender.isPassing(view) ? this.#lender.keep(view) : view);
    this.length += view.length;
  }

  #check(): void {
    if (!this.#over) return;
    throw new StackError(
      'ERR_USERTCP_BURST_OVER',
      "the bytes of this burst were lent until the loop's next await and are the stack's again; call retain() before it to keep them",
    );
  }
}

/** Asks for the next burst; null = no more will come. */
export type BurstSource = (told: (burst: Burst | null) => void, failed: (error: Error) => void) => void;

/** By hand: behind a generator the loop would come to its burst some microtasks later. */
export function bursts(source: BurstSource): AsyncIterableIterator<Burst> {
  return {
    next: () =>
      new Promise((resolve, reject) => {
        const told = (burst: Burst | null): void =>
          resolve(burst === null ? { done: true, value: undefined } : { done: false, value: burst });
        source(told, reject);
      }),
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
