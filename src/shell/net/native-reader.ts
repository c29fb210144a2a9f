/** Somebody reads a handle in C++: TLS, HTTP, a buffer of the user's. */
import { TlsRecords } from './tls-records.ts';

/** The handle, as far as it concerns a reader. */
interface Below {
  readBuffer(bytes: Uint8Array): void;
  isClosing(): boolean;
  /** Between two parts: whether to hand the next one on. */
  goOn(): boolean;
}

export class NativeReader {
  /** The user's own buffer (`onread`). */
  buffer: Uint8Array | null = null;
  /** Bytes that came while nobody was to have them. */
  left: Buffer | null = null;
  #records: TlsRecords | undefined;

  /** To TLS record by record, each after the ticks that the text before has left. */
  handRecords(bytes: Uint8Array, below: Below): void {
    this.#records ??= new TlsRecords();
    const rest = this.#records.hand(
      bytes,
      (part) => below.readBuffer(part),
      () => below.goOn(),
    );
    if (rest !== null && !below.isClosing()) this.left = Buffer.from(rest);
  }
}
