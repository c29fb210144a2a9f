/**
 * Links of which a router advertises another MTU. Who talks by them is found by looking at every row, but at so many per tick
 * only: anybody on the link can say another one in each advertisement.
 */
import { ROW_WORDS } from '../wire/abi.ts';
import { LOOKS } from './hop-loss.ts';
import type { Tcp } from './tcp/context.ts';
import { TIME_WAIT } from './tcp/figure5.ts';
import { SCRATCH_ROWS } from './tcp/rows.ts';
import { HOP, STATE, type Tcb } from './tcp/tcb.ts';

export class MtuNews {
  private readonly links = new Set<number>();
  /** Where the search goes on; it goes round, so that news in the middle of it starve nobody. */
  private at = SCRATCH_ROWS;
  /** Rows that are still to be looked at. */
  private left = 0;
  private tick = 0;

  get searching(): boolean {
    return this.left > 0;
  }

  add(t: Tcp, link: number): void {
    this.links.add(link);
    this.left = t.rows.top - SCRATCH_ROWS;
  }

  /** Looks on, once per tick; `told` hears of each connection by one of the links. */
  look(t: Tcp, told: (tcb: Tcb) => void): void {
    if (this.tick === t.tick) return;
    this.tick = t.tick;
    const { rows, other, ip } = t;
    for (let looks = Math.min(LOOKS, this.left); looks > 0; looks--, this.left--) {
      if (this.at >= rows.top) this.at = SCRATCH_ROWS;
      const row = this.at++;
      const hop = rows.words[row * ROW_WORDS + HOP]!;
      if (rows.words[row * ROW_WORDS + STATE] === TIME_WAIT || hop < 0) continue;
      if (this.links.has(ip.linkOf(hop))) told(other.select(row));
    }
    if (this.left === 0) this.links.clear();
  }
}
