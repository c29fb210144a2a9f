/** The server of `node:net` over a LISTEN of the stack: same methods, events and errors. */
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type InspectOptions, inspect } from 'node:util';
import { abortWith, closeWith } from './abort-signal.ts';
import type { Conn } from './conn.ts';
import { checkPort, type TcpSocketOptions } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import type { Acceptor, Engine } from './engine.ts';
import { StackError } from './errors.ts';
import { OptionError } from './option-error.ts';
import { checkKnown, checkSignal } from './options/check.ts';
import { checkSocketTcp } from './options/tcp.ts';
import { LISTEN_NAMES, Listening } from './service.ts';
import { place, shown } from './shown.ts';
import { Socket, type SocketOptions } from './socket.ts';
import { socketHandlers } from './socket-handlers.ts';
import { checkSocketOptions } from './socket-options.ts';
import type { SynHandler } from './syn-info.ts';

/** Options of the sockets of a server. */
export interface ServerOptions extends SocketOptions, TcpSocketOptions {
  /** Sockets start paused. */
  pauseOnConnect?: boolean;
  /** Asked before a SYN is answered: accepts, drops or resets. */
  syn?: SynHandler;
}

/** Where a server listens. */
export interface ServerListenOptions {
  /** 0 (default) = choose. */
  port?: number;
  /** One of our addresses; default every one. */
  host?: string;
  /** Connections that wait for being accepted. Default 511. */
  backlog?: number;
  /** Other servers of this stack that say the same share the address and port. */
  reusePort?: boolean;
  /** Closes the server when it fires. */
  signal?: AbortSignal;
}

/** What a 'drop' event tells. */
export interface DropInfo {
  /** Our address. */
  localAddress: string;
  /** Our port. */
  localPort: number;
  /** Its family. */
  localFamily: 'IPv4' | 'IPv6';
  /** The peer's address. */
  remoteAddress: string;
  /** The peer's port. */
  remotePort: number;
  /** Its family. */
  remoteFamily: 'IPv4' | 'IPv6';
}

/** A server like node:net's: 'listening', 'connection', 'drop', 'error', 'close'. */
export class Server extends EventEmitter {
  /** Connections beyond this are reset and told by 'drop'; undefined and null: there is no limit. */
  maxConnections: number | null | undefined;
  readonly #engine: Engine;
  readonly #options: ServerOptions;
  readonly #sockets = new Set<Socket>();
  #listening: Listening | null = null;
  #closing = false;
  #wantsRef = true;

  /** @internal Made by `stack.createServer`. */
  constructor(engine: Engine, options: ServerOptions, onConnection?: (socket: Socket) => void) {
    super({ captureRejections: false });
    checkSocketTcp(options);
    checkSocketOptions(options);
    this.#engine = engine;
    this.#options = options;
    if (onConnection !== undefined) this.on('connection', onConnection);
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#listening !== null;
  }

  /** Begins to listen; 'listening' or 'error' follows. Throws OptionError for a wrong option. */
  listen(port?: number, host?: string, backlog?: number, callback?: () => void): this;
  /** Begins to listen. */
  listen(port?: number, host?: string, callback?: () => void): this;
  /** Begins to listen. */
  listen(port?: number, backlog?: number, callback?: () => void): this;
  /** Begins to listen. */
  listen(port?: number, callback?: () => void): this;
  /** Begins to listen. */
  listen(options: ServerListenOptions, callback?: () => void): this;
  listen(...args: unknown[]): this {
    const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
    const options = listenOptions(args);
    if (this.#listening !== null) {
      throw new StackError('ERR_USERTCP_LISTENING', 'listen() was called more than once without closing');
    }
    const port = checkPort('port', options.port ?? 0, 0);
    checkSignal(options.signal);
    if (callback !== undefined) this.once('listening', callback);
    this.#closing = false;
    try {
      this.#listening = new Listening(this.#engine, port, { ...this.#options, ...options }, this.#acceptor());
      if (!this.#wantsRef) this.#listening.unref();
    } catch (error) {
      if (error instanceof OptionError) {
        if (callback !== undefined) this.off('listening', callback);
        throw error;
      }
      process.nextTick(() => this.emit('error', error));
      return this;
    }
    const listening = this.#listening;
    process.nextTick(() => {
      if (this.#listening === listening) this.emit('listening'); // it may be closed by now, and listen anew
    });
    closeWith(this, options.signal);
    return this;
  }

  /** null when it does not listen. */
  address(): Endpoint | null {
    return this.#listening === null ? null : { ...this.#listening.end };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const listening = this.#listening === null ? false : place(this.#listening.end);
    const { maxConnections } = this;
    return shown('Server', { listening, connections: this.#sockets.size, maxConnections }, depth, options);
  }

  /** Stops accepting; 'close' and the callback follow when the last connection is gone. */
  close(callback?: (error?: Error) => void): this {
    if (callback !== undefined) {
      if (this.#listening === null) {
        const error = Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' });
        this.once('close', () => callback(error));
      } else {
        this.once('close', () => callback());
      }
    }
    const listening = this.#listening;
    this.#listening = null;
    this.#closing = true;
    listening?.close();
    this.#closeWhenEmpty();
    return this;
  }

  /** How many connections it has. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#sockets.size);
    return this;
  }

  /** Keeps the process alive (the default). */
  ref(): this {
    this.#wantsRef = true;
    this.#listening?.ref();
    return this;
  }

  /** It does not keep the process alive. */
  unref(): this {
    this.#wantsRef = false;
    this.#listening?.unref();
    return this;
  }

  /** As `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listening === null) return;
    await new Promise<void>((resolve) => this.close(() => resolve()));
  }

  /** Its connections are told in the context of `listen`, as node:net's. */
  #acceptor(): Acceptor {
    const context = new AsyncResource('USERTCP_SERVER');
    return {
      queued: false,
      handlers: { ...socketHandlers, open: (conn) => context.runInAsyncScope(this.#accept, this, conn) },
      closed: () => {
        if (this.#listening !== null) this.close();
      },
    };
  }

  #accept(conn: Conn): void {
    if (this.#sockets.size >= (this.maxConnections ?? Number.POSITIVE_INFINITY)) {
      this.emit('drop', dropInfo(conn));
      conn.release(true);
      return;
    }
    const { signal } = this.#options;
    const socket = new Socket(this.#engine, this.#options).adopt(conn);
    if (signal) abortWith(socket, signal);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#closeWhenEmpty();
    });
    if (this.#options.pauseOnConnect) {
      conn.pause();
      socket.pause();
    }
    this.emit('connection', socket);
    if (!socket.isPaused()) socket.read(0);
  }

  #closeWhenEmpty(): void {
    if (!this.#closing || this.#sockets.size > 0) return;
    this.#closing = false;
    process.nextTick(() => this.emit('close'));
  }
}

/** `exclusive` is node:net's, and says nothing where there is no cluster. */
const SERVER_NAMES = [...LISTEN_NAMES, 'signal', 'exclusive'];
/** What node:net listens on and a stack cannot. */
const KERNELS = { path: 'a Unix socket or pipe', fd: 'a descriptor' } as const;

function checkListen(given: ServerListenOptions & { path?: unknown; fd?: unknown }): ServerListenOptions {
  const { path, fd, ...options } = given;
  for (const [name, value] of Object.entries({ path, fd })) {
    if (value === undefined || value === null) continue;
    const what = KERNELS[name as keyof typeof KERNELS];
    const fix = `${what[0]!.toUpperCase()}${what.slice(1)} is the kernel's: listen there with node:net, here on a port.`;
    throw new OptionError(name, value, 'absent', fix);
  }
  checkKnown('', options, SERVER_NAMES);
  return options;
}

function listenOptions(args: readonly unknown[]): ServerListenOptions {
  const [first, second, third] = args;
  if (typeof first === 'object' && first !== null) return checkListen(first);
  const options: ServerListenOptions = {};
  if (first !== undefined && typeof first !== 'function') options.port = first as number;
  if (typeof second === 'string') options.host = second;
  const backlog = typeof second === 'number' ? second : third;
  if (typeof backlog === 'number') options.backlog = backlog;
  return options;
}

function dropInfo(conn: Conn): DropInfo {
  return {
    localAddress: conn.localAddress,
    localPort: conn.localPort,
    localFamily: conn.localFamily,
    remoteAddress: conn.remoteAddress,
    remotePort: conn.remotePort,
    remoteFamily: conn.remoteFamily,
  };
}
