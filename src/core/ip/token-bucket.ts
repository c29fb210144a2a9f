/** How often something may happen: so many times at once, and so many per second in the long run. */
import type { Micros } from '../../ports.ts';

export class TokenBucket {
  private readonly perMicro: number;
  private readonly most: number;
  private tokens: number;
  private filled: Micros = 0;

  constructor(perSecond: number, most: number) {
    this.perMicro = perSecond / 1e6;
    this.most = most;
    this.tokens = most;
  }

  /** Takes one token; false when there is none. */
  take(now: Micros): boolean {
    const tokens = this.tokens + (now - this.filled) * this.perMicro;
    this.filled = now;
    this.tokens = tokens > this.most ? this.most : tokens;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
}
