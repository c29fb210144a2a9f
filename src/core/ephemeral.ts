/**
 * Choice of a local port for an active OPEN: RFC 6056 §3.3.4, algorithm 4. Ports toward one destination rise one by one,
 * which keeps reuse of a four-tuple as far away as possible, from a start that only the holder of the secret knows (RFC 5961 §10).
 * With one counter for all of them (algorithm 3), a host that opens toward sixteen in turn would use every sixteenth port of each,
 * and then have to look for the gaps.
 */
import type { Rng } from '../ports.ts';
import { sipHash24, sipKey } from './siphash.ts';

export interface PortUse {
  inUse(port: number): boolean;
}

/** local address, remote address, remote port. */
const MESSAGE_WORDS = 9;
const COUNTERS = 256;

export class EphemeralPorts {
  private readonly first: number;
  private readonly size: number;
  private readonly key: Int32Array;
  private readonly message = new Int32Array(MESSAGE_WORDS);
  private readonly hash = new Int32Array(2);
  /** The RFC's table; random starts keep the number of connections made so far private. */
  private readonly counters = new Int32Array(COUNTERS);

  /** Ports `first` to `last`, both included. */
  constructor(rng: Rng, first: number, last: number) {
    if (!(first >= 1 && first <= last && last <= 65535)) {
      throw new RangeError(`ephemeral ports ${first} to ${last}: expected a range within 1 to 65535`);
    }
    this.first = first;
    this.size = last - first + 1;
    this.key = sipKey(rng);
    for (let n = 0; n < COUNTERS; n++) this.counters[n] = rng.u32();
  }

  /** A port that is not in use toward this destination, or -1 when every one is. Addresses are four words each. */
  pick(laddr: Int32Array, raddr: Int32Array, rport: number, ports: PortUse): number {
    for (let i = 0; i < 4; i++) {
      this.message[i] = laddr[i]!;
      this.message[4 + i] = raddr[i]!;
    }
    this.message[8] = rport;
    sipHash24(this.key, this.message, 0, MESSAGE_WORDS, this.hash);
    const offset = this.hash[0]! >>> 0;
    const index = this.hash[1]! & (COUNTERS - 1);
    for (let tries = this.size; tries > 0; tries--) {
      const port = this.first + (((this.counters[index]! >>> 0) + offset) % this.size);
      this.counters[index]!++;
      if (!ports.inUse(port)) return port;
    }
    return -1;
  }
}
