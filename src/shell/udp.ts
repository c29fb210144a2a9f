/** Datagrams: `stack.udp`. A socket shows what arrives where it lies in the receive ring, or, as dgram does, as a copy. */
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type InspectOptions, inspect } from 'node:util';
import { EV_DATAGRAM, EV_UDP_DRAIN, EV_UDP_ERROR, REGION_ARENA } from '../core/events.ts';
import type { UdpBinding } from '../core/udp/sockets.ts';
import { isLoopback, isMapped, sameAddress } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';
import { bindAddress, checkPort } from './connect.ts';
import type { Endpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { StackError, type SystemError, systemError } from './errors.ts';
import { OptionError } from './option-error.ts';
import { checkFunction, octets } from './options/calls.ts';
import { checkFlag, checkKnown, checkNumber, checkSignal } from './options/check.ts';
import { place, shown } from './shown.ts';
import type { IcmpFacts } from './wire-facts.ts';

/** What a UDP socket is bound with. */
export interface UdpOptions {
  /** 0 (default) = one that nobody can guess. */
  port?: number;
  /** Local address; default every address of the stack. */
  address?: string;
  /** Other sockets that say so, too, may have the same port. */
  reuseAddress?: boolean;
  /** May send to broadcast addresses. */
  broadcast?: boolean;
  /** TTL or hop limit, 1 to 255. Default 64. */
  ttl?: number;
  /** TOS / traffic class byte. */
  typeOfService?: number;
  /** Closes the socket. */
  signal?: AbortSignal;
  /** @internal Sends to groups from 0.0.0.0: a host that has no address yet. */
  nameless?: boolean;
}

/** Who sent a datagram, and how it came: dgram's rinfo and a little more. */
export interface DatagramInfo extends Endpoint {
  /** Bytes of data. */
  readonly size: number;
  /** Our address that it was sent to, or a group. */
  readonly destination: string;
  /** Name of the link it came by. */
  readonly link: string;
  /** TTL or hop limit as it arrived. */
  readonly ttl: number;
  /** TOS or traffic class byte as it arrived. */
  readonly typeOfService: number;
}

/** `bytes` points into the receive ring and is valid during the call only. */
export type DatagramHandler = (bytes: Buffer, from: DatagramInfo, socket: UdpSocket) => void;

/** Why a datagram did not get there; `mtu` with EMSGSIZE. */
export interface DatagramError extends SystemError {
  /** What came by ICMP. */
  icmp?: IcmpFacts;
  /** With EMSGSIZE: largest packet that gets there, bytes. */
  mtu?: number;
}

interface UdpEvents {
  message: [bytes: Buffer, from: DatagramInfo];
  error: [error: DatagramError];
  drain: [];
  close: [];
}

const NAMES = [
  'port',
  'address',
  'reuseAddress',
  'broadcast',
  'ttl',
  'typeOfService',
  'signal',
  'nameless',
] as const satisfies readonly (keyof UdpOptions)[];
/** Bytes queued from which on `send` says that it is enough. */
const ENOUGH = 1 << 20;

/** A UDP socket: 'message', 'error', 'drain', 'close'. */
export class UdpSocket extends EventEmitter<UdpEvents> {
  /** @internal */
  readonly context = new AsyncResource('USERTCP_UDP');
  readonly #engine: Engine;
  readonly #binding: UdpBinding;
  readonly #end: Endpoint;
  readonly #lastRemote = new Int32Array(4);
  #lastText = '';
  #remote: Endpoint | undefined;
  #handler: DatagramHandler | undefined;
  #closed = false;
  #unrefed = false;

  /** @internal Made by `stack.udp.bind`. */
  constructor(engine: Engine, options: UdpOptions) {
    super();
    const port = checkPort('port', options.port ?? 0, 0);
    const words = bindAddress('address', options.address);
    checkSignal(options.signal);
    const binding = engine.core.udp.bind(words, port, {
      ttl: checkNumber('ttl', options.ttl, 0, 1, 255),
      tos: checkNumber('typeOfService', options.typeOfService, 0, 0, 255),
      reuse: checkFlag('reuseAddress', options.reuseAddress, false),
      broadcast: checkFlag('broadcast', options.broadcast, false),
      nameless: checkFlag('nameless', options.nameless, false),
    });
    if (typeof binding === 'number') throw systemError(binding, 'bind', options.address ?? '::', port);
    this.#engine = engine;
    this.#binding = binding;
    const address = options.address ?? '::';
    this.#end = { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: binding.port };
    engine.udp.add(binding, this);
    engine.hold();
    this.#obey(options.signal);
  }

  /** Where the socket is bound. */
  address(): Endpoint {
    return this.#end;
  }

  /** Where it is bound. */
  get port(): number {
    return this.#end.port;
  }

  /** The peer of a connected socket. */
  get remote(): Endpoint | undefined {
    return this.#remote;
  }

  /** Bytes that have not left yet, headers included. */
  get queuedBytes(): number {
    return this.#binding.queued;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const bound = this.#closed ? false : place(this.#end);
    return shown('UdpSocket', { bound, remote: this.#remote && place(this.#remote) }, depth, options);
  }

  /** Gets every datagram without a copy. Instead of 'message', whose bytes may be kept. */
  onMessage(handler: DatagramHandler | undefined): this {
    checkFunction('onMessage', handler);
    this.#handler = handler;
    return this;
  }

  /**
   * Sends one datagram; the bytes are copied. Without port and address to the connected peer. `source`: one of our addresses.
   * Returns false when much is queued: it is kept, 'drain' follows. Throws what is known at once, such as EMSGSIZE; what
   * comes back by ICMP is an 'error' event where somebody listens for it.
   */
  send(bytes: Uint8Array | string, port?: number, address?: string, source?: string): boolean {
    if (this.#closed) throw new StackError('ERR_USERTCP_CLOSED', 'the socket is closed');
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : octets(bytes, true);
    const to = address === undefined ? null : literal('address', address);
    const from = source === undefined ? null : literal('source', source);
    const at = to === null ? 0 : checkPort('port', port, 1);
    const { core, driver } = this.#engine;
    const result = core.udp.send(this.#binding, data, 0, data.length, to, at, from);
    if (result < 0) throw systemError(result, 'send', address ?? this.#remote?.address, port ?? this.#remote?.port);
    driver.touch();
    if (this.#binding.queued <= ENOUGH) return true;
    core.udp.wantDrain(this.#binding);
    return false;
  }

  /** @internal Calls back when nothing is queued any more, though `send` never said that it was enough. */
  onDrain(drained: () => void): void {
    this.#engine.core.udp.wantDrain(this.#binding);
    this.once('drain', drained);
  }

  /** Only datagrams of this peer arrive from now on, and errors about it are told. */
  connect(port: number, address: string): this {
    const words = literal('address', address);
    this.#engine.core.udp.connect(this.#binding, words, checkPort('port', port, 1));
    this.#remote = { address: formatAddress(words), family: isMapped(words) ? 'IPv4' : 'IPv6', port };
    return this;
  }

  /** Every peer again. */
  disconnect(): this {
    this.#engine.core.udp.connect(this.#binding, new Int32Array(4), 0);
    this.#remote = undefined;
    return this;
  }

  /** What was sent still leaves. 'close' follows. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.core.udp.close(this.#binding);
    this.#engine.udp.remove(this.#binding);
    if (!this.#unrefed) this.#engine.letGo();
    queueMicrotask(() => this.emit('close'));
  }

  /** Keeps the process alive (the default). */
  ref(): this {
    if (this.#unrefed && !this.#closed) this.#engine.hold();
    this.#unrefed = false;
    return this;
  }

  /** It does not keep the process alive. */
  unref(): this {
    if (!this.#unrefed && !this.#closed) this.#engine.letGo();
    this.#unrefed = true;
    return this;
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  // ---- for the engine -------------------------------------------------------------------------------------------------

  /** @internal EV_DATAGRAM */
  arrived(region: number, offset: number, length: number, peer: number): void {
    const { core, links, slab } = this.#engine;
    const memory = region === REGION_ARENA ? core.arena : links[region]!.rxMemory;
    const bytes = Buffer.from(memory.buffer, memory.byteOffset + offset, length);
    const from = this.#info(peer, length);
    if (this.#handler !== undefined) this.#handler(bytes, from, this);
    else if (this.listenerCount('message') > 0) this.emit('message', slab.keep(bytes), from);
  }

  /** @internal EV_UDP_ERROR [RFC 1122 §4.1.3.3] */
  failed(code: number, icmp: number, mtu: number, peer: number): void {
    if (this.listenerCount('error') === 0) return;
    const { peers } = this.#engine.core.udp;
    const address = formatAddress(peers.words, peers.remote(peer));
    const error: DatagramError = systemError(code, 'send', address, peers.port(peer));
    if (icmp !== 0) error.icmp = { type: icmp >> 8, code: icmp & 0xff };
    if (mtu !== 0) error.mtu = mtu;
    this.emit('error', error);
  }

  #info(peer: number, size: number): DatagramInfo {
    const { core, links } = this.#engine;
    const { peers } = core.udp;
    const remote = peers.remote(peer);
    // Most datagrams come from where the one before came from.
    if (this.#lastText === '' || !sameAddress(this.#lastRemote, 0, peers.words, remote)) {
      this.#lastRemote.set(peers.words.subarray(remote, remote + 4));
      this.#lastText = formatAddress(this.#lastRemote);
    }
    return {
      address: this.#lastText,
      family: isMapped(this.#lastRemote) ? 'IPv4' : 'IPv6',
      port: peers.port(peer),
      size,
      destination: formatAddress(peers.words, peers.local(peer)),
      link: links[peers.link(peer)]!.name,
      ttl: peers.ttl(peer),
      typeOfService: peers.tos(peer),
    };
  }

  #obey(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const close = (): void => this.close();
    if (signal.aborted) return queueMicrotask(close);
    signal.addEventListener('abort', close, { once: true });
    this.once('close', () => signal.removeEventListener('abort', close));
  }
}

/** `stack.udp`. */
export class UdpApi {
  readonly #engine: () => Engine;

  /** @internal `engine` throws once the stack is closed. */
  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  /** Binds a port. Throws the SystemError of `bind`, such as EADDRINUSE. */
  bind(options: UdpOptions | number = {}): UdpSocket {
    const wanted = typeof options === 'number' ? { port: options } : options;
    if (typeof wanted !== 'object' || wanted === null) throw new OptionError('options', wanted, 'an object, or a port');
    checkKnown('', wanted, NAMES);
    const engine = this.#engine();
    if (engine.shared && !isLoopback(bindAddress('address', wanted.address))) {
      throw new StackError(
        'ERR_USERTCP_SHARED_UDP',
        "mode 'shared' leaves UDP to the kernel: use node:dgram, or give the stack an address of its own (mode: 'own')",
      );
    }
    return new UdpSocket(engine, wanted);
  }
}

/** The sockets of an engine, by the core's numbers. */
export class UdpTable {
  readonly #sockets: (UdpSocket | undefined)[] = [];
  readonly #generations: number[] = [];

  add({ id, gen }: UdpBinding, socket: UdpSocket): void {
    this.#sockets[id] = socket;
    this.#generations[id] = gen;
  }

  remove({ id }: UdpBinding): void {
    this.#sockets[id] = undefined;
  }

  closeAll(): void {
    for (const socket of this.#sockets) socket?.close();
  }

  dispatch(words: Int32Array, at: number): void {
    const id = words[at + 1]!;
    const socket = this.#sockets[id];
    if (socket === undefined || this.#generations[id] !== words[at + 2]) return;
    try {
      socket.context.runInAsyncScope(tell, undefined, socket, words, at);
    } catch (error) {
      // A handler's error is the application's: it becomes an uncaught exception and the stack's loop goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

function tell(socket: UdpSocket, words: Int32Array, at: number): void {
  switch (words[at]) {
    case EV_DATAGRAM:
      return socket.arrived(words[at + 3]!, words[at + 4]!, words[at + 5]!, words[at + 6]!);
    case EV_UDP_ERROR:
      return socket.failed(words[at + 3]!, words[at + 4]!, words[at + 5]!, words[at + 6]!);
    case EV_UDP_DRAIN:
      socket.emit('drain');
  }
}

function literal(name: string, text: string): Int32Array {
  const words = bindAddress(name, text);
  if (text === '') throw new OptionError(name, text, 'an IP address such as "10.0.0.2" or "fd00::2"');
  return words;
}
