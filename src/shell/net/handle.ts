/**
 * The handle of a `net.Socket` over a connection of the stack: what Node's C++ has for a kernel socket, with the same methods
 * and the same results (negative libuv numbers). Received bytes go to the native stream, and so to whoever listens there.
 */
import { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import type { Conn } from '../conn.ts';
import { surface } from '../surface.ts';
import { ConnHandle } from './conn-handle.ts';
import { borrowing } from './handle-events.ts';
import { internals, type JsStream, type Request } from './internals.ts';
import type { Router } from './router.ts';
import { Waiting } from './waiting.ts';

const { TCP, state, kReadBytesOrError, kArrayBufferOffset, kBytesWritten, kLastWriteWasAsync, bytesRead } = internals;

const { ECANCELED, ENOTCONN, EINVAL, EBADF } = constants.errno;

export class TcpHandle extends ConnHandle {
  /** net.Socket's note whether it reads. */
  reading = false;
  /** The TLS layer that reads us instead of our socket. */
  reader: JsStream | undefined;
  readonly #router: Router;
  #flowing = false;
  #closed = false;
  #failed = 0;
  #ended = false;
  #written = 0;
  #read = 0;
  /** Somebody reads in C++: TLS, HTTP, a buffer of the user's. */
  #native = false;
  /** Context of the callbacks that tell of bytes. */
  readonly #resource = new AsyncResource('TCPWRAP');
  #write: Waiting | null = null;
  #shutdown: Waiting | null = null;
  #connecting: Waiting | null = null;

  protected get busy(): boolean {
    return this.#flowing || this.#write !== null || this.#shutdown !== null || this.#connecting !== null;
  }

  constructor(router: Router) {
    super();
    this.#router = router;
  }

  /** Takes over an accepted connection. */
  adopt(conn: Conn, mapped: boolean): this {
    this.conn = conn;
    this.mapped = mapped;
    conn.data = this;
    return this;
  }

  /** After the 'connection' listener: nobody may want to read yet. */
  settle(): void {
    if (!this.#flowing) this.conn?.pause();
    this.hold();
  }

  // ---- opening -------------------------------------------------------------------------------------------------------

  connect(req: Request, address: string, port: number): number {
    return this.#router.connect(this, req, address, port);
  }

  connect6(req: Request, address: string, port: number): number {
    return this.connect(req, address, port);
  }

  /** Begins with the connection that `start` dials; a libuv error when it cannot. */
  open(req: Request, start: () => Conn): number {
    if (this.#closed) return -ECANCELED;
    const waiting = new Waiting(req, 'TCPCONNECTWRAP');
    try {
      this.conn = start();
    } catch (error) {
      const { errno } = error as { errno?: number };
      if (errno === undefined) throw error;
      return errno;
    }
    this.conn.data = this;
    if (this.#native) this.conn.attach(borrowing);
    this.#connecting = waiting;
    this.hold();
    return 0;
  }

  // ---- reading -------------------------------------------------------------------------------------------------------

  readStart(): number {
    if (this.#flowing) return 0;
    this.#flowing = true;
    this.hold();
    if (this.#failed !== 0) process.nextTick(() => this.#tellFailure());
    else this.conn?.resume();
    return 0;
  }

  readStop(): number {
    this.#flowing = false;
    this.conn?.pause();
    this.hold();
    return 0;
  }

  onreadstart(): number {
    return this.readStart();
  }

  onreadstop(): number {
    return this.readStop();
  }

  /** TLS, HTTP and HTTP/2 ask this before they attach themselves to the native stream; from then on it gets the bytes. */
  get isStreamBase(): true {
    this.#goNative();
    return true;
  }

  override useUserBuffer(buffer: Uint8Array): number {
    this.#goNative();
    return super.useUserBuffer(buffer);
  }

  #goNative(): void {
    if (this.#native) return;
    this.#native = true;
    this.conn?.attach(borrowing);
  }

  get bytesRead(): number {
    return this.#read + bytesRead.call(this);
  }

  isClosing(): boolean {
    return this.#closed;
  }

  // ---- writing -------------------------------------------------------------------------------------------------------

  writeUtf8String(req: Request, text: string): number {
    return this.writeBuffer(req, Buffer.from(text));
  }

  writeLatin1String(req: Request, text: string): number {
    return this.writeBuffer(req, Buffer.from(text, 'latin1'));
  }

  writeAsciiString(req: Request, text: string): number {
    return this.writeLatin1String(req, text);
  }

  writeUcs2String(req: Request, text: string): number {
    return this.writeBuffer(req, Buffer.from(text, 'ucs2'));
  }

  /** `chunks`: buffers, or strings each followed by its encoding. */
  writev(req: Request, chunks: (Uint8Array | string)[], allBuffers: boolean): number {
    if (this.conn === null || this.#failed !== 0) return this.#failed || -EBADF;
    const before = this.#written;
    const whole = this.#queue(this.conn, chunks, allBuffers);
    return this.#dispatched(req, this.#written - before, whole);
  }

  /** From C++: TLS and others write here. They cannot bear an answer before this returns. */
  onwrite(req: Request, chunks: Uint8Array[]): number {
    if (this.conn === null || this.#failed !== 0) return this.#failed || -EBADF;
    this.#write = new Waiting(req, null);
    if (this.#queue(this.conn, chunks, true)) process.nextTick(() => this.#wrote(0));
    return 0;
  }

  #queue(conn: Conn, chunks: (Uint8Array | string)[], allBuffers: boolean): boolean {
    let whole = true;
    conn.cork(true);
    for (let i = 0; i < chunks.length; i += allBuffers ? 1 : 2) {
      const chunk = chunks[i]!;
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, chunks[i + 1] as BufferEncoding) : chunk;
      whole = conn.writeOwned(bytes) && whole;
      this.#written += bytes.length;
    }
    conn.cork(false);
    return whole;
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

  #end(waiting: Waiting): number {
    if (this.conn === null || this.#failed !== 0) return this.#failed || -ENOTCONN;
    this.#shutdown = waiting;
    this.conn.end();
    this.hold();
    setImmediate(() => this.#shut(0));
    return 0;
  }

  writeBuffer(req: Request, bytes: Uint8Array): number {
    if (this.conn === null || this.#failed !== 0) return this.#failed || -EBADF;
    this.#written += bytes.length;
    return this.#dispatched(req, bytes.length, this.conn.writeOwned(bytes));
  }

  #dispatched(req: Request, bytes: number, whole: boolean): number {
    state[kBytesWritten] = bytes;
    state[kLastWriteWasAsync] = whole ? 0 : 1;
    if (whole) return 0;
    this.#write = new Waiting(req, 'WRITEWRAP');
    this.hold();
    return 0;
  }

  // ---- ending --------------------------------------------------------------------------------------------------------

  close(done?: () => void): void {
    this.#give(false, done);
  }

  reset(done?: () => void): number {
    this.#give(true, done);
    return 0;
  }

  #give(abort: boolean, done: (() => void) | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const { conn } = this;
    if (conn !== null) {
      if (abort) conn.abort();
      // What the process wrote it wants sent, whoever listens still.
      conn.ref();
      conn.release(false);
      conn.data = undefined;
    }
    setImmediate(() => {
      this.#connected(-ECANCELED);
      this.#wrote(-ECANCELED);
      this.#shut(-ECANCELED);
      done?.();
    });
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  /** @internal */
  opened(): void {
    if (!this.#flowing) this.conn?.pause();
    this.#connected(0);
    this.hold();
  }

  /** @internal */
  receivedBorrowed(bytes: Uint8Array): void {
    try {
      this.readBuffer(bytes);
    } catch (error) {
      surface(error);
    }
  }

  /** @internal A copy that is ours already: straight to the socket, where the native stream would make another. */
  receivedOwn(bytes: Uint8Array): void {
    this.#read += bytes.length;
    state[kReadBytesOrError] = bytes.length;
    state[kArrayBufferOffset] = bytes.byteOffset;
    try {
      this.#resource.runInAsyncScope(this.onread!, this, bytes.buffer as ArrayBuffer);
    } catch (error) {
      surface(error);
    }
  }

  /** @internal */
  drained(): void {
    this.#wrote(0);
  }

  /** @internal */
  peerEnded(): void {
    this.#ended = true;
    try {
      this.emitEOF();
    } catch (error) {
      surface(error);
    }
  }

  /** @internal */
  lost(error: Error | null): void {
    if (error === null) return;
    this.#failed = (error as { errno?: number }).errno ?? -EINVAL;
    if (this.#connecting !== null) return this.#connected(this.#failed);
    this.#shut(this.#failed);
    if (this.#write !== null) this.#wrote(this.#failed);
    else if (this.#flowing && !this.#ended) this.#tellFailure();
  }

  #tellFailure(): void {
    if (this.#closed) return;
    const target = this.reader ?? this;
    state[kReadBytesOrError] = this.#failed;
    target.onread?.call(target);
  }

  #connected(status: number): void {
    const waiting = this.#connecting;
    this.#connecting = null;
    waiting?.answer(status, this, waiting.req, true, true);
  }

  #wrote(status: number): void {
    const waiting = this.#write;
    if (waiting === null) return;
    this.#write = null;
    this.hold();
    if (waiting.native) this.finishWrite(waiting.req, status);
    else waiting.answer(status, this, undefined);
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

// Programs and Node itself ask whether a handle is `instanceof TCP`; where our methods are, it may be one.
Object.defineProperty(TCP, Symbol.hasInstance, {
  value: (object: unknown) => object instanceof TcpHandle || Function.prototype[Symbol.hasInstance].call(TCP, object),
});
