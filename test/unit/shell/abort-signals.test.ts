// A signal that lives longer than what it was given to keeps nothing of it, and counts whenever it fires.
import type { lookup } from 'node:dns';
import { getEventListeners, once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createStack, type Stack } from '../../../src/index.ts';

let stack: Stack;
beforeEach(async () => {
  stack = await createStack();
});
afterEach(() => stack.close());
const listenersOf = ({ signal }: AbortController): number => getEventListeners(signal, 'abort').length;

test('an open() that fails at once leaves nothing on its signal', async () => {
  const control = new AbortController();
  await expect(stack.open({ host: '10.9.9.9', port: 1, signal: control.signal })).rejects.toThrow('ENETUNREACH');
  expect(listenersOf(control)).toBe(0);
});

test('a signal that fires within the lookup of open() ends it', async () => {
  stack.serve(7, {});
  const control = new AbortController();
  const aborting = ((_host: string, _options: object, done: (error: null, found: object[]) => void) => {
    control.abort();
    setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }]);
  }) as unknown as typeof lookup;
  const opened = stack.open({ host: 'b.test', port: 7, signal: control.signal, lookup: aborting });
  await expect(opened).rejects.toMatchObject({ name: 'AbortError' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([listenersOf(control), stack.metrics().connections]).toEqual([0, 0]);
});

test("the signal of a listen() that is over does not close the server's next one", async () => {
  const control = new AbortController();
  const server = stack.createServer();
  await once(server.listen({ port: 7, signal: control.signal }), 'listening');
  await once(server.close(), 'close');
  expect(listenersOf(control)).toBe(0);
  await once(server.listen({ port: 7 }), 'listening');
  control.abort();
  expect(server.listening).toBe(true);
});

test('the signal of a server ends each of its sockets, whenever it fires', async () => {
  const control = new AbortController();
  const server = stack.createServer({ signal: control.signal });
  const told: (string | undefined)[] = [];
  server.on('connection', (socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => told.push(error.code));
    socket.on('close', () => told.push('close'));
  });
  await once(server.listen({ port: 7 }), 'listening');
  const gone = [];
  for (let i = 0; i < 3; i++) {
    if (i === 2) control.abort(); // the third comes when it has fired
    const client = stack.connect({ port: 7, host: '127.0.0.1' });
    gone.push(new Promise((resolve) => client.once('close', resolve)));
    await once(client, 'connect');
  }
  await Promise.all(gone);
  await once(server.close(), 'close');
  expect(told.sort()).toEqual(['ABORT_ERR', 'ABORT_ERR', 'ABORT_ERR', 'close', 'close', 'close']);
  expect(listenersOf(control)).toBe(0);
  await vi.waitFor(() => expect(stack.metrics().connections).toBe(0)); // the last ACK of each
});
