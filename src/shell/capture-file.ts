/** Where the blocks of a capture go: a file of our own, written without waiting, or somebody's sink. */
import { createWriteStream, openSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { OptionError } from './option-error.ts';

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
  /** Resolves when everything is on disk; rejects with what kept it from there. */
  close(): Promise<void>;
}

export function openCapture(to: string | CaptureOptions | CaptureSink): OpenCapture {
  if (typeof to === 'object' && 'write' in to) {
    return { snaplen: 0, write: (bytes) => void to.write(bytes), close: async () => void to.end?.() };
  }
  const { file, snaplen = 0 } = typeof to === 'string' ? { file: to } : to;
  const stream = createWriteStream(file, { fd: openToWrite(file) });
  // A disk that is full ends the capture, not the process.
  stream.on('error', ({ message }) => {
    process.emitWarning(`usertcp: the capture ${file} is cut short: ${message}`, { code: 'USERTCP_CAPTURE' });
  });
  return {
    snaplen,
    write: (bytes) => void (stream.destroyed || stream.write(bytes)),
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}

function openToWrite(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw new OptionError('capture', file, 'the path of a file that can be written', (error as Error).message);
  }
}
