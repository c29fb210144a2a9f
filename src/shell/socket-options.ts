/** What a socket is made with, besides its connection. */
import type { DuplexOptions } from 'node:stream';

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

export function duplexOptions(options: SocketOptions): DuplexOptions {
  return {
    allowHalfOpen: options.allowHalfOpen ?? false,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: true,
    ...(options.readableHighWaterMark !== undefined && { readableHighWaterMark: options.readableHighWaterMark }),
    ...(options.writableHighWaterMark !== undefined && { writableHighWaterMark: options.writableHighWaterMark }),
    ...(options.signal !== undefined && { signal: options.signal }),
  };
}
