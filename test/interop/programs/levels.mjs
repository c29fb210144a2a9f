// The echo server at the other levels of our API: shared handlers, and promises.
import { createHash } from 'node:crypto';
import { source } from './stream.mjs';

/** stack.serve: the fast level. Back-pressure by hand: no reading while what was read cannot be written. */
function serveEcho(stack, port, options, done) {
  return stack.serve(
    port,
    {
      open: (conn) => {
        conn.data = { received: 0, ended: false };
      },
      data: (conn, bytes) => {
        conn.data.received += bytes.length;
        if (!conn.write(bytes)) conn.pause();
      },
      drain: (conn) => conn.resume(),
      end: (conn) => conn.end(),
      close: (conn, error) => done({ received: conn.data.received, error: error?.code ?? null }),
    },
    options,
  );
}

/** stack.serve: sends a seeded stream and hashes what comes. */
function serveExchange(stack, port, options, done, { send = 0, seed = 0 }) {
  const pump = (conn) => {
    for (let bytes = conn.data.next(); bytes !== null; bytes = conn.data.next()) if (!conn.write(bytes)) return;
    conn.end();
  };
  return stack.serve(
    port,
    {
      open: (conn) => {
        conn.data = { next: source(seed, send), hash: createHash('sha256'), received: 0 };
        pump(conn);
      },
      drain: pump,
      data: (conn, bytes) => {
        conn.data.received += bytes.length;
        conn.data.hash.update(bytes);
      },
      end() {},
      close: ({ data }, error) =>
        done({ received: data.received, sha: data.hash.digest('hex'), error: error?.code ?? null }),
    },
    options,
  );
}

/** stack.listen: promises. */
function listenEcho(stack, port, options, done) {
  const listener = stack.listen(port, options);
  const echo = async (conn) => {
    let received = 0;
    for await (const bytes of conn) {
      received += bytes.length;
      await conn.write(bytes);
    }
    await conn.end();
    done({ received, error: null });
  };
  (async () => {
    for await (const conn of listener) echo(conn).catch((error) => done({ error: error.code ?? String(error) }));
  })();
  return listener;
}

/** stack.listen with nobody who accepts, until `accept` ms have gone by. */
function listenLate(stack, port, options, done, { accept }) {
  const listener = stack.listen(port, options);
  setTimeout(async () => {
    for await (const conn of listener) {
      const port = conn.remotePort;
      conn.end('late').then(
        () => done({ port, error: null }),
        (error) => done({ port, error: error.code ?? String(error) }),
      );
    }
  }, accept);
  return listener;
}

export const levels = { serveEcho, serveExchange, listenEcho, listenLate };
