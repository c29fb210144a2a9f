// A listener that throws is the program's affair: as over a kernel, its connection goes on and loses nothing.
import { once } from 'node:events';
import type net from 'node:net';
import tls from 'node:tls';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { use } from '../../../../src/net.ts';
import { World } from '../../../../src/sim.ts';

const thrown = vi.hoisted((): Error[] => []);
vi.mock('../../../../src/shell/surface.ts', () => ({ surface: (error: Error) => void thrown.push(error) }));

const KB = 1024;
const failure = new Error('of the program');
const throwIt = (): never => {
  throw failure;
};

/** A server on a simulated wire, and what connects to it. */
async function wire(serve: (socket: net.Socket) => void) {
  const world = new World({ seed: 1, impair: { delay: 5_000 } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const server = use(there).createServer((socket) => serve(socket.on('error', () => {})));
  await once(server.listen(80), 'listening');
  const connect = (options: object = {}, then?: () => void): net.Socket =>
    use(here).connect({ host: '10.0.0.2', port: 80, ...options } as net.NetConnectOpts, then);
  return { world, here, there, connect };
}

async function read(socket: net.Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(socket, 'close');
  return bytes;
}

beforeEach(() => {
  thrown.length = 0;
});

describe('who throws', () => {
  test("in the callback of a user's own buffer: it is filled again with what came behind", async () => {
    const { world, connect } = await wire((socket) => socket.end(Buffer.alloc(8 * KB, 'x')));
    let bytes = 0;
    const callback = (length: number): boolean => {
      const first = bytes === 0;
      bytes += length;
      return first ? throwIt() : true;
    };
    await world.settle(once(connect({ onread: { buffer: Buffer.alloc(KB), callback } }), 'close'));
    expect([bytes, thrown]).toEqual([8 * KB, [failure]]);
  });

  test('between two records of TLS: those behind are read', async () => {
    const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' as const };
    const { world, connect } = await wire((socket) => {
      const secure = new tls.TLSSocket(socket, {
        ...shared,
        isServer: true,
        pskCallback: () => Buffer.alloc(16, 1),
      } as tls.TLSSocketOptions);
      secure.once('data', () => {
        secure.write('first');
        secure.write('second');
        secure.write('third');
      });
    });
    const client = tls.connect({
      ...shared,
      socket: connect(),
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: Buffer.alloc(16, 1), identity: 'x' }),
    });
    client.on('secureConnect', () => client.write('?'));
    let said = '';
    client.on('data', (bytes) => {
      said += bytes;
      if (said === 'first') throwIt();
    });
    await world.runUntil(() => said.endsWith('third'));
    expect([said, thrown, client.errored]).toEqual(['firstsecondthird', [failure], null]);
  });

  test("in 'connect': the connection is there", async () => {
    const { world, connect } = await wire((socket) => socket.pipe(socket));
    const client = connect({}, throwIt);
    await world.runUntil(() => thrown.length > 0);
    client.end('echo');
    expect(await world.settle(read(client))).toBe(4);
    expect(thrown).toEqual([failure]);
  });

  test("in the callback of a write that waited, and in 'drain': the rest arrives", async () => {
    const most = 4 * KB * KB;
    const counted: Promise<number>[] = [];
    const { world, connect } = await wire((socket) => void counted.push(read(socket)));
    const client = connect();
    client.on('drain', throwIt);
    client.write(Buffer.alloc(most), throwIt);
    client.end('end');
    await world.settle(once(client, 'close'));
    expect(await world.settle(counted[0]!)).toBe(most + 3);
    expect(thrown.length).toBeGreaterThan(0);
  });
});

test('a socket that is destroyed when it connects keeps the process until what it wrote is sent', async () => {
  const { world, connect } = await wire((socket) => socket.resume());
  const held: string[] = [];
  const client = connect({}, () => {
    const { connection } = (client as unknown as { _handle: { connection: { ref(): void; unref(): void } } })._handle;
    for (const what of ['ref', 'unref'] as const) vi.spyOn(connection, what).mockImplementation(() => held.push(what));
    client.write(Buffer.alloc(100_000));
    client.destroy();
  });
  await world.settle(once(client, 'close'));
  expect(held.at(-1)).toBe('ref');
});

test('a socket that was told the end and cannot write closes when its stack does', async () => {
  const sockets: net.Socket[] = [];
  const { world, there, connect } = await wire((socket) => {
    sockets.push(socket);
    socket.write(Buffer.alloc(10_000_000));
    socket.resume();
  });
  // It does not read.
  const client = connect({ allowHalfOpen: true });
  client.on('error', () => {}).end();
  await world.run(2000);
  const [socket] = sockets;
  expect(socket!.readableEnded).toBe(true);
  const closed = new Promise((resolve) => socket!.once('close', resolve));
  await world.settle(there.close({ timeout: 50 }));
  expect(await world.settle(closed)).toBe(true);
});

test('keep-alive finds a dead peer as soon as over a kernel: ten probes, a second apart', async () => {
  const { world, here, there, connect } = await wire((socket) => socket.resume());
  const client = connect();
  await world.settle(once(client, 'connect'));
  client.resume().setKeepAlive(true, 5000);
  const failed = once(client, 'error');
  world.link(here, there, { loss: 1 });
  const before = world.now;
  expect(await world.settle(failed)).toMatchObject([{ code: 'ETIMEDOUT' }]);
  expect(world.now - before).toBeLessThan(17_000);
});
