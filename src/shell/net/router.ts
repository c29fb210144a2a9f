/** Who carries a connection: our stack, or the kernel. Decided when an address is known, for each connect and listen. */
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { debuglog } from 'node:util';
import { isLoopback, isUnspecified } from '../../wire/address.ts';
import { formatAddress, tryParseAddress } from '../../wire/address-text.ts';
import type { Conn } from '../conn.ts';
import type { Stack } from '../stack.ts';
import { advise, noWayTo } from './advice.ts';
import { answers } from './answers.ts';
import { failedBind } from './bind-error.ts';
import { runTicks } from './closing.ts';
import { type NetCounts, noCounts } from './counts.ts';
import type { TcpHandle } from './handle.ts';
import { handlers } from './handle-events.ts';
import { handOver } from './install.ts';
import { internals, type KernelHandle, type Request } from './internals.ts';
import type { ListenHandle } from './listen-handle.ts';
import type { NetPolicy } from './policy.ts';
import { Race } from './race.ts';
import { clash, type Place, REUSE_PORT } from './reuse-port.ts';

const { ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL } = constants.errno;

/** NODE_DEBUG=usertcp */
const debug = debuglog('usertcp');

export type Carrier = 'ours' | 'kernel' | 'nobody';

export class Router {
  readonly policy: NetPolicy;
  readonly elsewhere: string | undefined;
  readonly counts: NetCounts = noCounts();
  /** Told of each server of ours. */
  onListening: ((address: string, port: number) => void) | undefined;
  #stack: Stack | undefined;
  #ready: Promise<Stack> | undefined;
  readonly #open: () => Stack | Promise<Stack>;
  readonly #listeners = new Map<number, Set<ListenHandle>>();

  /** `stack`: or what opens it when somebody needs it. `elsewhere`: why the device that was asked for is not this stack's. */
  constructor(stack: Stack | Promise<Stack> | (() => Stack | Promise<Stack>), policy: NetPolicy, elsewhere?: string) {
    this.policy = policy;
    this.elsewhere = elsewhere;
    if (elsewhere !== undefined) debug('%s: loopback only', elsewhere);
    this.#open = typeof stack === 'function' ? stack : () => stack;
    if (typeof stack === 'function') return;
    if (!(stack instanceof Promise)) this.#begin(stack);
    void this.ready;
  }

  /** Settles with the stack; `stack` is set from then on. */
  get ready(): Promise<Stack> {
    if (this.#ready === undefined) {
      this.#ready = (async () => this.#open())().then((opened) => this.#begin(opened));
      this.#ready.catch(() => {}); // whoever connects or listens is told
    }
    return this.#ready;
  }

  /** Nobody has needed the stack yet. */
  get waits(): boolean {
    return this.#ready === undefined;
  }

  #begin(stack: Stack): Stack {
    this.#stack = stack;
    stack.carried.add(this.counts);
    stack.between(runTicks, answers);
    return stack;
  }

  /** undefined while it is being opened. */
  get stack(): Stack | undefined {
    return this.#stack;
  }

  /** Its owner stands for the connection until it has one. */
  connect(handle: TcpHandle, req: Request, address: string, port: number): number {
    if (this.#stack !== undefined) return this.#connect(this.#stack, handle, req, address, port);
    if (this.#needsNoStack(address)) return this.#toKernel(handle, req, address, port);
    this.ready.then(
      (stack) => {
        if (handle.isClosing()) return;
        const status = this.#connect(stack, handle, req, address, port);
        if (status !== 0) refuse(handle, req, status);
      },
      (error: Error & { errno?: number }) => {
        const errno = error.errno ?? -ENETUNREACH;
        advise(handle.owner as EventEmitter | undefined, errno, error.message, address);
        refuse(handle, req, errno);
      },
    );
    return 0;
  }

  /** What is to be awaited before these addresses are tried one by one; undefined = nothing. */
  opening(addresses: readonly string[]): Promise<Stack> | undefined {
    const none = this.#stack !== undefined || addresses.every((address) => this.#needsNoStack(address));
    return none ? undefined : this.ready;
  }

  /** Nobody has listened on anything, so no server of ours is on this loopback address. */
  #needsNoStack(address: string): boolean {
    return this.waits && this.policy.loopback !== 'own' && isLocal(tryParseAddress(address), address);
  }

  /** Who is to listen on an address; '' is every address. */
  listener(address: string, port: number): Carrier {
    const carrier = this.#listener(address, port);
    debug('listen on %s port %d: %s', address === '' ? 'every address' : address, port, carrier);
    return carrier;
  }

  #listener(address: string, port: number): Carrier {
    const { ports } = this.policy;
    if (ports !== undefined && !ports.has(port)) return this.#otherwise();
    const words = tryParseAddress(address === '' ? '::' : address);
    if (words === undefined) return this.#otherwise();
    if (isUnspecified(words) || address === '0.0.0.0') return 'ours';
    if (isLoopback(words)) return this.policy.loopback === 'kernel' ? 'kernel' : 'ours';
    return this.#isOurs(words) ? 'ours' : this.#otherwise();
  }

  /** Where other threads have our addresses: resolves when the flows of a port come here, to what lets go of it again. */
  expect(address: string, port: number): Promise<() => void> | undefined {
    const words = tryParseAddress(address);
    if (port === 0 || (words !== undefined && isLoopback(words)) || this.#listener(address, port) !== 'ours')
      return undefined;
    return this.#stack!.expect(port);
  }

  /** Whether another one is in its way on this port. */
  clashes(place: Place, port: number): boolean {
    return [...(this.#listeners.get(port) ?? [])].some((other) => clash(other, place));
  }

  /** Whether it shares the port with another one. */
  shares({ flags }: Place, port: number): boolean {
    return [...(this.#listeners.get(port) ?? [])].some((other) => (other.flags & flags & REUSE_PORT) !== 0);
  }

  opened(listener: ListenHandle, port: number): void {
    const all = this.#listeners.get(port) ?? new Set();
    this.#listeners.set(port, all.add(listener));
    this.counts.listening++;
    this.counts.listened++;
    this.onListening?.(listener.address, port);
  }

  closed(listener: ListenHandle, port: number): void {
    const all = this.#listeners.get(port);
    if (all?.delete(listener)) this.counts.listening--;
    if (all?.size === 0) this.#listeners.delete(port);
  }

  #connect(stack: Stack, handle: TcpHandle, req: Request, address: string, port: number): number {
    const carrier = this.#carrier(address, port, handle.bound.localAddress);
    if (carrier !== 'kernel' && this.policy.fallback === 'error' && this.#hasNot(handle.bound.localAddress)) {
      failedBind(handle.owner as EventEmitter | undefined, -EADDRNOTAVAIL, address, handle.bound);
      return -EADDRNOTAVAIL;
    }
    debug('connect to %s port %d: %s', address, port, carrier);
    if (carrier === 'ours' && port === 0) return this.#refuse(handle, req);
    if (carrier === 'ours') {
      const status = handle.open(
        req,
        (): Conn => stack.dial({ host: address, port, ...zoneless(handle.bound) }, handlers),
      );
      if (status === 0) this.counts.opened++;
      const unrouted = status === -ENETUNREACH || status === -EADDRNOTAVAIL;
      if (unrouted && this.policy.prefixes === undefined && this.policy.fallback === 'kernel')
        return this.#toKernel(handle, req, address, port);
      if (status === -EADDRNOTAVAIL && this.#hasNot(handle.bound.localAddress))
        failedBind(handle.owner as EventEmitter | undefined, status, address, handle.bound);
      return status === -ENETUNREACH ? this.#noWay(stack, handle, address) : status;
    }
    if (carrier === 'kernel') return this.#toKernel(handle, req, address, port);
    return this.#noWay(stack, handle, address);
  }

  #noWay(stack: Stack, handle: TcpHandle, address: string): number {
    this.counts.unroutable++;
    advise(handle.owner as EventEmitter | undefined, -ENETUNREACH, noWayTo(address, this, stack), address);
    return -ENETUNREACH;
  }

  /** Nobody can listen on port 0; connect() of a kernel says so later, as of any other port. */
  #refuse(handle: TcpHandle, req: Request): number {
    process.nextTick(() => refuse(handle, req, -ECONNREFUSED, true));
    return 0;
  }

  #carrier(address: string, port: number, from: string | undefined): Carrier {
    const words = tryParseAddress(address);
    if (words === undefined) return this.#otherwise();
    const { loopback, prefixes } = this.policy;
    if (isLocal(words, address)) {
      if (loopback === 'both') return this.listens(address, port) ? 'ours' : 'kernel';
      return loopback === 'own' ? 'ours' : 'kernel';
    }
    if (this.#isOurs(words)) return 'ours';
    if (from !== undefined && !this.#isOurs(tryParseAddress(from))) return this.#otherwise();
    if (prefixes !== undefined)
      return prefixes.check(address, address.includes(':') ? 'ipv6' : 'ipv4') ? 'ours' : this.#otherwise();
    return (this.#stack?.addresses.length ?? 0) > 0 ? 'ours' : this.#otherwise();
  }

  /** Whether a listener of ours hears what comes to a loopback address; an unspecified one is all of them. */
  listens(address: string, port: number): boolean {
    const words = tryParseAddress(address);
    const at = words === undefined ? address : formatAddress(words);
    for (const listener of this.#listeners.get(port) ?? []) if (listener.hears(at)) return true;
    return false;
  }

  /** Whether an address is one of the stack's, as far as is known now. */
  owns(address: string): boolean {
    return this.#isOurs(tryParseAddress(address));
  }

  /** Whether nothing of ours can begin at this address. */
  #hasNot(from: string | undefined): boolean {
    const words = from === undefined ? undefined : tryParseAddress(from);
    return words !== undefined && !isLocal(words, from!) && !this.#isOurs(words);
  }

  #isOurs(words: Int32Array | undefined): boolean {
    if (words === undefined) return false;
    const text = formatAddress(words);
    return this.#stack?.addresses.some((own) => formatAddress(tryParseAddress(own)!) === text) ?? false;
  }

  #otherwise(): Carrier {
    return this.policy.fallback === 'kernel' ? 'kernel' : 'nobody';
  }

  #toKernel(handle: TcpHandle, req: Request, address: string, port: number): number {
    debug('%s port %d goes by the kernel', address, port);
    const kernel: KernelHandle = new internals.TCP(0);
    const { localAddress, localPort = 0 } = handle.bound;
    const six = address.includes(':');
    if (localAddress !== undefined || localPort !== 0) {
      const from = localAddress ?? (six ? '::' : '0.0.0.0');
      const status = six ? kernel.bind6(from, localPort) : kernel.bind(from, localPort);
      if (status !== 0) {
        kernel.close(); // nobody else has it yet
        failedBind(handle.owner as EventEmitter | undefined, status, address, { localAddress: from, localPort });
        return status;
      }
    }
    this.counts.kernelOpened++;
    const begin = (): number => (six ? kernel.connect6(req, address, port) : kernel.connect(req, address, port));
    const race = Race.of(handle);
    if (!race?.running) {
      handOver(handle, kernel);
      return begin();
    }
    const status = begin();
    if (status !== 0) {
      kernel.close();
      return status;
    }
    race.end(); // from here on Node waits for the kernel alone
    handOver(handle, kernel);
    return 0;
  }
}

/** The handle may try again. */
function refuse(handle: TcpHandle, req: Request, status: number, asked = false): void {
  handle.request = null;
  req.oncomplete?.(status, handle, req, asked, asked);
}

function isLocal(words: Int32Array | undefined, address: string): boolean {
  return words !== undefined && (isLoopback(words) || isUnspecified(words) || address === '0.0.0.0');
}

/** `::1%lo`: an address of ours is the same in every zone. */
function zoneless(bound: TcpHandle['bound']): TcpHandle['bound'] {
  const { localAddress } = bound;
  return localAddress?.includes('%') ? { ...bound, localAddress: localAddress.replace(/%.*/, '') } : bound;
}
