/** As node:net: writing to a socket that ended because the peer did is EPIPE, not the stream's own error. */
import { Duplex } from 'node:stream';

/** Listener of 'end'. */
export function refuseWritesAfterEnd(this: Duplex): void {
  if (!this.allowHalfOpen) this.write = write;
}

function write(this: Duplex, ...args: unknown[]): boolean {
  if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args) as boolean;
  const done = args.find((arg) => typeof arg === 'function') as ((error: Error) => void) | undefined;
  const error = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });
  if (done !== undefined) process.nextTick(done, error);
  this.destroy(error);
  return false;
}
