/**
 * Who was talking by a neighbour that is gone: found by looking at every row, but at so many per tick only, so that a
 * million connections do not stop the others.
 */
import { ROW_WORDS } from '../wire/abi.ts';
import type { Tcp } from './tcp/context.ts';
import { CLOSED, LISTEN, TIME_WAIT } from './tcp/figure5.ts';
import { SCRATCH_ROWS } from './tcp/rows.ts';
import { HOP, STATE, type Tcb } from './tcp/tcb.ts';

/** Rows looked at in one tick. */
export const LOOKS = 8192;

export class HopLoss {
  /** Hops that failed, the one at hand first. */
  private readonly hops: number[] = [];
  /** How many hold each of them, and have not been found yet. */
  private readonly missing: number[] = [];
  /** Where the search for the first of them goes on. */
  private at = SCRATCH_ROWS;
  private tick = 0;

  get searching(): boolean {
    return this.hops.length > 0;
  }

  /**
   * The hop failed, and so many hold it: none, then nobody need be looked for. When it fails again before all have heard of it,
   * the search begins once more behind the others.
   */
  add(hop: number, holders: number): void {
    if (holders === 0 || this.hops.indexOf(hop, 1) >= 0) return;
    this.hops.push(hop);
    this.missing.push(holders);
  }

  /** The neighbour answers: who has not heard of the loss need not. */
  found(hop: number): void {
    for (let at = this.hops.indexOf(hop); at >= 0; at = this.hops.indexOf(hop)) {
      this.hops.splice(at, 1);
      this.missing.splice(at, 1);
      if (at === 0) this.at = SCRATCH_ROWS;
    }
  }

  /** Looks on, once per tick; `lost` hears of each connection. */
  look(t: Tcp, lost: (tcb: Tcb) => void): void {
    if (this.tick === t.tick) return;
    this.tick = t.tick;
    const { rows, other } = t;
    const { words } = rows;
    for (let left = LOOKS; left > 0 && this.hops.length > 0; left--, this.at++) {
      if (this.at >= rows.top || this.missing[0] === 0) {
        this.hops.shift();
        this.missing.shift();
        this.at = SCRATCH_ROWS - 1;
        continue;
      }
      const word = this.at * ROW_WORDS;
      const state = words[word + STATE]!;
      if (words[word + HOP] !== this.hops[0] || (state & ~(CLOSED | LISTEN | TIME_WAIT)) === 0) continue;
      this.missing[0]!--;
      lost(other.select(this.at));
    }
  }
}
