/** The part of a handle that is about its connection: names, settings, and what keeps the process alive. */
import { constants } from 'node:os';
import type { Conn } from '../conn.ts';
import type { Endpoint } from '../endpoint.ts';
import { internals } from './internals.ts';

const { ENOTCONN, EBADF } = constants.errno;
const SECOND = 1000;

export abstract class ConnHandle extends internals.JSStream {
  /** Programs ask for it; there is none. */
  readonly fd = -1;
  protected conn: Conn | null = null;
  /** Accepted on `::`, where IPv4 peers are shown as mapped addresses. */
  protected mapped = false;
  #bound: { address: string; port: number } | null = null;
  #wantsRef = true;
  #held = true;
  #tos = 0;

  /** Takes a connection. */
  protected take(conn: Conn): void {
    this.conn = conn;
    conn.data = this;
    // A kernel's loopback has acknowledged a write before the next one comes; our ACK rides on the application's answer. Nagle's
    // algorithm would hold the second write until then, and programs that write twice are used to see both arrive at once.
    if (conn.staysHere) conn.setNoDelay(true);
  }

  /** Something is under way. */
  protected abstract get busy(): boolean;

  bind(address: string, port: number): number {
    this.#bound = { address, port };
    return 0;
  }

  bind6(address: string, port: number): number {
    return this.bind(address, port);
  }

  /** Where the local end is to be; empty = anywhere. */
  get bound(): { localAddress?: string; localPort?: number } {
    const { address, port } = this.#bound ?? { address: '', port: 0 };
    return {
      ...(address !== '' && address !== '0.0.0.0' && address !== '::' && { localAddress: address }),
      ...(port !== 0 && { localPort: port }),
    };
  }

  getsockname(out: Partial<Endpoint>): number {
    if (this.conn !== null) return this.#describe(this.conn.localEnd, out);
    if (this.#bound === null) return -EBADF;
    const { address, port } = this.#bound;
    Object.assign(out, { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port });
    return 0;
  }

  getpeername(out: Partial<Endpoint>): number {
    return this.conn === null ? -ENOTCONN : this.#describe(this.conn.remoteEnd, out);
  }

  setNoDelay(on: boolean): number {
    this.conn?.setNoDelay(on);
    return 0;
  }

  /** `initialDelay`, `interval` in seconds, as setsockopt() has them; 0 = the default. */
  setKeepAlive(on: boolean, initialDelay = 0, interval = 0, count = 0): number {
    const ms = interval > 0 ? interval * SECOND : undefined;
    this.conn?.setKeepAlive(on, initialDelay * SECOND, ms, count || undefined);
    return 0;
  }

  setTypeOfService(tos: number): number {
    this.#tos = tos;
    this.conn?.setTypeOfService(tos);
    return 0;
  }

  getTypeOfService(): number {
    return this.#tos;
  }

  setSimultaneousAccepts(): number {
    return 0;
  }

  setBlocking(): number {
    return 0;
  }

  ref(): void {
    this.#wantsRef = true;
    this.hold();
  }

  unref(): void {
    this.#wantsRef = false;
    this.hold();
  }

  hasRef(): boolean {
    return this.#wantsRef;
  }

  /** As with libuv: a handle that does nothing keeps no process alive. */
  protected hold(): void {
    const { conn } = this;
    if (conn === null) return;
    const hold = this.#wantsRef && this.busy;
    if (hold === this.#held) return;
    this.#held = hold;
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

  #describe({ address, family, port }: Endpoint, out: Partial<Endpoint>): number {
    if (address === '') return -ENOTCONN;
    const mapped = this.mapped && family === 'IPv4';
    Object.assign(out, { address: mapped ? `::ffff:${address}` : address, family: mapped ? 'IPv6' : family, port });
    return 0;
  }
}
