/** AbortSignals of sockets and servers. */
import type { Duplex } from 'node:stream';
import { abortError } from './errors.ts';

/** Destroys the socket with an AbortError when the signal fires before it is closed. */
export function abortWith(socket: Duplex, signal: AbortSignal): void {
  const abort = (): void => {
    socket.destroy(abortError(signal));
  };
  if (signal.aborted) return process.nextTick(abort);
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
}

/** Closes a server when the signal fires, or has fired. */
export function closeWith(server: { close(): unknown }, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) process.nextTick(() => server.close());
  else signal.addEventListener('abort', () => server.close(), { once: true });
}
