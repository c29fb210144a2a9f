/** Async iteration of sockets. */
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
