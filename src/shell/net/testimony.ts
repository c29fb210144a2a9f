/**
 * What happened on the wire, for the errors that Node makes of our numbers: `error.wire` and `error.state`, not enumerable, so that
 * who prints or compares such an error sees node:net's.
 */
import { type EventEmitter, errorMonitor } from 'node:events';
import type { SystemError } from '../errors.ts';

interface Witnessed {
  readonly errors?: Witnessed[];
  readonly errno?: number;
  readonly syscall?: string;
  readonly address?: string;
}

const pending = new WeakMap<EventEmitter, SystemError[]>();

/** Of a connection that failed: the next error of its socket that tells of this failure has it. */
export function testify(socket: EventEmitter | undefined, failure: SystemError): void {
  if (socket === undefined) return;
  const known = pending.get(socket);
  if (known !== undefined) return void known.push(failure);
  const failures = [failure];
  pending.set(socket, failures);
  // A listener of this kind is no handler: an error that nobody handles still ends the process.
  socket.once(errorMonitor, (error: Witnessed) => {
    pending.delete(socket);
    for (const each of error.errors ?? [error]) tell(each, failures);
  });
}

function tell(error: Witnessed, failures: readonly SystemError[]): void {
  const failure = failures.find((one) => isAbout(error, one));
  if (failure === undefined) return;
  for (const name of ['wire', 'state'] as const) {
    Object.defineProperty(error, name, { value: failure[name], configurable: true, writable: true });
  }
}

/** Failed attempts are told apart by their address; a connection that was open fails once. */
function isAbout({ errno, syscall, address }: Witnessed, failure: SystemError): boolean {
  if (errno !== failure.errno) return false;
  const opening = failure.syscall === 'connect';
  return (syscall === 'connect') === opening && (!opening || address === failure.address);
}
