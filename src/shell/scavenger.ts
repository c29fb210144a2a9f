/**
 * Collects young garbage before what was given away looks like a reason to collect everything (ADR 53). V8 counts the bytes of
 * ArrayBuffers. Once the old heap is above 8 MB it begins a mark-compact of all of it for some 8 to 12 MB of them, however young, although a
 * scavenge, which takes half a millisecond, would free them; by itself it scavenges at 32 MB.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1024 * 1024;
/** Of 4, 6, 8, 12 and 16 MB the largest with which the mark-compacts stay away, also later in a process's life (ADR 53). */
const EAGER = 6 * MB;
/** Here V8 does it by itself. */
const LAZY = 32 * MB;
/** ms; whose young objects take that long to look through has them looked through less often. */
const LONG = 3;

/** To get V8's function: in vain, when another thread does so at the same moment. */
const MOST_TRIES = 4;

type Collect = (options: { readonly type: 'minor' }) => unknown;

export class Scavenger {
  readonly #find: () => Collect | undefined;
  readonly #now: () => number;
  #collect: Collect | undefined;
  #tries = 0;
  /** Bytes given away since the last one, and how many are enough. */
  #given = 0;
  #budget = EAGER;
  /** The last one took long. Once may be chance: somebody else had the core. */
  #slow = false;

  constructor(find: () => Collect | undefined, now: () => number) {
    this.#find = find;
    this.#now = now;
  }

  /** `bytes` of ArrayBuffers were made and will be dropped soon. */
  gave(bytes: number): void {
    this.#given += bytes;
    if (this.#given < this.#budget) return;
    this.#given = 0;
    if (this.#collect === undefined && this.#tries++ < MOST_TRIES) this.#collect = this.#find();
    if (this.#collect === undefined) return;
    const start = this.#now();
    this.#collect({ type: 'minor' });
    const slow = this.#now() - start > LONG;
    this.#budget = slow && this.#slow ? Math.min(this.#budget * 2, LAZY) : EAGER;
    this.#slow = slow;
  }
}

/** V8's own function; undefined where it cannot be had. */
function collector(): Collect | undefined {
  const exposed: unknown = Reflect.get(globalThis, 'gc');
  if (typeof exposed === 'function') return exposed as Collect;
  try {
    // Only contexts that are made meanwhile see the flag. It is the process's: another thread may take it away too early.
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('gc');
    return typeof found === 'function' ? (found as Collect) : undefined;
  } catch {
    return undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

/** One for all stacks of a thread: they share its heap. It makes a context, so not before bulk data needs it. */
export const scavenger = new Scavenger(collector, () => performance.now());
