/**
 * SYN cookies, RFC 4987 §3.6: an ISS from which the third ACK brings back what a full SYN queue could not keep.
 *
 *   bit 31     30..28     27..24            23..0
 *   timestamps MSS index  minute, mod 16    keyed hash of all that, of the identity and of the peer's ISN
 *
 * To this another keyed hash is added, of the identity and the peer's ISN, so that no part of the sum can be foretold.
 */
import type { Micros, Rng } from '../ports.ts';
import { sipHash24, sipKey } from './siphash.ts';

const IDENTITY_WORDS = 9;
/** A cookie is good in the period in which it was made and in the next one. */
export const PERIOD_MS = 60_000;
/** MSS values that are told apart: below the common ones (Ethernet, PPPoE, tunnels, IPv6), and the defaults. */
const SIZES = [48, 536, 1220, 1360, 1412, 1440, 1460, 8960] as const;
const TIMESTAMPS = 8;
const HASH = 0xffffff;

export class Cookies {
  private readonly rng: Rng;
  // Drawn when it is first needed, then kept.
  private key: Int32Array | null = null;
  private readonly message = new Int32Array(IDENTITY_WORDS + 2);
  private readonly hash = new Int32Array(2);
  /** What the cookie said that `check` took last. */
  mss = 0;
  timestamps = false;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  /** For the nine identity words, the peer's ISN, its MSS, and whether timestamps are agreed. */
  make(identity: Int32Array, irs: number, mss: number, timestamps: boolean, now: Micros): number {
    let index = SIZES.length - 1;
    while (index > 0 && SIZES[index]! > mss) index--;
    const said = index | (timestamps ? TIMESTAMPS : 0);
    const minute = period(now);
    const mask = this.mask(identity, irs);
    return (((said << 28) | ((minute & 15) << 24) | this.proof(minute, said)) + mask) | 0;
  }

  /** Whether `iss` is a cookie of ours for them, at most one period old. */
  check(identity: Int32Array, irs: number, iss: number, now: Micros): boolean {
    const cookie = (iss - this.mask(identity, irs)) | 0;
    const age = (period(now) - (cookie >>> 24)) & 15;
    const said = cookie >>> 28;
    if (age > 1 || (cookie & HASH) !== this.proof(period(now) - age, said)) return false;
    this.mss = SIZES[said & 7]!;
    this.timestamps = (said & TIMESTAMPS) !== 0;
    return true;
  }

  private mask(identity: Int32Array, irs: number): number {
    const { message } = this;
    for (let n = 0; n < IDENTITY_WORDS; n++) message[n] = identity[n]!;
    message[IDENTITY_WORDS] = irs;
    return this.digest(IDENTITY_WORDS + 1);
  }

  /** Of the identity and ISN that `mask` was asked for last. */
  private proof(minute: number, said: number): number {
    this.message[IDENTITY_WORDS + 1] = (minute << 4) | said;
    return this.digest(IDENTITY_WORDS + 2) & HASH;
  }

  private digest(words: number): number {
    this.key ??= sipKey(this.rng);
    sipHash24(this.key, this.message, 0, words, this.hash);
    return this.hash[0]!;
  }
}

function period(now: Micros): number {
  return Math.floor(now / (1000 * PERIOD_MS));
}
