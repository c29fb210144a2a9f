/** Copies of received bytes that outlive their burst. They share blocks: a few large ones cost the collector less than many. */
import { scavenger } from './scavenger.ts';

const BLOCK = 1024 * 1024;
/** Longest joined copy, as node:net's reads. */
const LONGEST = 64 * 1024;
const ALIGN = 8;

/** Where blocks come from, and where memory goes that nobody sees any more: V8's allocator when there is none. */
export interface BlockSource {
  /** A block of BLOCK bytes; undefined: there is none. */
  take(): ArrayBuffer | undefined;
  /** Frees the ArrayBuffers of these, each the only view of the whole of it. */
  release(chunks: readonly Uint8Array[]): void;
}

/** A copy with memory of its own. */
const alone = (bytes: Uint8Array): Buffer => Buffer.from(Uint8Array.from(bytes).buffer);

export class Slab {
  source: BlockSource | undefined;
  #block = Buffer.allocUnsafeSlow(0);
  #used = 0;
  /** Bytes of the copy that is not handed out yet. */
  #open = 0;
  /** Who transfers the ArrayBuffer under a chunk takes those of others with it: then each chunk has one of its own. */
  #apart = false;

  /** A copy of `bytes` that belongs to the caller. */
  keep(bytes: Uint8Array): Buffer {
    return this.#open > 0 ? alone(bytes) : this.join(bytes, 0)!;
  }

  /** A copy is half made: the next piece of the same connection comes before anybody else's. */
  get joining(): boolean {
    return this.#open > 0;
  }

  /** The rest of a copy that is half made, if one is, will not come, and nobody wants what there is. */
  drop(): void {
    this.#open = 0;
  }

  /**
   * Copies `bytes` behind those of the calls before that returned null. null: the next piece, of `next` bytes, is to be joined
   * to them, or dropped, before another connection's. Otherwise the whole copy; it belongs to the caller.
   */
  join(bytes: Uint8Array, next: number): Buffer | null {
    if (this.#used + this.#open + bytes.length > this.#block.length) {
      if (this.#apart || this.#isTaken()) return alone(bytes);
      const block = bytes.length > BLOCK ? undefined : this.source?.take();
      this.#block = block === undefined ? Buffer.allocUnsafeSlow(Math.max(BLOCK, bytes.length)) : Buffer.from(block);
      this.#used = 0;
      scavenger.gave(this.#block.length);
    }
    this.#block.set(bytes, this.#used + this.#open);
    this.#open += bytes.length;
    const whole = this.#open + next;
    if (next > 0 && whole <= LONGEST && this.#used + whole <= this.#block.length) return null;
    const copy = this.#block.subarray(this.#used, this.#used + this.#open);
    this.#used += (this.#open + ALIGN - 1) & ~(ALIGN - 1);
    this.#open = 0;
    return copy;
  }

  /** Whether the block was transferred away; no block is empty that something was copied to. */
  #isTaken(): boolean {
    if (this.#used === 0 || this.#block.length > 0) return false;
    this.#apart = true;
    process.emitWarning(
      'usertcp: the ArrayBuffer under a received chunk was transferred away, and chunks of other connections with it. ' +
        'From now on each chunk has its own; copy chunks that come first, or transfer a copy',
      { code: 'USERTCP_TRANSFERRED' },
    );
    return true;
  }
}
