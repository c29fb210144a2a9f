import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Stack } from '../../../src/shell/stack.ts';
import { createStack } from '../../../src/stack.ts';

const host = '127.0.0.1';
let stack: Stack;
beforeEach(async () => {
  stack = await createStack();
});
afterEach(async () => {
  await stack.close({ timeout: 0 });
  expect(stack.metrics()).toMatchObject({ connections: 0, listeners: 0 });
});

test('serve: shared handlers see open, data, end, close in order', async () => {
  const seen: string[] = [];
  const closed = new Promise<void>((resolve) => {
    stack.serve(80, {
      open: (c) => seen.push(`open ${c.remoteAddress}:${c.remotePort > 0}`),
      data: (c, chunk) => {
        seen.push(`data ${chunk}`);
        c.write(chunk);
      },
      end: (c) => {
        seen.push('end');
        c.end('bye');
      },
      close: (_c, error) => {
        seen.push(`close ${error}`);
        resolve();
      },
    });
  });
  const conn = await stack.open({ host, port: 80 });
  await conn.write('hello');
  expect(String(await conn.read())).toBe('hello');
  conn.closeWrite();
  expect(String(await conn.read())).toBe('bye');
  expect(await conn.read()).toBe(null);
  await closed;
  expect(seen).toEqual(['open 127.0.0.1:true', 'data hello', 'end', 'close null']);
});

test('serve: without an end handler our side closes, too', async () => {
  stack.serve(80, {});
  const conn = await stack.open({ host, port: 80 });
  await conn.end();
  expect(conn.state).toBe('CLOSED');
});

test('serve: write keeps everything and returns false when the buffer is full; drain follows', async () => {
  const total = 1 << 20;
  let drains = 0;
  let full = 0;
  stack.serve(
    80,
    {
      open: (c) => {
        for (let i = 0; i < 16; i++) if (!c.write(Buffer.alloc(total / 16, i))) full++;
        expect(c.pendingBytes).toBeGreaterThan(0);
        c.end();
      },
      drain: () => drains++,
    },
    { sendBuffer: 256 * 1024 },
  );
  const conn = await stack.open({ host, port: 80 });
  let got = 0;
  for await (const chunk of conn) {
    expect(chunk.every((b) => b === chunk[0]) || chunk.length > 0).toBe(true);
    got += chunk.length;
  }
  expect(got).toBe(total);
  expect(full).toBeGreaterThan(0);
  expect(drains).toBe(1);
  await conn.end();
});

test('serve: pause holds bytes and closes the window, resume delivers them in order', async () => {
  let server: import('../../../src/shell/conn.ts').Conn | undefined;
  const got: Buffer[] = [];
  stack.serve(80, {
    open: (c) => {
      server = c;
      c.pause();
    },
    data: (_c, chunk) => got.push(Buffer.from(chunk)),
  });
  const conn = await stack.open({ host, port: 80 });
  const sent = Buffer.from(Array.from({ length: 400_000 }, (_, i) => i & 255));
  const writing = conn.write(sent);
  await expect.poll(() => conn.info()?.sndWnd, { timeout: 15_000 }).toBe(0);
  expect(server!.heldBytes).toBeGreaterThan(10_000);
  expect(server!.heldBytes).toBeLessThan(100_000);
  expect(got).toHaveLength(0);
  server!.resume();
  await writing;
  await conn.end();
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

test('serve: a throwing handler aborts its connection; the error surfaces; the stack goes on', async () => {
  const uncaught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (e) => uncaught.push(e));
  try {
    stack.serve(80, {
      data: () => {
        throw new Error('mine');
      },
    });
    const a = await stack.open({ host, port: 80 });
    await a.write('x');
    await expect(a.read()).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    expect(String(uncaught[0])).toBe('Error: mine');
    const b = await stack.open({ host, port: 80 });
    await b.end();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const l of listeners) process.on('uncaughtException', l);
  }
});

test('listen twice: EADDRINUSE as node says it; port 0 chooses', () => {
  const one = stack.serve(0, {});
  expect(one.port).toBeGreaterThan(0);
  expect(() => stack.serve(one.port, {})).toThrow(`listen EADDRINUSE: address already in use :::${one.port}`);
});
