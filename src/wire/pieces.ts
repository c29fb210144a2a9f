/**
 * The payload of a descriptor, receive or transmit: its own piece, then the pairs of the PIECE descriptors behind it.
 * Both directions keep them in the same words.
 */
import { DESC_WORDS, KIND_PIECE, KIND_RAW, RX_KIND, RX_LEN, RX_OFF, RX_TOTAL, TX_REGION_SHIFT } from './abi.ts';

/** (offset, length) pairs in one PIECE descriptor. */
export const PIECE_PAIRS = 7;
/** Word of a PIECE descriptor that says how many pairs are used. */
const PAIRS_USED = 1;
const FIRST_PAIR = 2;

export function kindOf(desc: Int32Array, at: number): number {
  return desc[at + RX_KIND]! & 0xff;
}

/** Payload bytes in all pieces; of a raw frame, which has one piece, its length. */
export function payloadBytes(desc: Int32Array, at: number): number {
  return desc[at + (kindOf(desc, at) === KIND_RAW ? RX_LEN : RX_TOTAL)]!;
}

/** Number of PIECE descriptors behind the one at `at`. */
export function pieceDescriptors(desc: Int32Array, at: number): number {
  return (desc[at + RX_KIND]! >>> 8) & 0xff;
}

/** Number of pieces, the descriptor's own included. */
export function pieceCount(desc: Int32Array, at: number): number {
  const more = pieceDescriptors(desc, at);
  if (more === 0) return 1;
  return 1 + (more - 1) * PIECE_PAIRS + desc[at + more * DESC_WORDS + PAIRS_USED]!;
}

/** Word number of the (offset, length) pair of piece `i`. */
export function pieceAt(at: number, i: number): number {
  if (i === 0) return at + RX_OFF;
  const pair = (i - 1) % PIECE_PAIRS;
  return at + ((i - 1 - pair) / PIECE_PAIRS + 1) * DESC_WORDS + FIRST_PAIR + 2 * pair;
}

/** Appends a piece; RX_TOTAL is the caller's. Returns the descriptors the whole now takes. */
export function addPiece(desc: Int32Array, at: number, offset: number, length: number): number {
  const count = pieceCount(desc, at);
  const pair = pieceAt(at, count);
  if ((count - 1) % PIECE_PAIRS === 0) {
    const fresh = pair - FIRST_PAIR;
    desc.fill(0, fresh, fresh + DESC_WORDS);
    desc[fresh] = KIND_PIECE;
    desc[at + RX_KIND]! += 1 << 8;
  }
  const used = at + pieceDescriptors(desc, at) * DESC_WORDS + PAIRS_USED;
  desc[used]!++;
  desc[pair] = offset;
  desc[pair + 1] = length;
  return 1 + pieceDescriptors(desc, at);
}

/** What a piece's length word may name instead of the arena: buffers of the user's own, by number (Link.lend). */
export type LentRegions = readonly (Uint8Array | null | undefined)[];

const LENGTH_MASK = (1 << TX_REGION_SHIFT) - 1;
const NOTHING_LENT: LentRegions = [];

/** Copies payload bytes [from, from + length) to `out` at `o`, out of `memory` or what was lent. */
export function gather(
  desc: Int32Array,
  at: number,
  memory: Uint8Array,
  from: number,
  length: number,
  out: Uint8Array,
  o: number,
  lent = NOTHING_LENT,
): void {
  const end = from + length;
  const pieces = pieceCount(desc, at);
  for (let i = 0, start = 0; i < pieces && start < end; i++) {
    const pair = pieceAt(at, i);
    const size = desc[pair + 1]! & LENGTH_MASK;
    const first = start < from ? from - start : 0;
    const last = start + size > end ? end - start : size;
    if (first < last) {
      const offset = desc[pair]!;
      const region = desc[pair + 1]! >>> TX_REGION_SHIFT;
      const source = region === 0 ? memory : lent[region];
      if (!source || offset < 0 || offset + size > source.length) {
        throw new RangeError(`piece of ${size} bytes at ${offset} is outside of region ${region}`);
      }
      out.set(source.subarray(offset + first, offset + last), o + start + first - from);
    }
    start += size;
  }
}
