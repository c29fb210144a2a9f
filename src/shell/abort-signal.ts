/** AbortSignals of sockets. */
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
