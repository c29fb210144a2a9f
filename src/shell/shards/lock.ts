/**
 * The lock of a group's table. A thread may be terminated at any point of its JavaScript, also while it holds the lock: then its addon says so
 * as its environment ends, and who takes the lock next finds the table as it was before.
 */
import { threadId } from 'node:worker_threads';
import { shardAddon } from './addon.ts';
import { COPY, GUARDED, LOCK, SAVED } from './layout.ts';

/** Its holder is gone. */
const ABANDONED = -1;
/** ms between two looks, since an addon cannot wake who waits. */
const LOOK = 5;
/** ms after which a holder of whom nothing is heard is taken for dead: it is held for a few ms. */
const PATIENCE = 5000;

export class Lock {
  readonly #words: Int32Array;
  /** Makes whole what only the guarded words tell. It may be cut short and begin again, from the same guarded words. */
  readonly #mend: () => void;

  constructor(words: Int32Array, mend: () => void) {
    this.#words = words;
    this.#mend = mend;
  }

  /** From now on the lock does not outlive this thread. Without the addon only `free` and patience tell. */
  watch(): void {
    shardAddon()?.watchLock(this.#words, LOCK, holderOf(threadId));
  }

  /** A thread is known to be gone. */
  free(thread: number): void {
    const holder = holderOf(thread);
    if (Atomics.compareExchange(this.#words, LOCK, holder, ABANDONED) === holder) Atomics.notify(this.#words, LOCK);
  }

  hold<T>(work: () => T): T {
    const words = this.#words;
    const abandoned = this.#take();
    // What is saved stays saved until we are through: we may be ended in the middle of mending, too.
    if (abandoned && Atomics.load(words, SAVED) === 1) words.copyWithin(GUARDED, COPY, COPY + (COPY - GUARDED));
    else words.copyWithin(COPY, GUARDED, COPY);
    Atomics.store(words, SAVED, 1);
    try {
      if (abandoned) this.#mend();
      return work();
    } finally {
      // Not reached by a thread that is terminated.
      this.#release();
    }
  }

  /** Nothing is to be done by one who was taken for dead: another one may hold it. */
  #release(): void {
    const words = this.#words;
    const me = holderOf(threadId);
    if (Atomics.load(words, LOCK) !== me) return;
    Atomics.store(words, SAVED, 0);
    if (Atomics.compareExchange(words, LOCK, me, 0) === me) Atomics.notify(words, LOCK, 1);
  }

  /** True: the holder before did not give it back. */
  #take(): boolean {
    const words = this.#words;
    const me = holderOf(threadId);
    let since = 0;
    let last = 0;
    for (;;) {
      const holder = Atomics.compareExchange(words, LOCK, 0, me);
      if (holder === 0) return false;
      const now = performance.now();
      if (holder !== last) since = now;
      last = holder;
      const gone = holder === ABANDONED || now - since > PATIENCE;
      if (gone && Atomics.compareExchange(words, LOCK, holder, me) === holder) return true;
      Atomics.wait(words, LOCK, holder, LOOK);
    }
  }
}

/** 0 is nobody. */
function holderOf(thread: number): number {
  return thread + 1;
}
