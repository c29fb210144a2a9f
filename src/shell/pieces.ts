/** Bytes that wait, in order. Made when the first piece comes and dropped with the last, so idle connections have none. */
export class Pieces {
  bytes = 0;
  readonly #pieces: Uint8Array[] = [];

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.bytes += piece.length;
  }

  /** The first piece. */
  get first(): Uint8Array {
    return this.#pieces[0]!;
  }

  shift(): Uint8Array {
    const piece = this.#pieces.shift()!;
    this.bytes -= piece.length;
    return piece;
  }

  /** Drops the first `n` bytes, which must lie in the first piece. */
  advance(n: number): void {
    const first = this.first;
    if (n === first.length) {
      this.#pieces.shift();
    } else {
      this.#pieces[0] = first.subarray(n);
    }
    this.bytes -= n;
  }
}
