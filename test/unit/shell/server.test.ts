// Servers of `stack.createServer`: what `listen` is told, how often, and how many connections there may be.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Server } from '../../../src/shell/server.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { createLoopbackStack } from '../../../src/stack.ts';

let stack: Stack;
let server: Server;
beforeEach(() => {
  stack = createLoopbackStack();
  server = stack.createServer((socket) => socket.on('error', () => {}).end('hi'));
});
afterEach(() => stack.close({ timeout: 0 }));

/** What a client of port 80 hears. */
async function answer(): Promise<string> {
  let heard = '';
  for await (const chunk of stack.connect({ port: 80, host: '127.0.0.1' })) heard += chunk;
  return heard;
}

describe('listen', () => {
  test.each([
    [
      { path: '/run/x.sock' },
      /^option path: '\/run\/x\.sock' .* A Unix socket or pipe is the kernel's: listen there with node:net/,
    ],
    [{ path: '/run/x.sock', port: 80 }, /^option path/],
    [{ fd: 3 }, /^option fd: 3 .* A descriptor is the kernel's/],
    [{ prot: 80 }, /^option prot: 80 .* Did you mean "port"\?/],
    [{ port: 80, hostname: '127.0.0.1' }, /^option hostname: .* Did you mean "host"\?/],
  ])('%j is refused by name, and nothing listens', (options, message) => {
    expect(() => server.listen(options as object)).toThrow(
      expect.objectContaining({ code: 'ERR_USERTCP_OPTION', message: expect.stringMatching(message) }),
    );
    expect([server.listening, stack.metrics().listeners]).toEqual([false, 0]);
  });

  test('names of node:net that mean nothing here, and absent ones, are no obstacle', async () => {
    server.listen({ port: 80, host: '127.0.0.1', exclusive: true, path: undefined, fd: undefined } as object);
    await once(server, 'listening');
    expect(await answer()).toBe('hi');
  });

  test('after close(), also before it was told to listen; told once for each that stays', async () => {
    const seen: string[] = [];
    server.on('listening', () => seen.push('listening'));
    server.listen(80, '127.0.0.1').close();
    server.listen(80, '127.0.0.1');
    expect(() => server.listen(81)).toThrow(/more than once/);
    expect(await answer()).toBe('hi');
    expect(seen).toEqual(['listening']);
    server.close();
    await once(server, 'close');
    server.listen(80, '127.0.0.1');
    expect(await answer()).toBe('hi');
    expect(seen).toEqual(['listening', 'listening']);
  });
});

test.each([
  [null, 'hi', 0],
  [undefined, 'hi', 0],
  [1, 'hi', 0],
  [0, 'ECONNRESET', 1],
])('maxConnections %s: a client hears %s, %i are dropped', async (most, heard, dropped) => {
  let drops = 0;
  server.on('drop', () => drops++);
  server.maxConnections = most;
  server.listen(80, '127.0.0.1');
  expect(await answer().catch((error: NodeJS.ErrnoException) => error.code)).toBe(heard);
  expect(drops).toBe(dropped);
});
