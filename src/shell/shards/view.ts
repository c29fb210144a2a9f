/** What a shard sees of the agreement while others change it: read without the lock, at the moment of a decision. */
import type { Agreement } from '../../core/share.ts';
import { addBucket, BUCKETS, berthOf } from '../../wire/bucket.ts';
import type { Berths } from './berths.ts';
import { JOINED, LIVE, LIVE_PORTS, MOST_SHARDS, STATE } from './layout.ts';
import type { Left } from './left.ts';

interface Seen {
  readonly words: Int32Array;
  readonly left: Left;
  readonly berths: Berths;
  readonly shard: number;
  /** Of the shard's berths: ahead of the kernel's while a plan is prepared. */
  readonly ports: Int32Array;
}

export class View implements Agreement {
  readonly #seen: Seen;

  constructor(seen: Seen) {
    this.#seen = seen;
  }

  isOurs(bucket: number): boolean {
    const { words, shard, ports } = this.#seen;
    if (Atomics.load(words, LIVE + bucket) !== shard) return false;
    const berth = berthOf(bucket);
    return berth < 0 || Atomics.load(words, LIVE_PORTS + berth) === ports[berth];
  }

  isKept(bucket: number): boolean {
    return this.#seen.left.isKept(this.#seen.shard, bucket);
  }

  isServed(port: number): boolean {
    const { words, berths, shard } = this.#seen;
    const berth = berths.find(port);
    for (let other = 0; berth >= 0 && other < MOST_SHARDS; other++) {
      if (other === shard || Atomics.load(words, STATE + other) !== JOINED) continue;
      if (berths.listens(berth, other)) return true;
    }
    return false;
  }

  /** Adds the buckets that the kernel gives us. */
  addOurs(set: Int32Array): void {
    for (let n = 0; n < BUCKETS; n++) if (this.isOurs(n)) addBucket(set, n);
  }
}
