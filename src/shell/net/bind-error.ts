/**
 * A bind that could not be refused when Node asked for it: who carries the connection was not known, and with it whose addresses count. Node
 * hears of it as the answer to its connect; the error that it makes of that becomes the one it makes of a bind.
 */
import type { EventEmitter } from 'node:events';
import { amend } from './advice.ts';

/** Where the local end was to be. */
interface Local {
  readonly localAddress?: string;
  readonly localPort?: number;
}
interface Refused extends NodeJS.ErrnoException {
  address?: string | undefined;
  port?: number;
}

/** The next error of a socket that tells of `errno` for a connect to `address` is that of the bind. */
export function failedBind(socket: EventEmitter | undefined, errno: number, address: string, local: Local): void {
  amend(socket, (error: Refused) => {
    const meant = error.errno === errno && error.syscall === 'connect' && error.address === address;
    if (meant) restate(error, local);
    return meant;
  });
}

function restate(error: Refused, { localAddress, localPort = 0 }: Local): void {
  const before = error.message;
  error.syscall = 'bind';
  error.address = localAddress;
  if (localPort === 0) delete error.port;
  else error.port = localPort;
  error.message = `bind ${error.code} ${localAddress}${localPort === 0 ? '' : `:${localPort}`}`;
  if (error.stack !== undefined) error.stack = error.stack.replace(before, () => error.message);
}
