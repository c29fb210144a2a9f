/** What may be asked and set of a connection of the promise level at any time, passed on to the `Conn` beneath. */
import { AsyncResource } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import type { TcpInfo } from '../core/tcp/info.ts';
import type { Conn } from './conn.ts';
import { checkFunction } from './options/calls.ts';
import type { CongestionChoice } from './options/congestion.ts';
import type { LiveOptions } from './options/live.ts';
import { shown } from './shown.ts';

export abstract class ConnectionBase {
  /** @internal */
  readonly conn: Conn;
  /** Told of what goes wrong without ending the connection; see `Handlers.softError` [MUST-47]. Nobody has to listen. */
  onSoftError: ((error: Error) => void) | undefined;
  /** Told of urgent data; see `Handlers.urgent` [MUST-32]. */
  onUrgent: ((what: 0 | 1 | 2) => void) | undefined;
  /** Told of an octet out of band; see `Handlers.outOfBand`. Unset, the octet waits for `takeOutOfBand()`. */
  onOutOfBand: ((octet: number) => void) | undefined;
  #onState: ((from: string, to: string) => void) | undefined;
  /** Of `open`, or of the loop that took it. */
  readonly #context = new AsyncResource('USERTCP_CONNECTION');

  constructor(conn: Conn) {
    this.conn = conn;
  }

  /** Our address. */
  get localAddress(): string {
    return this.conn.localAddress;
  }
  /** Our port. */
  get localPort(): number {
    return this.conn.localPort;
  }
  /** The peer's address. */
  get remoteAddress(): string {
    return this.conn.remoteAddress;
  }
  /** The peer's port. */
  get remotePort(): number {
    return this.conn.remotePort;
  }
  /** Name of the RFC 9293 state of our end. */
  get state(): string {
    return this.conn.state;
  }

  /** Told of changes of `state` from now on; see `Handlers.state`. */
  get onState(): ((from: string, to: string) => void) | undefined {
    return this.#onState;
  }
  /** undefined: nobody is told any more. */
  set onState(told: ((from: string, to: string) => void) | undefined) {
    checkFunction('onState', told);
    this.#onState = told;
    if (told !== undefined) this.conn.wantStates();
  }

  /** @internal Whoever wants to hear of it does so in the context that the connection was made in. */
  tell(what: 'onState' | 'onUrgent' | 'onOutOfBand' | 'onSoftError', ...news: unknown[]): void {
    const told = this[what] as ((...all: unknown[]) => void) | undefined;
    if (told !== undefined) this.#context.runInAsyncScope(told, this, ...news);
  }

  /** Snapshot of the TCB for people; null once the connection is gone. */
  info(): TcpInfo | null {
    return this.conn.info();
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return shown('Connection', this.conn.facts(), depth, options);
  }

  /** See `Conn.set`: any option, at any time. */
  set(options: LiveOptions): this {
    this.conn.set(options);
    return this;
  }

  /** true: small writes leave at once (Nagle off). */
  setNoDelay(on = true): this {
    this.conn.setNoDelay(on);
    return this;
  }

  /** Times in ms. */
  setKeepAlive(on: boolean, idle?: number, interval?: number, count?: number): this {
    this.conn.setKeepAlive(on, idle, interval, count);
    return this;
  }

  /** TOS / traffic class byte of what is sent from now on. */
  setTypeOfService(tos: number): this {
    this.conn.setTypeOfService(tos);
    return this;
  }

  /** See `Conn.sendUrgent`. */
  sendUrgent(bytes: Uint8Array): number {
    return this.conn.sendUrgent(bytes);
  }

  /** See `Conn.setReceiveBuffer`. */
  setReceiveBuffer(bytes: number): this {
    this.conn.setReceiveBuffer(bytes);
    return this;
  }

  /** See `Conn.setSendBuffer`. */
  setSendBuffer(bytes: number): this {
    this.conn.setSendBuffer(bytes);
    return this;
  }

  /** See `Conn.setMaxBuffered`: `write` rejects. */
  setMaxBuffered(bytes: number): this {
    this.conn.setMaxBuffered(bytes);
    return this;
  }

  /** See `Conn.setUrgent`. */
  setUrgent(urgent: 'inline' | 'out-of-band'): this {
    this.conn.setUrgent(urgent);
    return this;
  }

  /** See `Conn.takeOutOfBand`. */
  takeOutOfBand(): number | undefined {
    return this.conn.takeOutOfBand();
  }

  /** See `Conn.discardUnsent`. */
  discardUnsent(): number {
    return this.conn.discardUnsent();
  }

  /** A congestion controller by name ('cubic', 'bbr', …), or one of your own; the window goes on as it is. */
  setCongestionControl(choice: CongestionChoice): this {
    this.conn.setCongestionControl(choice);
    return this;
  }
}
