// What a socket was told to connect with is not kept as long as the socket is.
import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { createLoopbackStack } from '../../../src/stack.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
type Done = (error: null, address: string, family: number) => void;

/** A function of its own, so that nothing here holds the lookup. */
function connect(stack: Stack, how: (tell: () => void) => void): { socket: Socket; asked: WeakRef<object> } {
  const own = (_host: string, _options: object, done: Done): void => how(() => done(null, '127.0.0.1', 4));
  const asked = new WeakRef<object>(own);
  return { socket: stack.connect({ host: 'b.test', port: 80, lookup: own as unknown as typeof lookup }), asked };
}

test.each([
  ['at once', (tell: () => void) => tell()],
  ['later', (tell: () => void) => void setImmediate(tell)],
])('a lookup that answered %s', async (_, how) => {
  await using stack = createLoopbackStack();
  stack.serve(80, {});
  const { socket, asked } = connect(stack, how);
  await once(socket, 'connect');
  for (let turn = 0; turn < 4; turn++) {
    await new Promise(setImmediate);
    gc();
  }
  expect(asked.deref()).toBeUndefined();
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
