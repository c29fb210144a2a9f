/**
 * The promise level: a connection that is written with `await` and read with `for await`. Chunks are copies and
 * belong to the application. While nobody reads, the peer's window closes.
 */
import type { TcpInfo } from '../core/api.ts';
import { ECONNRESET } from '../core/events.ts';
import type { Conn } from './conn.ts';
import { StackError, systemError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import type { CongestionChoice } from './options/congestion.ts';

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Bytes kept for a reader that is between two `next` calls; beyond this the connection is paused. */
const READ_AHEAD = 256 * 1024;

export class Connection implements AsyncIterable<Buffer>, AsyncDisposable {
  readonly #conn: Conn;
  #chunks: Buffer[] = [];
  #ready = 0;
  #ended = false;
  #discarding = false;
  #outcome: { readonly error: Error | null } | undefined;
  #reader: Waiter<Buffer | null> | undefined;
  #writers: Waiter<void>[] = [];
  #closers: Waiter<void>[] = [];
  /** Others have the connection: what `read` and `write` say then. */
  #left: StackError | undefined;

  /** Told of what goes wrong without ending the connection; see `Handlers.softError` [MUST-47]. Nobody has to listen. */
  onSoftError: ((error: Error) => void) | undefined;
  /** Told of urgent data; see `Handlers.urgent` [MUST-32]. */
  onUrgent: ((what: 0 | 1 | 2) => void) | undefined;
  /** Told of an octet out of band; see `Handlers.outOfBand`. Unset, the octet waits for `takeOutOfBand()`. */
  onOutOfBand: ((octet: number) => void) | undefined;
  #onState: ((from: string, to: string) => void) | undefined;

  /** Made by `stack.open` and listeners. */
  constructor(conn: Conn) {
    this.#conn = conn;
    conn.data = this;
    conn.attach(connectionHandlers);
  }

  /** The next chunk, or null after the peer's FIN. One call at a time. Rejects when the connection fails. */
  read(): Promise<Buffer | null> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#ready -= chunk.length;
      if (this.#ready < READ_AHEAD) this.#conn.resume();
      return Promise.resolve(chunk);
    }
    if (this.#ended) return Promise.resolve(null);
    if (this.#outcome !== undefined)
      return this.#outcome.error === null ? Promise.resolve(null) : Promise.reject(this.#outcome.error);
    if (this.#reader !== undefined) return Promise.reject(new Error('read() is already waiting'));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#conn.resume();
    });
  }

  /** Leaving the loop early leaves the connection open: a later loop goes on where this one stopped. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
  }

  /** Resolves at once while the send buffer has room, else when everything was taken. `bytes` may be reused then. */
  write(bytes: Uint8Array | string): Promise<void> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    if (this.#outcome !== undefined) return Promise.reject(this.#outcome.error ?? systemError(ECONNRESET, 'write'));
    try {
      if (this.#conn.write(bytes)) return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** As `write`, and resolves when the peer's TCP has acknowledged all of it (its application may not have read it). */
  async writeAcked(bytes: Uint8Array | string): Promise<void> {
    const written = this.write(bytes);
    const acked = this.#conn.acknowledged();
    acked.catch(() => {}); // `written` tells of it first
    await written;
    return acked;
  }

  /** Sends FIN after what was written; reading goes on (half-close). */
  closeWrite(): void {
    if (this.#left !== undefined) throw this.#left;
    this.#conn.end();
  }

  /**
   * Orderly end: sends FIN, throws away what still arrives and resolves when both directions are closed.
   * Rejects when the connection fails instead.
   */
  end(bytes?: Uint8Array | string): Promise<void> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    this.#conn.end(bytes);
    this.#discarding = true;
    this.#chunks = [];
    this.#conn.resume();
    return this.closed();
  }

  /** Resolves when both directions are closed; rejects when the connection fails. */
  closed(): Promise<void> {
    if (this.#outcome?.error != null) return Promise.reject(this.#outcome.error);
    if (this.#outcome !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => this.#closers.push({ resolve, reject }));
  }

  /** Resets the connection at once. */
  abort(): void {
    this.#conn.abort();
  }

  /**
   * Lets go: unread data resets the connection, else what was written and FIN still go out in the background. One that others have
   * is theirs, and goes on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outcome !== undefined || this.#left !== undefined) return;
    const unread = this.#chunks.length > 0;
    if (!unread) this.drained();
    this.#conn.release(unread);
    this.#settle(null);
  }

  get localAddress(): string {
    return this.#conn.localAddress;
  }
  get localPort(): number {
    return this.#conn.localPort;
  }
  get remoteAddress(): string {
    return this.#conn.remoteAddress;
  }
  get remotePort(): number {
    return this.#conn.remotePort;
  }
  /** Name of the RFC 9293 state of our end. */
  get state(): string {
    return this.#conn.state;
  }

  /** Told of changes of `state` from now on; see `Handlers.state`. */
  get onState(): ((from: string, to: string) => void) | undefined {
    return this.#onState;
  }
  set onState(told: ((from: string, to: string) => void) | undefined) {
    this.#onState = told;
    if (told !== undefined) this.#conn.wantStates();
  }

  /** Snapshot of the TCB for people; null once the connection is gone. */
  info(): TcpInfo | null {
    return this.#conn.info();
  }

  setNoDelay(on = true): this {
    this.#conn.setNoDelay(on);
    return this;
  }

  /** Times in ms. */
  setKeepAlive(on: boolean, idle?: number, interval?: number, count?: number): this {
    this.#conn.setKeepAlive(on, idle, interval, count);
    return this;
  }

  /** TOS / traffic class byte of what is sent from now on. */
  setTypeOfService(tos: number): this {
    this.#conn.setTypeOfService(tos);
    return this;
  }

  /** See `Conn.sendUrgent`. */
  sendUrgent(bytes: Uint8Array): number {
    return this.#conn.sendUrgent(bytes);
  }

  /** See `Conn.setReceiveBuffer`. */
  setReceiveBuffer(bytes: number): this {
    this.#conn.setReceiveBuffer(bytes);
    return this;
  }

  /** See `Conn.setSendBuffer`. */
  setSendBuffer(bytes: number): this {
    this.#conn.setSendBuffer(bytes);
    return this;
  }

  /** See `Conn.setMaxBuffered`: `write` rejects. */
  setMaxBuffered(bytes: number): this {
    this.#conn.setMaxBuffered(bytes);
    return this;
  }

  /** See `Conn.setUrgent`. */
  setUrgent(urgent: 'inline' | 'out-of-band'): this {
    this.#conn.setUrgent(urgent);
    return this;
  }

  /** See `Conn.takeOutOfBand`. */
  takeOutOfBand(): number | undefined {
    return this.#conn.takeOutOfBand();
  }

  /** See `Conn.discardUnsent`. */
  discardUnsent(): number {
    return this.#conn.discardUnsent();
  }

  /** A congestion controller by name ('cubic', 'bbr', …), or one of your own; the window goes on as it is. */
  setCongestionControl(choice: CongestionChoice): this {
    this.#conn.setCongestionControl(choice);
    return this;
  }

  /** @internal */
  get conn(): Conn {
    return this.#conn;
  }

  /**
   * @internal Goes on without this object: handlers of the serve level take over, and get first what nobody has read. A read() that
   * waits is refused, and so is every later one; what write() took goes out first; closed() tells how the connection ends.
   */
  leaveTo(handlers: Handlers): void {
    const conn = this.#conn;
    if (this.#left !== undefined) throw this.#left;
    this.#left = new StackError('ERR_USERTCP_TAKEN_OVER', 'the connection was given to pipe()');
    this.#reader?.reject(this.#left);
    this.#reader = undefined;
    this.drained();
    conn.attach({
      ...handlers,
      close: (of, error) => {
        this.settled(error);
        handlers.close?.(of, error);
      },
    });
    conn.resume();
    for (const chunk of this.#chunks.splice(0)) handlers.data?.(conn, chunk);
    if (this.#ended) handlers.end?.(conn);
    if (this.#outcome !== undefined) handlers.close?.(conn, this.#outcome.error);
  }

  /** @internal */
  received(bytes: Buffer): void {
    if (this.#discarding) return;
    const chunk = this.#conn.keep(bytes);
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      return reader.resolve(chunk);
    }
    this.#chunks.push(chunk);
    this.#ready += chunk.length;
    if (this.#ready >= READ_AHEAD) this.#conn.pause();
  }

  /** @internal */
  drained(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  }

  /** @internal */
  peerEnded(): void {
    this.#ended = true;
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  /** @internal */
  settled(error: Error | null): void {
    this.#settle(error);
  }

  #settle(error: Error | null): void {
    this.#outcome = { error };
    const lost = error ?? systemError(ECONNRESET, 'write');
    for (const writer of this.#writers) writer.reject(lost);
    if (error === null) this.#reader?.resolve(null);
    else this.#reader?.reject(error);
    for (const closer of this.#closers) {
      if (error === null) closer.resolve();
      else closer.reject(error);
    }
    this.#writers = [];
    this.#closers = [];
    this.#reader = undefined;
  }
}

const connectionHandlers: Handlers = {
  data: (conn, chunk) => (conn.data as Connection).received(chunk),
  drain: (conn) => (conn.data as Connection).drained(),
  end: (conn) => (conn.data as Connection).peerEnded(),
  close: (conn, error) => (conn.data as Connection).settled(error),
  shutdown: (conn) => (conn.data as Connection).closeWrite(),
  urgent: (conn, what) => (conn.data as Connection).onUrgent?.(what),
  outOfBand: (conn, octet) => {
    const { onOutOfBand } = conn.data as Connection;
    if (onOutOfBand === undefined) conn.keepOctet(octet);
    else onOutOfBand(octet);
  },
  state: (conn, from, to) => (conn.data as Connection).onState?.(from, to),
  softError: (conn, error) => (conn.data as Connection).onSoftError?.(error),
};
