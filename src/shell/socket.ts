/**
 * The socket of `node:net` over a connection of the stack: a Duplex with the same events, properties and errors.
 * Received bytes are copied once; while the reader does not read they are not credited, so the peer's window closes.
 */
import { AsyncResource } from 'node:async_hooks';
import type { TcpInfo } from '../core/tcp/info.ts';
import { CappedDuplex } from './capped-duplex.ts';
import type { Conn } from './conn.ts';
import { type ConnectOptions, checkConnect, KEEP_ALIVE, openTo, resolveHost } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { StackError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { checkIdle, IdleTimer } from './idle-timer.ts';
import { type CongestionChoice, checkCongestion } from './options/congestion.ts';
import { checkKeepAlive, checkSetting } from './options/tcp.ts';
import type { SocketOptions, SocketReadyState } from './socket-options.ts';

export type { SocketOptions, SocketReadyState } from './socket-options.ts';

type Done = (error?: Error | null) => void;

/** A Duplex like node:net's Socket, over a connection of the stack. */ export class Socket extends CappedDuplex {
  /** Payload bytes received. */
  bytesRead = 0;
  /** A connection attempt is under way. */
  connecting = false;
  readonly #engine: Engine;
  readonly #resource = new AsyncResource('USERTCP_SOCKET', { requireManualDestroy: false });
  #idle: IdleTimer | undefined;
  #conn: Conn | null = null;
  #sent = 0;
  /** Of the write under way; `writableLength` counts them until it is done. */
  #writing = 0;
  #written: Done | null = null;
  #wantsRef = true;
  #errored = false;
  /** Settings made before there was a connection. */
  #early: ((conn: Conn) => void)[] = [];

  /** @internal Made by `stack.connect` and servers. */
  constructor(engine: Engine, options: SocketOptions = {}) {
    super(options);
    this.#engine = engine;
  }

  /** @internal Takes over an accepted connection. */
  adopt(conn: Conn): this {
    this.#conn = conn;
    conn.data = this;
    return this;
  }

  // ---- connecting ----------------------------------------------------------------------------------------------------

  /** Begins an active OPEN; 'connect' and 'ready' follow, or 'error'. */
  connect(options: ConnectOptions, listener?: () => void): this {
    if (this.#conn !== null || this.connecting)
      throw new StackError('ERR_USERTCP_CONNECTED', 'the socket is connected already');
    const checked = checkConnect(options);
    if (listener !== undefined) this.once('connect', listener);
    this.connecting = true;
    resolveHost(this.#engine, checked, (error, words, text, family) => {
      if (this.destroyed) return;
      if (checked.host !== undefined && checked.host !== text) {
        this.#resource.runInAsyncScope(this.emit, this, 'lookup', error, text, family, checked.host);
      } else if (error !== null) {
        this.emit('lookup', error, text, family, checked.host);
      }
      if (error !== null) return this.#failLater(error);
      this.#open(checked, words, text);
    });
    return this;
  }

  #open(options: ConnectOptions, words: Int32Array, text: string): void {
    const conn = openTo(this.#engine, options, words, text, socketHandlers);
    if (conn instanceof Error) return this.#failLater(conn);
    this.#conn = conn;
    conn.data = this;
    if (!this.#wantsRef) conn.unref();
    for (const apply of this.#early) apply(conn);
    this.#early = [];
  }

  #failLater(error: Error): void {
    process.nextTick(() => this.destroy(error));
  }

  // ---- properties ----------------------------------------------------------------------------------------------------

  /** Payload bytes handed over, buffered ones included. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }
  /** Not connected yet. */
  get pending(): boolean {
    return this.#conn === null || this.connecting;
  }
  /** As node:net's. */ get readyState(): SocketReadyState {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }
  /** Our address. */ get localAddress(): string | undefined {
    return this.#end('localAddress');
  }
  /** Our port. */ get localPort(): number | undefined {
    return this.#end('localPort');
  }
  /** Its family. */ get localFamily(): 'IPv4' | 'IPv6' | undefined {
    return this.#end('localFamily');
  }
  /** The peer's address. */ get remoteAddress(): string | undefined {
    return this.#end('remoteAddress');
  }
  /** The peer's port. */ get remotePort(): number | undefined {
    return this.#end('remotePort');
  }
  /** Its family. */ get remoteFamily(): 'IPv4' | 'IPv6' | undefined {
    return this.#end('remoteFamily');
  }
  /** ms of inactivity after which 'timeout' is emitted; undefined = none. */
  get timeout(): number | undefined {
    return this.#idle?.ms;
  }
  /** Name of the RFC 9293 state of our end. */
  get state(): string {
    return this.#conn?.state ?? 'CLOSED';
  }

  /** Our end; empty without a connection. */ address(): Endpoint | Record<string, never> {
    const conn = this.#conn;
    if (conn === null || conn.row < 0) return {};
    return { address: conn.localAddress, family: conn.localFamily, port: conn.localPort };
  }

  /** Snapshot of the TCB: RTT, windows, queue; null when there is no connection. */
  info(): TcpInfo | null {
    return this.#conn?.info() ?? null;
  }

  /** 'timeout' after `ms` without traffic; 0 turns it off. The socket is not closed by it. */
  setTimeout(ms: number, callback?: () => void): this {
    (this.#idle ??= new IdleTimer(() => this.emit('timeout'))).set(checkIdle(ms));
    if (callback === undefined) return this;
    if (ms === 0) this.removeListener('timeout', callback);
    else this.once('timeout', callback);
    return this;
  }

  /** true: Nagle off. */ setNoDelay(on = true): this {
    return this.#apply((conn) => conn.setNoDelay(Boolean(on)));
  }

  /** ms; `interval` and `count` as in newer Node versions. */
  setKeepAlive(on = false, initialDelay = 0, interval?: number, count?: number): this {
    // Here and not when the connection is there: the one who called is to hear of it.
    if (on) checkKeepAlive(initialDelay, interval ?? KEEP_ALIVE.interval, count ?? KEEP_ALIVE.count);
    return this.#apply((conn) => conn.setKeepAlive(Boolean(on), initialDelay, interval, count));
  }

  /** ms that data may stay unacknowledged; 0 = by retransmissions (RFC 5482). */
  setUserTimeout(ms: number): this {
    checkSetting('userTimeout', ms);
    return this.#apply((conn) => conn.setUserTimeout(ms));
  }

  /** TOS or traffic class byte. */ setTypeOfService(tos: number): this {
    checkSetting('typeOfService', tos);
    return this.#apply((conn) => conn.setTypeOfService(tos));
  }

  /** A congestion controller by name, or one of your own; the window goes on as it is. */
  setCongestionControl(choice: CongestionChoice): this {
    checkCongestion('congestion', choice);
    return this.#apply((conn) => conn.setCongestionControl(choice));
  }

  /** Keeps the process alive (the default). */ ref(): this {
    this.#wantsRef = true;
    this.#conn?.ref();
    return this;
  }

  /** It does not. */ unref(): this {
    this.#wantsRef = false;
    this.#conn?.unref();
    return this;
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
    if (this.#conn !== null && !this.connecting) this.#conn.abort();
    return this.destroy();
  }

  // ---- Duplex --------------------------------------------------------------------------------------------------------

  /** @internal */ override _read(): void {
    this.#conn?.resume();
  }

  /** @internal */ override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    const conn = this.#conn;
    if (conn === null && this.connecting) return void this.#early.push(() => this._write(chunk, encoding, done));
    this.#handed(conn?.writeOwned(chunk) ?? false, chunk.length, done);
  }

  /** @internal */ override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    const conn = this.#conn;
    if (conn === null && this.connecting) return void this.#early.push(() => this._writev(chunks, done));
    let whole = conn !== null;
    let length = 0;
    conn?.cork(true);
    for (const { chunk } of chunks) {
      whole = (conn?.writeOwned(chunk) ?? false) && whole;
      length += chunk.length;
    }
    conn?.cork(false);
    this.#handed(whole, length, done);
  }

  /** Before 'connect' the stack has the bytes already, and a SYN with Fast Open takes them along; the writer hears after it. */
  #handed(whole: boolean, length: number, done: Done): void {
    this.#idle?.refresh();
    this.#writing = length;
    this.#written = done;
    if (whole && !this.connecting) this.#wrote()?.();
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
    this.#conn?.end();
    // Not at once: node:net's shutdown() is a round trip through libuv, and 'finish' comes after it.
    process.nextTick(done);
  }

  /** @internal */ override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connecting = false;
    this.#idle?.set(0);
    const written = this.#wrote();
    this.#conn?.release(this.readableLength > 0 && !this.readableEnded);
    this.#errored = error !== null;
    written?.(error ?? new StackError('ERR_USERTCP_DESTROYED', 'the socket was destroyed before this write was taken'));
    done(error);
    process.nextTick(() => this.#resource.runInAsyncScope(this.emit, this, 'close', this.#errored));
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  /** @internal */
  connected(): void {
    this.connecting = false;
    this.#idle?.refresh();
    this.#resource.runInAsyncScope(() => {
      this.emit('connect');
      this.emit('ready');
      if (this.#conn?.pendingBytes === 0) this.drained();
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
  }

  /** @internal News that ends nothing, such as the peer's FIN while nobody reads: nobody has to listen [SHLD-20]. */
  told(event: 'halfclose' | 'urgent' | 'outOfBand' | 'softError', detail?: unknown): void {
    this.#resource.runInAsyncScope(this.emit, this, event, detail);
  }

  /** @internal */
  peerEnded(): void {
    this.#resource.runInAsyncScope(() => {
      this.push(null);
      this.read(0);
    });
  }

  /** @internal */
  lost(error: Error | null): void {
    if (this.destroyed) return;
    // Closed in order, bytes may still wait to be read; then the stream ends by itself.
    const readLater = this.readableLength > 0 && !this.readableEnded && this.writableFinished;
    if (error !== null) this.#resource.runInAsyncScope(this.destroy, this, error);
    else if (!readLater) this.#resource.runInAsyncScope(this.destroy, this);
  }

  #apply(setting: (conn: Conn) => void): this {
    if (this.#conn === null) this.#early.push(setting);
    else setting(this.#conn);
    return this;
  }

  #end<K extends 'localAddress' | 'localPort' | 'localFamily' | 'remoteAddress' | 'remotePort' | 'remoteFamily'>(
    key: K,
  ): Conn[K] | undefined {
    const conn = this.connecting ? null : this.#conn;
    if (conn === null) return undefined;
    return conn[key] || undefined;
  }
}

/** Shared by every socket; `conn.data` is the socket. */
export const socketHandlers: Required<Omit<Handlers, 'syn' | 'state'>> = {
  keeps: true,
  open: (conn) => (conn.data as Socket).connected(),
  data: (conn, chunk) => (conn.data as Socket).received(conn, chunk),
  halfclose: (conn) => (conn.data as Socket).told('halfclose'),
  urgent: (conn, what) => (conn.data as Socket).told('urgent', what),
  outOfBand: (conn, octet) => (conn.data as Socket).told('outOfBand', octet),
  softError: (conn, error) => (conn.data as Socket).told('softError', error),
  drain: (conn) => (conn.data as Socket).drained(),
  end: (conn) => (conn.data as Socket).peerEnded(),
  close: (conn, error) => (conn.data as Socket).lost(error),
  shutdown: (conn) => void (conn.data as Socket).end(),
};
