// A connection that no handler was called with is not an object yet; nobody can tell the difference.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Stack } from '../../../src/shell/stack.ts';
import { createStack } from '../../../src/stack.ts';

const host = '127.0.0.1';

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !holds(); n++) await new Promise((resolve) => setTimeout(resolve, 10));
}

let stack: Stack;
beforeEach(async () => {
  stack = await createStack();
});
afterEach(async () => {
  await stack.close({ timeout: 0 });
  expect(stack.metrics()).toMatchObject({ connections: 0, listeners: 0, rows: 0 });
});

test('it counts, is listed, and is the same object from the first call on', async () => {
  const seen = new Set<object>();
  let heard = '';
  stack.serve(80, {
    data: (conn, bytes) => {
      seen.add(conn);
      heard = String(bytes);
    },
  });
  const conn = await stack.open({ host, port: 80 });
  await until(() => stack.metrics().connections === 2);
  expect(stack.metrics().connections).toBe(2);
  const sizes: number[] = [];
  for (const text of ['a', 'b']) {
    await conn.write(text);
    await until(() => heard === text);
    sizes.push(seen.size);
  }
  expect(sizes).toEqual([1, 1]);
  expect(stack.connections().map((c) => c.state)).toEqual(['ESTABLISHED', 'ESTABLISHED']);
});

test('it ends without a handler that would hear of it', async () => {
  stack.serve(80, {});
  const conn = await stack.open({ host, port: 80 });
  conn.abort();
  await until(() => stack.metrics().connections === 0);
  expect(stack.metrics().connections).toBe(0);
});

test('and with one', async () => {
  const told: unknown[] = [];
  stack.serve(80, { close: (_conn, error) => void told.push((error as NodeJS.ErrnoException | null)?.code) });
  const conn = await stack.open({ host, port: 80 });
  conn.abort();
  await until(() => told.length > 0);
  expect(told).toEqual(['ECONNRESET']);
});

test('listed before it said anything, and closed in order with the stack', async () => {
  stack.serve(80, {});
  const conn = await stack.open({ host, port: 80 });
  await until(() => stack.metrics().connections === 2);
  expect(stack.connections().length).toBe(2);
  const closing = stack.close();
  expect(await conn.read()).toBe(null);
  await closing;
});

test('dial: shared handlers, no name is looked up', async () => {
  const said: string[] = [];
  stack.serve(80, { data: (conn, bytes) => conn.end(bytes) });
  await new Promise<void>((resolve) => {
    stack.dial(
      { host, port: 80, data: 'hello' },
      {
        open: () => said.push('open'),
        data: (_conn, bytes) => said.push(String(bytes)),
        end: (conn) => conn.end(),
        close: () => resolve(),
      },
    );
  });
  expect(said).toEqual(['open', 'hello']);
  expect(() => stack.dial({ host: 'localhost', port: 80 }, {})).toThrow(/host/);
  expect(() => stack.dial({ host: '192.0.2.1', port: 80 }, {})).toThrow(/ENETUNREACH|EADDRNOTAVAIL/);
});

test('what waits for the application is summed without a look at every connection', async () => {
  let paused = false;
  stack.serve(80, {
    data: (conn) => {
      conn.pause();
      paused = true;
    },
  });
  const conn = await stack.open({ host, port: 80 });
  await conn.write('a');
  await until(() => paused);
  await conn.write('bc');
  await until(() => stack.metrics().memory.unread > 0);
  expect(stack.metrics().memory.unread).toBe(2);
  for (const { state } of stack.connections()) expect(state).toBe('ESTABLISHED');
});

test('keepObjects false: an object for the call only, unless it has something to remember', async () => {
  const seen: unknown[] = [];
  const close: unknown[] = [];
  stack.serve(
    80,
    {
      data(conn, bytes) {
        seen.push(conn);
        if (String(bytes) === 'keep') conn.data = 'kept';
        conn.write(bytes);
      },
      close: (conn) => void close.push(conn.data),
    },
    { keepObjects: false },
  );
  const conn = await stack.open({ host, port: 80 });
  for (const text of ['a', 'b', 'keep', 'c']) {
    await conn.write(text);
    expect(String(await conn.read())).toBe(text);
  }
  expect(new Set(seen).size).toBe(3);
  expect(seen[2]).toBe(seen[3]);
  const [dead] = seen as [{ state: string; write(text: string): boolean }];
  expect([dead.state, dead.write('x')]).toEqual(['CLOSED', true]);
  conn.abort();
  await until(() => close.length > 0);
  expect(close).toEqual(['kept']);
});

test.each([{}, { keepObjects: false }])(
  'the slot of the application is empty at first, and its own: %j',
  async (options) => {
    const seen: unknown[] = [];
    const counts: number[] = [];
    stack.serve(
      80,
      {
        open: (conn) => void seen.push(conn.data),
        data(conn, bytes) {
          const mine = (conn.data ??= { n: 0 }) as { n: number };
          counts.push(++mine.n);
          conn.write(bytes);
        },
      },
      options,
    );
    const conns = [await stack.open({ host, port: 80 }), await stack.open({ host, port: 80 })];
    for (const conn of [...conns, conns[0]!]) {
      await conn.write('x');
      await conn.read();
    }
    expect(seen).toEqual([undefined, undefined]);
    expect(counts).toEqual([1, 1, 2]);
    for (const conn of conns) conn.abort();
  },
);

test('keepObjects false: what a handler began goes on', async () => {
  stack.serve(80, { open: (conn) => conn.pause(), data: (conn, bytes) => conn.end(bytes) }, { keepObjects: false });
  const conn = await stack.open({ host, port: 80 });
  await conn.write('a');
  await until(() => stack.metrics().memory.unread > 0);
  expect(stack.metrics().memory.unread).toBe(1);
  conn.abort();
});

test('a list taken while one of them is ending leaves nothing behind', async () => {
  const lengths: number[] = [];
  stack.serve(80, { data: () => void lengths.push(stack.connections().length) });
  const conns = await Promise.all(Array.from({ length: 4 }, () => stack.open({ host, port: 80 })));
  await until(() => stack.metrics().connections === 8);
  // In one turn: text for the first, resets for the others.
  void conns[0]!.write('x');
  for (const conn of conns.slice(1)) conn.abort();
  await until(() => lengths.length > 0 && stack.metrics().connections === 2);
  expect(stack.metrics().connections).toBe(2);
});
