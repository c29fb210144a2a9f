/** What may be asked and set of a socket at any time: before there is a connection it is kept, then passed on to the `Conn` beneath. */
import type { TcpInfo } from '../core/tcp/info.ts';
import { CappedDuplex } from './capped-duplex.ts';
import type { Conn } from './conn.ts';
import { KEEP_ALIVE } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import { type CongestionChoice, checkCongestion } from './options/congestion.ts';
import { applyLive, checkLive, type LiveOptions } from './options/live.ts';
import { checkKeepAlive, checkSetting } from './options/tcp.ts';
import type { AnyListener, SocketEvents } from './socket-events.ts';
import type { SocketReadyState } from './socket-options.ts';

type End = 'localAddress' | 'localPort' | 'localFamily' | 'remoteAddress' | 'remotePort' | 'remoteFamily';

export abstract class SocketBase extends CappedDuplex {
  /** A connection attempt is under way. */
  connecting = false;
  /** @internal */
  protected conn: Conn | null = null;
  /** @internal Settings made, and bytes written, before there was a connection. */
  protected early: ((conn: Conn) => void)[] = [];
  /** @internal Partial segments wait, by the user's wish. */
  protected corked = false;
  #wantsRef = true;

  /** Calls `listener` with what the event has: see SocketEvents, and Duplex's own. */
  override on<E extends keyof SocketEvents>(event: E, listener: (...args: SocketEvents[E]) => void): this;
  /** The same. */
  override on(event: string | symbol, listener: AnyListener): this;
  override on(event: string | symbol, listener: AnyListener): this {
    if (event === 'state') this.#tellStates();
    return super.on(event, listener);
  }

  /** As `on`. */
  override addListener(event: string | symbol, listener: AnyListener): this {
    return this.on(event, listener);
  }

  /** As `on`, for the next time only. */
  override once<E extends keyof SocketEvents>(event: E, listener: (...args: SocketEvents[E]) => void): this;
  /** The same. */
  override once(event: string | symbol, listener: AnyListener): this;
  override once(event: string | symbol, listener: AnyListener): this {
    return super.once(event, listener);
  }

  /** As `on`, before those that listen already. */
  override prependListener(event: string | symbol, listener: AnyListener): this {
    if (event === 'state') this.#tellStates();
    return super.prependListener(event, listener);
  }

  /** @internal Has 'state' told, from now on. */
  protected abstract heedStates(conn: Conn): void;

  #tellStates(): void {
    if (this.conn !== null && !this.destroyed) this.heedStates(this.conn);
  }

  /** @internal There is a connection now. */
  protected begin(conn: Conn): void {
    this.conn = conn;
    conn.data = this;
    if (!this.#wantsRef) conn.unref();
    for (const apply of this.early) apply(conn);
    this.early = [];
  }

  /** Not connected yet. */
  get pending(): boolean {
    return this.conn === null || this.connecting;
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
  /** Name of the RFC 9293 state of our end; 'state' tells of its changes. */
  get state(): string {
    return this.conn?.state ?? 'CLOSED';
  }

  /** Our end; empty without a connection. */ address(): Endpoint | Record<string, never> {
    const conn = this.conn;
    if (conn === null || conn.row < 0) return {};
    return { address: conn.localAddress, family: conn.localFamily, port: conn.localPort };
  }

  /** Snapshot of the TCB: RTT, windows, queue; null when there is no connection. */
  info(): TcpInfo | null {
    return this.conn?.info() ?? null;
  }

  /** Any of these, at any time, as `Conn.set`. Before 'connect' they are checked, and wait for it. */
  set(options: LiveOptions): this {
    checkLive(options, this.pending ? 'SYN_SENT' : this.state);
    const { cork, maxBuffered } = options;
    this.corked = cork ?? this.corked;
    if (maxBuffered === undefined) return this.apply((conn) => applyLive(conn, options));
    // The stream keeps to it, before the connection would.
    this.limit(maxBuffered);
    return this.apply((conn) => applyLive(conn, { ...options, maxBuffered: Number.POSITIVE_INFINITY }));
  }

  /** true: Nagle off. */ setNoDelay(on = true): this {
    return this.apply((conn) => conn.setNoDelay(Boolean(on)));
  }

  /** ms; `interval` and `count` as in newer Node versions. */
  setKeepAlive(on = false, initialDelay = 0, interval?: number, count?: number): this {
    // Here and not when the connection is there: the one who called is to hear of it.
    if (on) checkKeepAlive(initialDelay, interval ?? KEEP_ALIVE.interval, count ?? KEEP_ALIVE.count);
    return this.apply((conn) => conn.setKeepAlive(Boolean(on), initialDelay, interval, count));
  }

  /** ms that data may stay unacknowledged; 0 = by retransmissions (RFC 5482). */
  setUserTimeout(ms: number): this {
    checkSetting('userTimeout', ms);
    return this.apply((conn) => conn.setUserTimeout(ms));
  }

  /** TOS or traffic class byte. */ setTypeOfService(tos: number): this {
    checkSetting('typeOfService', tos);
    return this.apply((conn) => conn.setTypeOfService(tos));
  }

  /** A congestion controller by name, or one of your own; the window goes on as it is. */
  setCongestionControl(choice: CongestionChoice): this {
    checkCongestion('congestion', choice);
    return this.apply((conn) => conn.setCongestionControl(choice));
  }

  /** See `Conn.takeOutOfBand`: what came while nobody listened to 'outOfBand'. */
  takeOutOfBand(): number | undefined {
    return this.conn?.takeOutOfBand();
  }

  /** Keeps the process alive (the default). */ ref(): this {
    this.#wantsRef = true;
    this.conn?.ref();
    return this;
  }

  /** It does not. */ unref(): this {
    this.#wantsRef = false;
    this.conn?.unref();
    return this;
  }

  /** @internal */
  protected apply(setting: (conn: Conn) => void): this {
    if (this.conn === null) this.early.push(setting);
    else setting(this.conn);
    return this;
  }

  #end<K extends End>(key: K): Conn[K] | undefined {
    const conn = this.connecting ? null : this.conn;
    if (conn === null) return undefined;
    return conn[key] || undefined;
  }
}
