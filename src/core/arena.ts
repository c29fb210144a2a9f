import type { LentRegions } from './lent-regions.ts';

/**
 * The send arena: one region of bytes that transmit descriptors point into. It holds queued payload and out-of-order
 * text in chunks of two sizes, and a scratch ring for option bytes and raw frames that live for one turn only.
 * Chunks are numbers; their records are int32 words, so rows can link them and a snapshot can hold them.
 */

export const SMALL_CHUNK = 2048;
export const LARGE_CHUNK = 65536;
export const SCRATCH = 512 * 1024;
/**
 * next, start, end; then of a lent chunk the region and the offset of its first byte there, of a large one the bytes up to the last
 * page that was ever written.
 */
const CHUNK_WORDS = 5;
const PAGE = 4096;
/** Chunks that stand for bytes of the user's own. */
const LENT_CHUNKS = 16384;

export class Arena {
  readonly bytes: Uint8Array;
  /** Bytes in chunks that are in use. */
  used = 0;
  /** Bytes of chunks that may be taken: what the limits leave to the connection at hand (held-text.ts). */
  allowance = Infinity;
  private readonly chunks: Int32Array;
  private readonly smallCount: number;
  private readonly largeBase: number;
  private readonly largeCount: number;
  private freeSmall = -1;
  private freeLarge = -1;
  private freeLent = -1;
  private touchedLent = 0;
  private touchedSmall = 0;
  private touchedLarge = 0;
  /** Bytes in pages of large chunks that were ever written. */
  private written = 0;
  private scratchAt = 0;
  /** Bytes of the user's own in lent chunks. */
  lentBytes = 0;

  /** Bytes of the user's own that chunks stand for. */
  readonly regions: LentRegions;

  constructor(region: ArrayBuffer, chunkRegion: ArrayBuffer, regions: LentRegions) {
    this.bytes = new Uint8Array(region);
    this.regions = regions;
    const { small, large } = Arena.shape(region.byteLength);
    this.smallCount = small;
    this.largeCount = large;
    this.largeBase = SCRATCH + small * SMALL_CHUNK;
    this.chunks = new Int32Array(chunkRegion);
  }

  /** A quarter of the room goes to small chunks. */
  private static shape(bytes: number): { small: number; large: number } {
    const room = Math.max(0, bytes - SCRATCH);
    const small = Math.floor(room / 4 / SMALL_CHUNK);
    return { small, large: Math.floor((room - small * SMALL_CHUNK) / LARGE_CHUNK) };
  }

  /** Bytes the chunk records of an arena of that size need. */
  static recordBytes(bytes: number): number {
    const { small, large } = Arena.shape(bytes);
    return (small + large + LENT_CHUNKS) * CHUNK_WORDS * 4;
  }

  /** The bytes [start, end) of a chunk, wherever they are. */
  view(chunk: number, start: number, end: number): Uint8Array {
    const base = this.offset(chunk);
    const bytes = this.isLent(chunk) ? this.regions.bytes(this.region(chunk)) : this.bytes;
    return bytes.subarray(base + start, base + end);
  }

  /** A chunk for `wanted` bytes at first: a small one if they fit, else a large one; -1 when the arena is full. */
  take(wanted: number): number {
    let chunk = wanted <= SMALL_CHUNK ? this.takeSmall() : -1;
    if (chunk < 0) chunk = this.takeLarge();
    if (chunk < 0) return -1;
    const bytes = this.capacity(chunk);
    this.used += bytes;
    this.allowance -= bytes;
    const at = chunk * CHUNK_WORDS;
    this.chunks[at] = -1;
    this.chunks[at + 1] = 0;
    this.chunks[at + 2] = 0;
    this.wrote(chunk, wanted < bytes ? wanted : bytes);
    return chunk;
  }

  /** Up to `end` the chunk is written to from now on. Whole pages count: the others of a large chunk cost the process nothing. */
  wrote(chunk: number, end: number): void {
    const at = chunk * CHUNK_WORDS + 3;
    if (chunk < this.smallCount || end <= this.chunks[at]!) return;
    const pages = (end + PAGE - 1) & -PAGE;
    this.written += pages - this.chunks[at]!;
    this.chunks[at] = pages;
  }

  private takeSmall(): number {
    if (this.allowance < SMALL_CHUNK) return -1;
    const chunk = this.freeSmall;
    if (chunk >= 0) {
      this.freeSmall = this.next(chunk);
      return chunk;
    }
    return this.touchedSmall < this.smallCount ? this.touchedSmall++ : -1;
  }

  private takeLarge(): number {
    if (this.allowance < LARGE_CHUNK) return -1;
    const chunk = this.freeLarge;
    if (chunk >= 0) {
      this.freeLarge = this.next(chunk);
      return chunk;
    }
    return this.touchedLarge < this.largeCount ? this.smallCount + this.touchedLarge++ : -1;
  }

  /** A full chunk of `length` bytes that lie at `offset` of a lent region; -1 when there are too many. */
  takeLent(region: number, offset: number, length: number): number {
    let chunk = this.freeLent;
    if (chunk >= 0) this.freeLent = this.next(chunk);
    else if (this.touchedLent < LENT_CHUNKS) chunk = this.smallCount + this.largeCount + this.touchedLent++;
    else return -1;
    const at = chunk * CHUNK_WORDS;
    this.chunks[at] = -1;
    this.chunks[at + 1] = 0;
    this.chunks[at + 2] = length;
    this.chunks[at + 3] = region;
    this.chunks[at + 4] = offset;
    this.lentBytes += length;
    return chunk;
  }

  /** Region of the chunk's bytes: 0 = `bytes`, else one that was lent. */
  region(chunk: number): number {
    return this.isLent(chunk) ? this.chunks[chunk * CHUNK_WORDS + 3]! : 0;
  }

  private isLent(chunk: number): boolean {
    return chunk >= this.smallCount + this.largeCount;
  }

  give(chunk: number): void {
    if (this.isLent(chunk)) {
      this.lentBytes -= this.capacity(chunk);
      this.regions.release(this.region(chunk));
      this.setNext(chunk, this.freeLent);
      this.freeLent = chunk;
      return;
    }
    this.used -= this.capacity(chunk);
    if (chunk < this.smallCount) {
      this.setNext(chunk, this.freeSmall);
      this.freeSmall = chunk;
    } else {
      this.setNext(chunk, this.freeLarge);
      this.freeLarge = chunk;
    }
  }

  /** Offset of the chunk's first byte in its region. */
  offset(chunk: number): number {
    if (this.isLent(chunk)) return this.chunks[chunk * CHUNK_WORDS + 4]!;
    return chunk < this.smallCount
      ? SCRATCH + chunk * SMALL_CHUNK
      : this.largeBase + (chunk - this.smallCount) * LARGE_CHUNK;
  }

  /** A lent chunk is full from the start. */
  capacity(chunk: number): number {
    if (this.isLent(chunk)) return this.end(chunk);
    return chunk < this.smallCount ? SMALL_CHUNK : LARGE_CHUNK;
  }

  next(chunk: number): number {
    return this.chunks[chunk * CHUNK_WORDS]!;
  }
  setNext(chunk: number, next: number): void {
    this.chunks[chunk * CHUNK_WORDS] = next;
  }
  /** First byte in use, relative to the chunk. */
  start(chunk: number): number {
    return this.chunks[chunk * CHUNK_WORDS + 1]!;
  }
  setStart(chunk: number, start: number): void {
    this.chunks[chunk * CHUNK_WORDS + 1] = start;
  }
  /** One past the last byte in use, relative to the chunk. */
  end(chunk: number): number {
    return this.chunks[chunk * CHUNK_WORDS + 2]!;
  }
  setEnd(chunk: number, end: number): void {
    this.chunks[chunk * CHUNK_WORDS + 2] = end;
  }
  /** What lies behind `end` is not wanted any more: a lent chunk stands for that much less. */
  shorten(chunk: number, end: number): void {
    if (this.isLent(chunk)) this.lentBytes -= this.end(chunk) - end;
    this.setEnd(chunk, end);
  }

  /** Room for bytes that leave in this turn; -1 when the turn has used it up. */
  scratch(bytes: number): number {
    const at = this.scratchAt;
    if (at + bytes > SCRATCH) return -1;
    this.scratchAt = (at + bytes + 3) & ~3;
    return at;
  }

  /** Bytes of chunks that were ever in use. */
  get taken(): number {
    return SCRATCH + this.touchedSmall * SMALL_CHUNK + this.touchedLarge * LARGE_CHUNK;
  }

  /** What the process holds of the region: of these chunks the pages that were ever written. */
  get touched(): number {
    return SCRATCH + this.touchedSmall * SMALL_CHUNK + this.written;
  }

  /** Everything taken with `scratch` has left. */
  resetScratch(): void {
    this.scratchAt = 0;
  }
}
