/** One connection of the `serve` level: its row, handlers and a slot for the application; and bytes held while the reader pauses, or pending while the send buffer is full. */
import {
  ABORTED,
  CAPPED,
  CLOSED,
  CONNECTING,
  DELIVERING,
  END_TOLD,
  ENDING,
  FIN_ACKED,
  FIN_QUEUED,
  FORSAKEN,
  GONE,
  ORPHAN,
  PAUSED,
  PEER_ENDED,
  RESUMING,
  UNHEARD,
  UNREFED,
} from './conn-flags.ts';
import type { Endpoint } from './endpoint.ts';
import type { Acceptor, Engine } from './engine.ts';
import { failure, StackError } from './errors.ts';
import { endOf, type Handlers, lastOf, NO_HANDLERS } from './handlers.ts';
import { octets } from './options/calls.ts';
import type { Pieces } from './pieces.ts';
import { RowHandle } from './row-handle.ts';
import { surface } from './surface.ts';

/** A connection of the `serve` level. */
export class Conn extends RowHandle {
  /** For the application; the stack never looks. */
  data: unknown = undefined;
  #handlers: Handlers;
  #flags: number;
  #held: Pieces | null = null;
  #pending: Pieces | null = null;
  /** Bytes that the handler has before it, or saw while paused: resume() credits those. */
  #uncredited = 0;

  /** @internal Made by the engine. */
  constructor(engine: Engine, row: number, gen: number, handlers: Handlers, flags: number, remote?: Endpoint) {
    super(engine, row, gen, remote);
    this.#handlers = handlers;
    this.#flags = flags;
  }

  /** Queues a copy of `bytes` to be sent; strings are UTF-8. Returns false when the send buffer is full: everything is kept, `drain` follows. Never blocks. */
  write(bytes: Uint8Array | string): boolean {
    return typeof bytes === 'string' ? this.#send(Buffer.from(bytes), false) : this.#send(octets(bytes, true), true);
  }

  /** @internal As write(), for bytes that nobody changes until `drain`: the part that does not fit is not copied. */
  writeOwned(bytes: Uint8Array): boolean {
    return this.#send(bytes, false);
  }

  /** Sends FIN after what was written [and `bytes`]. Reading goes on until the peer ends, too. */
  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined) this.write(bytes);
    if (this.#flags & (ENDING | GONE)) return;
    this.#flags |= ENDING;
    if (this.#pending === null && !(this.#flags & CONNECTING)) this.#close();
  }

  /** Done with both directions: no handler but `close` is called any more. How it ends is `linger`'s to say (`set`). */
  close(): void {
    this.release(false, lastOf(this.#handlers));
  }

  /** Resets the connection; unsent data is thrown away. `close(conn, null)` follows, and nothing of what came in the same burst. */
  abort(): void {
    if (this.#flags & GONE) return this.#finish(null);
    this.#flags |= ABORTED;
    this.#handlers = endOf(this.#handlers);
    this.#pending = this.#held = null;
    this.engine.core.callAbort(this.row, this.engine.driver.now());
    this.engine.driver.touch();
  }

  /** Stops delivery. What still arrives is held, the peer's window closes [MAY-8]; `close` waits until it is read, after a reset, too, but see `Handlers.close`. */
  pause(): void {
    this.#flags |= PAUSED;
  }

  /** Goes on: what was held is delivered first, in a microtask. */
  resume(): void {
    if (!(this.#flags & PAUSED)) return;
    this.#flags &= ~PAUSED;
    this.#credit();
    const endHeld = (this.#flags & (PEER_ENDED | END_TOLD)) === PEER_ENDED;
    if ((this.#held === null && !endHeld && !(this.#flags & GONE)) || this.#flags & RESUMING) return;
    this.#flags |= RESUMING;
    queueMicrotask(() => {
      this.#flags &= ~RESUMING;
      this.#deliverHeld();
    });
  }

  /** A write that is more than `bytes` with `pendingBytes` throws ERR_USERTCP_MAX_BUFFERED and takes nothing; Infinity = no limit. */
  setMaxBuffered(bytes: number): this {
    this.#flags = this.engine.caps.set(this, bytes) ? this.#flags | CAPPED : this.#flags & ~CAPPED;
    return this;
  }

  /** @internal */
  override has(flags: number): boolean {
    return (this.#flags & flags) !== 0;
  }

  /** `pause()` was called. */
  get paused(): boolean {
    return (this.#flags & PAUSED) !== 0;
  }

  /** Written and not yet taken by the core. */
  get pendingBytes(): number {
    return this.#pending?.bytes ?? 0;
  }
  /** Bytes received and not yet seen by the handler. */
  get heldBytes(): number {
    return this.#held?.bytes ?? 0;
  }

  /** Keeps the process alive (the default). */
  ref(): this {
    if ((this.#flags & (UNREFED | CLOSED)) === UNREFED) this.engine.hold();
    this.#flags &= ~(UNREFED | FORSAKEN);
    return this;
  }

  /** It does not. */
  unref(): this {
    if ((this.#flags & (UNREFED | CLOSED)) === 0) this.engine.letGo();
    this.#flags = (this.#flags | UNREFED) & ~FORSAKEN;
    return this;
  }

  /** @internal Nobody waits for it. */
  forsake(): void {
    this.unref().#flags |= FORSAKEN;
  }

  /** @internal */
  attach(handlers: Handlers): void {
    this.#handlers = this.#flags & ABORTED ? endOf(handlers) : handlers;
  }

  /** @internal The stack closes. */
  shutdown(): void {
    if (this.#flags & CONNECTING) this.abort();
    else if (this.#handlers.shutdown !== undefined) this.#handlers.shutdown(this);
    else this.end();
  }

  /** @internal Nobody looks any more. With unread bytes (`unread`: in the caller's own buffer) this resets [SHLD-3]; otherwise what was written goes out, then FIN. */
  release(unread: boolean, last = NO_HANDLERS): void {
    if (this.#flags & (CLOSED | ORPHAN)) return;
    this.#credit();
    if (!(this.#flags & (GONE | CONNECTING)) && this.engine.lingering.take(this, last)) return;
    this.#handlers = last;
    this.#flags |= last === NO_HANDLERS ? ORPHAN | UNHEARD : ORPHAN;
    if (this.#flags & GONE) return this.#finish(null);
    if (unread || this.#held !== null || this.#flags & CONNECTING) return this.abort();
    this.end();
    this.engine.core.callGiveUpReading(this.row, this.engine.driver.now());
    this.engine.driver.touch();
    this.#settle();
  }

  /** @internal EV_ACCEPT, EV_CONNECT */
  opened(): void {
    this.#flags &= ~CONNECTING;
    this.#call(() => this.#handlers.open?.(this));
    if (this.#pending !== null || this.#flags & ENDING) this.drained();
  }

  /** @internal EV_DATA; `next` = bytes of the piece that follows at once, 0 = none does. */
  received(region: number, offset: number, length: number, next: number): void {
    if (this.#flags & (ORPHAN | ABORTED)) return this.engine.slab.drop();
    const view = this.view(region, offset, length);
    this.engine.longFrames.saw(length, this.#handlers.keeps);
    const chunk = this.#handlers.keeps ? this.engine.slab.join(view, next) : view;
    if (chunk === null) return;
    if ((this.#flags & PAUSED) === 0 && this.#held === null) return this.#deliver(chunk);
    (this.#held ??= this.engine.laden.pieces(this)).push(chunk === view ? this.keep(view) : chunk);
  }

  /** @internal EV_END */
  peerEnded(): void {
    this.#flags |= PEER_ENDED;
    this.#call(() => this.#handlers.halfclose?.(this));
    if (!(this.#flags & PAUSED) && this.#held === null) this.#tellEnd();
  }

  /** @internal EV_DRAIN */
  drained(): void {
    while (this.#pending !== null) {
      const piece = this.#pending.first;
      if (piece.length === 0) return this.abort(); // somebody transferred its memory away
      const taken = this.hand(piece);
      if (taken < 0) return void (this.#pending = null);
      this.#pending.advance(taken);
      if (taken < piece.length) return;
      if (this.#pending.bytes === 0) this.#pending = null;
    }
    if (this.#flags & ENDING) this.#close();
    this.#call(() => this.#handlers.drain?.(this));
  }

  /** @internal EV_ALL_ACKED with our FIN */
  finAcked(): void {
    this.#flags |= FIN_ACKED;
    this.#settle();
  }

  /** @internal EV_URGENT, EV_SOFT_ERROR */
  news(tell: (handlers: Handlers) => void): void {
    this.#call(() => tell(this.#handlers));
  }

  /** @internal EV_CLOSED: the row is not ours any more. A reader who has to catch up hears of it when he has, also of a failure (ADR 58). */
  gone(words: Int32Array, at: number): void {
    const error = failure(words, at, this.#flags & CONNECTING, this);
    const endTold = (this.#flags & PEER_ENDED) === 0 || (this.#flags & (END_TOLD | ORPHAN | ABORTED)) !== 0;
    const told = this.#handlers.broke !== undefined;
    const stays = error === null ? words[at + 3] === 0 : this.engine.unread.mayRead(this, words[at + 3]!, told);
    this.#flags |= GONE;
    this.#pending = null;
    if (!stays || (this.#held === null && endTold)) return this.#finish(error);
    this.leaveRow();
    this.engine.unread.keep(this, error);
    if (error !== null) this.#call(() => this.#handlers.broke?.(this, error)); // who writes hears of it now
  }

  /** @internal Nothing is lost when it is made anew for the next event. True = this object is dead from now on. */
  retire(usual: Acceptor): boolean {
    const waits = (this.#held ?? this.#pending) !== null || this.#uncredited !== 0 || this.engine.octets.waits(this);
    const { acks, caps, lingering } = this.engine;
    const changed = this.#handlers !== usual.handlers || caps.of(this) !== usual.maxBuffered || lingering.has(this);
    if (waits || changed || acks.waits(this) || this.#flags & ~CAPPED) return false;
    this.#flags = GONE | CLOSED;
    this.row = -1;
    return true;
  }

  protected override mayOffer(): boolean {
    if (this.#flags & ENDING) throw new StackError('ERR_USERTCP_WRITE_AFTER_END', 'write after end()');
    return (this.#flags & (GONE | CONNECTING)) === 0 && this.#pending === null;
  }

  #send(bytes: Uint8Array, mustCopy: boolean): boolean {
    if (this.#flags & ENDING) throw new StackError('ERR_USERTCP_WRITE_AFTER_END', 'write after end()');
    if (this.#flags & CAPPED) this.engine.caps.check(this, bytes.length, this.pendingBytes);
    if (this.#flags & GONE || bytes.length === 0) return this.#pending === null;
    let taken = 0;
    if (this.#pending === null) {
      taken = this.hand(bytes);
      if (taken === bytes.length) return true;
      if (taken < 0) return false;
    }
    const rest = mustCopy ? this.keep(bytes.subarray(taken)) : bytes.subarray(taken);
    (this.#pending ??= this.engine.laden.pieces(this)).push(rest);
    return false;
  }

  #close(): void {
    if (this.#flags & (FIN_QUEUED | GONE)) return;
    this.#flags |= FIN_QUEUED;
    this.engine.core.callClose(this.row, this.engine.driver.now());
    this.engine.driver.touch();
  }

  #deliver(chunk: Buffer): void {
    this.#flags |= DELIVERING;
    this.#uncredited += chunk.length;
    try {
      this.#handlers.data?.(this, chunk);
    } catch (error) {
      this.#threw(error);
    }
    this.#flags &= ~DELIVERING;
    if (!(this.#flags & PAUSED)) this.#credit();
  }

  /** What the handler saw is read; to give up now loses nothing. */
  #credit(): void {
    if (this.#uncredited === 0 || this.#flags & (GONE | ORPHAN)) return;
    this.engine.core.callConsumed(this.row, this.#uncredited, this.engine.driver.now());
    this.#uncredited = 0;
    this.engine.driver.touch();
  }

  #deliverHeld(): void {
    while (this.#held !== null && !(this.#flags & (PAUSED | CLOSED | ORPHAN | DELIVERING))) {
      const chunk = this.#held.shift() as Buffer;
      if (chunk.length === 0) return this.abort(); // as above: better an end than a gap
      if (this.#held.bytes === 0) this.#held = null;
      this.#deliver(chunk);
    }
    if (this.#held !== null || this.#flags & (PAUSED | CLOSED | ORPHAN)) return;
    if (this.#flags & PEER_ENDED) this.#tellEnd();
    if (this.#flags & GONE) this.#finish(this.engine.unread.endOf(this));
  }

  #tellEnd(): void {
    if (this.#flags & END_TOLD) return;
    this.#flags |= END_TOLD;
    try {
      if (this.#handlers.end === undefined) this.end();
      else this.#handlers.end(this);
    } catch (error) {
      this.#threw(error);
    }
    this.#settle();
  }

  /** Done for the application once both directions are: TIME_WAIT is the core's business. */
  #settle(): void {
    if (this.#flags & FIN_ACKED && this.#flags & (END_TOLD | ORPHAN)) this.#finish(null);
  }

  #finish(error: Error | null): void {
    if (this.#flags & CLOSED) return;
    this.#flags |= CLOSED | GONE;
    this.#held = null;
    this.engine.forget(this, (this.#flags & UNREFED) === 0, error);
    this.row = Math.min(~this.row, -1); // its ends may be asked for until `close` returns
    try {
      this.#handlers.close?.(this, error);
    } catch (thrown) {
      surface(thrown);
    }
    this.row = -1;
  }

  /** For what is rare; `data` has its own try block. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#threw(error);
    }
  }

  #threw(error: unknown): void {
    surface(error);
    this.abort();
  }
}
