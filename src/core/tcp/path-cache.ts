/**
 * What was learned of the paths to destinations, so that the next connection need not learn it again (RFC 8201 §5.2).
 * Entries are few: only paths narrower than the link have one.
 */

import { since } from '../seq.ts';

/** RFC 1191 §6.3, RFC 8201 §4: an estimate is forgotten ten minutes after it was made. */
export const PATH_LIFE = 600_000;
/** The oldest entry makes room for one more. */
const MOST = 1024;

interface Path {
  readonly mtu: number;
  /** Tick. */
  readonly at: number;
  /** Tick since which nobody looks for a larger one; 0 = somebody is looking. */
  pausedAt: number;
  /** How far the search has come: `mtuHigh` and `mtuFails` of whoever looks. */
  high: number;
  fails: number;
}

export class PathCache {
  /** Oldest first. */
  private readonly paths = new Map<string, Path>();

  /** Path MTU to the address, or 0. */
  mtu(words: Int32Array, at: number, tick: number): number {
    const path = this.find(words, at);
    if (path === undefined) return 0;
    if (since(tick, path.at) <= PATH_LIFE) return path.mtu;
    this.paths.delete(keyOf(words, at));
    return 0;
  }

  learn(words: Int32Array, at: number, mtu: number, tick: number): void {
    const key = keyOf(words, at);
    this.paths.delete(key);
    this.paths.set(key, { mtu, at: tick, pausedAt: 0, high: 0, fails: 0 });
    if (this.paths.size <= MOST) return;
    const [oldest] = this.paths.keys();
    this.paths.delete(oldest!);
  }

  /** From `tick` on no larger one is looked for, whichever connection it is. */
  pause(words: Int32Array, at: number, tick: number): void {
    const path = this.find(words, at);
    if (path === undefined) return;
    path.pausedAt = tick;
    path.high = path.fails = 0;
  }

  /** Tick since which nobody looks for a larger one; 0 = there is no such pause. */
  pausedAt(words: Int32Array, at: number): number {
    return this.find(words, at)?.pausedAt ?? 0;
  }

  /** How far the search has come: sizes from `high` on do not pass, and so many probes of the next size were lost. */
  keepSearch(words: Int32Array, at: number, high: number, fails: number): void {
    const path = this.find(words, at);
    if (path === undefined) return;
    path.high = high;
    path.fails = fails;
  }

  high(words: Int32Array, at: number): number {
    return this.find(words, at)?.high ?? 0;
  }

  fails(words: Int32Array, at: number): number {
    return this.find(words, at)?.fails ?? 0;
  }

  get size(): number {
    return this.paths.size;
  }

  /** Each new connection asks several times, and mostly there is no narrow path at all: then no key is made. */
  private find(words: Int32Array, at: number): Path | undefined {
    return this.paths.size === 0 ? undefined : this.paths.get(keyOf(words, at));
  }
}

function keyOf(w: Int32Array, at: number): string {
  return `${w[at]}/${w[at + 1]}/${w[at + 2]}/${w[at + 3]}`;
}
