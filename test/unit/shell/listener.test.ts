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

test('for await over a listener; data that came before accept is not lost', async () => {
  const listener = stack.listen(80);
  const client = await stack.open({ host, port: 80 });
  await client.write('early');
  client.closeWrite();
  await new Promise((r) => setTimeout(r, 10));
  for await (const conn of listener) {
    const chunks: string[] = [];
    for await (const chunk of conn) chunks.push(String(chunk));
    expect(chunks.join('')).toBe('early');
    await conn.write('late');
    await conn.end();
    break;
  }
  expect(String(await client.read())).toBe('late');
  expect(await client.read()).toBe(null);
  await client.closed();
});

test('closing a listener resets what nobody took and ends the loop', async () => {
  const listener = stack.listen(80);
  const client = await stack.open({ host, port: 80 });
  await new Promise((r) => setTimeout(r, 10));
  listener.close();
  expect(await listener.accept()).toBe(null);
  await expect(client.closed()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('open: refused, aborted before, aborted during', async () => {
  await expect(stack.open({ host, port: 81 })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    errno: -111,
    syscall: 'connect',
    address: host,
    port: 81,
    message: 'connect ECONNREFUSED 127.0.0.1:81',
  });
  stack.listen(80);
  await expect(stack.open({ host, port: 80, signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
  const abort = new AbortController();
  const opening = stack.open({ host, port: 80, signal: abort.signal });
  abort.abort();
  await expect(opening).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
});

test('asyncDispose sends what was written, then lets go', async () => {
  const listener = stack.listen(80);
  const client = await stack.open({ host, port: 80 });
  const conn = (await listener.accept())!;
  const blob = Buffer.alloc(300_000, 7);
  const written = client.write(blob);
  void client[Symbol.asyncDispose]();
  let got = 0;
  for await (const chunk of conn) got += chunk.length;
  expect(got).toBe(blob.length);
  await written;
  await conn.end();
});

test('a closed stack refuses', async () => {
  await stack.close();
  expect(() => stack.listen(80)).toThrow('the stack is closed');
});
