// `maxBuffered` of Node's own sockets: a write that is too much fails as Node's writes fail, and nothing is thrown out of a stream.
import { once } from 'node:events';
import type net from 'node:net';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { connection, use } from '../../../../src/net.ts';
import { World } from '../../../../src/sim.ts';
import { createLoopbackStack } from '../../../../src/stack.ts';

const KIB = 1024;
const code = 'ERR_USERTCP_MAX_BUFFERED';

/** A client that is connected to a server whose sockets do not read. */
async function pair(reads = false) {
  const world = new World({ seed: 1, impair: { delay: 1_000 } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const accepted: net.Socket[] = [];
  const server = use(there).createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    if (reads) socket.resume();
    else socket.pause();
  });
  await once(server.listen(80), 'listening');
  const client = use(here).connect({ host: '10.0.0.2', port: 80 });
  await world.settle(once(client, 'connect'));
  const seen: unknown[] = [];
  client.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? error));
  client.on('close', () => seen.push('close'));
  return { world, here, client, accepted, seen };
}

describe('maxBuffered of a socket of usertcp/net', () => {
  test('bounds all that waits, also behind a write that is under way; every callback is called', async () => {
    const { world, here, client, seen } = await pair();
    connection(client)!.set({ maxBuffered: 200_000 });
    const told: unknown[] = [];
    let most = 0;
    for (let i = 0; i < 100; i++) {
      client.write(Buffer.alloc(64 * KIB), (error) => told.push(error && (error as NodeJS.ErrnoException).code));
      most = Math.max(most, client.writableLength, here.metrics().memory.unsent);
    }
    expect(most).toBeLessThanOrEqual(200_000);
    expect(client.destroyed).toBe(true);
    expect(client.errored?.message).toMatch(
      /^socket\.write\(\) of 65536 bytes while \d+ wait to be sent: maxBuffered is 200000; wait for drain, or raise it$/,
    );
    await world.run(100);
    expect(told).toHaveLength(100);
    expect(told).toContain(code);
    expect(seen).toEqual([code, 'close']);
    await world.close();
  });

  test.each(['write', 'end'] as const)('%s() that is too much by itself fails, whoever reads', async (how) => {
    const { world, client, seen, accepted } = await pair(true);
    connection(client)!.setMaxBuffered(100_000);
    const told: unknown[] = [];
    client[how](Buffer.alloc(100_001), (error?: Error | null) => told.push((error as NodeJS.ErrnoException).code));
    await world.run(100);
    expect([told, seen]).toEqual([[code], [code, 'close']]);
    expect(accepted[0]!.bytesRead).toBe(0); // nothing of it went
    await world.close();
  });

  test('as much as the limit is no more than the limit; pieces of any kind; Infinity takes it off', async () => {
    const { world, client, seen, accepted } = await pair(true);
    const conn = connection(client)!;
    conn.set({ maxBuffered: 70_000 });
    client.cork();
    client.write('é'.repeat(10_000));
    client.write('ab'.repeat(10_000), 'hex');
    client.write(Buffer.alloc(30_000));
    client.uncork();
    await world.run(100);
    expect(accepted[0]!.bytesRead).toBe(60_000);
    client.write(Buffer.alloc(70_000));
    await world.run(100);
    expect(accepted[0]!.bytesRead).toBe(130_000);
    conn.set({ maxBuffered: Number.POSITIVE_INFINITY });
    client.end(Buffer.alloc(1_000_000));
    await world.run(1000);
    expect(accepted[0]!.bytesRead).toBe(1_130_000);
    expect(seen).toEqual(['close']);
    await world.close();
  });

  test('of one that is over, or ended at its connection, the error is that of writing after the end', async () => {
    const { world, client, seen } = await pair(true);
    connection(client)!.set({ maxBuffered: 10 });
    connection(client)!.end();
    const told: unknown[] = [];
    const tell = (error?: Error | null): void => void told.push((error as NodeJS.ErrnoException)?.code);
    client.write('late', tell);
    await world.run(100);
    client.write('later than that', tell);
    await world.run(100);
    expect(told).toEqual(['EPIPE', 'ERR_STREAM_DESTROYED']);
    expect(seen).toEqual(['EPIPE', 'close']);
    await world.close();
  });

  test('a wrong one is refused, and changes nothing', async () => {
    const { world, client } = await pair(true);
    expect(() => connection(client)!.setMaxBuffered(0)).toThrow(/option maxBuffered: 0/);
    expect(Object.hasOwn(client, 'write')).toBe(false);
    client.destroy();
    await world.close();
  });

  test('asked of a TLS socket over one, it is for what is written there', async () => {
    const stack = createLoopbackStack();
    const ours = use(stack);
    const psk = { psk: Buffer.alloc(32, 1), identity: 'x' };
    const secret = { ciphers: 'PSK', maxVersion: 'TLSv1.2' as const };
    const server = ours.createServer((below) => {
      const socket = new tls.TLSSocket(below, { isServer: true, ...secret, pskCallback: () => psk.psk } as object);
      socket.on('error', () => {}).pause();
    });
    await once(server.listen(443, '127.0.0.1'), 'listening');
    const raw = ours.connect(443, '127.0.0.1');
    await once(raw, 'connect');
    const client = tls.connect({
      socket: raw,
      ...secret,
      pskCallback: () => psk,
      checkServerIdentity: () => undefined,
    });
    await once(client, 'secureConnect');
    connection(client)!.set({ maxBuffered: 100_000 });
    const failed = once(client, 'error');
    let most = 0;
    for (let i = 0; i < 20; i++) {
      client.write(Buffer.alloc(64 * KIB));
      most = Math.max(most, client.writableLength);
    }
    expect((await failed)[0]).toMatchObject({ code });
    expect([most <= 100_000, client.destroyed]).toEqual([true, true]);
    server.close();
    await stack.close({ timeout: 0 });
  });
});
