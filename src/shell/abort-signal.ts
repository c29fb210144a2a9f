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

interface Server {
  close(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Closes a server when the signal fires, or has fired. */
export function closeWith(server: Server, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) process.nextTick(() => server.close());
  else {
    const close = (): void => void server.close();
    signal.addEventListener('abort', close, { once: true });
    server.once('close', () => signal.removeEventListener('abort', close));
  }
}
