/** The segment being processed: SEG.* of RFC 9293 §3.3.1, read once from a receive descriptor into fixed fields. */
import {
  DESC_WORDS,
  FIN,
  KIND_PIECE,
  RX_ACK,
  RX_FLAGS,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_LEN,
  RX_OFF,
  RX_OPTS,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
  SYN,
} from '../../wire/abi.ts';
import { REGION_ARENA, RX_IN_ARENA } from '../events.ts';

export class Segment {
  seq = 0;
  ack = 0;
  /** TCP flags, low 8 bits. */
  flags = 0;
  /** Window field as sent, unscaled. */
  rawWnd = 0;
  /** It had a SYN, which was taken off: its window field is not to be scaled. */
  unscaled = false;
  /** Bytes of text left after trimming. */
  len = 0;
  /** Bytes trimmed from the front of the text. */
  skip = 0;
  urg = 0;
  opts = 0;
  tsval = 0;
  tsecr = 0;
  /** Payload of each merged segment; 0 = one segment. */
  gso = 0;
  /** TOS / traffic class. */
  tos = 0;
  link = 0;
  /** What events name its bytes by: the link, or REGION_ARENA. */
  region = 0;
  /** The link's receive memory and descriptors, and the first word of this one. */
  memory: Uint8Array = new Uint8Array(0);
  rx: Int32Array = new Int32Array(0);
  base = 0;

  load(rx: Int32Array, base: number, link: number, memory: Uint8Array): void {
    const f = rx[base + RX_FLAGS]!;
    this.seq = rx[base + RX_SEQ]!;
    this.ack = rx[base + RX_ACK]!;
    this.flags = f & 0xff;
    this.rawWnd = f >>> 16;
    this.unscaled = false;
    this.len = rx[base + RX_TOTAL]!;
    this.skip = 0;
    const o = rx[base + RX_OPTS]!;
    this.opts = o & 0xff;
    this.urg = o >>> 16;
    this.tsval = rx[base + RX_TSVAL]!;
    this.tsecr = rx[base + RX_TSECR]!;
    this.gso = rx[base + RX_GSO]! & 0xffff;
    this.tos = rx[base + RX_IP]! & 0xff;
    this.link = link;
    this.region = (rx[base + RX_KIND]! >>> 16) & RX_IN_ARENA ? REGION_ARENA : link;
    this.memory = memory;
    this.rx = rx;
    this.base = base;
  }

  /** SEG.LEN: text plus SYN and FIN. */
  get space(): number {
    return this.len + (this.flags & FIN) + ((this.flags & SYN) >> 1);
  }

  pieceOffset(n: number): number {
    return this.rx[this.pieceWord(n, RX_OFF)]!;
  }
  pieceLength(n: number): number {
    return this.rx[this.pieceWord(n, RX_LEN)]!;
  }

  /** Piece 0 is in the descriptor; piece n is pair (n - 1) % 7 of PIECE descriptor (n - 1) / 7. */
  private pieceWord(n: number, word: number): number {
    if (n === 0) return this.base + word;
    const d = ((n - 1) / 7) | 0;
    return this.base + (d + 1) * DESC_WORDS + 2 + ((n - 1) % 7) * 2 + (word - RX_OFF);
  }
}

/** How many descriptors the one at `base` stands for, its PIECE followers included. */
export function descriptorsOf(rx: Int32Array, base: number): number {
  const kind = rx[base + RX_KIND]!;
  return (kind & 0xff) === KIND_PIECE ? 1 : 1 + ((kind >> 8) & 0xff);
}
