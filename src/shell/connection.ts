/**
 * The promise level: a connection that is written with `await` and read with `for await`. Chunks are copies and
 * belong to the application. While nobody reads, the peer's window closes.
 */
import { ECONNRESET } from '../core/events.ts';
import { type Burst, type BurstSource, bursts, Lent } from './burst.ts';
import type { Conn } from './conn.ts';
import { ConnectionBase } from './connection-base.ts';
import { StackError, systemError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { readableOf, writableOf } from './web-streams.ts';

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Bytes kept for a reader that is between two `next` calls; beyond this the connection is paused. */
const READ_AHEAD = 256 * 1024;

/** A connection that is written with `await` and read with `for await`. Chunks are copies. While nobody reads, the peer's window closes. */
export class Connection extends ConnectionBase implements AsyncIterable<Buffer>, AsyncDisposable {
  #chunks: Buffer[] = [];
  #ready = 0;
  #ended = false;
  #discarding = false;
  #outcome: { readonly error: Error | null } | undefined;
  /** It failed, and is not read to the end yet. */
  #broken: Error | undefined;
  #reader: Waiter<Buffer | null> | undefined;
  /** Waits in `bursts()`. */
  #borrower: Waiter<Burst | null> | undefined;
  #lent: Lent | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array | string> | undefined;
  #writers: Waiter<void>[] = [];
  #closers: Waiter<void>[] = [];
  /** Others have the connection: what `read` and `write` say then. */
  #left: StackError | undefined;

  /** @internal Made by `stack.open` and listeners. */
  constructor(conn: Conn) {
    super(conn);
    conn.data = this;
    conn.attach(connectionHandlers);
  }

  /** The next chunk, or null after the peer's FIN. One call at a time. Rejects when the connection fails. */
  read(): Promise<Buffer | null> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#ready -= chunk.length;
      if (this.#ready < READ_AHEAD) this.conn.resume();
      return Promise.resolve(chunk);
    }
    return (
      this.#over() ??
      new Promise((resolve, reject) => {
        this.#reader = { resolve, reject };
        this.conn.resume();
      })
    );
  }

  /** What a reader gets who need not, or may not, wait. */
  #over(): Promise<null> | undefined {
    if (this.#ended) return Promise.resolve(null);
    if (this.#outcome !== undefined)
      return this.#outcome.error === null ? Promise.resolve(null) : Promise.reject(this.#outcome.error);
    if (this.#reader !== undefined || this.#borrower !== undefined)
      return Promise.reject(new Error('read() is already waiting'));
    return undefined;
  }

  /**
   * What comes, without a copy where that can be: `for await (const burst of conn.bursts())`. The views of a burst are lent: they are the
   * stack's again at the loop's next `await`. Leaving the loop early leaves the connection open, as with the connection itself.
   */
  bursts(): AsyncIterableIterator<Burst> {
    const source: BurstSource = (told, failed) => {
      if (this.#left !== undefined) return failed(this.#left);
      if (this.#chunks.length > 0) {
        const chunks = this.#takeAll();
        this.conn.resume();
        return told(new Lent(this.conn, chunks, false));
      }
      const over = this.#over();
      if (over !== undefined) return void over.then(told, failed);
      this.#borrower = { resolve: told, reject: failed };
      this.conn.resume();
    };
    return bursts(source);
  }

  /** The peer's bytes as a web stream; made when first asked for, and then the only reader. Cancelling throws away what still comes. */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= readableOf(this, () => this.#discard());
    return this.#readable;
  }

  /** Our bytes as a web stream: `close` sends FIN, `abort` resets. */
  get writable(): WritableStream<Uint8Array | string> {
    this.#writable ??= writableOf(this);
    return this.#writable;
  }

  /** Leaving the loop early leaves the connection open: a later loop goes on where this one stopped. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
  }

  /** Resolves at once while the send buffer has room, else when everything was taken. `bytes` may be reused then. */
  write(bytes: Uint8Array | string): Promise<void> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (this.#outcome !== undefined) return Promise.reject(this.#outcome.error ?? systemError(ECONNRESET, 'write'));
    try {
      if (this.conn.write(bytes)) return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** As `write`, and resolves when the peer's TCP has acknowledged all of it (its application may not have read it). */
  async writeAcked(bytes: Uint8Array | string): Promise<void> {
    const written = this.write(bytes);
    const acked = this.conn.acknowledged();
    acked.catch(() => {}); // `written` tells of it first
    await written;
    return acked;
  }

  /** Sends FIN after what was written; reading goes on (half-close). */
  closeWrite(): void {
    this.refuseWhenLeft();
    this.conn.end();
  }

  /**
   * Orderly end: sends FIN, throws away what still arrives and resolves when both directions are closed.
   * Rejects when the connection fails instead.
   */
  end(bytes?: Uint8Array | string): Promise<void> {
    if (this.#left !== undefined) return Promise.reject(this.#left);
    try {
      this.conn.end(bytes);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#discard();
    return this.closed();
  }

  #discard(): void {
    this.#discarding = true;
    this.#takeAll();
    this.conn.resume();
  }

  #takeAll(): Buffer[] {
    this.#ready = 0;
    return this.#chunks.splice(0);
  }

  /** @internal Bytes that came before anybody asked for them. */
  get ready(): number {
    return this.#ready;
  }

  /** Resolves when both directions are closed; rejects when the connection fails. */
  closed(): Promise<void> {
    const failure = this.#outcome?.error ?? this.#broken;
    if (failure !== undefined) return Promise.reject(failure);
    if (this.#outcome !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => this.#closers.push({ resolve, reject }));
  }

  /** Resets the connection at once. */
  abort(): void {
    this.conn.abort();
  }

  /**
   * Lets go: unread data resets the connection, else what was written and FIN still go out in the background. One that others have
   * is theirs, and goes on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outcome !== undefined || this.#left !== undefined) return;
    const unread = this.#chunks.length > 0;
    if (!unread) this.drained();
    this.conn.release(unread);
    this.#settle(null);
  }

  /** @internal Throws where others have it already. */
  refuseWhenLeft(): void {
    if (this.#left !== undefined) throw this.#left;
  }

  /**
   * @internal Goes on without this object: handlers of the serve level take over, and get first what nobody has read. A read() that
   * waits is refused, and so is every later one; what write() took goes out first; closed() tells how the connection ends.
   */
  leaveTo(handlers: Handlers): void {
    const conn = this.conn;
    this.refuseWhenLeft();
    this.#left = new StackError('ERR_USERTCP_TAKEN_OVER', 'the connection was given to pipe()');
    this.#reader?.reject(this.#left);
    this.#borrower?.reject(this.#left);
    this.#reader = this.#borrower = undefined;
    this.drained();
    conn.attach({
      ...handlers,
      close: (of, error) => {
        this.settled(error);
        handlers.close?.(of, error);
      },
    });
    conn.resume();
    for (const chunk of this.#takeAll()) handlers.data?.(conn, chunk);
    if (this.#ended) handlers.end?.(conn);
    if (this.#outcome !== undefined) handlers.close?.(conn, this.#outcome.error);
  }

  /** @internal */
  received(bytes: Buffer): void {
    if (this.#discarding || this.#lend(bytes)) return;
    const chunk = this.conn.keep(bytes);
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      return reader.resolve(chunk);
    }
    if (this.#chunks.push(chunk) === 1) this.conn.readBy(this);
    this.#ready += chunk.length;
    if (this.#ready >= READ_AHEAD) this.conn.pause();
  }

  /** To who waits in `bursts()`; what comes behind it in the same turn goes along. */
  #lend(bytes: Buffer): boolean {
    const borrower = this.#borrower;
    if (borrower === undefined) return this.#lent?.add(bytes) === true;
    this.#borrower = undefined;
    this.#lent = new Lent(this.conn, [bytes], true);
    borrower.resolve(this.#lent);
    return true;
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
    this.#borrower?.resolve(null);
    this.#reader = this.#borrower = undefined;
  }

  /** @internal */
  settled(error: Error | null): void {
    this.#settle(error);
  }

  /** @internal Only readers go on. */
  broke(error: Error): void {
    this.#broken = error;
    this.#endWriting(error);
  }

  #endWriting(error: Error | null): void {
    const lost = error ?? systemError(ECONNRESET, 'write');
    for (const writer of this.#writers) writer.reject(lost);
    for (const closer of this.#closers) {
      if (error === null) closer.resolve();
      else closer.reject(error);
    }
    this.#writers = [];
    this.#closers = [];
  }

  #settle(error: Error | null): void {
    this.#outcome = { error };
    this.#endWriting(error);
    for (const reader of [this.#reader, this.#borrower]) {
      if (error === null) reader?.resolve(null);
      else reader?.reject(error);
    }
    this.#reader = this.#borrower = undefined;
  }
}

const connectionHandlers: Handlers = {
  data: (conn, chunk) => (conn.data as Connection).received(chunk),
  drain: (conn) => (conn.data as Connection).drained(),
  end: (conn) => (conn.data as Connection).peerEnded(),
  close: (conn, error) => (conn.data as Connection).settled(error),
  broke: (conn, error) => (conn.data as Connection).broke(error),
  shutdown: (conn) => (conn.data as Connection).closeWrite(),
  urgent: (conn, what) => (conn.data as Connection).tell('onUrgent', what),
  outOfBand: (conn, octet) => {
    const connection = conn.data as Connection;
    if (connection.onOutOfBand === undefined) conn.keepOctet(octet);
    else connection.tell('onOutOfBand', octet);
  },
  state: (conn, from, to) => (conn.data as Connection).tell('onState', from, to),
  softError: (conn, error) => (conn.data as Connection).tell('onSoftError', error),
};
