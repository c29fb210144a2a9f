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

/** What is to be done to an error that Node makes; true = it was meant. */
type Amendment = (error: Refused) => boolean;

interface Pending {
  readonly all: Amendment[];
  readonly heard: (error: Refusal) => void;
}
const pending = new WeakMap<EventEmitter, Pending>();

/** The next error of a socket or server, or each of several in it, gets the first amendment that is meant for it. */
export function amend(emitter: EventEmitter | undefined, amendment: Amendment): void {
  if (emitter === undefined) return;
  const known = pending.get(emitter);
  // Whoever calls removeAllListeners() takes ours, too.
  if (known !== undefined && emitter.listeners(errorMonitor).includes(known.heard))
    return void known.all.push(amendment);
  const all = [amendment];
  const heard = (error: Refusal): void => {
    pending.delete(emitter);
    for (const each of Array.isArray(error.errors) ? (error.errors as Refused[]) : [error])
      all.some((meant) => meant(each));
  };
  pending.set(emitter, { all, heard });
  // A listener of this kind is no handler: an error that nobody handles still ends the process.
  emitter.once(errorMonitor, heard);
}

/** The next error of a socket or server, if it has this code (and is about this address), says `text` after Node's own words. */
export function advise(emitter: EventEmitter | undefined, errno: number, text: string, address?: string): void {
  amend(emitter, (error) => {
    const meant = error.errno === errno && (address ?? error.address) === error.address;
    if (meant) append(error, text);
    return meant;
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

/** Node's error of one address, or of a listen. */
interface Refused extends NodeJS.ErrnoException {
  readonly address?: string;
}
interface Refusal extends Refused {
  readonly errors?: unknown;
}

function append(error: Refused, advice: string): void {
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
