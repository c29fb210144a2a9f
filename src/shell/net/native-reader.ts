/** Somebody reads a handle in C++: TLS, HTTP, a buffer of the user's. */
import { Http2Frames, isPreface } from './http2-frames.ts';
import type { Parts } from './parts.ts';
import { beginsTls, TlsRecords } from './tls-records.ts';

/** The handle, as far as it concerns a reader. */
interface Below {
  /** TLS reads it. */
  readonly sealed: boolean;
  /** It is HTTP/2 in clear text. */
  readonly http2: boolean;
  acceptHttp2(): void;
  readBuffer(bytes: Uint8Array): void;
  /** Between two parts: whether to hand the next one on. */
  goOn(): boolean;
}

export class NativeReader {
  /** The user's own buffer (`onread`). */
  buffer: Uint8Array | null = null;
  /** Bytes that came while nobody was to have them. */
  left: Buffer | null = null;
  #records: TlsRecords | undefined;
  /** null: it is not HTTP/2. */
  #frames: Http2Frames | null | undefined;

  /** To TLS record by record, to HTTP/2 as its frames ask, each part after the ticks that the one before has left. */
  hand(bytes: Uint8Array, below: Below): void {
    const parts = below.sealed ? (this.#records ??= new TlsRecords()) : (this.#records ?? this.#plain(bytes, below));
    if (parts === null) return below.readBuffer(bytes);
    parts.hand(
      bytes,
      (part) => below.readBuffer(part),
      () => below.goOn(),
    );
  }

  #plain(bytes: Uint8Array, below: Below): Parts | null {
    if (this.#frames === undefined) {
      // Where only a stack's sockets are ours nobody tells us of `new TLSSocket(socket)`.
      if (beginsTls(bytes)) return (this.#records = new TlsRecords());
      const accepts = isPreface(bytes);
      if (accepts) below.acceptHttp2();
      this.#frames = below.http2 ? new Http2Frames(accepts) : null;
    }
    return this.#frames;
  }
}
