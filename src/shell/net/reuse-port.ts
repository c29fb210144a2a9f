/** Several servers on one port: who is in whose way, as a kernel has it, and `reusePort` (SO_REUSEPORT) where they share (ADR 43). */
import net from 'node:net';
import { internals } from './internals.ts';

/** libuv's flags of a bind. */
export const IPV6_ONLY = 1;
export const REUSE_PORT = 2;

/** Where somebody listens. */
export interface Place {
  readonly address: string;
  readonly flags: number;
}

const isSix = ({ address }: Place): boolean => address.includes(':');
const isBoth = ({ address, flags }: Place): boolean => address === '::' && (flags & IPV6_ONLY) === 0;

function covers(a: Place, b: Place): boolean {
  if (a.address === '::') return isBoth(a) || isSix(b);
  if (a.address === '0.0.0.0') return !isSix(b) || isBoth(b);
  return a.address === b.address;
}

/** Whether two cannot listen on one port. */
export function clash(a: Place, b: Place): boolean {
  const share = (a.flags & b.flags & REUSE_PORT) !== 0;
  return !share && (covers(a, b) || covers(b, a));
}

/** Servers that asked for it on a Node that does not know it. */
const asked = new WeakSet<net.Server>();

export function flagsOf(server: net.Server, flags: number | undefined): number {
  return (flags ?? 0) | (asked.has(server) ? REUSE_PORT : 0);
}

/** v22.12: `listen({ reusePort })`. */
export function renewListen(): void {
  if (internals.sharesPorts) return;
  const { listen } = net.Server.prototype;
  const renewed = function (this: net.Server, ...args: unknown[]): net.Server {
    const [options] = args as [{ reusePort?: unknown } | null | undefined];
    if (typeof options === 'object' && options?.reusePort === true) asked.add(this);
    else asked.delete(this);
    return (listen as (...all: unknown[]) => net.Server).apply(this, args);
  };
  Object.assign(net.Server.prototype, { listen: renewed });
}
