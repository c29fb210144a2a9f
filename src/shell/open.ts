/** `stack.open`: the promise of a connection. */
import type { Conn } from './conn.ts';
import { type ConnectOptions, checkConnect, openTo, resolveHost } from './connect.ts';
import { Connection } from './connection.ts';
import type { Engine } from './engine.ts';
import { abortError } from './errors.ts';

/** Resolves when ESTABLISHED. Rejects with the error of `connect`, or with AbortError when the signal fires first. */
export function open(engine: Engine, options: ConnectOptions): Promise<Connection> {
  const checked = checkConnect(options);
  const signal = options.signal;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    let conn: Conn | undefined;
    let settled = false;
    const done = (): void => {
      settled = true;
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const onAbort = (): void => {
      conn?.release(true);
      fail(abortError(signal!));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    resolveHost(engine, checked, (error, words, text) => {
      if (settled) return;
      if (error !== null) return fail(error);
      const opened = openTo(engine, checked, words, text, {
        open: (established) => {
          done();
          resolve(new Connection(established));
        },
        close: (_conn, failure) => fail(failure ?? new Error('the connection was closed before it was established')),
      });
      if (opened instanceof Error) return fail(opened);
      conn = opened;
    });
  });
}
