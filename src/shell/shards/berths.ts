/** Ports that some of the shards listen on: the flows of each are dealt among those, and the others have no part in them. Under the table's lock. */
import { BERTHS } from '../../wire/bucket.ts';

/** Words of a berth: its port, and a bit for each shard that listens there. */
const BERTH_WORDS = 3;
export const BERTHS_WORDS = BERTHS * BERTH_WORDS;

export class Berths {
  readonly #words: Int32Array;

  /** Of so many words; all 0 at first. */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  portOf(berth: number): number {
    return this.#words[berth * BERTH_WORDS]!;
  }

  /** The berth of a port, or -1. */
  find(port: number): number {
    for (let berth = 0; berth < BERTHS; berth++) if (this.portOf(berth) === port) return berth;
    return -1;
  }

  /** One for a port that has none: a free one, or one whose port nobody listens on any more; -1 = all are in use. */
  give(port: number): number {
    const free = this.find(0);
    const berth = free >= 0 ? free : this.#idle();
    if (berth >= 0) this.#words[berth * BERTH_WORDS] = port;
    return berth;
  }

  listens(berth: number, shard: number): boolean {
    return ((this.#words[this.#at(berth, shard)]! >>> (shard & 31)) & 1) !== 0;
  }

  /** The shard listens on the berth's port, or does so no longer. */
  mark(berth: number, shard: number, on: boolean): void {
    const at = this.#at(berth, shard);
    if (on) this.#words[at]! |= 1 << (shard & 31);
    else this.#words[at]! &= ~(1 << (shard & 31));
  }

  /** The shard is gone. */
  leave(shard: number): void {
    for (let berth = 0; berth < BERTHS; berth++) this.mark(berth, shard, false);
  }

  #at(berth: number, shard: number): number {
    return berth * BERTH_WORDS + 1 + (shard >>> 5);
  }

  #idle(): number {
    for (let berth = 0; berth < BERTHS; berth++) {
      const at = berth * BERTH_WORDS;
      if ((this.#words[at + 1]! | this.#words[at + 2]!) === 0) return berth;
    }
    return -1;
  }
}
