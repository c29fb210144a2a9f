/**
 * Collects young garbage before what was given away looks like a reason to collect everything (ADR 53). V8 counts the bytes of
 * ArrayBuffers. Once the old heap is above 8 MB it begins a mark-compact of all of it for some 12 MB of them, however young, although a
 * scavenge, which takes half a millisecond, would free them; by itself it scavenges at 32 MB.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1024 * 1024;
/** Measured with 4, 6, 8, 12 and 16 MB: docs/performance.md. */
const EAGER = 8 * MB;
/** Here V8 does it by itself. */
const LAZY = 32 * MB;
/** ms; whose young objects take that long to look through has them looked through less often. */
const LONG = 3;

type Collect = (options: { readonly type: 'minor' }) => unknown;

export class Scavenger {
  readonly #find: () => Collect;
  readonly #now: () => number;
  #collect: Collect | undefined;
  /** Bytes given away since the last one, and how many are enough. */
  #given = 0;
  #budget = EAGER;

  constructor(find: () => Collect, now: () => number) {
    this.#find = find;
    this.#now = now;
  }

  /** `bytes` of ArrayBuffers were made and will be dropped soon. */
  gave(bytes: number): void {
    this.#given += bytes;
    if (this.#given < this.#budget) return;
    this.#given = 0;
    this.#collect ??= this.#find();
    const start = this.#now();
    this.#collect({ type: 'minor' });
    this.#budget = this.#now() - start > LONG ? Math.min(this.#budget * 2, LAZY) : EAGER;
  }
}

const nothing: Collect = () => undefined;

/** V8's own function; one that does nothing where it cannot be had. */
function collector(): Collect {
  const exposed: unknown = Reflect.get(globalThis, 'gc');
  if (typeof exposed === 'function') return exposed as Collect;
  try {
    // Only contexts that are made meanwhile see the flag.
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    return typeof found === 'function' ? (found as Collect) : nothing;
  } catch {
    return nothing;
  }
}

/** One for all stacks of a thread: they share its heap. It makes a context, so not before bulk data needs it. */
export const scavenger = new Scavenger(collector, () => performance.now());
