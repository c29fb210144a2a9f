/**
 * The stream that sockets are. It fails instead of keeping more than `maxBuffered` bytes for a writer who does not look at what
 * `write` returns.
 */
import { Duplex, type Writable } from 'node:stream';
import { tooMuch } from './caps.ts';
import { checkSetting } from './options/tcp.ts';
import { readToEnd } from './read-to-end.ts';
import { duplexOptions, type SocketOptions } from './socket-options.ts';
import { refuseWritesAfterEnd } from './write-after-end.ts';

type Done = (error?: Error | null) => void;
/** What `write` and `end` are given. */
export type Write = [chunk: unknown, encoding?: BufferEncoding | Done, done?: Done];

export class CappedDuplex extends Duplex {
  #most = Number.POSITIVE_INFINITY;

  constructor(options: SocketOptions) {
    super(duplexOptions(options));
    this.on('end', refuseWritesAfterEnd);
    if (options.maxBuffered !== undefined) checkSetting('maxBuffered', options.maxBuffered);
    this.limit(options.maxBuffered ?? Number.POSITIVE_INFINITY);
  }

  /** @internal Bytes, from now on. */
  protected limit(most: number): void {
    this.#most = most;
  }

  /** Chunks until the peer ends; destroys the socket where the loop is left. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer> {
    return readToEnd(this);
  }

  /** Queues bytes or a text; false: wait for 'drain'. Destroys the socket where more than `maxBuffered` would wait. */
  override write(chunk: unknown, done?: Done): boolean;
  /** With the encoding of a text. */
  override write(chunk: unknown, encoding: BufferEncoding, done?: Done): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (this.#refuses('socket.write()', chunk, encoding, done)) return false;
    return super.write(chunk, encoding as BufferEncoding, done);
  }

  /** Sends FIN after what was written. */
  override end(done?: () => void): this;
  /** The same, after these bytes. */
  override end(chunk: unknown, done?: () => void): this;
  /** The same, after this text. */
  override end(chunk: unknown, encoding?: BufferEncoding, done?: () => void): this;
  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), done?: () => void): this {
    if (this.#refuses('socket.end()', chunk, encoding, done)) return this;
    return super.end(chunk, encoding as BufferEncoding, done);
  }

  #refuses(call: string, ...write: Write): boolean {
    return this.#most !== Number.POSITIVE_INFINITY && refuses(this, this.#most, call, ...write);
  }
}

/**
 * Whether a write is too much for a stream that may keep `most` bytes. As after any failed write the stream is over then: what comes
 * behind this chunk must not go without it.
 */
export function refuses(stream: Writable, most: number, call: string, ...[chunk, encoding, done]: Write): boolean {
  const length = lengthOf(chunk, encoding);
  const waiting = stream.writableLength;
  if (length === 0 || waiting + length <= most) return false;
  const error = tooMuch(call, length, waiting, most);
  const told = [encoding, done].find((arg) => typeof arg === 'function');
  if (told !== undefined) process.nextTick(told, error);
  stream.destroy(error);
  return true;
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
}
