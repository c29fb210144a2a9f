/** The part of a handle that writes and ends: what `net.Socket` asks, and what TLS and HTTP/2 ask from C++. */
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { LIMIT } from '../caps.ts';
import type { Conn } from '../conn.ts';
import { ENDING as ENDED_BELOW, CLOSED as OVER } from '../conn-flags.ts';
import type { SystemError } from '../errors.ts';
import { surface } from '../surface.ts';
import { answerSoon } from './answers.ts';
import { limitSocket, writerOf } from './capped.ts';
import { ConnHandle } from './conn-handle.ts';
import { CLOSED, ENDING, HTTP2 } from './handle-bits.ts';
import { isPreface } from './http2-frames.ts';
import { internals, type JsStream, type Request } from './internals.ts';
import { failureOf, testify } from './testimony.ts';
import { Waiting } from './waiting.ts';

const { state, kBytesWritten, kLastWriteWasAsync, kLastWriteErr } = internals;
const { ENOTCONN, EBADF, EPIPE } = constants.errno;
/** To Node's C++ 0 is a write that goes on, below it is an error; what is neither has been written. TLS takes all but 0 for errors. */
const WRITTEN = 1;

/** Where short text is put together on its way into the stack's own memory. */
const desk = Buffer.allocUnsafeSlow(16 * 1024);
/** Bytes that one character may take. */
const WIDEST = 3;

/** Pieces in order, one behind the other on the desk; how many bytes, -1 = there is no room for all of them. */
function gather(chunks: readonly (Uint8Array | string)[], step: 1 | 2): number {
  let at = 0;
  for (let i = 0; i < chunks.length; i += step) {
    const chunk = chunks[i]!;
    const text = typeof chunk === 'string';
    if (at + (text ? WIDEST * chunk.length : chunk.length) > desk.length) return -1;
    if (text) at += desk.write(chunk, at, chunks[i + 1] as BufferEncoding);
    else {
      desk.set(chunk, at);
      at += chunk.length;
    }
  }
  return at;
}

export abstract class WriteHandle extends ConnHandle {
  /** The TLS layer that reads us instead of our socket. */
  reader: JsStream | undefined;
  /** The libuv number of what ended the connection. */
  protected failed = 0;
  #written = 0;
  /** In order. `net.Socket` has one at a time; TLS may begin another after an empty one. */
  #writes: Waiting[] | null = null;
  #shutdown: Waiting | null = null;

  protected get writing(): boolean {
    return this.#writes !== null || this.#shutdown !== null;
  }

  /** TLS reads and writes here. */
  get sealed(): boolean {
    return this.reader !== undefined;
  }

  get http2(): boolean {
    return this.has(HTTP2);
  }

  /** @internal A peer began it. */
  acceptHttp2(): void {
    this.bits |= HTTP2;
  }

  /** @internal Node's stream brings one write at a time and keeps the others: so it is the one that has a limit. */
  [LIMIT](most: number): void {
    limitSocket(writerOf(this) ?? (this.owner as Duplex | undefined), most);
  }

  abstract readStart(): number;
  abstract readStop(): number;

  /** From C++: who reads there. */
  onreadstart(): number {
    return this.readStart();
  }

  onreadstop(): number {
    return this.readStop();
  }

  writeBuffer(req: Request | null, bytes: Uint8Array): number | Request {
    const refusal = this.#refusal;
    if (refusal !== 0) return refusal;
    this.#written += bytes.length;
    return this.#dispatched(req, bytes.length, this.conn!.writeOwned(bytes));
  }

  writeUtf8String(req: Request | null, text: string): number | Request {
    return this.#writeText(req, text, 'utf8');
  }

  writeLatin1String(req: Request | null, text: string): number | Request {
    return this.#writeText(req, text, 'latin1');
  }

  writeAsciiString(req: Request | null, text: string): number | Request {
    return this.writeLatin1String(req, text);
  }

  writeUcs2String(req: Request | null, text: string): number | Request {
    return this.#writeText(req, text, 'ucs2');
  }

  /** `chunks`: buffers, or strings each followed by its encoding. */
  writev(req: Request | null, chunks: (Uint8Array | string)[], allBuffers: boolean): number | Request {
    const refusal = this.#refusal;
    if (refusal !== 0) return refusal;
    const before = this.#written;
    const whole = this.#queue(this.conn!, chunks, allBuffers);
    return this.#dispatched(req, this.#written - before, whole);
  }

  /** From C++: TLS and HTTP/2 write here. They cannot bear an answer before this returns. */
  onwrite(req: Request, chunks: Uint8Array[]): number {
    const refusal = this.#refusal;
    if (refusal !== 0) return refusal;
    if (this.#written === 0 && isPreface(chunks[0])) this.bits |= HTTP2;
    const whole = this.#queue(this.conn!, chunks, true);
    if (whole && this.http2) return this.#takenAtOnce(chunks);
    const waiting = new Waiting(req, null, chunks);
    (this.#writes ??= []).push(waiting);
    if (whole) process.nextTick(() => this.#taken(waiting));
    return 0;
  }

  /** As a kernel takes it: HTTP/2 stops reading until it has an answer, and closes its streams in another order. */
  #takenAtOnce(chunks: Uint8Array[]): number {
    this.conn!.discard(chunks);
    return WRITTEN;
  }

  get bytesWritten(): number {
    return this.#written;
  }

  /** Bytes that wait to be taken by the stack: who is idle asks whether they get fewer. */
  get writeQueueSize(): number {
    return this.conn?.pendingBytes ?? 0;
  }

  shutdown(req: Request): number {
    return this.#end(new Waiting(req, 'SHUTDOWNWRAP'));
  }

  onshutdown(req: Request): number {
    return this.#end(new Waiting(req, null));
  }

  /** @internal What was written is the stack's, so it is sent. */
  drained(): void {
    this.#wrote(0);
  }

  /** @internal The stack closes: what is written from now on is refused. */
  stackCloses(): void {
    this.bits |= ENDING;
    this.conn?.end();
  }

  /** Tells who waits; true = somebody waited for a write. */
  protected endWrites(status: number): boolean {
    this.#shut(status);
    return this.#wrote(status);
  }

  /** Why a write is refused; libuv's numbers, in the order in which libuv looks. */
  get #refusal(): number {
    if (this.conn === null || this.has(CLOSED)) return -EBADF;
    if (this.failed !== 0) return this.failed;
    // Also where the application ended it below its socket, at `connection(socket)`.
    return this.has(ENDING) || this.conn.has(ENDED_BELOW) ? -EPIPE : 0;
  }

  /** @internal What came before is read first; who writes hears of it now, as over a kernel. */
  broke(error: Error): void {
    this.fails(error);
    this.endWrites(this.failed);
  }

  protected fails(error: Error | null): void {
    if (this.failed !== 0) return;
    this.failed = failureOf(error);
    if (error !== null && 'wire' in error)
      testify(this.owner as EventEmitter | undefined, error as SystemError, this.failed);
  }

  /** It failed, and the reader has not come to that yet. */
  protected get unread(): boolean {
    return this.failed !== 0 && this.conn?.has(OVER) === false;
  }

  #end(waiting: Waiting): number {
    // What ended the connection is for who reads or writes: libuv's answer to a shutdown is none that Node makes an error of.
    if (this.conn === null || this.has(CLOSED) || this.failed !== 0) return -ENOTCONN;
    this.#shutdown = waiting;
    this.bits |= ENDING;
    this.conn.end();
    this.hold();
    answerSoon(() => this.#shut(0));
    return 0;
  }

  #writeText(req: Request | null, text: string, encoding: BufferEncoding): number | Request {
    return text.length * WIDEST > desk.length
      ? this.writeBuffer(req, Buffer.from(text, encoding))
      : this.writev(req, [text, encoding], false);
  }

  #queue(conn: Conn, chunks: (Uint8Array | string)[], allBuffers: boolean): boolean {
    const step = allBuffers ? 1 : 2;
    const [first] = chunks;
    if (chunks.length === step && typeof first === 'object') {
      this.#written += first.length;
      return conn.writeOwned(first);
    }
    const gathered = gather(chunks, step);
    if (gathered < 0) return this.#queueEach(conn, chunks, step);
    this.#written += gathered;
    return conn.write(desk.subarray(0, gathered));
  }

  #queueEach(conn: Conn, chunks: (Uint8Array | string)[], step: 1 | 2): boolean {
    let whole = true;
    conn.cork(true);
    try {
      for (let i = 0; i < chunks.length; i += step) {
        const chunk = chunks[i]!;
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk, chunks[i + 1] as BufferEncoding) : chunk;
        whole = conn.writeOwned(bytes) && whole;
        this.#written += bytes.length;
      }
    } finally {
      conn.cork(false);
    }
    return whole;
  }

  /** `req` null: from Node 26.10 on the handle makes the request, when there is something to wait for, and returns it. */
  #dispatched(req: Request | null, bytes: number, whole: boolean): number | Request {
    state[kBytesWritten] = bytes;
    state[kLastWriteWasAsync] = whole ? 0 : 1;
    if (whole) return 0;
    const waits = req ?? { writeStatus: null };
    (this.#writes ??= []).push(new Waiting(waits, 'WRITEWRAP'));
    this.hold();
    if (req !== null) return 0;
    if (kLastWriteErr !== undefined) state[kLastWriteErr] = 0;
    return waits;
  }

  #wrote(status: number): boolean {
    const writes = this.#writes;
    if (writes === null) return false;
    this.#writes = null;
    this.hold();
    for (const waiting of writes) this.#answer(waiting, status);
    return true;
  }

  #taken(waiting: Waiting): void {
    const at = this.#writes?.indexOf(waiting) ?? -1;
    if (at < 0) return;
    this.#writes!.splice(at, 1);
    if (this.#writes!.length === 0) this.#writes = null;
    this.hold();
    this.#answer(waiting, 0);
  }

  #answer(waiting: Waiting, status: number): void {
    // Left to the collector, they would be most of what TLS costs (ADR 45).
    if (waiting.copies !== null && status === 0) this.conn!.discard(waiting.copies);
    if (!waiting.native) return waiting.answer(status, this, undefined);
    try {
      this.finishWrite(waiting.req, status);
    } catch (error) {
      surface(error); // as in Waiting
    }
  }

  #shut(status: number): void {
    const waiting = this.#shutdown;
    if (waiting === null) return;
    this.#shutdown = null;
    this.hold();
    if (waiting.native) this.finishShutdown(waiting.req, status);
    else waiting.answer(status);
  }
}
