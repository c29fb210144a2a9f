/**
 * The socket of `node:net` over a connection of the stack: a Duplex with the same events, properties and errors.
 * Received bytes are copied once; while the reader does not read they are not credited, so the peer's window closes.
 */
import { AsyncResource } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import type { Conn } from './conn.ts';
import { type ConnectOptions, checkConnect, openTo, resolveHost } from './connect.ts';
import type { Engine } from './engine.ts';
import { StackError } from './errors.ts';
import { checkIdle, IdleTimer } from './idle-timer.ts';
import { octets } from './options/calls.ts';
import { hasText, willBeRead } from './read-to-end.ts';
import { place, shown } from './shown.ts';
import { SocketBase } from './socket-base.ts';
import type { SocketEvents } from './socket-events.ts';
import { socketHandlers, tellingStates } from './socket-handlers.ts';
import type { SocketOptions } from './socket-options.ts';

export type { SocketEvents } from './socket-events.ts';
export type { SocketOptions, SocketReadyState } from './socket-options.ts';

type Done = (error?: Error | null) => void;

/** A Duplex like node:net's Socket, over a connection of the stack. */ export class Socket extends SocketBase {
  /** Payload bytes received. */
  bytesRead = 0;
  readonly #engine: Engine;
  readonly #resource = new AsyncResource('USERTCP_SOCKET', { requireManualDestroy: false });
  #idle: IdleTimer | undefined;
  #sent = 0;
  /** Of the write under way; `writableLength` counts them until it is done. */
  #writing = 0;
  #written: Done | null = null;
  /** Bytes that waited when the idle timer, or that write, looked last. */
  #unsent = 0;
  #errored = false;
  /** The connection failed while there was something to read: writes fail by it. */
  #broken: Error | undefined;
  /** The same, and the connection has no more to read than the stream. */
  #last: Error | undefined;
  /** The stream has the peer's FIN. */
  #peerEnded = false;
  /** What `readableLength` was when read() last gave nothing. */
  #tooLittle = -1;
  /** Of the peer's address; does nothing when that is known. */
  #stopSearch: (() => void) | undefined;
  /** sendUrgent() left something over. */
  #urgentWaits = false;

  /** @internal Made by `stack.connect` and servers. */
  constructor(engine: Engine, options: SocketOptions = {}) {
    super(options);
    this.#engine = engine;
  }

  /** @internal Takes over an accepted connection. */
  adopt(conn: Conn): this {
    this.begin(conn);
    return this;
  }

  // ---- connecting ----------------------------------------------------------------------------------------------------

  /** Begins an active OPEN; 'connect' and 'ready' follow, or 'error'. */
  connect(options: ConnectOptions, listener?: () => void): this {
    if (this.conn !== null || this.connecting || this.destroyed)
      throw new StackError('ERR_USERTCP_CONNECTED', 'the socket is connected already, or destroyed');
    const checked = checkConnect(options);
    if (listener !== undefined) this.once('connect', listener);
    this.connecting = true;
    const found = this.#engine.errands.begin((closed) => this.destroy(closed));
    this.#stopSearch = found;
    const giveUp = resolveHost(this.#engine, checked, (error, words, text, family) => {
      found();
      this.#stopSearch = undefined; // it would hold the options, and what they hold, as long as the socket lives
      if (this.destroyed) return;
      if (checked.host !== undefined && checked.host !== text) {
        this.#resource.runInAsyncScope(this.emit, this, 'lookup', error, text, family, checked.host);
      } else if (error !== null) {
        this.emit('lookup', error, text, family, checked.host);
      }
      if (error !== null) return this.#failLater(error);
      this.#open(checked, words, text);
    });
    if (giveUp === undefined || this.#stopSearch === undefined) return this;
    this.#stopSearch = () => {
      found();
      giveUp();
    };
    if (this.destroyed) this.#stopSearch();
    return this;
  }

  #open(options: ConnectOptions, words: Int32Array, text: string): void {
    const handlers = this.listenerCount('state') > 0 ? tellingStates : socketHandlers;
    const conn = openTo(this.#engine, options, words, text, handlers);
    if (conn instanceof Error) this.#failLater(conn);
    else this.begin(conn);
  }

  #failLater(error: Error): void {
    process.nextTick(() => this.destroy(error));
  }

  // ---- properties ----------------------------------------------------------------------------------------------------

  /** Payload bytes handed over, buffered ones included. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }
  /** ms of inactivity after which 'timeout' is emitted; undefined = none. */
  get timeout(): number | undefined {
    return this.#idle?.ms;
  }
  /** 'timeout' after `ms` without traffic; 0 turns it off. The socket is not closed by it. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.destroyed) return this;
    (this.#idle ??= new IdleTimer(this.#engine, () => this.#idled())).set(checkIdle(ms));
    if (callback === undefined) return this;
    if (ms === 0) this.removeListener('timeout', callback);
    else this.once('timeout', callback);
    return this;
  }

  /** As node:net: a write is one call however long it takes, and what the peer acknowledges of it meanwhile is traffic. */
  #idled(): void {
    if (this.#written !== null && this.#progressed()) this.#idle?.refresh();
    else this.emit('timeout');
  }

  /** Whether fewer bytes wait, or others, than at the last look. */
  #progressed(): boolean {
    const { conn } = this;
    const before = this.#unsent;
    this.#unsent = conn === null || conn.row < 0 ? 0 : conn.pendingBytes + this.#engine.core.sendQueued(conn.row);
    return this.#unsent !== before;
  }

  /**
   * As `Conn.sendUrgent`: bytes the last of which is urgent [MUST-30]; returns how many were taken, and the rest is for after 'drain'.
   * None are while the socket connects, or what was written before still waits.
   */
  sendUrgent(bytes: Uint8Array): number {
    octets(bytes, false);
    if (this.writableEnded) throw new StackError('ERR_USERTCP_WRITE_AFTER_END', 'write after end()');
    const waits = this.connecting || this.writableLength > 0 || this.destroyed;
    const taken = waits ? 0 : (this.conn?.sendUrgent(bytes) ?? 0);
    this.#sent += taken;
    this.#urgentWaits = taken < bytes.length;
    this.#idle?.refresh();
    return taken;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { readyState, state, conn, bytesRead, bytesWritten } = this;
    const ends = conn === null ? {} : { local: place(conn.localEnd), remote: place(conn.remoteEnd) };
    return shown('Socket', { readyState, state, ...ends, bytesRead, bytesWritten }, depth, options);
  }

  // ---- ending --------------------------------------------------------------------------------------------------------

  /** Ends the writable side and destroys the socket once everything was handed over. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes with RST. */
  resetAndDestroy(): this {
    if (this.conn !== null && !this.connecting && this.#broken === undefined) this.conn.abort();
    return this.destroy();
  }

  // ---- Duplex --------------------------------------------------------------------------------------------------------

  /** @internal */ override _read(): void {
    this.conn?.resume();
  }

  /** @internal What was received before a failure is read before the failure is told. */
  override read(size?: number): ReturnType<SocketBase['read']> {
    const chunk: unknown = super.read(size);
    if (size !== 0) this.#tooLittle = chunk === null ? this.readableLength : -1;
    if (this.#last !== undefined && !hasText(this, this.#tooLittle)) this.#failBehindEnd(this.#last);
    return chunk;
  }

  /** The stream tells 'end' in a tick, and not when it has failed by then. */
  #failBehindEnd(error: Error): void {
    if (this.#peerEnded) super.read(0);
    process.nextTick(() => this.#fail(error));
  }

  #fail(error?: Error): void {
    this.#resource.runInAsyncScope(this.destroy, this, error);
  }

  /** @internal */ override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    const conn = this.conn;
    if (this.#broken !== undefined) return done(this.#broken);
    if (conn === null && this.connecting) return this.#later(() => this._write(chunk, encoding, done), done);
    this.#handed(conn?.writeOwned(chunk) ?? false, chunk.length, done);
  }

  /** @internal */ override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    const conn = this.conn;
    if (this.#broken !== undefined) return done(this.#broken);
    if (conn === null && this.connecting) return this.#later(() => this._writev(chunks, done), done);
    let whole = conn !== null;
    let length = 0;
    conn?.cork(true);
    for (const { chunk } of chunks) {
      whole = (conn?.writeOwned(chunk) ?? false) && whole;
      length += chunk.length;
    }
    conn?.cork(this.corked);
    this.#handed(whole, length, done);
  }

  /** There is no connection yet, and there may never be one: then the writer hears that. */
  #later(write: () => void, done: Done): void {
    this.#written = done;
    this.early.push(write);
  }

  /** Before 'connect' the stack has the bytes already, and a SYN with Fast Open takes them along; the writer hears after it. */
  #handed(whole: boolean, length: number, done: Done): void {
    this.#idle?.refresh();
    this.#writing = length;
    this.#written = done;
    if (!whole || this.connecting) return void this.#progressed();
    this.#wrote()?.();
    this.#urgentMayGo();
  }

  /** The Duplex tells of room only to those whose write() it refused. */
  #urgentMayGo(): void {
    if (!this.#urgentWaits || this.writableLength > 0 || this.connecting) return;
    this.#urgentWaits = false;
    if (!this.writableNeedDrain && !this.writableEnded)
      process.nextTick(() => this.#resource.runInAsyncScope(this.emit, this, 'drain'));
  }

  /** Who wrote last, if he waits still. */
  #wrote(): Done | null {
    const written = this.#written;
    this.#sent += this.#writing;
    this.#writing = 0;
    this.#written = null;
    return written;
  }

  /** @internal */ override _final(done: Done): void {
    if (this.connecting) {
      this.once('connect', () => this._final(done));
      return;
    }
    this.conn?.end();
    // Not at once: node:net's shutdown() is a round trip through libuv, and 'finish' comes after it.
    process.nextTick(done);
  }

  /** @internal */ override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connecting = false;
    this.#idle?.set(0);
    this.#stopSearch?.();
    const written = this.#wrote();
    // Both ends are through, and only acknowledgments are left.
    if (error === null && this.writableFinished && this.readableEnded) this.conn?.setLinger(null);
    this.conn?.release(this.readableLength > 0 && !this.readableEnded);
    this.#errored = error !== null;
    written?.(error ?? new StackError('ERR_USERTCP_DESTROYED', 'the socket was destroyed before this write was taken'));
    done(error);
    process.nextTick(() => this.#resource.runInAsyncScope(this.emit, this, 'close', this.#errored));
  }

  /** @internal */ protected override heedStates(conn: Conn): void {
    conn.attach(tellingStates);
    conn.wantStates();
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  /** @internal */
  connected(): void {
    this.connecting = false;
    this.#idle?.refresh();
    this.#resource.runInAsyncScope(() => {
      this.emit('connect');
      this.emit('ready');
      if (this.conn?.pendingBytes === 0) this.drained();
      if (!this.destroyed && !this.isPaused()) this.read(0);
    });
  }

  /** @internal */
  received(conn: Conn, chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.#idle?.refresh();
    if (!this.#resource.runInAsyncScope(this.push, this, chunk)) conn.pause();
  }

  /** @internal */
  drained(): void {
    const written = this.#wrote();
    this.#idle?.refresh();
    if (written !== null) this.#resource.runInAsyncScope(written, undefined);
    this.#urgentMayGo();
  }

  /** @internal News that ends nothing, such as the peer's FIN while nobody reads: nobody has to listen [SHLD-20]. */
  told<E extends keyof SocketEvents>(event: E, ...news: SocketEvents[E]): boolean {
    return this.#resource.runInAsyncScope(this.emit, this, event, ...news);
  }

  /** @internal */
  peerEnded(): void {
    this.#peerEnded = true;
    this.#tooLittle = -1; // who asks for more gets the rest
    this.#resource.runInAsyncScope(() => {
      this.push(null);
      this.read(0);
    });
  }

  /** @internal It is read on; a write that is under way fails now, and the socket with it, as node:net's. */
  broke(error: Error): void {
    this.#broken = error;
    if (this.#written !== null || this.#urgentWaits) this.#fail(error);
  }

  /** @internal */
  lost(error: Error | null): void {
    if (this.destroyed) return;
    if (error === null) return this.#over();
    this.#broken = error;
    if (this.#written === null && willBeRead(this, this.#tooLittle)) this.#last = error;
    else if (this.#peerEnded) this.#failBehindEnd(error);
    else this.#fail(error);
  }

  /** Closed in order, bytes may still wait to be read; then the stream ends by itself. Without the peer's FIN it never would. */
  #over(): void {
    const readLater = this.#peerEnded && this.readableLength > 0 && !this.readableEnded && this.writableFinished;
    if (!readLater) this.#fail(this.#broken);
  }
}
