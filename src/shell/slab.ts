/** Copies of received bytes that outlive their burst: small ones share a block, large ones get their own. */

const BLOCK = 256 * 1024;
/** Above this a copy would waste too much of a block's end. */
const LARGEST_SHARED = 32 * 1024;
const ALIGN = 8;

export class Slab {
  #block = Buffer.allocUnsafeSlow(0);
  #used = 0;

  /** A copy of `bytes` that belongs to the caller. */
  keep(bytes: Uint8Array): Buffer {
    const length = bytes.length;
    if (length > LARGEST_SHARED) {
      const own = Buffer.allocUnsafeSlow(length);
      own.set(bytes);
      return own;
    }
    if (this.#used + length > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used + length);
    copy.set(bytes);
    this.#used += (length + ALIGN - 1) & ~(ALIGN - 1);
    return copy;
  }
}
