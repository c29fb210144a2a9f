// How connections end, and that nothing is left of them: orphans, paused readers, half-open iteration, resets, close().
import type { lookup } from 'node:dns';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Handlers } from '../../../src/shell/handlers.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';
import { createStack } from '../../../src/stack.ts';

const MINUTE = 60_000;
const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World();
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

/** A socket of a's and the one of b's that it is connected to. */
async function pair(options = {}, client = {}): Promise<[Socket, Socket]> {
  const accepted = new Promise<Socket>((resolve) => b.createServer({ ...options }, resolve).listen(80));
  const socket = a.connect({ host, port: 80, ...client });
  return [socket, await w.settle(accepted)];
}

/** What is emitted, in order. */
function record(socket: Socket): string[] {
  const seen: string[] = [];
  for (const name of ['end', 'halfclose', 'close']) socket.on(name, () => seen.push(name));
  socket.on('error', (error: Error & { code?: string; state?: string }) => seen.push(`${error.code} ${error.state}`));
  return seen;
}

test('FIN_WAIT_2 of an orphan ends by its timer; while somebody reads it lasts', async () => {
  const [mine, theirs] = await pair({ allowHalfOpen: true }, { allowHalfOpen: true });
  theirs.resume();
  mine.resume();
  mine.end();
  await w.run(10 * MINUTE);
  expect([mine.state, theirs.state]).toEqual(['FIN_WAIT_2', 'CLOSE_WAIT']);
  mine.destroy();
  await w.run(10);
  expect(a.metrics()).toMatchObject({ connections: 0, rows: 1 });
  await w.run(2 * MINUTE);
  expect(a.metrics()).toMatchObject({ connections: 0, rows: 0 });
});

test('an orphan whose peer never opens its window again ends, too', async () => {
  const conns: Conn[] = [];
  b.serve(80, { open: (conn) => conn.pause() });
  const conn = await w.settle(a.open({ host, port: 80 }));
  await w.run(10);
  conns.length = 0;
  void conn.write(new Uint8Array(1 << 20)).catch(() => {});
  await w.run(1000);
  await conn[Symbol.asyncDispose]();
  w.impair(b, { loss: 1 });
  await w.run(60 * MINUTE);
  expect(a.metrics()).toMatchObject({ connections: 0, rows: 0 });
});

test('an orphan with more to send than the send buffer takes ends though its peer answers every probe of a closed window', async () => {
  b.serve(80, { open: (conn) => conn.pause(), data() {} });
  const conn = await w.settle(a.open({ host, port: 80 }));
  void conn.write(new Uint8Array(8 << 20)).catch(() => {});
  await w.run(10_000);
  await conn[Symbol.asyncDispose]();
  await w.run(4 * MINUTE);
  expect(a.metrics()).toMatchObject({ connections: 0, rows: 0, memory: { unsent: 0 } });
});

test('what still comes for an orphan resets it, also while its FIN waits behind what it wrote', async () => {
  let theirs: Conn | undefined;
  const ends: unknown[] = [];
  b.serve(80, {
    open(conn) {
      conn.pause();
      theirs = conn;
    },
    close: (_, error) => ends.push((error as NodeJS.ErrnoException | null)?.code),
  });
  const conn = await w.settle(a.open({ host, port: 80 }));
  void conn.write(new Uint8Array(8 << 20)).catch(() => {});
  await w.run(5000);
  await conn[Symbol.asyncDispose]();
  expect(a.metrics().connections).toBe(1);
  theirs!.write('nobody reads this');
  await w.run(1000);
  expect(a.metrics()).toMatchObject({ connections: 0, rows: 0 });
  theirs!.resume();
  await w.run(1000);
  expect(ends).toEqual(['ECONNRESET']);
});

test("a paused socket learns of the peer's FIN: 'halfclose' and its state", async () => {
  const [mine, theirs] = await pair();
  const seen = record(theirs);
  theirs.pause();
  mine.end('unread');
  await w.run(1000);
  expect([seen, theirs.state]).toEqual([['halfclose'], 'CLOSE_WAIT']);
  theirs.resume();
  await w.run(1000);
  expect(seen).toEqual(['halfclose', 'end', 'close']);
});

test('allowHalfOpen with async iteration: reading to the end leaves the socket writable (nodejs/node#49073)', async () => {
  const [mine, theirs] = await pair({ allowHalfOpen: true });
  const echo = (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of theirs) chunks.push(chunk);
    expect(theirs.destroyed).toBe(false);
    theirs.end(Buffer.concat(chunks));
  })();
  mine.end('question');
  const answer: Buffer[] = [];
  mine.on('data', (chunk: Buffer) => answer.push(chunk));
  await w.settle(echo);
  await w.run(1000);
  expect([String(Buffer.concat(answer)), mine.destroyed, theirs.destroyed]).toEqual(['question', true, true]);
});

test('leaving the iteration early destroys the socket', async () => {
  const [mine, theirs] = await pair({ allowHalfOpen: true });
  record(mine);
  mine.write('first');
  await w.settle(
    (async () => {
      for await (const chunk of theirs) {
        expect(String(chunk)).toBe('first');
        break;
      }
    })(),
  );
  expect(theirs.destroyed).toBe(true);
});

test.each([
  ['right after connect', 'ESTABLISHED', () => {}],
  ['after our FIN', 'FIN_WAIT_2', (theirs: Socket) => void theirs.end()],
  ["after the peer's FIN", 'CLOSE_WAIT', (_theirs: Socket, mine: Socket) => void mine.end()],
] as const)('a RST is one error and one close: %s', async (_when, state, before) => {
  const [mine, theirs] = await pair({ allowHalfOpen: true }, { allowHalfOpen: true });
  const seen = record(theirs);
  record(mine);
  theirs.resume();
  mine.resume();
  before(theirs, mine);
  await w.run(100);
  expect(theirs.state).toBe(state);
  mine.resetAndDestroy();
  await w.run(1000);
  expect(seen.filter((what) => !['end', 'halfclose'].includes(what))).toEqual([`ECONNRESET ${state}`, 'close']);
  expect(b.metrics()).toMatchObject({ connections: 0, rows: 0 });
});

test('backlog: unaccepted children count, accepted and dead ones do not', async () => {
  const listener = b.listen(80, { backlog: 2 });
  const opening = Array.from({ length: 5 }, () => a.open({ host, port: 80 }));
  await w.run(100);
  const clients = await w.settle(
    (async () => {
      const taken = [];
      for await (const conn of listener) if (taken.push(conn) === 5) break;
      return Promise.all(opening);
    })(),
  );
  expect(clients.map(({ state }) => state)).toEqual(Array(5).fill('ESTABLISHED'));

  // Children that die before anybody takes them give their places back.
  for (let round = 0; round < 5; round++) {
    const doomed = [await w.settle(a.open({ host, port: 80 })), await w.settle(a.open({ host, port: 80 }))];
    await w.run(10);
    for (const conn of doomed) conn.abort();
    await w.run(10);
  }

  // All places are free: two more are accepted within one round trip.
  const began = w.now;
  const more = [a.open({ host, port: 80 }), a.open({ host, port: 80 })];
  expect((await w.settle(listener.accept()))?.state).toBe('ESTABLISHED');
  expect((await w.settle(listener.accept()))?.state).toBe('ESTABLISHED');
  await w.settle(Promise.all(more));
  expect(w.now - began).toBeLessThan(100);
  listener.close();
});

test('close() leaves nothing behind: no timer, handle or row, whatever state connections are in', async () => {
  const before = process.getActiveResourcesInfo();
  const stack = await createStack({ tcp: { msl: 50 } });
  const listener = stack.listen(80);
  const open = (): Promise<unknown> => stack.open({ host: '127.0.0.1', port: 80 });
  await open();
  const half = await stack.open({ host: '::1', port: 80 });
  half.closeWrite();
  const stuck = await stack.open({ host: '127.0.0.1', port: 80 });
  void stuck.write(new Uint8Array(16 << 20)).catch(() => {});
  void stuck.closed().catch(() => {});
  (await listener.accept())!.abort();
  stack.connect({ host: '127.0.0.1', port: 81 }).on('error', () => {});
  await stack.close({ timeout: 50 });
  await stack.close();
  expect(stack.metrics()).toMatchObject({ connections: 0, listeners: 0 });
  // The test runner has timers of its own, which come and go.
  let extra = [''];
  for (let i = 0; i < 100 && extra.length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const left = [...before];
    extra = process.getActiveResourcesInfo().filter((what) => {
      const at = left.indexOf(what);
      return at < 0 || left.splice(at, 1).length === 0;
    });
  }
  expect(extra).toEqual([]);
});

test('a socket that is destroyed while its name is looked up answers who wrote; a timeout set after that is none', async () => {
  const socket = a.connect({ host: 'somewhere', port: 80, lookup: (() => {}) as unknown as typeof lookup });
  const written = new Promise((resolve) => socket.write('early', resolve));
  let late = false;
  socket.destroy();
  socket.setTimeout(1, () => (late = true));
  expect(await written).toMatchObject({ code: 'ERR_USERTCP_DESTROYED' });
  expect(socket.timeout).toBe(undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(late).toBe(false);
});

/** A peer's text and FIN, of which a connection of the same stack gets several pieces in one burst; `handlers.data` aborts. */
async function inOneBurst(handlers: Handlers): Promise<string[]> {
  const stack = await createStack();
  const seen: string[] = [];
  const states: string[] = [];
  const closed = new Promise<void>((resolve) => {
    stack.serve(80, {
      ...handlers,
      data(conn, chunk) {
        seen.push('data');
        handlers.data!(conn, chunk);
      },
      halfclose: () => seen.push('halfclose'),
      end(conn) {
        seen.push('end');
        conn.end();
      },
      state: (_conn, _from, to) => states.push(to),
      close(_conn, error) {
        seen.push(`close ${error}`);
        resolve();
      },
    });
  });
  const peer = await stack.open({ host: '127.0.0.1', port: 80 });
  peer.setNoDelay(true);
  for (let n = 0; n < 6; n++) {
    void peer.write('0123456789').catch(() => {});
    stack.flush();
  }
  peer.closeWrite();
  await closed;
  await stack.close({ timeout: 0 });
  expect(states.at(-1)).toBe('CLOSED');
  return seen;
}

test('after abort() in a data handler nothing comes of the same burst but the state and the end', async () => {
  const all = ['data', 'data', 'data', 'data', 'data', 'data'];
  expect(await inOneBurst({ data() {} })).toEqual([...all, 'halfclose', 'end', 'close null']);
  expect(await inOneBurst({ data: (conn) => conn.abort() })).toEqual(['data', 'close null']);
  const paused: Handlers = {
    data(conn) {
      conn.pause();
      conn.abort();
    },
  };
  expect(await inOneBurst(paused)).toEqual(['data', 'close null']);
  // We ended first, so that the core is through with it before the handler runs.
  const through: Handlers = { ...paused, open: (conn) => conn.end() };
  expect(await inOneBurst(through)).toEqual(['data', 'close null']);
});

test('handlers that come after abort() hear of the end only', async () => {
  const late: string[] = [];
  const other: Handlers = {
    data: () => void late.push('data'),
    end: () => void late.push('end'),
    close: () => void late.push('close'),
  };
  const stack = await createStack();
  const closed = new Promise<void>((resolve) => {
    stack.serve(80, {
      data(conn) {
        conn.abort();
        conn.attach({ ...other, close: () => resolve(void late.push('close')) });
      },
    });
  });
  const peer = await stack.open({ host: '127.0.0.1', port: 80 });
  peer.setNoDelay(true);
  for (let n = 0; n < 3; n++) {
    void peer.write('0123456789').catch(() => {});
    stack.flush();
  }
  peer.closeWrite();
  await closed;
  expect(late).toEqual(['close']);
  await stack.close({ timeout: 0 });
});
