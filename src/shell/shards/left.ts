/**
 * What each shard has left in buckets that are others' now: they must not refuse what they do not know there. A bucket is in here before
 * another shard can own it, and goes out when the first one has looked and found nothing in it. Written under the table's lock.
 */
import { PORT_WORDS } from '../../core/share.ts';
import { addBucket, BERTH_BUCKETS, BUCKET_WORDS, bucketInBerth, COMMON_BUCKETS, hasBucket } from '../../wire/bucket.ts';
import { ABSENT, EPOCH, KEPT, LEFT_PORTS, MOST_SHARDS, STATE } from './layout.ts';

export class Left {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Whether any other one than this may have something there: asked without the lock. */
  isKept(shard: number, bucket: number): boolean {
    for (let other = 0; other < MOST_SHARDS; other++) {
      if (other !== shard && this.#isThere(other) && hasBucket(this.#buckets(other), bucket)) return true;
    }
    return false;
  }

  nothing(shard: number): void {
    this.#buckets(shard).fill(0);
    this.#ports(shard).fill(0);
  }

  /** A plan takes the bucket away. */
  mayBe(shard: number, bucket: number): void {
    addBucket(this.#buckets(shard), bucket);
  }

  /** Where flows go that were in this berth, or come to it. */
  mayBeIn(shard: number, berth: number): void {
    const first = bucketInBerth(berth, 0) >>> 5;
    this.#buckets(shard)
      .fill(-1, 0, COMMON_BUCKETS >>> 5)
      .fill(-1, first, first + (BERTH_BUCKETS >>> 5));
  }

  /** What it may have besides, before the kernel follows the plan. */
  more(shard: number, buckets: Int32Array): void {
    merge(this.#buckets(shard), buckets, true);
  }

  /**
   * What it has, by the plan of this number. When there is another plan already, that one may take more away: nothing is
   * dropped.
   */
  set(shard: number, buckets: Int32Array, ports: Int32Array, epoch: number): void {
    const old = epoch !== this.#words[EPOCH];
    merge(this.#buckets(shard), buckets, old);
    merge(this.#ports(shard), ports, old);
  }

  /** Adds the local ports of what the others have left. */
  addPorts(shard: number, ports: Int32Array): void {
    for (let other = 0; other < MOST_SHARDS; other++) {
      if (other === shard || !this.#isThere(other) || this.#buckets(other).every((word) => word === 0)) continue;
      merge(ports, this.#ports(other), true);
    }
  }

  #isThere(shard: number): boolean {
    return Atomics.load(this.#words, STATE + shard) !== ABSENT;
  }
  #buckets(shard: number): Int32Array {
    return this.#words.subarray(KEPT + shard * BUCKET_WORDS, KEPT + (shard + 1) * BUCKET_WORDS);
  }
  #ports(shard: number): Int32Array {
    return this.#words.subarray(LEFT_PORTS + shard * PORT_WORDS, LEFT_PORTS + (shard + 1) * PORT_WORDS);
  }
}

function merge(into: Int32Array, from: Int32Array, keeping: boolean): void {
  for (let n = 0; n < into.length; n++) into[n] = from[n]! | (keeping ? into[n]! : 0);
}
