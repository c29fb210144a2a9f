/** The handle of a `net.Server` over a LISTEN of the stack, and of the kernel's loopback beside it. */
import { AsyncResource } from 'node:async_hooks';
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { isLoopback } from '../../wire/address.ts';
import { formatAddress, isMappedText, tryParseAddress } from '../../wire/address-text.ts';
import type { Conn } from '../conn.ts';
import type { Endpoint } from '../endpoint.ts';
import { StackError } from '../errors.ts';
import type { Service } from '../service.ts';
import type { Stack } from '../stack.ts';
import { surface } from '../surface.ts';
import { afterClosing } from './closing.ts';
import { TcpHandle } from './handle.ts';
import { handlers } from './handle-events.ts';
import { internals, type KernelHandle } from './internals.ts';
import { KernelTwin } from './kernel-twin.ts';
import { IPV6_ONLY, type Place, REUSE_PORT } from './reuse-port.ts';
import type { Router } from './router.ts';

const { EINVAL, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN } = constants.errno;
/** Ports that the kernel chooses and our stack has already are given back, so often. */
const PORT_TRIES = 20;
/** What is made for a connection belongs to no context; the server's callbacks to that of `listen`. */
const nobody = new AsyncResource('USERTCP');
/** As libuv and the kernel read it: text may be a number, and what is negative is the longest queue. */
const queueOf = (backlog: number): number => ((backlog | 0) < 0 ? 0x7fffffff : backlog | 0);
const handleOf = (router: Router): TcpHandle => new TcpHandle(router);

export class ListenHandle implements Place {
  onconnection?: (this: unknown, status: number, client?: object) => void;
  readonly #router: Router;
  /** IPv4 for a mapped address: what listens there hears IPv4 and nothing else. */
  readonly address: string;
  /** As a kernel writes it. */
  readonly #shown: string;
  readonly flags: number;
  readonly #refused: boolean;
  readonly #resource = new AsyncResource('TCPSERVERWRAP');
  #port: number;
  #service: Service | null = null;
  #twin: KernelTwin | null = null;
  #wantsRef = true;

  /** `refused`: nobody may carry it. */
  constructor(router: Router, address: string, port: number, flags: number, refused: boolean) {
    this.#router = router;
    const words = tryParseAddress(address);
    this.address = words === undefined ? address : formatAddress(words);
    this.#shown = isMappedText(address) ? `::ffff:${this.address}` : this.address;
    this.#port = port;
    this.flags = flags;
    this.#refused = refused;
  }

  getAsyncId(): number {
    return this.#resource.asyncId();
  }

  listen(backlog: number): number {
    if (this.#refused) return -EADDRNOTAVAIL;
    if (this.#service !== null) return 0; // another server took it over
    const wanted = this.#port;
    for (let tries = 1; ; tries++) {
      const status = this.#listen(wanted, backlog);
      if (status !== -EADDRINUSE || wanted !== 0 || tries === PORT_TRIES) return status;
    }
  }

  /** Whether a connect to this loopback address is for us. */
  hears(address: string): boolean {
    if (this.address === '::') return (this.flags & IPV6_ONLY) === 0 || address.includes(':');
    if (this.address === '0.0.0.0') return !address.includes(':');
    return (
      this.address === address ||
      (address === '0.0.0.0' && this.address === '127.0.0.1') ||
      (address === '::' && this.address === '::1')
    );
  }

  getsockname(out: Partial<Endpoint>): number {
    if (this.#service === null) return -EINVAL;
    const family = this.#shown.includes(':') ? 'IPv6' : 'IPv4';
    Object.assign(out, { address: this.#shown, family, port: this.#port });
    return 0;
  }

  ref(): void {
    this.#wantsRef = true;
    this.#service?.ref();
    this.#twin?.ref(true);
  }

  unref(): void {
    this.#wantsRef = false;
    this.#service?.unref();
    this.#twin?.ref(false);
  }

  hasRef(): boolean {
    return this.#wantsRef;
  }

  close(done?: () => void): void {
    this.#give();
    if (done !== undefined) afterClosing(() => this.#resource.runInAsyncScope(done));
  }

  #listen(wanted: number, backlog: number): number {
    this.#port = wanted;
    const { policy, stack } = this.#router;
    if (policy.loopback !== 'own') {
      const flags = stack!.sharded ? this.flags | REUSE_PORT : this.flags; // servers of other threads are on the same port
      const twin = KernelTwin.open(this.#shown, wanted, flags, backlog, (...args) => this.#fromKernel(...args));
      if (typeof twin === 'number' && this.#needs(twin, wanted, stack!)) return twin;
      if (typeof twin === 'object') {
        this.#twin = twin;
        this.#port = twin.port;
      }
    }
    try {
      const any = this.address === '::';
      this.#service = stack!.serve(
        this.#port,
        { ...handlers, open: (conn) => this.#accept(conn) },
        {
          backlog: queueOf(backlog),
          reusePort: (this.flags & REUSE_PORT) !== 0,
          ...(!any && { host: this.address }),
          ipv6Only: any && (this.flags & IPV6_ONLY) !== 0,
        },
      );
    } catch (error) {
      this.#give();
      return error instanceof StackError ? -ENETDOWN : ((error as { errno?: number }).errno ?? -EINVAL);
    }
    this.#service.closed = () => this.#lost();
    this.#port = this.#service.port;
    if (this.#router.clashes(this, this.#port)) {
      this.#give();
      return -EADDRINUSE;
    }
    this.#router.opened(this, this.#port);
    if (!this.#wantsRef) this.unref();
    return 0;
  }

  /** Whether it cannot listen without the kernel's socket, which there is none of for this reason. */
  #needs(reason: number, port: number, stack: Stack): boolean {
    // Where the kernel's handles cannot share a port, other processes reach the first of those who share ours.
    if (reason === -EADDRINUSE && this.#router.shares(this, port)) return false;
    // On a wire of its own the stack needs no kernel; without one, other processes would not reach us.
    if (stack.addresses.length === 0) return true;
    // Loopback is no wire: other processes would reach another server. On Node 20, whose handles share no port, it may be our other threads'.
    return reason === -EADDRINUSE && this.#loopback && (!stack.sharded || internals.sharesPorts);
  }

  get #loopback(): boolean {
    const words = tryParseAddress(this.address);
    return words !== undefined && isLoopback(words);
  }

  #give(): void {
    const service = this.#service;
    const twin = this.#twin;
    this.#service = null;
    this.#twin = null;
    if (service !== null) this.#router.closed(this, this.#port);
    service?.close();
    twin?.close();
  }

  /** The stack is closed: nobody is to come by the kernel either, and the server ends as one whose owner closed it. */
  #lost(): void {
    if (this.#service === null) return; // its owner did
    const server = (this as unknown as Record<symbol, Server | undefined>)[internals.owner];
    this.#give();
    try {
      server?.close();
    } catch (error) {
      surface(error); // the program's own close()
    }
  }

  #accept(conn: Conn): void {
    this.#router.counts.accepted++;
    const client = nobody.runInAsyncScope(handleOf, undefined, this.#router);
    client.adopt(conn, this.#shown.includes(':'));
    try {
      if (this.onconnection !== undefined) this.#resource.runInAsyncScope(this.onconnection, this, 0, client);
    } catch (error) {
      surface(error); // the program's affair: the connection goes on
    }
    client.settle();
  }

  #fromKernel(status: number, client?: KernelHandle): void {
    if (client !== undefined) this.#router.counts.kernelAccepted++;
    this.onconnection?.(status, client);
  }
}
