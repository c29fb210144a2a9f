/**
 * `net.BoundSocket`, where Node has it: a port that is bound now, and adopted by a server or a socket later, which may then be ours. What is
 * bound is the kernel's; with the adoption the kernel's socket is closed and ours takes its place.
 */
import net from 'node:net';
import { EADDRINUSE } from '../../core/events.ts';
import { systemError } from '../errors.ts';
import { internals, type KernelHandle, symbolOf } from './internals.ts';
import { IPV6_ONLY, type Place, REUSE_PORT } from './reuse-port.ts';
import type { Router } from './router.ts';

/** As Node documents it. */
export interface BoundSocketOptions {
  /** An IP literal; an address of the stack as well. */
  host?: string;
  /** 0 = chosen. */
  port?: number;
  /** IPv4 is not for it. */
  ipv6Only?: boolean;
  /** Others may listen on the port, too. */
  reusePort?: boolean;
  /** A pipe, which is the kernel's. */
  path?: string;
}

/** As Node documents it. */
export interface BoundSocketInstance {
  /** Where it is bound. */
  address(): net.AddressInfo | string;
  /** The descriptor of the kernel's socket. */
  fd(): number;
  /** Gives up what nobody adopted. */
  close(): void;
}

/** Its constructor. */
export type BoundSocketType = new (options?: BoundSocketOptions) => BoundSocketInstance;

/** Where a handle was bound before somebody adopted it. */
export interface Bound extends Place {
  readonly port: number;
}

type Consume = (this: BoundSocketInstance) => KernelHandle;

const Stock = (net as { BoundSocket?: BoundSocketType }).BoundSocket;
const consume = Stock === undefined ? Symbol('none') : symbolOf(Stock.prototype, 'kBoundSocketConsume');
const instanceOf = Function.prototype[Symbol.hasInstance];
const adopted = new WeakMap<object, Bound>();

export function boundOf(handle: object | null): Bound | undefined {
  return handle === null ? undefined : adopted.get(handle);
}

/** Places in Node's own `net`: its class, and adoption for who has taken that class before. */
export function boundPlaces(router: Router): [object, PropertyKey, unknown][] {
  if (Stock === undefined) return [];
  const adopt = function (this: BoundSocketInstance): KernelHandle {
    const at = this.address();
    const handle = take!.call(this);
    if (typeof at !== 'string') note(handle, { address: at.address, port: at.port, flags: guess(at) });
    return handle;
  };
  return [
    [net, 'BoundSocket', boundSocketOf(() => router)],
    [Stock.prototype, consume, adopt],
  ];
}
const take = (Stock?.prototype as Record<symbol, Consume> | undefined)?.[consume];

function note(handle: KernelHandle, bound: Bound): void {
  adopted.set(handle, bound);
}

/** Nothing tells whether a bound socket takes IPv4 as well; but then the kernel lets nobody else have the port there. */
function guess({ address, port }: net.AddressInfo): number {
  if (address !== '::') return 0;
  const probe = new internals.TCP(1);
  const taken = probe.bind('0.0.0.0', port) !== 0 || probe.getsockname({}) !== 0;
  probe.close();
  return taken ? 0 : IPV6_ONLY;
}

/** The class of a stack: an address of ours may be bound, which the kernel does not have. undefined: this Node has none. */
export function boundSocketOf(router: () => Router): BoundSocketType | undefined {
  if (Stock === undefined) return undefined;
  return class BoundSocket extends Stock {
    readonly #bound: Bound | undefined;

    constructor(options?: BoundSocketOptions) {
      const at = router();
      const host = options?.host;
      const own = typeof host === 'string' && at.owns(host) ? host : undefined;
      // The kernel's loopback stands for it: the port is free there, too, and options are checked.
      super(own === undefined ? options : { ...options, host: own.includes(':') ? '::1' : '127.0.0.1' });
      const said = super.address();
      if (typeof said === 'string') return;
      const flags = (options?.ipv6Only === true ? IPV6_ONLY : 0) | (options?.reusePort === true ? REUSE_PORT : 0);
      const bound = { address: own ?? said.address, port: said.port, flags };
      // As a kernel has it: two may be bound to a port, but not where a server listens.
      if (at.clashes(bound, bound.port)) {
        super.close();
        throw systemError(EADDRINUSE, 'bind', bound.address, bound.port);
      }
      this.#bound = bound;
    }

    override address(): net.AddressInfo | string {
      const said = super.address();
      return typeof said === 'string' ? said : { ...said, address: this.#bound!.address };
    }

    /** A program may have Node's class from before. */
    static override [Symbol.hasInstance](object: unknown): boolean {
      return instanceOf.call(Stock, object);
    }

    /** For Node's servers and sockets. */
    [consume](): KernelHandle {
      const handle = take!.call(this);
      if (this.#bound !== undefined) note(handle, this.#bound);
      return handle;
    }
  };
}
