/**
 * How many challenge ACKs a stack sends in a second (RFC 5961 §7). Each connection has a limit of its own (arrives/challenge.ts);
 * this one bounds what many connections together can be made to send. A limit that is shared and known would be a side
 * channel: who uses it up on a connection of his own sees from what is missing whether a guess about another one was right
 * (CVE-2016-5696, erratum 4772). So a part of it is drawn anew each second.
 */
import type { Micros, Rng } from '../ports.ts';

export const LEAST_CHALLENGES = 1000;
/** The drawn part is below this. */
export const DRAWN_CHALLENGES = 1000;

export class Challenges {
  private readonly rng: Rng;
  private second = -1;
  private left = 0;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  /** Whether one more may leave now. */
  take(now: Micros): boolean {
    const second = Math.floor(now / 1e6);
    if (second !== this.second) {
      this.second = second;
      this.left = LEAST_CHALLENGES + ((this.rng.u32() >>> 0) % DRAWN_CHALLENGES);
    }
    if (this.left === 0) return false;
    this.left--;
    return true;
  }
}
