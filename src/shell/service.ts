/** A port served by shared handlers: the `serve` level. */
import { AsyncResource } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import type { OpenOptions } from '../core/api.ts';
import { EACCES } from '../core/events.ts';
import { isLoopback } from '../wire/address.ts';
import { alone } from './acceptor.ts';
import { bindAddress, checkPort, openOptions, type TcpSocketOptions } from './connect.ts';
import { inContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Acceptor, Engine } from './engine.ts';
import { systemError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { OptionError } from './option-error.ts';
import { checkHandlers } from './options/calls.ts';
import { checkFlag, checkKnown, checkNumber } from './options/check.ts';
import { checkSocketTcp, SOCKET_NAMES } from './options/tcp.ts';
import { SharedPort } from './shared-port.ts';
import { place, shown } from './shown.ts';
import type { SynHandler } from './syn-info.ts';

/** A passive OPEN. */
export interface ListenOptions extends TcpSocketOptions {
  /** Local address; default every address of the stack. */
  host?: string;
  /** Connections not yet accepted, and as many half-open ones. Default 511. */
  backlog?: number;
  /**
   * Others of this stack that say the same may listen on the same address and port: they get its connections in turn. The settings of
   * TCP and the backlog are those of the first. Without it a port has one listener: EADDRINUSE. Default false.
   */
  reusePort?: boolean;
  /** Asked before a SYN is answered: accepts, drops or resets, by address, port, TTL, options, load. */
  syn?: SynHandler;
  /** @internal Of `::`: IPv4 is not for this one. */
  ipv6Only?: boolean;
  /**
   * false: a connection is an object while a handler is called, and no longer, unless the handler gives it work (a pause, bytes that
   * wait, an end) or sets `conn.data`. So a million that have talked leave nothing on the heap. Keep no `conn` then whose `data` is not set:
   * it does nothing any more. Default true.
   */
  keepObjects?: boolean;
}

export const DEFAULT_BACKLOG = 511;
export const LISTEN_NAMES = [...SOCKET_NAMES, 'host', 'backlog', 'reusePort', 'syn', 'keepObjects', 'ipv6Only', 'port'];

/** What `serve` and `listen` take; null is absent. */
export function checkListenNames(options: ListenOptions | null): ListenOptions {
  const given = options ?? {};
  if (typeof given !== 'object') throw new OptionError('options', given, 'an object');
  checkKnown('', given, LISTEN_NAMES);
  return given;
}

/** A LISTEN row with its address. Throws the SystemError of `listen` when the port cannot be had. */
export class Listening {
  readonly row: number;
  readonly end: Endpoint;
  readonly #engine: Engine;
  readonly #leave: () => void;
  readonly #shared: boolean;
  #unrefed = false;
  #closed = false;

  constructor(engine: Engine, port: number, options: ListenOptions, acceptor: Acceptor) {
    const wanted = checkPort('port', port, 0);
    checkSocketTcp(options);
    const words = bindAddress('host', options.host);
    const { host } = options;
    const backlog = checkNumber('backlog', options.backlog, DEFAULT_BACKLOG, 0, 2 ** 31 - 1);
    const reusePort = checkFlag('reusePort', options.reusePort, false);
    const ipv6Only = checkFlag('ipv6Only', options.ipv6Only, false);
    checkFlag('keepObjects', options.keepObjects, true);
    const syn = options.syn ?? acceptor.syn;
    if (syn !== undefined && typeof syn !== 'function') throw new OptionError('syn', syn, 'a function');
    const tcp: OpenOptions = openOptions(options);
    const asked = syn === undefined ? undefined : AsyncResource.bind(syn);
    const mine: Acceptor = { ...acceptor, syn: asked, ipv6Only, maxBuffered: options.maxBuffered };
    const row = reusePort
      ? SharedPort.open(engine, words, wanted, backlog, tcp, mine)
      : engine.listen(words, wanted, backlog, tcp, alone(mine));
    if (row < 0) throw refusal(row, host ?? '::', wanted);
    this.#leave = reusePort ? () => SharedPort.leave(engine, row, mine) : () => engine.unlisten(row);
    this.row = row;
    this.end = { ...engine.endpoint(row, 0), address: options.host ?? '::', family: familyOf(options.host) };
    this.#engine = engine;
    this.#shared = !isLoopback(words);
    if (this.#shared) engine.share?.listens(this.end.port, true);
  }

  /** What console.log shows of it. */
  facts(): object {
    return { listening: this.#closed ? false : place(this.end) };
  }

  close(): void {
    if (this.#closed) return;
    this.ref();
    this.#closed = true;
    this.#leave();
    if (this.#shared) this.#engine.share?.listens(this.end.port, false);
  }

  /** Keeps the process alive (the default). */
  ref(): void {
    if (this.#unrefed && !this.#closed) this.#engine.hold();
    this.#unrefed = false;
  }

  unref(): void {
    if (!this.#unrefed && !this.#closed) this.#engine.letGo();
    this.#unrefed = true;
  }
}

function refusal(code: number, host: string, port: number): Error {
  const error = systemError(code, 'listen', host, port);
  if (code === EACCES)
    error.message += `: in mode 'shared' it is the kernel's; claim it with createStack({ ports: [${port}] })`;
  return error;
}

function familyOf(host: string | undefined): 'IPv4' | 'IPv6' {
  return host !== undefined && !host.includes(':') ? 'IPv4' : 'IPv6';
}

/** What `stack.serve` returns. Closing it stops accepting; connections live on. */
export class Service {
  /** @internal Called when it is closed, which its stack may do, too. */
  closed: (() => void) | undefined;
  readonly #listening: Listening;

  /** @internal Made by `stack.serve`. */
  constructor(engine: Engine, port: number, handlers: Handlers, options: ListenOptions | null = {}) {
    checkPort('port', port, 0);
    checkHandlers(handlers);
    const given = checkListenNames(options);
    this.#listening = new Listening(engine, port, given, {
      handlers: inContext(handlers),
      syn: handlers.syn,
      queued: false,
      brief: given.keepObjects === false,
      closed: () => this.closed?.(),
    });
  }

  /** Where it listens. */
  get port(): number {
    return this.#listening.end.port;
  }

  /** Where it listens; `::` = every address. */
  address(): Endpoint {
    return this.#listening.end;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return shown('Service', this.#listening.facts(), depth, options);
  }

  /** Stops accepting. */
  close(): void {
    this.#listening.close();
  }

  /** Keeps the process alive (the default). */
  ref(): this {
    this.#listening.ref();
    return this;
  }

  /** It does not keep the process alive. */
  unref(): this {
    this.#listening.unref();
    return this;
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
