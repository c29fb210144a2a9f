/**
 * Errors at the door. Inside, a failure is a small negative number (core/events.ts); here it becomes what Node users
 * know: `code`, `errno`, `syscall`, `address`, `port` and Node's own wording of the message.
 */
import { constants } from 'node:os';
import * as core from '../core/events.ts';
import { stateName } from '../core/tcp/figure5.ts';
import { type WireFacts, wireFacts } from './wire-facts.ts';

const NAMES = new Map<number, keyof typeof MEANINGS>([
  [core.ECONNRESET, 'ECONNRESET'],
  [core.ETIMEDOUT, 'ETIMEDOUT'],
  [core.ECONNREFUSED, 'ECONNREFUSED'],
  [core.EHOSTUNREACH, 'EHOSTUNREACH'],
  [core.ENETDOWN, 'ENETDOWN'],
  [core.ECONNABORTED, 'ECONNABORTED'],
  [core.ENOTCONN, 'ENOTCONN'],
  [core.EISCONN, 'EISCONN'],
  [core.EPIPE, 'EPIPE'],
  [core.ENOBUFS, 'ENOBUFS'],
  [core.EDESTADDRREQ, 'EDESTADDRREQ'],
  [core.EADDRINUSE, 'EADDRINUSE'],
  [core.EADDRNOTAVAIL, 'EADDRNOTAVAIL'],
  [core.EINVAL, 'EINVAL'],
  [core.ENETUNREACH, 'ENETUNREACH'],
  [core.EACCES, 'EACCES'],
  [core.EFAULT, 'EFAULT'],
  [core.EMSGSIZE, 'EMSGSIZE'],
]);

/** libuv's words for the codes; Node adds them to the message of a failed `listen`. */
const MEANINGS = {
  ECONNRESET: 'connection reset by peer',
  ETIMEDOUT: 'connection timed out',
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'host is unreachable',
  ENETDOWN: 'network is down',
  ECONNABORTED: 'software caused connection abort',
  ENOTCONN: 'socket is not connected',
  EISCONN: 'socket is already connected',
  EPIPE: 'broken pipe',
  ENOBUFS: 'no buffer space available',
  EDESTADDRREQ: 'destination address required',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available',
  EINVAL: 'invalid argument',
  ENETUNREACH: 'network is unreachable',
  EACCES: 'permission denied',
  EFAULT: 'a lent buffer was detached before it was acknowledged',
  EMSGSIZE: 'message too long',
} as const;

export type Syscall = 'connect' | 'read' | 'write' | 'listen' | 'shutdown' | 'bind' | 'send';

/** Shaped like the SystemError of `node:net`. */
export interface SystemError extends Error {
  /** Such as ECONNREFUSED. */
  code: string;
  /** Negative, as in Node. */
  errno: number;
  /** Such as connect. */
  syscall: string;
  /** Of the peer, or what was listened on. */
  address?: string;
  /** Its port. */
  port?: number;
  /** RFC 9293 state of our end when the connection failed; not enumerable. */
  state?: string;
  /** What happened on the wire, where a connection failed by it. */
  wire?: WireFacts;
}

/** Name of a core result such as ECONNRESET (-1). */
export function errorName(code: number): string {
  return NAMES.get(code) ?? `E${-code}`;
}

/**
 * Makes Node's error of a core result. `read` and `write` errors name no peer, `connect` and `listen` ones do:
 * `connect ECONNREFUSED 10.0.0.1:80`, `listen EADDRINUSE: address already in use 0.0.0.0:80`.
 */
export function systemError(code: number, syscall: Syscall, address?: string, port?: number): SystemError {
  const name = NAMES.get(code);
  const known = name ?? 'EINVAL';
  const at = address === undefined ? '' : ` ${address}:${port ?? 0}`;
  const meaning = syscall === 'listen' ? `: ${MEANINGS[known]}` : '';
  const error = new Error(`${syscall} ${errorName(code)}${meaning}${at}`) as SystemError;
  error.errno = -(constants.errno[known as keyof typeof constants.errno] ?? -code);
  error.code = errorName(code);
  error.syscall = syscall;
  if (address !== undefined) {
    error.address = address;
    error.port = port ?? 0;
  }
  Error.captureStackTrace?.(error, systemError);
  return error;
}

/** The error with the RFC 9293 state that our end was in; not enumerable, as node:net's errors do not have it. */
export function inState(state: number, error: SystemError): SystemError {
  return Object.defineProperty(error, 'state', { value: stateName(state) });
}

/** Why a connection ended, by its EV_CLOSED at word `at`; of one that never was, with the peer it was for. null: in order, or we aborted it. */
export function failure(words: Int32Array, at: number, opening: number, to: Remote): SystemError | null {
  const code = words[at + 3]!;
  if (code === core.OK || code === core.ECONNABORTED) return null;
  const error = opening ? systemError(code, 'connect', to.remoteAddress, to.remotePort) : systemError(code, 'read');
  error.wire = wireFacts(words, at);
  return inState(words[at + 4]!, error);
}

interface Remote {
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** Use of a stack or connection that cannot work, whatever the network does. */
export class StackError extends Error {
  /** Begins with ERR_USERTCP_. */
  readonly code: string;

  constructor(code: `ERR_USERTCP_${string}`, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StackError';
    this.code = code;
  }
}

/** The error an AbortSignal causes: its `cause` is the signal's reason, as in Node. */
export function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  Object.defineProperty(error, 'code', { value: 'ABORT_ERR', enumerable: true });
  return error;
}
