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

/** Whether it has text, and a reader: who paused, or listens to 'readable'. As over a kernel, one that nobody ever read hears of a failure at once. */
export function willBeRead(socket: Duplex): boolean {
  return socket.readableLength > 0 && (socket.readableFlowing !== null || socket.listenerCount('readable') > 0);
}
