/** A connection as a pair of web streams. */
import { OptionError } from './option-error.ts';

/** What the streams need of a connection. */
interface Ends {
  read(): Promise<Buffer | null>;
  write(bytes: Uint8Array | string): Promise<void>;
  closeWrite(): void;
  closed(): Promise<void>;
  abort(): void;
}

/** A byte stream: it asks for no more than its reader does, and fills the reader's own buffer where there is one. */
export function readableOf(conn: Ends, discard: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const chunk = await conn.read();
      const request = controller.byobRequest;
      if (chunk === null) {
        controller.close();
        request?.respond(0);
        return;
      }
      const view = request?.view as Uint8Array | null | undefined;
      const taken = view == null ? 0 : Math.min(view.byteLength, chunk.length);
      if (view != null) {
        new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(chunk.subarray(0, taken));
        request!.respond(taken);
      }
      // The stream takes a buffer for itself, and what chunks lie in belongs to many: a copy.
      if (taken < chunk.length) controller.enqueue(Uint8Array.from(chunk.subarray(taken)));
    },
    cancel: discard,
  });
}

export function writableOf(conn: Ends): WritableStream<Uint8Array | string> {
  return new WritableStream({
    // Nobody may be writing when the connection is lost.
    start: (controller) => void conn.closed().catch((error) => controller.error(error)),
    write: (chunk: unknown) => conn.write(bytesOf(chunk)),
    close: () => conn.closeWrite(),
    abort: () => conn.abort(),
  });
}

function bytesOf(chunk: unknown): Uint8Array | string {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer || chunk instanceof SharedArrayBuffer) return new Uint8Array(chunk);
  throw new OptionError('chunk', chunk, 'a text, an ArrayBuffer or a view of one');
}
