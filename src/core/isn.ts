/**
 * What a connection starts counting from: its initial send sequence number and its timestamp offset. Both depend on a
 * secret and on the connection's identity: the nine words {ports, laddr[4], raddr[4]} that begin a TCB row.
 */
import type { Micros, Rng } from '../ports.ts';
import { sipHash24, sipKey } from './siphash.ts';

/** ports, local address, remote address. */
const IDENTITY_WORDS = 9;

export class InitialNumbers {
  // Drawn once per stack: a secret changed while connections live would break the order of ISNs that lets a peer in
  // TIME-WAIT accept the next incarnation (RFC 6528 §3, RFC 9293 §3.6.1).
  private readonly key: Int32Array;
  // One half for each number: who reads an offset, which is in every segment, learns nothing about the other half.
  private readonly hash = new Int32Array(2);

  constructor(rng: Rng) {
    this.key = sipKey(rng);
  }

  /**
   * ISN = M + F(localip, localport, remoteip, remoteport, secretkey): RFC 9293 §3.4.1 [MUST-8] [MUST-9] [SHLD-1].
   * M is a clock of 4 µs, which goes round in 4.77 hours.
   */
  isn(words: Int32Array, at: number, now: Micros): number {
    this.digest(words, at);
    return (((now / 4) | 0) + this.hash[0]!) | 0;
  }

  /**
   * Added to the millisecond clock for TSval (RFC 7323 §5.4: the clock's value need not be disclosed). The same
   * four-tuple always gets the same offset, so timestamps keep rising over incarnations, which TIME-WAIT reuse relies on
   * (RFC 6191 §3).
   */
  timestampOffset(words: Int32Array, at: number): number {
    this.digest(words, at);
    return this.hash[1]!;
  }

  /** That of the identity whose ISN was the last question. */
  get offsetBeside(): number {
    return this.hash[1]!;
  }

  private digest(words: Int32Array, at: number): void {
    sipHash24(this.key, words, at, IDENTITY_WORDS, this.hash);
  }
}
