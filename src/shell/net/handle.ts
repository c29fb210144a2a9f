/**
 * The handle of a `net.Socket` over a connection of the stack: what Node's C++ has for a kernel socket, with the same methods
 * and the same results (negative libuv numbers). Received bytes go to the native stream, and so to whoever listens there.
 */
import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { isMappedText } from '../../wire/address-text.ts';
import type { Conn } from '../conn.ts';
import { surface } from '../surface.ts';
import { numberOf } from './advice.ts';
import { afterClosing } from './closing.ts';
import { CLOSED, ENDED, FLOWING, HANDING, MAPPED, RACING, RESUMES, WANTS_REF } from './handle-bits.ts';
import { borrowing } from './handle-events.ts';
import { breatheAfterBodies } from './http-bodies.ts';
import { internals, type Request } from './internals.ts';
import { NativeReader } from './native-reader.ts';
import { drop, Race } from './race.ts';
import type { Router } from './router.ts';
import { Waiting } from './waiting.ts';
import { WriteHandle } from './write-handle.ts';

const { state, kReadBytesOrError, kArrayBufferOffset, bytesRead } = internals;
const { EADDRINUSE, EALREADY, ECANCELED, ENOBUFS } = constants.errno;

export class TcpHandle extends WriteHandle {
  /** net.Socket's note whether it reads. */
  reading = false;
  readonly #router: Router;
  #read = 0;
  #native: NativeReader | null = null;
  /** Context of the callbacks that tell of bytes. */
  readonly #resource = new AsyncResource('TCPWRAP');
  #connecting: Waiting | null = null;

  protected get busy(): boolean {
    // As libuv: who reads and was told the end waits for nothing; and unref() is about reading, not about what was asked for.
    const reading = (this.bits & (FLOWING | ENDED | WANTS_REF)) === (FLOWING | WANTS_REF) && this.failed === 0;
    return reading || this.writing || this.#connecting !== null;
  }

  constructor(router: Router) {
    super();
    this.#router = router;
  }

  /** Takes over an accepted connection. */
  adopt(conn: Conn, mapped: boolean): this {
    this.take(conn);
    if (mapped) this.bits |= MAPPED;
    return this;
  }

  /** After the 'connection' listener: nobody may want to read yet. */
  settle(): void {
    if (!this.has(FLOWING)) this.conn?.pause();
    this.hold();
  }

  // ---- opening -------------------------------------------------------------------------------------------------------

  /** A port that somebody listens on is taken, also for who connects from it: no listener of ours shares its port with others. */
  protected override place(address: string, port = 0): number {
    return port !== 0 && this.#router.listens(address, port) ? -EADDRINUSE : super.place(address, port);
  }

  connect(req: Request, address: string, port: number): number {
    if (this.request !== null) return -EALREADY;
    if (this.conn !== null) return this.#answerLater(req, this.failed); // as libuv: it is connected, whereto is not asked
    this.request = req;
    if (isMappedText(address)) this.bits |= MAPPED;
    const race = Race.of(this);
    race?.begin(this);
    const status = this.#router.connect(this, req, address, port);
    // Said later: who hears it now ends the socket, and the race with it.
    if (status !== 0 && race?.running) return this.#answerLater(req, status);
    if (status !== 0) this.request = null;
    return status;
  }

  #answerLater(req: Request, status: number): number {
    this.#connecting = new Waiting(req, 'TCPCONNECTWRAP');
    process.nextTick(() => this.#connected(status));
    return 0;
  }

  connect6(req: Request, address: string, port: number): number {
    return this.connect(req, address, port);
  }

  /** Begins with the connection that `start` dials; a libuv error when it cannot. */
  open(req: Request, start: () => Conn): number {
    if (this.isClosing()) return -ECANCELED;
    const waiting = new Waiting(req, 'TCPCONNECTWRAP');
    try {
      this.take(start());
    } catch (error) {
      return numberOf(error, this.owner as EventEmitter | undefined);
    }
    if (this.#native !== null) this.conn!.attach(borrowing);
    this.#connecting = waiting;
    this.hold();
    return 0;
  }

  // ---- reading -------------------------------------------------------------------------------------------------------

  override readStart(): number {
    if (this.has(FLOWING)) return 0;
    this.bits |= FLOWING;
    this.hold();
    if (this.has(HANDING)) this.bits |= RESUMES;
    else this.#resume();
    return 0;
  }

  override readStop(): number {
    this.bits &= ~FLOWING;
    this.conn?.pause();
    this.hold();
    return 0;
  }

  /** TLS, HTTP and HTTP/2 ask this before they attach themselves to the native stream; from then on it gets the bytes. */
  get isStreamBase(): true {
    this.#goNative().buffer = null;
    return true;
  }

  /** Not by the native stream: that hands on all it was given, also when the reader stopped after the first buffer. */
  override useUserBuffer(buffer: Uint8Array): number {
    this.#goNative().buffer = buffer;
    return 0;
  }

  #fill(bytes: Uint8Array, reader: NativeReader): void {
    let at = 0;
    while (at < bytes.length && reader.buffer !== null && this.#goesOn()) {
      const length = Math.min(reader.buffer.length, bytes.length - at);
      if (length === 0) return this.#tellFailure(-ENOBUFS); // as libuv: nothing fits, not even later
      reader.buffer.set(bytes.subarray(at, at + length));
      at += length;
      this.#read += length;
      state[kReadBytesOrError] = length;
      // It answers with the buffer that is next, if that is another; or TLS takes the stream over.
      const next = this.#told();
      reader.buffer = next ?? reader.buffer;
    }
    const rest = bytes.subarray(at);
    if (rest.length === 0 || this.has(CLOSED)) return;
    if (reader.buffer === null && this.has(FLOWING)) this.receivedBorrowed(rest);
    else reader.left = Buffer.from(rest);
  }

  /** What whoever reads answers; nothing when he throws, who gets the next part all the same. */
  #told(bytes?: ArrayBuffer): Uint8Array | undefined {
    try {
      return this.#resource.runInAsyncScope(this.onread!, this, bytes) as Uint8Array | undefined;
    } catch (error) {
      surface(error);
      return undefined;
    }
  }

  /** To C++, which runs ticks meanwhile: whoever stops and starts reading in one must not let newer text in. */
  #hand(bytes: Uint8Array): void {
    breatheAfterBodies(this.reader ?? this, this.#router.stack);
    this.bits |= HANDING;
    try {
      this.#goNative().hand(bytes, this);
    } finally {
      const resumes = this.has(RESUMES);
      this.bits &= ~(HANDING | RESUMES);
      if (resumes && this.#goesOn()) this.#resume();
    }
  }

  /** @internal Between two parts of what came together. Who stops reading gets the rest of it, as of one read of libuv's. */
  goOn(): boolean {
    this.#router.stack?.breathe();
    return !this.isClosing();
  }

  #fillLeft(): void {
    const reader = this.#native;
    const left = reader?.left;
    if (!reader || !left || !this.has(FLOWING)) return;
    reader.left = null;
    this.receivedBorrowed(left);
    if (reader.left === null && this.has(FLOWING)) this.#resume();
  }

  #goesOn(): boolean {
    return (this.bits & (FLOWING | CLOSED)) === FLOWING;
  }

  #resume(): void {
    if (this.#native?.left) process.nextTick(() => this.#fillLeft());
    else if (this.failed !== 0 && !this.unread && !this.has(ENDED)) process.nextTick(() => this.#tellFailure());
    else this.conn?.resume();
  }

  #goNative(): NativeReader {
    if (this.#native !== null) return this.#native;
    this.conn?.attach(borrowing);
    return (this.#native = new NativeReader());
  }

  get bytesRead(): number {
    return this.#read + bytesRead.call(this);
  }

  isClosing(): boolean {
    return (this.bits & (CLOSED | RACING)) === CLOSED;
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
    if (this.has(CLOSED)) return;
    this.bits |= CLOSED;
    const gone = (this.owner as { destroyed?: boolean } | undefined)?.destroyed === true;
    if (gone) Race.of(this)?.end();
    // Node takes the answer off before it closes an attempt for the next one.
    else if (this.request !== null && this.request.oncomplete === undefined) return this.#race(done);
    const { conn } = this;
    if (conn !== null) {
      if (abort) conn.abort();
      // What the process wrote it wants sent, whoever listens still; inside the process, only to who does.
      if (conn.staysHere) conn.unref();
      else conn.ref();
      conn.release(false);
      conn.data = undefined;
    }
    this.#afterClosing(() => {
      this.#connected(-ECANCELED);
      this.endWrites(-ECANCELED);
      done?.();
    });
  }

  // ---- several attempts ------------------------------------------------------------------------------------------------

  #race(done: (() => void) | undefined): void {
    this.bits |= RACING;
    if (!this.hasRef()) this.conn?.unref();
    Race.join(this);
    if (done !== undefined) this.#afterClosing(done);
  }

  /** In the handle's context, as libuv's callbacks are. */
  #afterClosing(done: () => void): void {
    afterClosing(() => this.#resource.runInAsyncScope(done));
  }

  /** @internal An earlier attempt of the same socket was first. `waiting`: our own failure is already known. */
  takeOver(conn: Conn, waiting: Waiting | undefined): void {
    if (this.conn !== null && this.failed === 0) drop(this.conn);
    this.take(conn);
    this.failed = 0;
    this.#connecting = waiting ?? this.#connecting;
    if (this.#native !== null) conn.attach(borrowing);
    this.opened();
  }

  /** @internal */
  leaveRace(): void {
    this.bits &= ~RACING;
    if (this.conn !== null) drop(this.conn);
  }

  // ---- events of the connection ----------------------------------------------------------------------------------------

  /** @internal */
  opened(): void {
    if (this.failed !== 0) return; // it did not stay so until this was said
    if (this.has(RACING)) return Race.of(this)?.won(this, this.conn!);
    if (!this.has(FLOWING)) this.conn?.pause();
    this.#connected(0);
    this.hold();
  }

  /** @internal */
  receivedBorrowed(bytes: Uint8Array): void {
    try {
      const native = this.#native;
      if (native !== null && native.buffer !== null) this.#fill(bytes, native);
      else this.#hand(bytes);
    } catch (error) {
      surface(error);
    }
  }

  /** @internal A copy that is ours already: straight to the socket, where the native stream would make another. */
  receivedOwn(bytes: Uint8Array): void {
    this.#read += bytes.length;
    state[kReadBytesOrError] = bytes.length;
    state[kArrayBufferOffset] = bytes.byteOffset;
    this.#told(bytes.buffer as ArrayBuffer);
  }

  /** @internal */
  peerEnded(): void {
    this.bits |= ENDED;
    this.hold();
    try {
      this.emitEOF();
    } catch (error) {
      surface(error);
    }
  }

  /** @internal */
  lost(error: Error | null): void {
    // In order, the peer's end came first and nobody waits; otherwise the stack was closed, or somebody aborted the connection.
    if (error === null && (this.isClosing() || (this.has(ENDED) && !this.writing))) return;
    this.fails(error);
    if (this.has(RACING)) return Race.of(this)?.lost(this, this.conn!.remoteEnd.address, this.failed);
    this.hold();
    if (this.#connecting !== null) return this.#connected(this.failed);
    if (!this.endWrites(this.failed) && (this.bits & (FLOWING | ENDED)) === FLOWING) this.#tellFailure();
  }

  #tellFailure(errno = this.failed): void {
    if (this.has(CLOSED)) return;
    const target = this.reader ?? this;
    state[kReadBytesOrError] = errno;
    target.onread?.call(target);
  }

  #connected(status: number): void {
    const waiting = this.#connecting;
    this.#connecting = null;
    this.request = null;
    if (waiting === null) return;
    const race = Race.of(this);
    if (status === 0) race?.end();
    if (status !== 0 && race?.running && !this.has(CLOSED)) race.fail(this, waiting, status);
    else waiting.answer(status, this, waiting.req, true, true);
  }
}
