/** Order of callbacks, as libuv has it. */
import { internals } from './internals.ts';

const node = process as unknown as { _tickCallback(): void; _fatalException(error: unknown): boolean };

/** False = it threw. That is Node's to handle, as after a callback of libuv; where nobody does, the process ends with it. */
function run(callback: () => void): boolean {
  try {
    callback();
    return true;
  } catch (error) {
    // What threw has left its async context on Node's stack. Node's own handler calls 'uncaughtException' and clears that stack.
    if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback()) {
      clearContexts(error);
      throw error;
    }
    handled(error);
    return false;
  }
}

/** A handler that throws ends the process with what it threw, and nobody is asked again, not even 'exit'; Node has 7 for this. */
function handled(error: unknown): void {
  try {
    node._fatalException(error);
  } catch (thrown) {
    for (const event of ['uncaughtException', 'uncaughtExceptionMonitor', 'exit']) process.removeAllListeners(event);
    try {
      process.setUncaughtExceptionCaptureCallback(null);
    } catch {
      // node:domain has it, and gives it to nobody.
    }
    process.once('exit', () => {
      process.exitCode = 7;
    });
    clearContexts(thrown);
    throw thrown;
  }
}

/**
 * Nobody handles the error, so the process ends with it. Node would do so with a word about the contexts that are left open instead ("async hook
 * stack has become corrupted"), and only its handler closes them: it believes that somebody listened.
 */
function clearContexts(error: unknown): void {
  const own = Object.getOwnPropertyDescriptor(process, 'emit');
  Object.defineProperty(process, 'emit', { value: () => true, configurable: true, writable: true });
  try {
    node._fatalException(error);
  } finally {
    if (own === undefined) Reflect.deleteProperty(process, 'emit');
    else Object.defineProperty(process, 'emit', own);
  }
}

/**
 * Runs what callbacks left for process.nextTick() and promises. Node does so after every callback from its event loop; of ours, a whole
 * burst is one, and a program may rely on a tick between 'connection' and the first 'data'. Node has this function for who
 * emulates a callback in JavaScript.
 */
export function runTicks(): void {
  while (!run(ticks));
}

const ticks = (): void => node._tickCallback();

/** In the order of their closing. */
let closing: (() => void)[] = [];

/**
 * Calls back where a handle of libuv that is closed now does: in this turn of the loop, after the setImmediate() callbacks that are due in it.
 * Nothing of JavaScript gets there, so a handle of libuv is closed, one for all that close in this turn.
 */
export function afterClosing(done: () => void): void {
  if (closing.push(done) === 1) new internals.TCP(0).close(callClosed);
}

function callClosed(): void {
  const due = closing;
  closing = [];
  // libuv keeps them as a stack.
  for (let i = due.length - 1; i >= 0; i--) {
    // As Node: none after what threw, they come with those of the next. After the last one Node itself runs them.
    if (run(due[i]!) && i > 0) runTicks();
  }
}
