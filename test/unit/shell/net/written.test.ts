// What sockets of `use(stack)` write: pieces of any kind, together and alone; and after the stack closed.
import { once } from 'node:events';
import type net from 'node:net';
import { describe, expect, test } from 'vitest';
import { use } from '../../../../src/net.ts';
import type { TcpHandle } from '../../../../src/shell/net/handle.ts';
import { World } from '../../../../src/sim.ts';

type Piece = readonly [text: string | Buffer, encoding?: BufferEncoding];

async function pair(serve: (socket: net.Socket) => void) {
  const world = new World({ seed: 1, impair: { delay: 5_000 } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const server = use(there).createServer(serve);
  await once(server.listen(80), 'listening');
  const client = use(here).connect({ host: '10.0.0.2', port: 80 });
  return { world, there, client };
}

async function sent(pieces: readonly Piece[], corked: boolean): Promise<Buffer> {
  const { world, client } = await pair((socket) => {
    if (corked) socket.cork();
    for (const [text, encoding] of pieces) socket.write(text, encoding);
    if (corked) socket.uncork();
    socket.end();
  });
  const chunks: Buffer[] = [];
  client.on('data', (bytes) => chunks.push(bytes));
  await world.settle(once(client, 'close'));
  return Buffer.concat(chunks);
}

const bytesOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map(([text, encoding]) => (typeof text === 'string' ? Buffer.from(text, encoding) : text)));

const KINDS: readonly Piece[] = [
  ['HTTP/1.1 200 OK é\r\n', 'latin1'],
  [Buffer.from([0, 255, 1, 254])],
  ['€ 𝄞 ü', 'utf8'],
  ['00ff7f', 'hex'],
  ['AP9/', 'base64'],
  ['𝄞 ucs', 'ucs2'],
  ['plain', 'ascii'],
  ['', 'utf8'],
  [Buffer.alloc(0)],
];
/** Bytes that are put together before they go to the stack; one piece may have more. */
const DESK = 16 * 1024;

describe('what is written arrives', () => {
  test.each([true, false])('text of every encoding and bytes between (corked: %s)', async (corked) => {
    expect(await sent(KINDS, corked)).toEqual(bytesOf(KINDS));
  });

  test.each([
    ['as much as fits', DESK - 100],
    ['one byte less than there is room for', DESK - 1],
    ['all there is room for', DESK],
    ['one byte more', DESK + 1],
    ['a lot', 3 * DESK],
  ])('beside a large piece: %s', async (_name, size) => {
    for (const large of [Buffer.alloc(size, 'ab'), 'é'.repeat(size / 2)] as const) {
      const pieces: Piece[] = [[large], ...KINDS, [large, 'utf8']];
      expect((await sent(pieces, true)).equals(bytesOf(pieces))).toBe(true);
      expect((await sent(pieces, false)).equals(bytesOf(pieces))).toBe(true);
    }
  });

  test('more short pieces than the send buffer takes', async () => {
    const pieces: Piece[] = Array.from({ length: 300 }, (_, i) => [`${i} `.repeat(3000), 'latin1']);
    expect((await sent(pieces, false)).equals(bytesOf(pieces))).toBe(true);
    expect((await sent(pieces, true)).equals(bytesOf(pieces))).toBe(true);
  });
});

test('what the stack does not take at once is not written over by the next socket', async () => {
  const world = new World({ seed: 1, impair: { delay: 5_000 } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const sockets: net.Socket[] = [];
  const server = use(there).createServer((socket) => {
    (socket as unknown as { _handle: TcpHandle })._handle.connection!.setSendBuffer(4096);
    if (sockets.push(socket) < 2) return;
    for (const [i, each] of sockets.entries()) each.end(String(i).repeat(5000), 'latin1');
  });
  await once(server.listen(80), 'listening');
  const read = async (): Promise<string> => {
    let text = '';
    const client = use(here).connect({ host: '10.0.0.2', port: 80 });
    client.on('data', (bytes) => {
      text += bytes;
    });
    await once(client, 'close');
    return text;
  };
  const texts = await world.settle(Promise.all([read(), read()]));
  expect(texts.sort()).toEqual(['0'.repeat(5000), '1'.repeat(5000)]);
});

test('a socket that writes when the stack is closed hears EPIPE, and nothing is thrown', async () => {
  let accepted: net.Socket | undefined;
  const { world, there, client } = await pair((socket) => {
    accepted = socket;
  });
  client.on('error', () => {});
  await world.settle(once(client, 'connect'));
  await world.run(20_000);
  const closing = there.close();
  const failed = once(accepted!, 'error');
  accepted!.write('late');
  expect((await failed)[0]).toMatchObject({ code: 'EPIPE', syscall: 'write' });
  client.destroy();
  await world.settle(closing);
});
