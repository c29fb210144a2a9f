/**
 * Arrangements that follow their device when it gets another name: kernels from 6.16 on hang ingress rules on the name, and what other
 * programs read in our tables is a name.
 */
import type { Arrangement } from './arrangement.ts';

/** Carries out the same plan on the device of that name. */
export type ArrangeOn = (device: string) => Promise<Arrangement>;

/** All that keeps the kernel away from one device. */
export class Following {
  readonly #all = new Set<Followed>();
  readonly #warn: (sentence: string) => void;

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn;
  }

  /** `first` as it is, and what `again` makes in its place when the device is renamed. */
  add(first: Arrangement, again: ArrangeOn): Arrangement {
    const one = new Followed(first, again);
    this.#all.add(one);
    return {
      plan: first.plan,
      warnings: first.warnings,
      offences: () => one.current.offences(),
      release: () => {
        this.#all.delete(one);
        return one.release();
      },
    };
  }

  /** Resolves when everything holds under the new name, or was told not to. */
  async renamed(device: string): Promise<void> {
    const moves = [...this.#all].map((one) => one.move(device));
    for (const move of await Promise.allSettled(moves)) {
      if (move.status === 'fulfilled') continue;
      this.#warn(
        `the kernel is not kept away from our packets since the device is '${device}': ${move.reason.message}`,
      );
    }
  }
}

class Followed {
  current: Arrangement;
  readonly #again: ArrangeOn;
  /** One move after the other, and the release behind them. */
  #moving: Promise<void> = Promise.resolve();

  constructor(first: Arrangement, again: ArrangeOn) {
    this.current = first;
    this.#again = again;
  }

  /** The new rules are there before the old ones go. */
  move(device: string): Promise<void> {
    const move = this.#moving.then(async () => {
      const before = this.current;
      this.current = await this.#again(device);
      await before.release();
    });
    this.#moving = move.catch(() => {});
    return move;
  }

  async release(): Promise<void> {
    await this.#moving;
    await this.current.release();
  }
}
