/** The kernel's loopback beside a listener of ours: other processes of the host connect there. */
import { constants } from 'node:os';
import { internals, type KernelHandle } from './internals.ts';
import { IPV6_ONLY, REUSE_PORT } from './reuse-port.ts';

const { EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL } = constants.errno;

type OnConnection = (status: number, client?: KernelHandle) => void;

export class KernelTwin {
  readonly port: number;
  readonly #handles: readonly KernelHandle[];

  private constructor(handles: readonly KernelHandle[], port: number) {
    this.#handles = handles;
    this.port = port;
  }

  /** Listens on loopback for `address`; a libuv error when the kernel refuses. `port` 0 = the kernel chooses. */
  static open(
    address: string,
    port: number,
    flags: number,
    backlog: number,
    accept: OnConnection,
  ): KernelTwin | number {
    const handles: KernelHandle[] = [];
    let chosen = port;
    for (const at of addresses(address, flags)) {
      const handle = new internals.TCP(1);
      const status = listen(handle, at, chosen, flags, backlog);
      if (status !== 0) handle.close();
      if (status === -EADDRNOTAVAIL || status === -EAFNOSUPPORT || status === -EINVAL) continue; // no IPv6 here
      if (status !== 0) {
        for (const opened of handles) opened.close();
        return status;
      }
      handle.onconnection = (...args) => accept(...(args as Parameters<OnConnection>));
      handles.push(handle);
      chosen = portOf(handle);
    }
    if (handles.length > 0) return new KernelTwin(handles, chosen);
    // Without IPv6 Node's servers are on 0.0.0.0.
    const both = address === '::' && (flags & IPV6_ONLY) === 0;
    return both ? KernelTwin.open('0.0.0.0', port, flags, backlog, accept) : -EADDRNOTAVAIL;
  }

  ref(on: boolean): void {
    for (const handle of this.#handles) on ? handle.ref() : handle.unref();
  }

  close(): void {
    for (const handle of this.#handles) handle.close();
  }
}

function addresses(address: string, flags: number): readonly string[] {
  // By a socket of IPv6, also for IPv4: so its clients have the addresses that they have on ::.
  if (address === '::') return (flags & IPV6_ONLY) === 0 ? ['::ffff:127.0.0.1', '::1'] : ['::1'];
  if (address === '0.0.0.0' || address === '::ffff:0.0.0.0') return [address.replace('0.0.0.0', '127.0.0.1')];
  return address === '::1' || /^(::ffff:)?127\./.test(address) ? [address] : [];
}

function listen(handle: KernelHandle, at: string, port: number, flags: number, backlog: number): number {
  const share = internals.sharesPorts ? flags & REUSE_PORT : 0;
  const status = at.includes(':') ? handle.bind6(at, port, share) : handle.bind(at, port, share);
  if (status !== 0) return status;
  const listening = handle.listen(backlog);
  return listening !== 0 || port === 0 || portOf(handle) === port ? listening : -constants.errno.EADDRINUSE;
}

function portOf(handle: KernelHandle): number {
  const out: { port?: number } = {};
  handle.getsockname(out);
  return out.port ?? 0;
}
