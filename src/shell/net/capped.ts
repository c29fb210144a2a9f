/** `maxBuffered` of Node's own sockets: what waits in their streams counts, so the limit is where a program writes. */
import type { Duplex } from 'node:stream';
import { refuses, type Write } from '../capped-duplex.ts';

/** Of sockets whose methods are ours. */
const limits = new WeakMap<Duplex, number>();
/** By handle, where TLS lies between: the program writes to a socket that is not the handle's own. */
const writers = new WeakMap<object, Duplex>();

/** The TLS socket whose connection was asked for last is the one that a limit is for. */
export function noteWriter(handle: object, socket: Duplex): void {
  writers.set(handle, socket);
}

export function writerOf(handle: object): Duplex | undefined {
  return writers.get(handle);
}

/** From now on a write that would have `socket` keep more than `most` bytes fails, and destroys it. Infinity = no limit. */
export function limitSocket(socket: Duplex | undefined, most: number): void {
  if (socket === undefined) return;
  if (!limits.has(socket)) {
    if (most === Number.POSITIVE_INFINITY) return;
    limitMethod(socket, 'write', false);
    limitMethod(socket, 'end', socket);
  }
  limits.set(socket, most);
}

/** Of this one socket, so that all others keep Node's methods. `refused`: what the method returns for a write that is too much. */
function limitMethod(socket: Duplex, name: 'write' | 'end', refused: unknown): void {
  const before = socket[name] as (...args: unknown[]) => unknown;
  const value = (...args: Write): unknown => {
    // One that is over refuses writes by itself, with an error that says so.
    const open = !socket.destroyed && !socket.writableEnded;
    const tooMuch = open && refuses(socket, limits.get(socket)!, `socket.${name}()`, ...args);
    return tooMuch ? refused : before.apply(socket, args);
  };
  Object.defineProperty(socket, name, { value, writable: true, configurable: true });
}
