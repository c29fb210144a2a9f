/** Where the blocks of a capture go: a file of our own, written without waiting, or somebody's sink. */
import { createWriteStream, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
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
  /** Path of the pcapng file. While 64 MB wait for its disk, packets are left out, and a warning says so. */
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

/** Bytes that may wait for the disk. */
const MOST = 64 * 1024 * 1024;

export function openCapture(to: string | CaptureOptions | CaptureSink): OpenCapture {
  if (typeof to === 'object' && 'write' in to) {
    return { snaplen: 0, write: (bytes) => void to.write(bytes), close: async () => void to.end?.() };
  }
  const { file, snaplen = 0 } = typeof to === 'string' ? { file: to } : to;
  return { snaplen, ...captureTo(createWriteStream(file, { fd: openToWrite(file) }), file) };
}

/** The file behind `stream`. A disk that is full ends the capture, one that is slow costs it packets: neither costs the process its life. */
export function captureTo(stream: Writable, file: string): Omit<OpenCapture, 'snaplen'> {
  const warn = (what: string): void =>
    process.emitWarning(`usertcp: the capture ${file} ${what}`, { code: 'USERTCP_CAPTURE' });
  let left = 0;
  stream.on('error', ({ message }) => warn(`is cut short: ${message}`));
  return {
    write: (block) => {
      if (stream.destroyed) return;
      if (stream.writableLength + block.length <= MOST) stream.write(block);
      else if (left++ === 0) warn('is written too slowly: 64 MB wait, and packets are left out until there is room');
    },
    close: async () => {
      if (left > 0) warn(`lacks ${left} packets, because it was written too slowly`);
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
