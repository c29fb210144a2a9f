/** What to do about a refusal of ours, in the message of Node's error. */
import { type EventEmitter, errorMonitor } from 'node:events';
import { constants } from 'node:os';
import { StackError } from '../errors.ts';
import type { Stack } from '../stack.ts';
import type { NetPolicy } from './policy.ts';

/** Who says no: its rules, and why a device is not there. */
interface Refuser {
  readonly policy: NetPolicy;
  readonly elsewhere: string | undefined;
}

/** The next error of a socket or server, if it has this code, says `advice` after Node's own words. */
export function advise(emitter: EventEmitter | undefined, errno: number, advice: string): void {
  // A listener of this kind is no handler: an error that nobody handles still ends the process.
  emitter?.once(errorMonitor, (error: Refusal) => {
    for (const each of error.errors ?? [error]) if (each.errno === errno) append(each, advice);
  });
}

/** libuv's number for what the stack throws; it has none for a stack that is closed. */
export function numberOf(error: unknown, emitter: EventEmitter | undefined): number {
  const { errno } = error as { errno?: number };
  if (errno !== undefined) return errno;
  if (!(error instanceof StackError)) throw error;
  advise(emitter, -constants.errno.ENETDOWN, error.message);
  return -constants.errno.ENETDOWN;
}

interface Refusal extends NodeJS.ErrnoException {
  readonly errors?: NodeJS.ErrnoException[];
}

function append(error: NodeJS.ErrnoException, advice: string): void {
  const before = error.message;
  error.message = `${before}. usertcp: ${advice}`;
  if (error.stack !== undefined) error.stack = error.stack.replace(before, () => error.message);
}

const KERNEL = "or let the kernel carry it: fallback: 'kernel'";

/** Why a connect to `address` is nobody's. */
export function noWayTo(address: string, { policy: { prefixes }, elsewhere }: Refuser, stack: Stack): string {
  if (elsewhere !== undefined) return `${elsewhere}; connect there, ${KERNEL}`;
  if (prefixes !== undefined && !prefixes.check(address, address.includes(':') ? 'ipv6' : 'ipv4'))
    return `${address} is not among the option prefixes; add it there, ${KERNEL}`;
  const own = stack.addresses.length === 0 ? 'it has no device' : `it has ${stack.addresses.join(', ')}`;
  return `the stack has no route to ${address} (${own}); give it a gateway or a route, ${KERNEL}`;
}

/** Why a listen is nobody's. */
export function noPlaceFor(
  address: string,
  port: number,
  { policy: { ports }, elsewhere }: Refuser,
  stack: Stack,
): string {
  if (ports !== undefined && !ports.has(port))
    return `port ${port} is not among the option ports; add it there, ${KERNEL}`;
  if (elsewhere !== undefined) return `${elsewhere}; listen there, ${KERNEL}`;
  const own = stack.addresses.length === 0 ? 'which has no device' : `which has ${stack.addresses.join(', ')}`;
  return `${address} is no address of the stack, ${own}; listen on one of those, ${KERNEL}`;
}
