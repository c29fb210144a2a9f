/**
 * Which thread has which index of a group, where threads come without being counted: a thread takes a seat when it first needs
 * one, and loses it with its end. Each seat names the threads whose end is its own: the thread, and those that started it.
 */
import { StackError } from '../errors.ts';
import { forgetShard, type ShardGroup } from './group.ts';
import { MOST_SHARDS, SEAT_WORDS, SEATS } from './layout.ts';
import { ShardTable } from './table.ts';

export class Seats {
  readonly #group: ShardGroup;
  readonly #words: Int32Array;

  constructor(group: ShardGroup) {
    this.#group = group;
    this.#words = new Int32Array(group.memory);
  }

  /** An index for the thread that `line` ends with; before it, who started whom. Throws when there is none left. */
  take(line: readonly number[]): number {
    for (let index = 0; index < MOST_SHARDS; index++) {
      const at = SEATS + index * SEAT_WORDS;
      if (Atomics.compareExchange(this.#words, at, 0, line.at(-1)! + 1) !== 0) continue;
      // The first of a line are those whose end nobody else of it lives to see.
      line.slice(0, SEAT_WORDS - 1).forEach((thread, n) => {
        Atomics.store(this.#words, at + 1 + n, thread + 1);
      });
      return index;
    }
    throw new StackError('ERR_USERTCP_SHARD', `all ${MOST_SHARDS} shards are taken by threads that are alive`);
  }

  /** A thread ended, and whatever it started: their parts go to the others. */
  leave(thread: number): void {
    new ShardTable(this.#group.memory).lock.free(thread);
    for (let index = 0; index < MOST_SHARDS; index++) {
      const at = SEATS + index * SEAT_WORDS;
      const seat = this.#words.subarray(at, at + SEAT_WORDS);
      if (!seat.includes(thread + 1)) continue;
      forgetShard(this.#group, index);
      seat.fill(0);
    }
  }
}
