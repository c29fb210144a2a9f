/**
 * Where an HTTP/2 connection is handed on in two (RFC 9113 §4.1): before what follows a stream's HEADERS, and before what ends a stream. Over a kernel socket Node runs ticks
 * and promises after each callback of nghttp2's, so a server is told of a stream while it lives; where JavaScript hands a request and its RST_STREAM on in one
 * call, it does not (ADR 37). Not between any two frames: what Node has to send goes out at the end of a part.
 */
import { Parts } from './parts.ts';

/** What a client begins with (§3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const HEADER = 9;
/** Octets of the length; behind them is the type. */
const LENGTH = 3;
/** HEADERS, PUSH_PROMISE, CONTINUATION. */
const opens = (type: number): boolean => type === 1 || type === 5 || type === 9;
/** RST_STREAM */
const ends = (type: number): boolean => type === 3;

export function isPreface(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && PREFACE.equals(bytes.subarray(0, PREFACE.length));
}

export class Http2Frames extends Parts {
  /** Bytes that the present frame still has; the preface counts as one. */
  #left: number;
  /** How much of the header is there, and the length in it. */
  #have = 0;
  #length = 0;
  /** Frames before the present one opened streams that may not be told yet. */
  #opened = false;

  constructor(preface: boolean) {
    super();
    this.#left = preface ? PREFACE.length : 0;
  }

  override next(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const octet = bytes[at++]!;
      if (this.#have < LENGTH) this.#length = (this.#length << 8) | octet;
      else if (this.#have === LENGTH && this.#waits(octet) && at - LENGTH - 1 > from) {
        this.#begin(0);
        return at - LENGTH - 1;
      }
      if (++this.#have === HEADER) this.#begin(this.#length);
    }
    return bytes.length;
  }

  /** Whether a frame of this type waits for the ticks of those before it. */
  #waits(type: number): boolean {
    const waits = ends(type) || (this.#opened && !opens(type));
    this.#opened = opens(type);
    return waits;
  }

  #begin(length: number): void {
    this.#left = length;
    this.#have = 0;
    this.#length = 0;
  }
}
