/**
 * Buffers of the user's that are sent from where they are. A region is a whole ArrayBuffer; links are told of it once and
 * know it by number. It stays known after its last byte was acknowledged, because servers send the same buffers again;
 * the longest unused one makes room for a new one.
 */
import type { Link } from '../ports.ts';

/** Region 0 is the arena. */
const FIRST = 1;
const LAST = 1023;

export class LentRegions {
  private readonly links: readonly Link[];
  private readonly numbers = new Map<ArrayBufferLike, number>();
  private readonly held: (Uint8Array | null)[] = [null];
  private readonly users = new Int32Array(LAST + 1);
  private hand = FIRST;

  constructor(links: readonly Link[]) {
    this.links = links;
  }

  /** One more chunk of a connection over `link` stands on this buffer. Its region, or -1 when it cannot be lent. */
  take(link: number, buffer: ArrayBufferLike): number {
    if (this.links[link]!.lend === undefined) return -1;
    const known = this.numbers.get(buffer);
    const region = known ?? this.admit(buffer);
    if (region > 0) this.users[region]!++;
    return region;
  }

  release(region: number): void {
    this.users[region]!--;
  }

  /** The user detached the buffer although bytes of it were not acknowledged: there is nothing left to send. */
  isGone(region: number): boolean {
    return region > 0 && this.held[region]!.length === 0;
  }

  bytes(region: number): Uint8Array {
    return this.held[region]!;
  }

  private admit(buffer: ArrayBufferLike): number {
    // Receive memory is lent to us: it is reused before the peer has acknowledged anything.
    if (this.links.some((link) => link.rxMemory.buffer === buffer)) return -1;
    const region = this.held.length <= LAST ? this.held.length : this.evict();
    if (region < 0) return -1;
    const bytes = new Uint8Array(buffer);
    this.held[region] = bytes;
    this.numbers.set(buffer, region);
    for (const link of this.links) link.lend?.(region, bytes);
    return region;
  }

  /** The next region that nobody uses, going round. */
  private evict(): number {
    for (let tries = FIRST; tries <= LAST; tries++) {
      const region = this.hand;
      this.hand = region === LAST ? FIRST : region + 1;
      if (this.users[region] !== 0) continue;
      this.numbers.delete(this.held[region]!.buffer);
      for (const link of this.links) link.lend?.(region, null);
      return region;
    }
    return -1;
  }
}
