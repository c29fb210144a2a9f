/** `stack.open`: the promise of a connection. */
import { AsyncResource } from 'node:async_hooks';
import { type ConnectOptions, checkConnectNames } from './connect.ts';
import { Connection } from './connection.ts';
import type { Engine } from './engine.ts';
import { abortError } from './errors.ts';
import { Race } from './happy-eyeballs.ts';

/** Resolves when ESTABLISHED. Rejects with the error of `connect`, or with AbortError when the signal fires first. */
export function open(engine: Engine, options: ConnectOptions): Promise<Connection> {
  const checked = checkConnectNames(options);
  const signal = options.signal;
  const context = new AsyncResource('USERTCP_OPEN');
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    let race: Race | undefined;
    const onAbort = (): void => {
      race?.stop();
      reject(abortError(signal!));
    };
    // Before the race: it may be lost at once, and a lookup of the user's may fire the signal.
    signal?.addEventListener('abort', onAbort, { once: true });
    race = new Race(engine, checked, {
      won: (conn) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(context.runInAsyncScope(() => new Connection(conn)));
      },
      lost: (error) => {
        signal?.removeEventListener('abort', onAbort);
        reject(error);
      },
    });
    if (signal?.aborted) race.stop();
  });
}
