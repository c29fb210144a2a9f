import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeStack, type Rig } from './fake-core.ts';

let rig: Rig;
beforeEach(() => {
  rig = fakeStack();
});
afterEach(async () => {
  await rig.stack.close({ timeout: 0 });
  expect(rig.engine.size).toBe(0);
  expect(rig.link.refs).toBe(0);
});

test('for await over a listener; data that came before accept is not lost', async () => {
  const listener = rig.stack.listen(80);
  const client = await rig.stack.open({ host: '10.0.0.1', port: 80 });
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
  expect(rig.core.log).toEqual(['accepted 0']);
});

test('closing a listener resets what nobody took and ends the loop', async () => {
  const listener = rig.stack.listen(80);
  const client = await rig.stack.open({ host: '10.0.0.1', port: 80 });
  await new Promise((r) => setTimeout(r, 10));
  listener.close();
  expect(await listener.accept()).toBe(null);
  await expect(client.closed()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('open: refused, aborted before, aborted during', async () => {
  await expect(rig.stack.open({ host: '10.0.0.1', port: 81 })).rejects.toMatchObject({
    code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address: '10.0.0.1', port: 81,
    message: 'connect ECONNREFUSED 10.0.0.1:81',
  });
  rig.stack.listen(80);
  await expect(rig.stack.open({ host: '10.0.0.1', port: 80, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  const abort = new AbortController();
  const opening = rig.stack.open({ host: '10.0.0.1', port: 80, signal: abort.signal });
  abort.abort();
  await expect(opening).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
});

test('asyncDispose sends what was written, then lets go', async () => {
  const listener = rig.stack.listen(80);
  const client = await rig.stack.open({ host: '10.0.0.1', port: 80 });
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
  await rig.stack.close();
  expect(() => rig.stack.listen(80)).toThrow('the stack is closed');
});
