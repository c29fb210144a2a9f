/** A running stack: what users hold. All API levels start here. */
import { type InspectOptions, inspect } from 'node:util';
import type { TcpInfo } from '../core/tcp/info.ts';
import { tryParseAddress } from '../wire/address-text.ts';
import { abortWith } from './abort-signal.ts';
import type { Conn } from './conn.ts';
import type { ConnectOptions } from './connect.ts';
import type { Connection } from './connection.ts';
import type { DhcpClient } from './dhcp/client.ts';
import { type DialOptions, dial } from './dial.ts';
import type { DnsRecordType } from './dns/parts.ts';
import type { TurnListener } from './driver.ts';
import type { Endpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { StackError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { Listener } from './listener.ts';
import { linkCounters, type Metrics } from './metrics.ts';
import { type NetCounts, sumOf } from './net/counts.ts';
import { open } from './open.ts';
import { OptionError } from './option-error.ts';
import { checkKnown, checkNumber, checkSignal } from './options/check.ts';
import { Server, type ServerOptions } from './server.ts';
import { type ListenOptions, Service } from './service.ts';
import { shown } from './shown.ts';
import { Socket, type SocketOptions } from './socket.ts';
import { UdpApi } from './udp.ts';
import { undoAll } from './undo.ts';

/** One line about a connection, for people. */
export interface ConnectionSummary {
  /** Our end. */
  readonly local: Endpoint;
  /** The peer's. */
  readonly remote: Endpoint;
  /** Name of the RFC 9293 state. */
  readonly state: string;
  /** All there is to know of it; null once it is gone. */
  readonly info: TcpInfo | null;
}

/** How a stack closes. */
export interface CloseOptions {
  /** ms that connections get to end in order; what is left is reset. Default 1000. */
  timeout?: number;
}

/** What `stack.connect` takes. */
export interface SocketConnectOptions extends ConnectOptions, SocketOptions {
  /** ms of inactivity until 'timeout'. */
  timeout?: number;
}

/** What a stack is made of; the composition root provides it. */
export interface StackParts {
  readonly engine: Engine;
  /** Addresses of ours, without prefix lengths. */
  readonly addresses: readonly string[];
  /** Name of the network interface below. */
  readonly device?: string | undefined;
  /** The core's counters by name. */
  readonly coreCounters: () => Record<string, number>;
  /** What could not be arranged and what that means. */
  readonly warnings: readonly string[];
  /** Runs `fn` after `ms`; returns what cancels it. Virtual in a simulation. */
  readonly after: (ms: number, fn: () => void) => () => void;
  /** With the option `dhcp`. */
  readonly dhcp?: DhcpClient | undefined;
  /** Gives up its part of an address that other stacks have, too, but for the connections there are. */
  readonly retire?: (() => Promise<void>) | undefined;
  /** Undone in this order once no connection is left; all of them, whichever fail. */
  readonly teardown: readonly (() => unknown)[];
}

const CLOSE_TIMEOUT = 1000;
const LONGEST_CLOSE = 2 ** 31 - 1;
/** ms for a lease to be given back. */
const GOODBYE = 500;

/** A running stack. All levels of the API start here. */
export class Stack implements AsyncDisposable {
  /** Addresses of the stack's links. */
  readonly addresses: readonly string[];
  /** What could not be arranged, or was found later, and what that means; empty when all is well. */
  readonly warnings: readonly string[];
  /** The lease and its events, with the option `dhcp`. */
  readonly dhcp: DhcpClient | undefined;
  /** Datagrams. */
  readonly udp = new UdpApi(() => this.#alive());
  /** @internal It shares its network with the kernel. */
  readonly onDevice: boolean;
  /** @internal Of each `net` over this stack. */
  readonly carried = new Set<NetCounts>();
  readonly #parts: StackParts;
  readonly #engine: Engine;
  #closing: Promise<void> | undefined;

  /** @internal Made by createStack and by the simulator. */
  constructor(parts: StackParts) {
    this.#parts = parts;
    this.#engine = parts.engine;
    this.addresses = parts.addresses;
    this.onDevice = parts.device !== undefined;
    parts.engine.witness.addresses = parts.addresses;
    this.warnings = parts.warnings;
    this.dhcp = parts.dhcp;
  }

  /**
   * Serves a port with shared handlers: the fast level, no object per connection but a small one. Port 0 = choose.
   * Throws the SystemError of `listen`, such as EADDRINUSE.
   */
  serve(port: number, handlers: Handlers, options?: ListenOptions): Service {
    return new Service(this.#alive(), port, handlers, options);
  }

  /**
   * Connects with shared handlers: the fast level, as `serve`. Returns at once; `open` or `close` follows. Throws the SystemError
   * of `connect` when it cannot even begin, such as EADDRNOTAVAIL.
   */
  dial(options: DialOptions, handlers: Handlers): Conn {
    return dial(this.#alive(), options, handlers);
  }

  /** A server of streams of ours, with the names of node:net. For what wants node:net itself: `use(stack)` of `usertcp/net` (ADR 47). */
  createServer(onConnection?: (socket: Socket) => void): Server;
  createServer(options: ServerOptions, onConnection?: (socket: Socket) => void): Server;
  createServer(first?: ServerOptions | ((socket: Socket) => void), second?: (socket: Socket) => void): Server {
    return typeof first === 'function'
      ? new Server(this.#alive(), {}, first)
      : new Server(this.#alive(), first ?? {}, second);
  }

  /** A stream of ours, with the names of node:net: returned at once, 'connect' or 'error' follows. */
  connect(options: SocketConnectOptions, onConnect?: () => void): Socket;
  connect(port: number, host?: string, onConnect?: () => void): Socket;
  connect(first: SocketConnectOptions | number, second?: string | (() => void), third?: () => void): Socket {
    const host = typeof second === 'string' ? second : undefined;
    const options: SocketConnectOptions =
      typeof first === 'object' ? first : { port: first, ...(host !== undefined && { host }) };
    const onConnect = typeof second === 'function' ? second : third;
    const { signal, timeout, ...rest } = options ?? {};
    checkSignal(signal);
    const socket = new Socket(this.#alive(), rest);
    if (signal !== undefined) abortWith(socket, signal);
    if (timeout !== undefined) socket.setTimeout(timeout);
    return socket.connect(rest, onConnect);
  }

  /** Connects and resolves when established: the promise level. */
  open(options: ConnectOptions): Promise<Connection> {
    return open(this.#alive(), options);
  }

  /** Listens at the promise level: `for await (const conn of stack.listen(80))`. Port 0 = choose. */
  listen(port: number | (ListenOptions & { port: number }), options?: ListenOptions): Listener {
    return typeof port === 'object' && port !== null
      ? new Listener(this.#alive(), port.port, port)
      : new Listener(this.#alive(), port, options);
  }

  /**
   * Asks the stack's DNS servers (`dns`, `dhcp`): texts for A, AAAA, CNAME, NS and PTR, objects for the rest. Rejects as node:dns
   * does: ENOTFOUND, ENODATA, ETIMEOUT and others.
   */
  async resolve(name: string, type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'): Promise<string[]>;
  async resolve(name: string, type: DnsRecordType): Promise<unknown[]>;
  async resolve(name: string): Promise<string[]>;
  async resolve(name: string, type: DnsRecordType = 'A'): Promise<unknown[]> {
    if (typeof name !== 'string') throw new OptionError('name', name, 'a name to look up');
    return this.#alive().resolver!.resolve(name, type);
  }

  /** Names of an address, by the stack's DNS servers. */
  async reverse(address: string): Promise<string[]> {
    if (typeof address !== 'string' || tryParseAddress(address) === undefined)
      throw new OptionError('address', address, 'an IP address such as "10.0.0.2" or "fd00::2"');
    return this.#alive().resolver!.reverse(address);
  }

  /** Every connection with its state, for people. */
  connections(): ConnectionSummary[] {
    return Array.from(this.#engine.connections(), (conn) => ({
      local: { address: conn.localAddress, family: conn.localFamily, port: conn.localPort },
      remote: { address: conn.remoteAddress, family: conn.remoteFamily, port: conn.remotePort },
      state: conn.state,
      info: conn.info(),
    }));
  }

  /** Counters of the links, the core and the loop since the start. */
  metrics(): Metrics {
    const engine = this.#engine;
    return {
      connections: engine.size,
      listeners: engine.listeners,
      rows: engine.core.connections,
      timeWaits: engine.core.timeWaits,
      halfOpens: engine.core.halfOpens,
      links: Object.fromEntries(engine.links.map((link) => [link.name, linkCounters(link)])),
      core: this.#parts.coreCounters(),
      udp: { ...engine.core.udp.counters },
      net: sumOf(this.carried),
      driver: { ...engine.driver.counts },
      memory: { ...engine.core.memory, ...engine.laden.waiting() },
    };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { size: connections, listeners } = this.#engine;
    const { addresses, warnings } = this;
    const { device } = this.#parts;
    const closed = this.#closing !== undefined;
    return shown('Stack', { device, addresses, connections, listeners, warnings, closed }, depth, options);
  }

  /** @internal Other threads have its addresses, too. */
  get sharded(): boolean {
    return this.#engine.share !== undefined;
  }

  /** @internal Resolves when the flows of a port that is to be listened on come to this stack; then what lets go of it again. */
  expect(port: number): Promise<() => void> | undefined {
    return this.#engine.share?.expect(port);
  }

  /** Sends now what the calls of this tick made due; without it that happens at the end of the tick. */
  flush(): void {
    this.#engine.driver.flush();
  }

  /** @internal Calls this between any two events that the event loop brought, from now on. */
  between(act: () => void, bursts: TurnListener | null = null): void {
    this.#engine.driver.between = act;
    this.#engine.driver.bursts = bursts;
  }

  /** @internal Does so in the middle of an event. */
  breathe(): void {
    this.#engine.driver.breathe();
  }

  /**
   * Ends everything and resolves when no connection, timer, ring or file descriptor is left. Connections get FIN and
   * `timeout` ms to end; the rest is reset. Calling it again returns the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkKnown('', options, ['timeout']);
    this.#closing ??= this.#close(checkNumber('timeout', options.timeout, CLOSE_TIMEOUT, 0, LONGEST_CLOSE, 'ms'));
    return this.#closing;
  }

  /** @internal What close() returned, once it was called. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeout: number): Promise<void> {
    this.#engine.errands.end();
    const { retire } = this.#parts;
    const steps = [
      ...(retire === undefined ? [] : [retire]),
      () => this.#endInOrder(timeout),
      () => this.#abortRest(),
      () => this.#farewell(timeout),
      () => this.#engine.driver.stop(),
    ];
    const error = await undoAll([...steps, ...this.#parts.teardown]);
    if (error !== undefined) throw error;
  }

  async #endInOrder(timeout: number): Promise<void> {
    const engine = this.#engine;
    engine.closeListeners();
    if (timeout <= 0) return;
    for (const conn of engine.connections()) conn.shutdown();
    engine.driver.flush();
    await this.#idle(timeout);
  }

  #abortRest(): void {
    for (const conn of this.#engine.connections()) conn.abort();
    this.#engine.driver.flush();
  }

  async #farewell(timeout: number): Promise<void> {
    await this.dhcp?.stop(Math.min(timeout, GOODBYE));
    this.#engine.udp.closeAll();
    this.#engine.driver.flush();
  }

  #idle(timeout: number): Promise<void> {
    const engine = this.#engine;
    if (engine.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#parts.after(timeout, resolve);
      engine.onIdle = () => {
        cancel();
        resolve();
      };
    });
  }

  #alive(): Engine {
    if (this.#closing !== undefined) throw new StackError('ERR_USERTCP_CLOSED', 'the stack is closed');
    return this.#engine;
  }
}
