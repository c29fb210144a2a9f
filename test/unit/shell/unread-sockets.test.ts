// How sockets of stack.createServer end when the peer resets while text waits in the stream (ADR 58): always, with 'end' where the peer ended.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/shell/connection.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const host = '10.0.0.2';
const reset = 'error ECONNRESET';
let w: World;
let a: Stack;
let b: Stack;
let seen: string[];
let bytes: number;
beforeEach(() => {
  w = new World();
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
  seen = [];
  bytes = 0;
});
afterEach(async () => {
  expect(b.metrics()).toMatchObject({ connections: 0, rows: 0, memory: { unread: 0, unsent: 0 } });
  await w.close();
});

/** A server's socket, as `each` made it, and its peer, which has sent `length` bytes. */
async function accept(length: number, each: (socket: Socket) => void): Promise<[Socket, Connection]> {
  const server = b.createServer({ receiveBuffer: 1 << 20, allowHalfOpen: true }, (socket) => {
    for (const event of ['end', 'finish', 'close']) socket.on(event, () => seen.push(event));
    socket.on('error', (error: NodeJS.ErrnoException) => seen.push(`error ${error.code}`));
    each(socket);
  });
  const taken = once(server.listen(80), 'connection');
  const peer = await w.settle(a.open({ host, port: 80, sendBuffer: 1 << 20 }));
  const [socket] = (await w.settle(taken)) as [Socket];
  await w.settle(peer.writeAcked(Buffer.alloc(length)));
  await w.run(100);
  return [socket, peer];
}

const paused = (socket: Socket): void => void socket.pause();

function resume(socket: Socket): void {
  socket.on('data', (chunk: Buffer) => void (bytes += chunk.length)).resume();
}

async function fails(peer: Connection): Promise<void> {
  peer.abort();
  await w.run(1000);
}

describe('a reader of pieces', () => {
  const pieces = (size: number, socket: Socket): void => {
    for (let chunk = socket.read(size); chunk !== null; chunk = socket.read(size)) seen.push(`${chunk.length}`);
  };

  test('who waits for more than there is hears of the reset at once', async () => {
    const [socket, peer] = await accept(150, (each) => each.on('readable', () => pieces(100, each)));
    await fails(peer);
    expect([seen, socket.destroyed]).toEqual([['100', reset, 'close'], true]);
  });

  test('who comes to it later gets what there is, and then it', async () => {
    const [socket, peer] = await accept(150, (each) => each.on('readable', () => {}));
    await fails(peer);
    expect(seen).toEqual([]);
    pieces(100, socket);
    await w.run(10);
    expect(seen).toEqual(['100', reset, 'close']);
  });

  test('who put something back has not read it', async () => {
    const [socket, peer] = await accept(150, (each) => each.on('readable', () => {}));
    pieces(100, socket);
    socket.unshift(Buffer.alloc(60));
    await fails(peer);
    expect(seen).toEqual(['100']);
    pieces(100, socket);
    await w.run(10);
    expect(seen).toEqual(['100', '100', reset, 'close']);
  });

  test('after the end of the peer there is no more to wait for: the rest is a piece', async () => {
    const [socket, peer] = await accept(150, (each) => each.on('readable', () => {}));
    pieces(100, socket);
    peer.closeWrite();
    await w.run(100);
    await fails(peer);
    expect(seen).toEqual(['100']);
    socket.read(0);
    await w.run(10);
    expect(seen).toEqual(['100']);
    pieces(100, socket);
    await w.run(10);
    expect(seen).toEqual(['100', '50', 'end', reset, 'close']);
  });

  test('the last piece is just as long as asked for', async () => {
    const [socket, peer] = await accept(100, (each) => each.on('readable', () => {}));
    peer.closeWrite();
    await w.run(100);
    await fails(peer);
    expect(socket.read(100)).toHaveLength(100);
    await w.run(10);
    expect(seen).toEqual(['end', reset, 'close']);
  });
});

test.each([100, 60_000])("FIN, then RST, behind %i bytes: 'end', then the reset", async (length) => {
  const [socket, peer] = await accept(length, paused);
  peer.closeWrite();
  await w.run(100);
  await fails(peer);
  expect(seen).toEqual([]);
  resume(socket);
  await w.run(100);
  expect([bytes, seen]).toEqual([length, ['end', reset, 'close']]);
});

describe('the stack closes', () => {
  test.each([
    [true, [reset, 'close']],
    [false, ['close']],
  ])('over a paused socket with text that its stream has not; reset before: %s', async (broken, told) => {
    const [socket, peer] = await accept(400_000, paused);
    if (broken) await fails(peer);
    await w.settle(b.close({ timeout: 10 }));
    await w.run(10);
    expect([socket.destroyed, seen]).toEqual([true, ['finish', ...told]]);
  });

  test('over one whose stream has all and the end: that is read', async () => {
    const [socket, peer] = await accept(100, paused);
    peer.closeWrite();
    await w.run(100);
    await w.settle(b.close({ timeout: 10 }));
    expect(seen).toEqual(['finish']);
    resume(socket);
    await w.run(10);
    expect([bytes, seen]).toEqual([100, ['finish', 'end', 'close']]);
  });
});

test('who resets a socket that was reset is told of no error', async () => {
  const [socket, peer] = await accept(400_000, paused);
  await fails(peer);
  socket.resetAndDestroy();
  await w.run(10);
  expect(seen).toEqual(['close']);
});

test('a write fails, also when the connection has given everything to the stream', async () => {
  const [socket, peer] = await accept(100, paused);
  await fails(peer);
  socket.write('late', (error) => seen.push(`write ${(error as NodeJS.ErrnoException | null)?.code}`));
  await w.run(10);
  expect(seen).toEqual(['write ECONNRESET', reset, 'close']);
});
