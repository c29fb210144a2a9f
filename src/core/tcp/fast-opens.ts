/** What a server of Fast Open keeps: the secret behind its cookies, and how many openings are pending. */
import type { Micros, Rng } from '../../ports.ts';
import { get32, put32 } from '../../wire/bytes.ts';
import { since } from '../seq.ts';
import { sipHash24, sipKey } from '../siphash.ts';
import type { Tcb } from './tcb.ts';

export const COOKIE_BYTES = 8;
/** §4.1.2: cookies expire. One is good until the end of the day after it was made. us */
const EPOCH = 86_400e6;
/** §5.1: ms for which a pending opening that a RST ended still counts: whoever forges SYNs makes hosts answer with RSTs. */
const RESET_COUNTS_FOR = 60_000;

export class FastOpens {
  /** A cursor for the connection being made. */
  readonly row: Tcb;
  private readonly key: Int32Array;
  /** Address of the client, number of the day. */
  private readonly message = new Int32Array(5);
  private readonly hash = new Int32Array(2);
  private readonly bytes = new Uint8Array(COOKIE_BYTES);
  /** By row of the listener. */
  private readonly pending = new Map<number, number>();
  private readonly reset: { readonly listener: number; readonly at: number }[] = [];

  /** `rng` null: nobody will ask. */
  constructor(row: Tcb, rng: Rng | null) {
    this.row = row;
    this.key = rng === null ? new Int32Array(4) : sipKey(rng);
  }

  /** For the address at `words[at]` (RFC 7413 §4.1.2); good until the next call. RFC 7413 §4.1: nobody else can make it. */
  cookie(words: Int32Array, at: number, now: Micros): Uint8Array {
    this.sum(words, at, Math.floor(now / EPOCH));
    put32(this.bytes, 0, this.hash[0]!);
    put32(this.bytes, 4, this.hash[1]!);
    return this.bytes;
  }

  /** How many days old the cookie is: 0, 1, or -1 when it is none of ours. */
  age(words: Int32Array, at: number, b: Uint8Array, o: number, length: number, now: Micros): number {
    if (length !== COOKIE_BYTES) return -1;
    for (let age = 0; age < 2; age++) {
      this.sum(words, at, Math.floor(now / EPOCH) - age);
      // Both halves are always looked at: time must not tell how much of a guess was right.
      if (((get32(b, o) ^ this.hash[0]!) | (get32(b, o + 4) ^ this.hash[1]!)) === 0) return age;
    }
    return -1;
  }

  private sum(words: Int32Array, at: number, day: number): void {
    for (let n = 0; n < 4; n++) this.message[n] = words[at + n]!;
    this.message[4] = day;
    sipHash24(this.key, this.message, 0, 5, this.hash);
  }

  /** Pending openings, which the caller limits (RFC 7413 §4.2). */
  count(listener: number, tick: number): number {
    for (
      let first = this.reset[0];
      first !== undefined && since(tick, first.at) >= RESET_COUNTS_FOR;
      first = this.reset[0]
    ) {
      this.settle(first.listener);
      this.reset.shift();
    }
    return this.pending.get(listener) ?? 0;
  }

  begin(listener: number): void {
    this.pending.set(listener, (this.pending.get(listener) ?? 0) + 1);
  }

  /** The third ACK came, or the connection is gone. */
  settle(listener: number): void {
    const left = (this.pending.get(listener) ?? 0) - 1;
    if (left > 0) this.pending.set(listener, left);
    else this.pending.delete(listener);
  }

  settleLater(listener: number, tick: number): void {
    this.reset.push({ listener, at: tick });
  }
}
