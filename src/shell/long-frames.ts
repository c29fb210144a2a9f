/**
 * Where long frames are copied (ADR 55): by the core that they come from, or late, by ours. Late is better for somebody who looks at
 * bytes where they lie, as long as our core waits for the sender: then each burst is short. Who keeps bytes copies them once more.
 */
import type { Link } from '../ports.ts';

/** Shorter text comes in short frames, mostly. */
const LONG = 4096;
/** Bytes after which is asked anew. */
const OFTEN = 4 * 1024 * 1024;
/** Of a burst on average: our core waits. One sender made 44 KB, eight 512. */
const SHORT = 128 * 1024;
/** So often in a row the answer has to be the same: a change costs two filters. */
const STEADY = 16;

interface Around {
  readonly links: readonly Link[];
  readonly driver: { readonly counts: { readonly bursts: number } };
}

export class LongFrames {
  readonly #around: Around;
  #lent = 0;
  #kept = 0;
  #bursts = 0;
  #late = false;
  /** Answers in a row that are not what is. */
  #others = 0;

  constructor(around: Around) {
    this.#around = around;
  }

  /** Text came; `keeps`: to somebody who has it copied. */
  saw(length: number, keeps: boolean | undefined): void {
    if (length < LONG) return;
    if (keeps) this.#kept += length;
    else this.#lent += length;
    if (this.#kept + this.#lent >= OFTEN) this.#choose();
  }

  #choose(): void {
    const { bursts } = this.#around.driver.counts;
    const each = (this.#kept + this.#lent) / Math.max(1, bursts - this.#bursts);
    // Not to and fro at the border.
    const late = this.#lent > this.#kept && each < (this.#late ? 2 * SHORT : SHORT);
    this.#bursts = bursts;
    this.#lent = this.#kept = 0;
    this.#others = late === this.#late ? 0 : this.#others + 1;
    if (this.#others < STEADY) return;
    this.#others = 0;
    this.#late = late;
    for (const link of this.#around.links) link.readLong?.(late);
  }
}
