/** The part of a handle that is about its connection: names, settings, and what keeps the process alive. */
import { isIPv4, isIPv6 } from 'node:net';
import { constants } from 'node:os';
import type { Conn } from '../conn.ts';
import { CONNECTING } from '../conn-flags.ts';
import type { Endpoint } from '../endpoint.ts';
import { OptionError } from '../option-error.ts';
import { CLOSED, HELD, MAPPED, RACING, WANTS_REF } from './handle-bits.ts';
import { internals, type Request } from './internals.ts';

const { ENOTCONN, EBADF, EINVAL } = constants.errno;
const SECOND = 1000;
/** libuv's TCP_KEEPCNT; its TCP_KEEPINTVL is a second. */
const PROBES = 10;

/** What was set before there was a connection, or is not the connection's to know. */
interface Wishes {
  address: string;
  port: number;
  bound: boolean;
  tos: number;
}

export abstract class ConnHandle extends internals.JSStream {
  protected conn: Conn | null = null;
  /** @internal Node's request of `connect`, until it is answered. */
  request: Request | null = null;
  /** Of handle-bits.ts. */
  protected bits = WANTS_REF | HELD;
  #wishes: Wishes | null = null;

  /** Takes a connection. */
  protected take(conn: Conn): void {
    this.conn = conn;
    conn.data = this;
    // A kernel's loopback has acknowledged a write before the next one comes; our ACK rides on the application's answer. Nagle's
    // algorithm would hold the second write until then, and programs that write twice are used to see both arrive at once.
    if (conn.staysHere) conn.setNoDelay(true);
  }

  /** Something is under way that the process is to live for. */
  protected abstract get busy(): boolean;

  protected has(bit: number): boolean {
    return (this.bits & bit) !== 0;
  }

  bind(address: string, port: number): number {
    return isIPv4(address) ? this.place(address, port) : -EINVAL;
  }

  bind6(address: string, port: number): number {
    return isIPv6(address) ? this.place(address, port) : -EINVAL;
  }

  /** `port`: Node has none when only an address was named. As libuv: 16 bits of it. */
  protected place(address: string, port = 0): number {
    Object.assign(this.#wish, { address, port: port & 0xffff, bound: true });
    return 0;
  }

  /** Where the local end is to be; empty = anywhere. */
  get bound(): { localAddress?: string; localPort?: number } {
    if (this.#wishes === null) return {};
    const { address, port } = this.#wishes;
    return {
      ...(address !== '' && address !== '0.0.0.0' && address !== '::' && { localAddress: address }),
      ...(port !== 0 && { localPort: port }),
    };
  }

  getsockname(out: Partial<Endpoint>): number {
    if (this.conn !== null) return this.#describe(this.conn.localEnd, out);
    if (!this.#wishes?.bound) return -EBADF;
    const { address, port } = this.#wishes;
    Object.assign(out, { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port });
    return 0;
  }

  getpeername(out: Partial<Endpoint>): number {
    return this.conn === null || this.conn.has(CONNECTING) ? -ENOTCONN : this.#describe(this.conn.remoteEnd, out);
  }

  setNoDelay(on: boolean): number {
    this.conn?.setNoDelay(Boolean(on));
    return 0;
  }

  /**
   * `initialDelay`, `interval` in seconds; 0 = as libuv has it: ten probes, a second apart, and what the stack has when there is no initial delay.
   * With times out of range it is on, and EINVAL.
   */
  setKeepAlive(on: boolean, initialDelay = 0, interval = 0, count = 0): number {
    const timed = initialDelay > 0;
    const apart = interval > 0 ? interval * SECOND : timed ? SECOND : undefined;
    try {
      this.conn?.setKeepAlive(Boolean(on), initialDelay * SECOND, apart, count || (timed ? PROBES : undefined));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.conn?.setKeepAlive(Boolean(on));
      return -EINVAL;
    }
    return 0;
  }

  setTypeOfService(tos: number): number {
    this.#wish.tos = tos;
    this.conn?.setTypeOfService(tos);
    return 0;
  }

  getTypeOfService(): number {
    return this.#wishes?.tos ?? 0;
  }

  setSimultaneousAccepts(): number {
    return 0;
  }

  setBlocking(): number {
    return 0;
  }

  ref(): void {
    this.bits |= WANTS_REF;
    this.hold();
  }

  unref(): void {
    this.bits &= ~WANTS_REF;
    this.hold();
  }

  hasRef(): boolean {
    return this.has(WANTS_REF);
  }

  /** As with libuv: a handle that does nothing keeps no process alive. */
  protected hold(): void {
    const { conn } = this;
    // Once it is closed, what it wrote holds the process, and not whoever waits here.
    if (conn === null || (this.bits & (CLOSED | RACING)) === CLOSED) return;
    const hold = this.busy;
    if (hold === this.has(HELD)) return;
    this.bits ^= HELD;
    if (hold) conn.ref();
    else conn.unref();
  }

  /** What the stack has; null before connect and after the end. */
  get connection(): Conn | null {
    return this.conn;
  }

  /** @internal The socket that this handle belongs to. */
  get owner(): object | undefined {
    return (this as unknown as Record<symbol, object | undefined>)[internals.owner];
  }

  get #wish(): Wishes {
    return (this.#wishes ??= { address: '', port: 0, bound: false, tos: 0 });
  }

  #describe({ address, family, port }: Endpoint, out: Partial<Endpoint>): number {
    if (address === '') return -ENOTCONN;
    const mapped = this.has(MAPPED) && family === 'IPv4';
    Object.assign(out, { address: mapped ? `::ffff:${address}` : address, family: mapped ? 'IPv6' : family, port });
    return 0;
  }
}
