/**
 * The transmit descriptors of the present turn, one buffer per link. Full means "flush first" for
 * text; a reset or raw frame that finds no room is lost and counted (`txOverflow`), as on any wire.
 */

import type { Link } from '../../ports.ts';
import {
  DESC_WORDS,
  KIND_PIECE,
  KIND_RAW,
  TX_HOP,
  TX_KIND,
  TX_LEN,
  TX_OFF,
  TX_REGION_SHIFT,
  TX_TOTAL,
} from '../../wire/abi.ts';

/** Left free for segments that cannot wait (RST, raw frames) when data fills the buffer. */
const RESERVE = 96;

export class TransmitQueues {
  private readonly links: readonly Link[];
  private readonly counts: Int32Array;
  /** 1: the descriptors counted were handed to the driver and have left by now. */
  private readonly taken: Uint8Array;

  constructor(links: readonly Link[]) {
    this.links = links;
    this.counts = new Int32Array(links.length);
    this.taken = new Uint8Array(links.length);
  }

  buffer(link: number): Int32Array {
    return this.links[link]!.tx;
  }

  /** Whether data may be queued: room for one super-segment and its pieces. */
  hasRoom(link: number): boolean {
    this.forgetTaken(link);
    return (this.counts[link]! + RESERVE) * DESC_WORDS < this.links[link]!.tx.length;
  }

  /** A zeroed descriptor: its first word, or -1 when the buffer is full. */
  add(link: number): number {
    this.forgetTaken(link);
    const at = this.counts[link]! * DESC_WORDS;
    const tx = this.links[link]!.tx;
    if (at + DESC_WORDS > tx.length) return -1;
    tx.fill(0, at, at + DESC_WORDS);
    this.counts[link]!++;
    return at;
  }

  /** One more piece of payload for the descriptor at `base`, which must be the newest one. */
  addPiece(link: number, base: number, region: number, offset: number, length: number): boolean {
    const tx = this.links[link]!.tx;
    const sized = length | (region << TX_REGION_SHIFT);
    tx[base + TX_TOTAL]! += length;
    if (tx[base + TX_LEN] === 0) {
      tx[base + TX_OFF] = offset;
      tx[base + TX_LEN] = sized;
      return true;
    }
    const followers = (tx[base + TX_KIND]! >> 8) & 0xff;
    let at = base + followers * DESC_WORDS;
    if (followers === 0 || tx[at + 1] === 7) {
      at = this.add(link);
      if (at < 0) return false;
      tx[at] = KIND_PIECE;
      tx[base + TX_KIND]! += 1 << 8;
    }
    const pair = at + 2 + tx[at + 1]! * 2;
    tx[pair] = offset;
    tx[pair + 1] = sized;
    tx[at + 1]!++;
    return true;
  }

  addRaw(link: number, offset: number, length: number): boolean {
    const at = this.add(link);
    if (at < 0) return false;
    const tx = this.links[link]!.tx;
    tx[at + TX_KIND] = KIND_RAW;
    tx[at + TX_OFF] = offset;
    tx[at + TX_LEN] = length;
    tx[at + TX_TOTAL] = length;
    tx[at + TX_HOP] = -1;
    return true;
  }

  /** Descriptors to flush now; they count as gone when anything is added afterwards. */
  take(link: number): number {
    this.forgetTaken(link);
    if (this.counts[link]! > 0) this.taken[link] = 1;
    return this.counts[link]!;
  }

  /** Number of descriptors waiting (for the trace). */
  count(link: number): number {
    return this.taken[link] ? 0 : this.counts[link]!;
  }

  private forgetTaken(link: number): void {
    if (this.taken[link] === 0) return;
    this.taken[link] = 0;
    this.counts[link] = 0;
  }
}
