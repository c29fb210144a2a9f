// AsyncLocalStorage on every level: a callback sees the store of the call that asked for it, whoever's tick the turn ran in.
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Conn, createStack, type Handlers, type Stack } from '../../../src/index.ts';

const store = new AsyncLocalStorage<string>();
let stack: Stack;
/** What each callback saw, by its name. */
let seen: Record<string, string | undefined>;
const see = (name: string): void => {
  seen[name] = store.getStore();
};
const to = { port: 7, host: '127.0.0.1' };
beforeEach(async () => {
  seen = {};
  stack = await createStack();
});
afterEach(() => stack.close({ timeout: 0 }));

test('serve: that of serve, in all handlers and the hook before them', async () => {
  const syn = (): 'accept' => {
    see('syn');
    return 'accept';
  };
  let over: () => void;
  const closed = new Promise<void>((resolve) => {
    over = resolve;
  });
  const handlers: Handlers & { mine: number } = {
    mine: 5,
    open: () => see('open'),
    data(conn, chunk) {
      see('data');
      conn.end(`${this.mine}${chunk}`);
    },
    state: () => see('state'),
    end: () => see('end'),
    close: () => {
      see('close');
      over();
    },
  };
  store.run('serve', () => {
    stack.serve(7, handlers, { syn });
    stack.serve(8, {
      syn: () => {
        see('hook among handlers');
        return 'reset';
      },
    });
  });
  await expect(store.run('client', () => stack.open({ ...to, port: 8 }))).rejects.toThrow('ECONNREFUSED');
  await store.run('client', async () => {
    const conn = await stack.open(to);
    await conn.write('x');
    expect(String(await conn.read())).toBe('5x');
    await conn.end();
  });
  await closed;
  const all = ['hook among handlers', 'syn', 'open', 'data', 'state', 'end', 'close'];
  expect(seen).toEqual(Object.fromEntries(all.map((name) => [name, 'serve'])));
});

test('close(): the last word is told in that context, too', async () => {
  const closed = new Promise<string | undefined>((resolve) => {
    const handlers: Handlers = { data: (conn) => conn.close(), close: () => resolve(store.getStore()) };
    store.run('serve', () => stack.serve(7, handlers));
  });
  const conn = await stack.open(to);
  await conn.write('x');
  await conn.end();
  expect(await closed).toBe('serve');
});

test('dial: each connection that of its dial, with one object of handlers for all', async () => {
  stack.serve(7, { data: (conn, chunk) => void conn.write(chunk) });
  const heard: (string | undefined)[][] = [];
  const handlers: Handlers = {
    open: (conn: Conn) => {
      conn.data = [store.getStore()];
      conn.write('x');
    },
    data: (conn) => {
      (conn.data as unknown[]).push(store.getStore());
      conn.end();
    },
    close: (conn) => void heard.push([...(conn.data as string[]), store.getStore()]),
  };
  for (const name of ['one', 'two']) store.run(name, () => stack.dial(to, handlers));
  await expect.poll(() => heard.length).toBe(2);
  expect(heard.sort()).toEqual(['one', 'two'].map((name) => [name, name, name]));
});

test('handlers that come or go between two dials', async () => {
  stack.serve(7, {});
  const handlers: Handlers = {};
  stack.dial(to, handlers).end();
  const opened = new Promise<void>((resolve) => {
    handlers.open = () => resolve();
  });
  stack.dial(to, handlers);
  await opened;
});

test('streams: that of listen at the server, that of connect at the client', async () => {
  const server = stack.createServer((socket) => {
    see('connection');
    socket.on('data', (chunk) => {
      see('server data');
      socket.end(chunk);
    });
  });
  store.run('listen', () => server.listen(7));
  const client = store.run('connect', () => stack.connect(to));
  for (const event of ['connect', 'data', 'end', 'close']) client.on(event, () => see(event));
  store.run('writer', () => client.write('x'));
  await once(client, 'close');
  const { connection, 'server data': data, ...rest } = seen;
  expect([connection, data]).toEqual(['listen', 'listen']);
  expect(rest).toEqual({ connect: 'connect', data: 'connect', end: 'connect', close: 'connect' });
});

test('promises: what a connection tells besides is told where it was made', async () => {
  const listener = stack.listen(7);
  const accepted = store.run('accept', () => listener.accept());
  const conn = await store.run('open', () => stack.open(to));
  const other = (await accepted)!;
  conn.onState = () => see('open');
  other.onState = () => see('accept');
  other.onUrgent = () => see('urgent');
  await store.run('elsewhere', async () => {
    conn.conn.sendUrgent(Buffer.from('!'));
    await other.read();
    conn.closeWrite();
    await other.end();
  });
  expect(seen).toEqual({ open: 'open', accept: 'accept', urgent: 'accept' });
});

test('UDP: that of bind', async () => {
  const socket = store.run('bind', () => stack.udp.bind(9).onMessage(() => see('message')));
  store.run('sender', () => stack.udp.bind().send('x', 9, '127.0.0.1'));
  await expect.poll(() => seen).toEqual({ message: 'bind' });
  socket.close();
});
