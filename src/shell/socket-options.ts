/** What a socket is made with, besides its connection. */
import type { DuplexOptions } from 'node:stream';
import { checkNumber, checkSignal } from './options/check.ts';

/** Options of a socket, as a Duplex has them. */
export interface SocketOptions {
  /** The writable side stays open when the peer ends. Default false. */
  allowHalfOpen?: boolean;
  /** As Duplex's, bytes. */
  readableHighWaterMark?: number;
  /** As Duplex's, bytes. */
  writableHighWaterMark?: number;
  /**
   * Hard limit of a write() or end() together with what waits already (`writableLength`): one that is more destroys the socket with
   * ERR_USERTCP_MAX_BUFFERED. Default none.
   */
  maxBuffered?: number;
  /** Destroys the socket. */
  signal?: AbortSignal;
}

/** As node:net's. */
export type SocketReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

/** Of sockets that are made later, when nobody is there to hear of it. Throws OptionError. */
export function checkSocketOptions(options: SocketOptions): void {
  for (const name of ['readableHighWaterMark', 'writableHighWaterMark'] as const)
    checkNumber(name, options[name] ?? undefined, 0, 0, Number.MAX_SAFE_INTEGER, 'bytes');
  checkSignal(options.signal ?? undefined);
}

/** Not the signal: a stream whose signal has fired is destroyed by its constructor, before there is a socket. */
export function duplexOptions(options: SocketOptions): DuplexOptions {
  return {
    allowHalfOpen: options.allowHalfOpen ?? false,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: true,
    ...(options.readableHighWaterMark !== undefined && { readableHighWaterMark: options.readableHighWaterMark }),
    ...(options.writableHighWaterMark !== undefined && { writableHighWaterMark: options.writableHighWaterMark }),
  };
}
