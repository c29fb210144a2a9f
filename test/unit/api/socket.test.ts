/** What our sockets have beyond the scenarios shared with node:net. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toPrometheus } from '../../../src/shell/metrics.ts';
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

test('AbortSignal destroys the socket with AbortError', async () => {
  stack.createServer().listen(80);
  const abort = new AbortController();
  const socket = stack.connect({ host, port: 80, signal: abort.signal });
  await once(socket, 'connect');
  abort.abort();
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
});

test('AsyncLocalStorage: callbacks of a socket see the store of their connect', async () => {
  stack.createServer((s) => s.end('x')).listen(80);
  const store = new AsyncLocalStorage<number>();
  const seen = await Promise.all(
    [1, 2].map((n) =>
      store.run(n, async () => {
        const socket = stack.connect({ host, port: 80 });
        return new Promise((resolve) => socket.on('data', () => resolve(store.getStore())));
      }),
    ),
  );
  expect(seen).toEqual([1, 2]);
});

test('IPv6 loopback, IPv4 loopback and names', async () => {
  stack.createServer((s) => s.end(s.remoteAddress)).listen(80);
  for (const [name, expected] of [
    ['::1', '::1'],
    ['127.0.0.1', '127.0.0.1'],
    ['ip4.test', '127.0.0.1'],
  ] as const) {
    const socket = stack.connect({
      host: name,
      port: 80,
      lookup: ((_host: string, _options: object, done: (e: null, a: string, f: number) => void) =>
        done(null, host, 4)) as never,
    });
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(String(chunk)).toBe(expected);
  }
});

test('maxConnections: more are reset and told by drop', async () => {
  const server = stack.createServer(() => {}).listen(80);
  server.maxConnections = 1;
  const first = stack.connect({ host, port: 80 });
  await once(first, 'connect');
  const drop = once(server, 'drop');
  const second = stack.connect({ host, port: 80 });
  const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect((await drop)[0]).toMatchObject({ localPort: 80, remoteAddress: host });
});

test('listen on a taken port: error event as node has it', async () => {
  stack.createServer().listen(80);
  const [error] = (await once(stack.createServer().listen(80), 'error')) as [NodeJS.ErrnoException];
  expect(error).toMatchObject({ code: 'EADDRINUSE', errno: -98, syscall: 'listen', port: 80 });
});

test('state and info say what the connection does; metrics in Prometheus format', async () => {
  const server = stack.createServer().listen(80);
  const socket = stack.connect({ host, port: 80 });
  expect(socket.state).toBe('SYN_SENT');
  await once(server, 'connection');
  expect(socket.state).toBe('ESTABLISHED');
  expect(socket.info()).toMatchObject({ state: 'ESTABLISHED', timestamps: true, sack: true });
  expect(stack.connections()).toHaveLength(2);
  expect(toPrometheus(stack.metrics())).toMatch(/^usertcp_link_rx_frames_total\{link="lo"\} \d+$/m);
});

test('close lets what was written arrive, then is idempotent', async () => {
  const got: Buffer[] = [];
  const accepted = new Promise<void>((open) => {
    stack.serve(80, { open: () => open(), data: (_c, chunk) => got.push(Buffer.from(chunk)) });
  });
  const socket = stack.connect({ host, port: 80 });
  await accepted;
  socket.write(Buffer.alloc(3 << 20, 1));
  const closing = stack.close();
  expect(stack.close()).toBe(closing);
  await closing;
  expect(Buffer.concat(got)).toHaveLength(3 << 20);
});

test('bad ports and addresses are refused before anything is opened', () => {
  expect(() => stack.connect({ host, port: 0 })).toThrow(/option port: 0 .* integer from 1 to 65535/);
  expect(() => stack.serve(65536, {})).toThrow(/option port: 65536/);
  expect(() => stack.serve(80, {}, { host: 'eth0' })).toThrow(/option host: 'eth0'/);
});

test('nothing open, nothing referenced: the process may end', async () => {
  const service = stack.serve(81, {});
  const server = stack.createServer().listen(82).unref();
  service.unref();
  service.ref();
  service.close();
  server.close();
  expect(stack.metrics().listeners).toBe(0);
});
