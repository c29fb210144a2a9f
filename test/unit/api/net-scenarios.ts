/** What a socket does, as functions that run on node:net and on ours; each returns what it saw. */
import type * as net from 'node:net';
import type { Duplex } from 'node:stream';

/** The part of node:net's socket that the scenarios use. */
export type AnySocket = Duplex &
  Pick<
    net.Socket,
    | 'connecting'
    | 'bytesRead'
    | 'bytesWritten'
    | 'setTimeout'
    | 'setNoDelay'
    | 'setKeepAlive'
    | 'remoteFamily'
    | 'readyState'
    | 'address'
  > & {
    resetAndDestroy(): unknown;
    destroySoon(): void;
  };

export interface AnyServer {
  on(event: string, listener: (...args: never[]) => void): unknown;
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(done?: (error?: Error) => void): unknown;
}

/** One of the two stacks. */
export interface Side {
  host: string;
  createServer(options: { allowHalfOpen?: boolean }, onConnection: (socket: AnySocket) => void): AnyServer;
  connect(options: { port: number; host: string; allowHalfOpen?: boolean }): AnySocket;
}

type Scenario = (side: Side) => Promise<string[]>;

const EVENTS = ['connect', 'ready', 'end', 'finish', 'close', 'error', 'timeout', 'drain'];

function watch(log: string[], name: string, socket: AnySocket): void {
  for (const event of EVENTS) {
    socket.on(event, (arg: unknown) => {
      const detail =
        arg instanceof Error ? ` ${(arg as NodeJS.ErrnoException).code}` : typeof arg === 'boolean' ? ` ${arg}` : '';
      log.push(`${name} ${event}${detail}`);
    });
  }
}

const closed = (socket: AnySocket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));
const listening = (server: AnyServer, host: string): Promise<number> =>
  new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as net.AddressInfo).port)));
const stop = (server: AnyServer): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs with a server whose sockets `serve` handles; sockets of both ends are waited for. */
async function scene(
  side: Side,
  options: { allowHalfOpen?: boolean },
  serve: (socket: AnySocket, log: string[]) => void,
  client: (socket: AnySocket, log: string[]) => void | Promise<void>,
): Promise<string[]> {
  const server: string[] = [];
  const mine: string[] = [];
  const ends: Promise<void>[] = [];
  let accepted: () => void = () => {};
  const accept = new Promise<void>((resolve) => (accepted = resolve));
  const s = side.createServer(options, (socket) => {
    accepted();
    ends.push(closed(socket));
    watch(server, 'server', socket);
    serve(socket, server);
  });
  const port = await listening(s, side.host);
  const socket = side.connect({ port, host: side.host, ...options });
  ends.push(closed(socket));
  watch(mine, 'client', socket);
  await client(socket, mine);
  await accept;
  await Promise.all(ends);
  await stop(s);
  return [...mine, ...server];
}

export const scenarios: Record<string, Scenario> = {
  'echo, then the client ends': (side) =>
    scene(
      side,
      {},
      (s) => s.pipe(s),
      (c, log) => {
        let text = '';
        c.setEncoding('utf8');
        c.on('data', (chunk: string) => (text += chunk));
        c.on('end', () => log.push(`client got ${text}`));
        c.end('hello');
      },
    ),

  'half-close: the server answers after the end': (side) =>
    scene(
      side,
      { allowHalfOpen: true },
      (s, log) => {
        let bytes = 0;
        s.on('data', (chunk: Buffer) => (bytes += chunk.length));
        s.on('end', () => {
          log.push(`server got ${bytes} ${s.readyState}`);
          s.end('answer');
        });
      },
      (c, log) => {
        c.end(Buffer.alloc(100_000));
        c.on('data', (chunk: Buffer) => log.push(`client data ${chunk}`));
      },
    ),

  'destroy without reading: the peer sees a reset': (side) =>
    scene(
      side,
      {},
      (s) => {
        s.pause();
        setTimeout(() => s.destroy(), 50);
      },
      async (c) => {
        c.write(Buffer.alloc(4 << 20));
        c.resume();
      },
    ).then((log) => log.filter((line) => /error|close/.test(line))),

  'resetAndDestroy: ECONNRESET at the peer': (side) =>
    scene(
      side,
      {},
      (s) => void s.on('data', () => {}),
      (c) => {
        c.once('connect', () => setTimeout(() => c.resetAndDestroy(), 20));
      },
    ),

  'connection refused': async (side) => {
    const s = side.createServer({}, () => {});
    const port = await listening(s, side.host);
    await stop(s);
    const log: string[] = [];
    const socket = side.connect({ port, host: side.host });
    log.push(`connecting ${socket.connecting} ${socket.readyState}`);
    watch(log, 'client', socket);
    socket.on('error', (error: NodeJS.ErrnoException & { address?: string; port?: number }) => {
      log.push(
        `${error.syscall} ${error.errno} ${error.address} ${error.port === port} ${error.message === `connect ECONNREFUSED ${side.host}:${port}`}`,
      );
    });
    await closed(socket);
    return log;
  },

  'properties while open': (side) =>
    scene(
      side,
      {},
      (s, log) => {
        log.push(`server ${s.remoteFamily} ${s.readyState} ${Object.keys(s.address()).sort()}`);
        s.resume();
        s.end('12345');
      },
      (c, log) => {
        c.setNoDelay(true);
        c.setKeepAlive(true, 1000);
        c.on('connect', () => log.push(`${c.connecting} ${c.readyState} ${c.remoteFamily}`));
        c.on('data', () => log.push(`client read ${c.bytesRead}`));
        c.write('abc');
        c.write('def');
        log.push(`written ${c.bytesWritten}`);
      },
    ),

  'write after the peer ended is EPIPE': (side) =>
    scene(
      side,
      {},
      (s) => void s.resume().end(),
      (c, log) => {
        c.on('end', () => {
          c.end();
          c.write('late', (error?: NodeJS.ErrnoException | null) => log.push(`client write ${error?.code}`));
        });
        c.resume();
      },
    ).then((log) => log.filter((line) => line.startsWith('client'))),

  'timeout after silence': (side) =>
    scene(
      side,
      {},
      (s) => void s.resume(),
      (c) => {
        c.once('connect', () => c.setTimeout(30, () => c.end()));
        c.resume();
      },
    ),

  'early data waits for a late reader': (side) =>
    scene(
      side,
      {},
      (s, log) => {
        setTimeout(() => s.on('data', (chunk: Buffer) => log.push(`server data ${chunk}`)), 30);
      },
      (c) => {
        c.resume();
        c.end('early');
      },
    ),

  'destroySoon sends everything first': (side) =>
    scene(
      side,
      {},
      (s, log) => {
        let bytes = 0;
        s.on('data', (chunk: Buffer) => (bytes += chunk.length));
        s.on('end', () => log.push(`server got ${bytes}`));
      },
      (c) => {
        c.resume();
        c.write(Buffer.alloc(500_000));
        c.destroySoon();
      },
    ),

  'backpressure: a reader that waits, chunks above the high-water mark': async (side) => {
    const total = 8 << 20;
    let got = 0;
    const log = await scene(
      side,
      {},
      (s) => {
        s.on('readable', async () => {
          await pause(1);
          for (let chunk = s.read() as Buffer | null; chunk !== null; chunk = s.read() as Buffer | null)
            got += chunk.length;
        });
      },
      async (c) => {
        c.resume();
        c.once('connect', () => {
          let left = total;
          const more = (): void => {
            while (left > 0) {
              left -= 1 << 20;
              if (!c.write(Buffer.alloc(1 << 20)) && left > 0) return void c.once('drain', more);
            }
            c.end();
          };
          more();
        });
      },
    );
    return [`got ${got}`, ...log.filter((line) => !line.includes('drain'))];
  },
};
