// What sockets have of Node's streams: abort-signal.ts, read-to-end.ts and write-after-end.ts, on a plain Duplex.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { abortWith } from '../../../src/shell/abort-signal.ts';
import { readToEnd } from '../../../src/shell/read-to-end.ts';
import { refuseWritesAfterEnd } from '../../../src/shell/write-after-end.ts';

function duplex(allowHalfOpen = true): Duplex {
  return new Duplex({ allowHalfOpen, read() {}, write: (_chunk, _encoding, done) => done() });
}

test.each(['before', 'during'])('a signal that fires %s destroys the socket with its reason', async (when) => {
  const control = new AbortController();
  const socket = duplex();
  if (when === 'before') control.abort('why');
  abortWith(socket, control.signal);
  expect(socket.destroyed).toBe(false); // 'error' can still be listened to
  control.abort('why');
  const [error] = await once(socket, 'error').catch((e: unknown) => [e]);
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
});

test('a closed socket is forgotten by its signal', async () => {
  const control = new AbortController();
  const socket = duplex();
  abortWith(socket, control.signal);
  socket.destroy();
  await once(socket, 'close');
  control.abort();
  expect(socket.errored).toBe(null);
});

async function text(chunks: AsyncIterable<Buffer>, most = Infinity): Promise<string> {
  const found: string[] = [];
  for await (const chunk of chunks) if (found.push(String(chunk)) === most) break;
  return found.join('');
}

test('reading to the end leaves a half-open socket writable, another one is destroyed (nodejs/node#49073)', async () => {
  for (const half of [true, false]) {
    const socket = duplex(half);
    socket.push('all');
    socket.push(null);
    expect([await text(readToEnd(socket)), socket.destroyed]).toEqual(['all', !half]);
    socket.destroy();
  }
});

test('leaving early destroys the socket either way', async () => {
  for (const half of [true, false]) {
    const socket = duplex(half);
    socket.push('first');
    expect([await text(readToEnd(socket), 1), socket.destroyed]).toEqual(['first', true]);
  }
});

test('an error of the socket is thrown by the loop', async () => {
  const socket = duplex();
  setImmediate(() => socket.destroy(new Error('reset')));
  await expect(text(readToEnd(socket))).rejects.toThrow('reset');
});

test('a write after the peer ended is EPIPE in the words of node:net, told to the callback too', async () => {
  // Its FIN is never acknowledged, so it is ended and not yet destroyed.
  const socket = new Duplex({
    allowHalfOpen: false,
    read() {},
    write: (_chunk, _encoding, done) => done(),
    final() {},
  });
  socket.on('end', refuseWritesAfterEnd);
  socket.resume();
  socket.push(null);
  await once(socket, 'end');
  await new Promise(setImmediate);
  const failed = new Promise((resolve) => socket.on('error', resolve));
  const told = new Promise((resolve) => {
    if (socket.write('late', resolve)) resolve('it was taken');
  });
  expect(await told).toMatchObject({ code: 'EPIPE', message: 'This socket has been ended by the other party' });
  expect(await failed).toBe(await told);
});

test('with allowHalfOpen writing goes on', async () => {
  const socket = duplex();
  socket.on('end', refuseWritesAfterEnd);
  socket.resume();
  socket.push(null);
  await once(socket, 'end');
  await new Promise<void>((resolve, reject) => socket.write('late', (error) => (error ? reject(error) : resolve())));
  socket.destroy();
});
