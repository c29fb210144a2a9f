/**
 * What happened on the wire, for the errors that Node makes of our numbers: `error.wire` and `error.state`, not enumerable, so that
 * who prints or compares such an error sees node:net's.
 */
import { type EventEmitter, errorMonitor } from 'node:events';
import { constants } from 'node:os';
import type { SystemError } from '../errors.ts';

const { ECONNABORTED, ECONNRESET, EPIPE } = constants.errno;

interface Witnessed {
  readonly errors?: unknown;
  readonly errno?: number;
  readonly syscall?: string;
  readonly address?: string;
}

/** A failure, and the number by which Node hears of it. */
interface Failure {
  readonly error: SystemError;
  readonly errno: number | undefined;
}

const pending = new WeakMap<EventEmitter, Failure[]>();

/** The libuv number of what ended a connection. As Linux: a reset is EPIPE to those whom the peer has told its end, and who did not tell theirs. */
export function failureOf(error: (Error & { errno?: number; wire?: { state: string } }) | null): number {
  if (error?.errno === -ECONNRESET && error.wire?.state === 'CLOSE_WAIT') return -EPIPE;
  return error?.errno ?? -ECONNABORTED;
}

/** Of a connection that failed: the next error of its socket that tells of this failure has it. */
export function testify(
  socket: EventEmitter | undefined,
  error: SystemError,
  errno: number | undefined = error.errno,
): void {
  if (socket === undefined) return;
  const failure = { error, errno };
  const known = pending.get(socket);
  if (known !== undefined) return void known.push(failure);
  const failures = [failure];
  pending.set(socket, failures);
  // A listener of this kind is no handler: an error that nobody handles still ends the process.
  socket.once(errorMonitor, (error: unknown) => {
    pending.delete(socket);
    const { errors } = isObject(error) ? error : {};
    for (const each of Array.isArray(errors) ? errors : [error]) tell(each, failures);
  });
}

/** The error may be anybody's, frozen too: what throws here would take its place. */
function tell(error: unknown, failures: readonly Failure[]): void {
  if (!isObject(error)) return;
  const failure = failures.find((one) => isAbout(error, one)) ?? failures.find((one) => isAbout(elsewhere(error), one));
  if (failure === undefined) return;
  for (const name of ['wire', 'state'] as const) {
    Reflect.defineProperty(error, name, { value: failure.error[name], configurable: true, writable: true });
  }
}

/** Failed attempts are told apart by their address; a connection that was open fails once. */
function isAbout({ errno, syscall, address }: Witnessed, failure: Failure): boolean {
  if (errno !== failure.errno) return false;
  const opening = failure.error.syscall === 'connect';
  return (syscall === 'connect') === opening && (!opening || address === failure.error.address);
}

/** Where one who connects to every address, or to a mapped one, gets to. */
function elsewhere({ errno, syscall, address = '' }: Witnessed): Witnessed {
  const at = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address.replace(/^::ffff:/i, '');
  return { errno, syscall, address: at } as Witnessed;
}

function isObject(error: unknown): error is Witnessed {
  return typeof error === 'object' && error !== null;
}
