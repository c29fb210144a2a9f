/** Async iteration of sockets, and what they still have to give. */
import type { Duplex } from 'node:stream';

/**
 * With allowHalfOpen, reading to the end leaves the socket open for writing (node:net destroys it: nodejs/node#49073).
 * Leaving the loop early destroys it, as everywhere.
 */
export async function* readToEnd(socket: Duplex): AsyncGenerator<Buffer, undefined, undefined> {
  let whole = false;
  try {
    yield* socket.iterator({ destroyOnReturn: !socket.allowHalfOpen });
    whole = true;
  } finally {
    if (!whole) socket.destroy();
  }
}

/** Whether it has text for its reader. Who got nothing with `tooLittle` bytes left asks for more than ever comes, and has read all he will. */
export function hasText({ readableLength }: Duplex, tooLittle: number): boolean {
  return readableLength > 0 && readableLength !== tooLittle;
}

/** The same, and a reader: who paused, or listens to 'readable'. As over a kernel, one that nobody ever read hears of a failure at once. */
export function willBeRead(socket: Duplex, tooLittle: number): boolean {
  return hasText(socket, tooLittle) && (socket.readableFlowing !== null || socket.listenerCount('readable') > 0);
}
