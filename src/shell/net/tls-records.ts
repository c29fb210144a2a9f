/**
 * Where the records of a TLS stream begin (RFC 8446 §5.1): each record of text is handed on by itself. Node runs ticks and promises
 * after each, and between the last text and its close_notify, which often come in one segment; but where JavaScript hands several on in
 * one call, it cannot (ADR 37).
 */
import { Parts } from './parts.ts';

const HEADER = 5;
const HANDSHAKE = 22;
/** Text, and in TLS 1.3 whatever is sealed. */
const APPLICATION_DATA = 23;
/** Of every version. */
const MAJOR = 3;

/** Whether a stream begins as TLS does, at either end. */
export function beginsTls(bytes: Uint8Array): boolean {
  return bytes[0] === HANDSHAKE && bytes[1] === MAJOR;
}

export class TlsRecords extends Parts {
  /** Bytes that the present record still has. */
  #left = 0;
  /** Its header, which may come in pieces, and how much of that is there. */
  readonly #header = new Uint8Array(HEADER);
  #have = 0;

  /** Goes over `bytes` from an offset; stops behind a record of text, or at their end. */
  override next(bytes: Uint8Array, from: number): number {
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
