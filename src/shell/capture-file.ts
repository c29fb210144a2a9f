/** Where the blocks of a capture go: a file of our own, written without waiting, or somebody's sink. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Receives the bytes of a pcapng file. */
export interface CaptureSink {
  /** The next bytes; they may be kept. */
  write(bytes: Uint8Array): unknown;
  /** No more come. */
  end?(): unknown;
}

/** A capture file with a limit per packet. */
export interface CaptureOptions {
  /** Path of the pcapng file. */
  file: string;
  /** Most bytes kept of a packet; 0 (default) = all. */
  snaplen?: number;
}

export interface OpenCapture {
  readonly snaplen: number;
  write(bytes: Uint8Array): void;
  /** Resolves when everything is on disk. */
  close(): Promise<void>;
}

export function openCapture(to: string | CaptureOptions | CaptureSink): OpenCapture {
  if (typeof to === 'object' && 'write' in to) {
    return { snaplen: 0, write: (bytes) => void to.write(bytes), close: async () => void to.end?.() };
  }
  const { file, snaplen = 0 } = typeof to === 'string' ? { file: to } : to;
  const stream = createWriteStream(file);
  return {
    snaplen,
    write: (bytes) => void stream.write(bytes),
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}
