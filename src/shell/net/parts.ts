import { surface } from '../surface.ts';

/** Bytes that came together, handed on to C++ in parts, so that ticks and promises run between them (ADR 37). */
export abstract class Parts {
  /** Hands `bytes` on part by part and asks between two whether to go on. A listener that throws does not take the next part from C++. */
  hand(bytes: Uint8Array, to: (part: Uint8Array) => void, goOn: () => boolean): void {
    for (let at = 0; at < bytes.length; ) {
      if (at > 0 && !goOn()) return;
      const end = this.next(bytes, at);
      try {
        to(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
      } catch (error) {
        surface(error);
      }
      at = end;
    }
  }

  /** Goes over `bytes` from an offset; where the part ends, or the bytes. */
  abstract next(bytes: Uint8Array, from: number): number;
}
