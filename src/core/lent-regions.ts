/**
 * Buffers of the user's that are sent from where they are. A region is a whole ArrayBuffer; links are told of it once and
 * know it by number. It stays known after its last byte was acknowledged, because servers send the same buffers again, as
 * long as the idle ones together stay small; when numbers run out, an unused one is taken, going round.
 */
import type { Link } from '../ports.ts';

/** Region 0 is the arena. */
const FIRST = 1;
const LAST = 1023;
/** Bytes of buffers nobody sends from that are kept from the garbage collector. */
const MOST_IDLE = 64 << 20;
/** Offsets are int32. */
const MOST_BYTES = 0x7fffffff;

export class LentRegions {
  private readonly links: readonly Link[];
  private readonly numbers = new Map<ArrayBufferLike, number>();
  private readonly held: (Uint8Array | null)[] = [null];
  private readonly users = new Int32Array(LAST + 1);
  /** Bytes of each region when it was admitted: a detached buffer has none any more. */
  private readonly sizes: number[] = [0];
  private readonly free: number[] = [];
  private readonly arena: ArrayBufferLike;
  private hand = FIRST;
  private idleBytes = 0;

  /** `arena`: the stack's own memory, which is never lent. */
  constructor(links: readonly Link[], arena: ArrayBufferLike) {
    this.links = links;
    this.arena = arena;
  }

  /** One more chunk of a connection over `link` stands on this buffer. Its region, or -1 when it cannot be lent. */
  take(link: number, buffer: ArrayBufferLike): number {
    if (this.links[link]!.lend === undefined) return -1;
    const known = this.numbers.get(buffer);
    const region = known ?? this.admit(buffer);
    if (region < 0) return -1;
    if (known !== undefined && this.users[region] === 0) this.idleBytes -= this.sizes[region]!;
    this.users[region]!++;
    return region;
  }

  release(region: number): void {
    if (--this.users[region]! > 0) return;
    this.idleBytes += this.sizes[region]!;
    if (this.idleBytes > MOST_IDLE) this.forget(region);
  }

  /** The user detached the buffer although bytes of it were not acknowledged: there is nothing left to send. */
  isGone(region: number): boolean {
    return region > 0 && this.held[region]!.length === 0;
  }

  bytes(region: number): Uint8Array {
    return this.held[region]!;
  }

  private admit(buffer: ArrayBufferLike): number {
    if (!this.mayBeLent(buffer)) return -1;
    const region = this.free.pop() ?? (this.held.length <= LAST ? this.held.length : this.evict());
    if (region < 0) return -1;
    const bytes = new Uint8Array(buffer);
    this.held[region] = bytes;
    this.sizes[region] = bytes.length;
    this.numbers.set(buffer, region);
    for (const link of this.links) link.lend?.(region, bytes);
    return region;
  }

  /**
   * Receive memory and the arena are reused before the peer has acknowledged anything; a buffer that can shrink would leave
   * the links pointing behind its end.
   */
  private mayBeLent(buffer: ArrayBufferLike): boolean {
    const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
    if (resizable || growable || buffer.byteLength > MOST_BYTES || buffer === this.arena) return false;
    return !this.links.some((link) => link.rxMemory.buffer === buffer);
  }

  private forget(region: number): void {
    const bytes = this.held[region]!;
    this.idleBytes -= this.sizes[region]!;
    this.numbers.delete(bytes.buffer);
    this.held[region] = null;
    this.free.push(region);
    for (const link of this.links) link.lend?.(region, null);
  }

  /** The next region that nobody uses, going round. */
  private evict(): number {
    for (let tries = FIRST; tries <= LAST; tries++) {
      const region = this.hand;
      this.hand = region === LAST ? FIRST : region + 1;
      if (this.users[region] !== 0 || this.held[region] === null) continue;
      this.forget(region);
      return this.free.pop()!;
    }
    return -1;
  }
}
