/** Random bits from the operating system, fetched a page at a time. */
import { createHash, randomFillSync } from 'node:crypto';
import type { Rng } from '../ports.ts';

export class NodeRng implements Rng {
  readonly #pool = new Int32Array(1024);
  #next = this.#pool.length;

  u32(): number {
    if (this.#next === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const value = this.#pool[this.#next]!;
    this.#pool[this.#next++] = 0;
    return value;
  }
}

/** The bits that follow from a secret: the same secret gives the same initial sequence numbers and flow hash. */
export class SecretRng implements Rng {
  readonly #secret: Uint8Array;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #counter = 0;

  constructor(secret: Uint8Array) {
    this.#secret = Uint8Array.from(secret);
  }

  u32(): number {
    if (this.#at === this.#block.length) {
      this.#block = createHash('sha256')
        .update(this.#secret)
        .update(String(this.#counter++))
        .digest();
      this.#at = 0;
    }
    const value = this.#block.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }
}
