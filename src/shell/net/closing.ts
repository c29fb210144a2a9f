/** Order of callbacks, as libuv has it. */
import { internals } from './internals.ts';

const node = process as unknown as { _tickCallback(): void; _fatalException(error: unknown): boolean };

/**
 * Runs what callbacks left for process.nextTick() and promises. Node does so after every callback from its event loop; of ours, a whole
 * burst is one, and a program may rely on a tick between 'connection' and the first 'data'. Node has this function for who
 * emulates a callback in JavaScript.
 */
export function runTicks(): void {
  for (;;) {
    try {
      return node._tickCallback();
    } catch (error) {
      // The tick that threw has left its async context on Node's stack. Node's own handler calls 'uncaughtException' and clears that
      // stack; where nobody handles the error, the process ends with it.
      if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback())
        throw error;
      node._fatalException(error);
    }
  }
}

/**
 * Calls back where a handle of libuv that is closed now does: in this turn of the loop, after the setImmediate() callbacks that are due in it.
 * Nothing of JavaScript gets there, so a handle of libuv is closed.
 */
export function afterClosing(done: () => void): void {
  new internals.TCP(0).close(done);
}
