/**
 * 48-byte records in one pool, linked from the rows: what was sent and is not acknowledged (seq, len, when, flags,
 * where its bytes are), and text held out of order. RFC 6675, RACK and hand-over all read them.
 */

export const RECORD_WORDS = 12;

export const R_FIN = 1; /** the segment carries our (or holds the peer's) FIN */
export const R_SACKED = 2; /** selectively acknowledged */
export const R_LOST = 4; /** considered lost and not sent again since */
export const R_RESENT = 8; /** was retransmitted, or has octets of several times: gives no RTT sample (Karn) */
export const R_APP_LIMITED = 32; /** sent while the application, not the window, was the limit */
export const R_PUSH = 16; /** out of order: PSH was set */

export class Records {
  private words: Int32Array;
  private free = -1;
  private touched = 0;
  /** Records in use. */
  count = 0;
  private readonly plenty: number;

  constructor(region: ArrayBuffer) {
    this.words = new Int32Array(region);
    this.plenty = Math.floor((this.words.length / RECORD_WORDS) * 0.75);
  }

  /** A zeroed record, or -1 when the pool is used up. */
  take(): number {
    let rec = this.free;
    if (rec >= 0) this.free = this.next(rec);
    else if ((this.touched + 1) * RECORD_WORDS <= this.words.length) rec = this.touched++;
    else return -1;
    const at = rec * RECORD_WORDS;
    this.words.fill(0, at, at + RECORD_WORDS);
    this.words[at + 4] = -1;
    this.count++;
    return rec;
  }

  /** Less than a quarter is left: what peers can ask for must wait, so that sending goes on. */
  get isShort(): boolean {
    return this.count > this.plenty;
  }

  /** Records that were ever in use. */
  get touchedCount(): number {
    return this.touched;
  }

  give(rec: number): void {
    this.setNext(rec, this.free);
    this.free = rec;
    this.count--;
  }

  seq(rec: number): number {
    return this.words[rec * RECORD_WORDS]!;
  }
  setSeq(rec: number, seq: number): void {
    this.words[rec * RECORD_WORDS] = seq;
  }
  /** Bytes of text. */
  len(rec: number): number {
    return this.words[rec * RECORD_WORDS + 1]!;
  }
  setLen(rec: number, len: number): void {
    this.words[rec * RECORD_WORDS + 1] = len;
  }
  /** Microseconds (low 32 bits) of the last transmission. */
  sentAt(rec: number): number {
    return this.words[rec * RECORD_WORDS + 2]!;
  }
  setSentAt(rec: number, us: number): void {
    this.words[rec * RECORD_WORDS + 2] = us;
  }
  flags(rec: number): number {
    return this.words[rec * RECORD_WORDS + 3]!;
  }
  setFlags(rec: number, flags: number): void {
    this.words[rec * RECORD_WORDS + 3] = flags;
  }
  next(rec: number): number {
    return this.words[rec * RECORD_WORDS + 4]!;
  }
  setNext(rec: number, next: number): void {
    this.words[rec * RECORD_WORDS + 4] = next;
  }
  /** Chunk that holds the first byte. */
  chunk(rec: number): number {
    return this.words[rec * RECORD_WORDS + 5]!;
  }
  /** Offset of the first byte in that chunk. */
  offset(rec: number): number {
    return this.words[rec * RECORD_WORDS + 6]!;
  }
  setPlace(rec: number, chunk: number, offset: number): void {
    this.words[rec * RECORD_WORDS + 5] = chunk;
    this.words[rec * RECORD_WORDS + 6] = offset;
  }
  /** Of the connection when this was sent (delivery rate): C.delivered, C.delivered_time, C.first_send_time. */
  delivered(rec: number): number {
    return this.words[rec * RECORD_WORDS + 7]!;
  }
  deliveredAt(rec: number): number {
    return this.words[rec * RECORD_WORDS + 8]!;
  }
  firstSentAt(rec: number): number {
    return this.words[rec * RECORD_WORDS + 9]!;
  }
  /** Bytes in flight when this was sent, itself included. */
  inFlight(rec: number): number {
    return this.words[rec * RECORD_WORDS + 10]!;
  }
  setRate(rec: number, delivered: number, deliveredAt: number, firstSentAt: number, inFlight: number): void {
    const at = rec * RECORD_WORDS;
    this.words[at + 7] = delivered;
    this.words[at + 8] = deliveredAt;
    this.words[at + 9] = firstSentAt;
    this.words[at + 10] = inFlight;
  }
  /** C.lost when this was sent. */
  lost(rec: number): number {
    return this.words[rec * RECORD_WORDS + 11]!;
  }
  setLost(rec: number, lost: number): void {
    this.words[rec * RECORD_WORDS + 11] = lost;
  }
  /** A record cut off from another was sent with it. */
  copyRate(from: number, to: number): void {
    const at = from * RECORD_WORDS;
    this.words.copyWithin(to * RECORD_WORDS + 7, at + 7, at + 12);
  }
  /** Sequence space: text and FIN. */
  space(rec: number): number {
    return this.len(rec) + (this.flags(rec) & R_FIN);
  }
}
