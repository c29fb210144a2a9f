/** What a socket is made with, besides its connection. */
import type { DuplexOptions } from 'node:stream';

export interface SocketOptions {
  /** The writable side stays open when the peer ends. Default false. */
  allowHalfOpen?: boolean;
  readableHighWaterMark?: number;
  writableHighWaterMark?: number;
  /**
   * Hard limit of a write() or end() together with what waits already (`writableLength`): one that is more destroys the socket with
   * ERR_USERTCP_MAX_BUFFERED. Default none.
   */
  maxBuffered?: number;
  signal?: AbortSignal;
}

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
