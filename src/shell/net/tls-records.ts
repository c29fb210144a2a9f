/**
 * Where the records of a TLS stream begin (RFC 8446 §5.1), as far as it matters: an alert that follows text is handed on by itself. Node
 * runs ticks and promises between the text of a TLS connection and its close_notify, which often come in one segment; but where
 * JavaScript hands both on in one call, it cannot (ADR 37).
 */

const HEADER = 5;
const ALERT = 21;
const APPLICATION_DATA = 23;
/** An alert that looks like text: level, description, its true type, and a tag of 16 bytes (RFC 8446 §5.2). */
const SEALED_ALERT = 2 + 1 + 16;

export class TlsRecords {
  /** Bytes that the present record still has. */
  #left = 0;
  /** Its header, which may come in pieces, and how much of that is there. */
  readonly #header = new Uint8Array(HEADER);
  #have = 0;

  /** Goes over `bytes` from an offset; stops before an alert that begins behind it, or at their end. */
  next(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      if (this.#have === 0 && at > from && isAlert(bytes, at)) return at;
      this.#header[this.#have++] = bytes[at++]!;
      if (this.#have < HEADER) continue;
      this.#have = 0;
      this.#left = (this.#header[3]! << 8) | this.#header[4]!;
    }
    return at;
  }
}

function isAlert(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === ALERT) return true;
  return bytes[at] === APPLICATION_DATA && ((bytes[at + 3]! << 8) | bytes[at + 4]!) === SEALED_ALERT;
}
