// What was acknowledged is delivered, also when its sender has reset the connection since (ADR 58); and nothing is left of it.
import { once } from 'node:events';
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ECONNRESET, ENOBUFS } from '../../../src/core/events.ts';
import { use } from '../../../src/net.ts';
import type { Acks } from '../../../src/shell/acks.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import { pipe } from '../../../src/shell/pipe.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { Unread } from '../../../src/shell/unread.ts';
import { World } from '../../../src/sim.ts';

const SIZE = 400_000;
const host = '10.0.0.2';
const buffers = { receiveBuffer: 1 << 20 };
const reset = expect.objectContaining({ code: 'ECONNRESET' });
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World();
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(async () => {
  expect(b.metrics()).toMatchObject({ connections: 0, rows: 0, memory: { unread: 0, unsent: 0 } });
  await w.close();
});

/** A peer that sends `bytes`, has them acknowledged, and resets. */
async function sendAndReset(bytes = SIZE, fin = false): Promise<void> {
  const peer = await w.settle(a.open({ host, port: 80, sendBuffer: 1 << 20 }));
  if (bytes > 0) await w.settle(peer.writeAcked(Buffer.alloc(bytes, 'x')));
  if (fin) peer.closeWrite();
  await w.run(100);
  peer.abort();
  await w.run(1000);
}

describe('serve', () => {
  let seen: unknown[];
  let conn: Conn;
  let service: { close(): void } | undefined;
  afterEach(() => void (service = undefined));
  const serve = (open = (c: Conn) => c.pause()): void => {
    seen = [];
    let bytes = 0;
    const handlers = {
      open(c: Conn) {
        conn = c;
        open(c);
      },
      data: (_c: Conn, chunk: Buffer) => void (bytes += chunk.length),
      end: () => void seen.push('end'),
      state: (_c: Conn, _from: string, to: string) => void seen.push(to),
      close: (_c: Conn, error: Error | null) => void seen.push(bytes, error),
    };
    service?.close();
    service = b.serve(80, handlers, buffers);
  };

  test.each([
    [SIZE, false],
    [SIZE, true],
    [0, true],
  ])('a paused reader gets what was held, then hears of the reset; %d bytes, after a FIN: %s', async (size, fin) => {
    serve();
    await sendAndReset(size, fin);
    expect(seen.at(-1)).toBe('CLOSED'); // who wants to know at once
    expect([conn.state, conn.heldBytes, b.metrics().memory.unread]).toEqual(['CLOSED', size, size]);
    expect(conn.write('for nobody')).toBe(true);
    await expect(conn.acknowledged()).rejects.toEqual(reset);
    conn.resume();
    await w.run(10);
    expect(seen.slice(-3)).toEqual([fin ? 'end' : 'CLOSED', size, reset]);
  });

  test('pausing again in the middle, the rest waits again', async () => {
    serve();
    await sendAndReset();
    let pieces = 0;
    conn.attach({ data: (c) => (pieces++ === 0 ? c.pause() : undefined), close: (_c, error) => void seen.push(error) });
    conn.resume();
    await w.run(10);
    expect([pieces, seen.at(-1)]).toEqual([1, 'CLOSED']);
    expect(conn.heldBytes).toBeGreaterThan(0);
    conn.resume();
    await w.run(10);
    expect([pieces > 1, seen.at(-1)]).toEqual([true, reset]);
  });

  test.each(['abort', 'close'] as const)('%s() drops it at once', async (how) => {
    serve();
    await sendAndReset();
    conn[how]();
    expect(seen.slice(-2)).toEqual([0, null]);
    expect(conn.heldBytes).toBe(0);
  });

  test('who waits for a drain that never comes is told at once', async () => {
    serve((c) => {
      c.write(Buffer.alloc(8 << 20));
      c.pause();
    });
    await sendAndReset(1000);
    expect(seen.slice(-2)).toEqual([0, reset]);
  });

  test('also of one that lend() left short; and what is lent later is for nobody', async () => {
    const much = Buffer.alloc(8 << 20);
    serve((c) => {
      expect(c.lend(much)).toBeLessThan(much.length);
      c.pause();
    });
    await sendAndReset(1000);
    expect(seen.slice(-2)).toEqual([0, reset]);
    serve();
    await sendAndReset(1000);
    expect([conn.lend(much), conn.heldBytes]).toEqual([much.length, 1000]);
    conn.resume();
    await w.run(10);
    expect(seen.slice(-2)).toEqual([1000, reset]);
  });

  test('no drain follows what was lent before open: what is held is read', async () => {
    let peer!: Conn;
    const told: unknown[] = [];
    const listening = a.serve(80, { open: (c) => void (peer = c) });
    const dialed = b.dial(
      { host: '10.0.0.1', port: 80 },
      {
        open: (c) => c.pause(),
        data: (_c, chunk) => void told.push(chunk.length),
        close: (_c, error) => void told.push(error),
      },
    );
    expect(dialed.lend(Buffer.alloc(10))).toBe(0);
    await w.run(100);
    peer.write(Buffer.alloc(1000));
    await w.run(100);
    peer.abort();
    await w.run(100);
    expect(told).toEqual([]);
    dialed.resume();
    await w.run(10);
    expect(told).toEqual([1000, reset]);
    listening.close();
  });

  test('the stack that closes takes it along', async () => {
    serve();
    await sendAndReset();
    await w.settle(b.close({ timeout: 10 }));
    expect(seen.at(-1)).toBe(null);
  });
});

test('who lent waits for a drain until one comes, or a later lend() was taken whole', () => {
  const unread = new Unread({ over() {} } as unknown as Acks);
  const conn = { heldBytes: 1, pendingBytes: 0, drained() {} } as unknown as Conn;
  const waits = (taken: number, bytes: number): boolean => {
    unread.offered(conn, taken, bytes);
    return !unread.mayRead(conn, ECONNRESET, false);
  };
  expect([waits(-1, 10), waits(5, 10), waits(0, 0), waits(-1, 10), waits(10, 10)]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  expect(waits(0, 10)).toBe(true);
  unread.drained(conn);
  expect(waits(0, 0)).toBe(false);
});

test('there is an end to what is kept; what was evicted for its memory does not stay', () => {
  const unread = new Unread({ over() {} } as unknown as Acks, 100);
  const conns = [60, 40, 1].map((heldBytes) => ({ heldBytes, pendingBytes: 0 }) as Conn);
  const [one, two, three] = conns as [Conn, Conn, Conn];
  const may = (conn: Conn, code = ECONNRESET): boolean => unread.mayRead(conn, code, true);
  expect([may(one), may(one, ENOBUFS)]).toEqual([true, false]);
  unread.keep(one, new Error());
  expect(may(two)).toBe(true);
  unread.keep(two, new Error());
  expect(may(three)).toBe(false);
  unread.forget(one);
  unread.forget(one);
  expect([may(three), may(one), may({ ...one, heldBytes: 61 } as Conn)]).toEqual([true, true, false]);
});

describe('promises', () => {
  /** An accepted connection that nobody reads. */
  async function accepted(): Promise<Connection> {
    const taken = b.listen(80, buffers).accept();
    const done = sendAndReset();
    const conn = (await w.settle(taken))!;
    await w.settle(done);
    return conn;
  }

  test('everything is read, then reading fails; writing and closed() do at once', async () => {
    const conn = await accepted();
    await expect(conn.write('late')).rejects.toEqual(reset);
    await expect(conn.closed()).rejects.toEqual(reset);
    let bytes = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of conn) bytes += chunk.length;
    };
    await expect(w.settle(read())).rejects.toEqual(reset);
    expect(bytes).toBe(SIZE);
  });

  test('bursts() give everything, too', async () => {
    const conn = await accepted();
    let bytes = 0;
    const read = async (): Promise<void> => {
      for await (const burst of conn.bursts()) bytes += burst.length;
    };
    await expect(w.settle(read())).rejects.toEqual(reset);
    expect(bytes).toBe(SIZE);
  });

  test('who was writing and who waited for the end hear of it before anything is read', async () => {
    const taken = b.listen(80, buffers).accept();
    const done = sendAndReset();
    const conn = (await w.settle(taken))!;
    const waits = [conn.write(Buffer.alloc(8 << 20)), conn.closed(), conn.conn.acknowledged()].map((wait) =>
      expect(wait).rejects.toEqual(reset),
    );
    await w.settle(done);
    await Promise.all(waits);
    expect(conn.conn.heldBytes).toBeGreaterThan(0);
    expect(await w.settle(conn.read())).toBeInstanceOf(Buffer);
    conn.abort();
  });

  test('end() throws away what is held, and fails', async () => {
    const conn = await accepted();
    await expect(w.settle(conn.end())).rejects.toEqual(reset);
  });

  test('one that nobody has accepted goes with what it holds: the backlog bounds that', async () => {
    const listener = b.listen(80, { ...buffers, backlog: 2 });
    for (let i = 0; i < 3; i++) await sendAndReset(1000);
    expect(b.metrics()).toMatchObject({ connections: 0, memory: { unread: 0 } });
    listener.close();
  });

  test('pipe() hands on what is held, and then the reset', async () => {
    const got: unknown[] = [];
    let bytes = 0;
    a.serve(81, {
      data: (_c, chunk) => void (bytes += chunk.length),
      close: (_c, error) => void got.push(bytes, error),
    });
    const conn = await accepted();
    const out = await w.settle(b.open({ host: '10.0.0.1', port: 81, sendBuffer: 1 << 20 }));
    expect(await w.settle(pipe(conn, out))).toMatchObject({ forth: SIZE, back: 0, error: { code: 'ECONNRESET' } });
    await w.run(1000);
    expect(got[1]).toEqual(reset);
  });
});

describe.each(['stack.createServer', 'usertcp/net'] as const)('sockets of %s', (level) => {
  type Any = Socket | net.Socket;

  async function accept(each: (socket: Any) => void): Promise<Any> {
    const server = level === 'usertcp/net' ? use(b).createServer() : b.createServer(buffers);
    (server as net.Server).listen(80);
    const taken = once(server, 'connection');
    server.on('connection', each);
    const done = sendAndReset(60_000);
    const [socket] = (await w.settle(taken)) as [Any];
    await w.settle(done);
    return socket;
  }

  function record(socket: Any): unknown[] {
    const seen: unknown[] = [];
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => void (bytes += chunk.length));
    socket.on('error', (error: Error) => seen.push(bytes, error));
    socket.on('close', () => seen.push('close'));
    return seen;
  }

  test('one that was paused gives everything, then its error', async () => {
    let seen: unknown[] = [];
    const socket = await accept((each) => {
      seen = record(each);
      each.pause();
    });
    expect(seen).toEqual([]);
    socket.resume();
    await w.run(100);
    expect(seen).toEqual([60_000, reset, 'close']);
  });

  test('an iterator that is slow', async () => {
    let bytes = 0;
    let ended: unknown;
    const socket = await accept(async (each) => {
      try {
        for await (const chunk of each) {
          bytes += (chunk as Buffer).length;
          await new Promise<void>((resolve) => each.once('go', resolve));
        }
      } catch (error) {
        ended = error;
      }
    });
    while (ended === undefined) {
      socket.emit('go');
      await w.run(10);
    }
    expect([bytes, ended]).toEqual([60_000, reset]);
  });

  test('a write meanwhile fails, and destroys it', async () => {
    let seen: unknown[] = [];
    const socket = await accept((each) => {
      seen = record(each);
      each.pause();
    });
    const told: unknown[] = [];
    socket.write('late', (error?: Error | null) => told.push(error));
    await w.run(100);
    expect([told, seen]).toEqual([[reset], [0, reset, 'close']]);
  });

  test('an end meanwhile does not: it is read on', async () => {
    let seen: unknown[] = [];
    const socket = await accept((each) => {
      seen = record(each);
      each.pause();
    });
    socket.end();
    await w.run(100);
    expect(seen).toEqual([]);
    socket.resume();
    await w.run(100);
    expect(seen).toEqual([60_000, reset, 'close']);
  });

  test('destroy() drops it at once', async () => {
    let seen: unknown[] = [];
    const socket = await accept((each) => {
      seen = record(each);
      each.pause();
    });
    socket.destroy();
    await w.run(10);
    expect(seen).toEqual(['close']);
  });
});

test('a socket of stack.createServer that nobody reads hears of a reset at once', async () => {
  const seen: unknown[] = [];
  b.createServer((socket) => socket.on('error', (error) => seen.push(error))).listen(80);
  await sendAndReset(1000);
  expect(seen).toEqual([reset]);
});
