/** Seeded random numbers for simulations: the same seed gives the same run on any engine. */
import type { Rng } from '../../ports.ts';

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes BigCrush, integer arithmetic only. */
export class SeededRng implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.u32(); // as the author advises: lets a small seed reach all of the state
  }

  u32(): number {
    const next = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + next) | 0;
    return next;
  }

  /** Uniform in [0, 1). */
  float(): number {
    return (this.u32() >>> 0) / 0x1_0000_0000;
  }

  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.float() * n);
  }

  /** True with probability p; draws nothing for 0, so that switching an impairment off does not shift the others. */
  chance(p: number): boolean {
    return p > 0 && this.float() < p;
  }
}
