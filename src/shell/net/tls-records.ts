/**
 * Where the records of a TLS stream begin (RFC 8446 §5.1): each record of text is handed on by itself. Node runs ticks and promises
 * after each, and between the last text and its close_notify, which often come in one segment; but where JavaScript hands several on in
 * one call, it cannot (ADR 37).
 */

const HEADER = 5;
/** Text, and in TLS 1.3 whatever is sealed. */
const APPLICATION_DATA = 23;

export class TlsRecords {
  /** Bytes that the present record still has. */
  #left = 0;
  /** Its header, which may come in pieces, and how much of that is there. */
  readonly #header = new Uint8Array(HEADER);
  #have = 0;

  /** Hands `bytes` on record by record and asks between two whether to go on; what is left when not. */
  hand(bytes: Uint8Array, to: (part: Uint8Array) => void, goOn: () => boolean): Uint8Array | null {
    for (let at = 0; at < bytes.length; ) {
      if (at > 0 && !goOn()) return bytes.subarray(at);
      const end = this.next(bytes, at);
      to(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
    }
    return null;
  }

  /** Goes over `bytes` from an offset; stops behind a record of text, or at their end. */
  next(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0 && this.#header[0] === APPLICATION_DATA) return at;
        continue;
      }
      this.#header[this.#have++] = bytes[at++]!;
      if (this.#have < HEADER) continue;
      this.#have = 0;
      this.#left = (this.#header[3]! << 8) | this.#header[4]!;
    }
    return at;
  }
}
