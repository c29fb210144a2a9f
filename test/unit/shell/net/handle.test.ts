// Handles of ours under Node's own sockets: what a kernel's handle answers where a program can see it. Each is what one of Node's tests found.
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { constants } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nativeBlocks } from '../../../../src/link/blocks.ts';
import { use } from '../../../../src/net.ts';
import type { Conn } from '../../../../src/shell/conn.ts';
import { TcpHandle } from '../../../../src/shell/net/handle.ts';
import { checkRules } from '../../../../src/shell/net/policy.ts';
import { Router } from '../../../../src/shell/net/router.ts';
import type { WriteHandle } from '../../../../src/shell/net/write-handle.ts';
import type { Stack } from '../../../../src/shell/stack.ts';
import { createLoopbackStack } from '../../../../src/stack.ts';

let stack: Stack;
let net: ReturnType<typeof use>;
let server: Server;

/** A server with one client: [the client, the accepted socket]. */
async function pair(options: object = {}): Promise<[Socket, Socket]> {
  server = net.createServer(options);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'connection');
  server.on('connection', (socket) => socket.on('error', () => {})); // the stack closes with the test
  const client = net.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options });
  client.on('error', () => {});
  await once(client, 'connect');
  return [client, (await accepted)[0] as Socket];
}

beforeEach(() => {
  stack = createLoopbackStack();
  net = use(stack, { loopback: 'own', fallback: 'error' });
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.close();
  await stack.close({ timeout: 0 });
});

describe('a handle', () => {
  test('closes in order what its reader destroys in the middle of a delivery', async () => {
    const [client, peer] = await pair();
    peer.once('data', () => peer.destroy());
    client.resume().write('ok');
    await once(client, 'end');
    expect(client.errored).toBeNull();
  });

  test('refuses a write after the end as libuv does', async () => {
    const [client] = await pair({ allowHalfOpen: true });
    const handle = (
      client as unknown as {
        _handle: { shutdown(req: object): number; writeUtf8String(req: object, text: string): number };
      }
    )._handle;
    expect(handle.shutdown({})).toBe(0);
    expect(handle.writeUtf8String({}, 'late')).toBe(-32);
    client.destroy();
    expect(handle.writeUtf8String({}, 'late')).toBe(-9);
  });

  // Left to the collector, they are most of what TLS costs.
  test('frees the copies that a writer in C++ gave it, as soon as they are taken', async () => {
    const [client, peer] = await pair();
    const { _handle: handle } = client as unknown as { _handle: WriteHandle };
    const finished = new Promise((resolve) => {
      handle.finishWrite = (_req, status) => resolve(status);
    });
    const chunk = Buffer.from(new ArrayBuffer(5)).fill('x');
    const [data] = await Promise.all([once(peer, 'data'), handle.onwrite({}, [chunk])]);
    expect([String(data[0]), await finished]).toEqual(['xxxxx', 0]);
    expect(chunk.length).toBe(nativeBlocks() === undefined ? 5 : 0);
  });

  test("fills the user's buffer until the reader pauses, and goes on from there", async () => {
    server = net.createServer((socket) => socket.on('error', () => {}).end('hello world'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const seen: string[] = [];
    const client: Socket = net.connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.alloc(4),
        callback: (length, buffer) => {
          seen.push(Buffer.from(buffer.subarray(0, length)).toString());
          client.pause();
          return true;
        },
      },
    });
    client.on('error', () => {});
    await once(client, 'connect');
    for (const expected of [['hell'], ['hell', 'o wo'], ['hell', 'o wo', 'rld']]) {
      while (seen.length < expected.length) await turn();
      for (let i = 0; i < 5; i++) await turn();
      expect(seen).toEqual(expected);
      client.resume();
    }
    expect(client.bytesRead).toBe(11);
  });

  test.each(['empty', 'transferred'])(
    "a user's buffer that is %s ends the socket with ENOBUFS, as libuv's would",
    async (how) => {
      const buffer = Buffer.from(new ArrayBuffer(how === 'empty' ? 0 : 4));
      const [client, peer] = await pair({ onread: { buffer, callback: () => true } });
      structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
      const { _handle: handle } = client as unknown as { _handle: TcpHandle };
      const { onread } = handle;
      let told = 0;
      handle.onread = function (...args) {
        if (++told > 3) throw new Error('told for ever');
        return onread!.apply(this, args);
      };
      peer.write('hello');
      const [error] = await once(client, 'error');
      expect(error).toMatchObject({ code: 'ENOBUFS', syscall: 'read' });
    },
  );

  test("TLS that takes over in the callback of the user's buffer gets what came behind it", async () => {
    const [client, peer] = await pair({ onread: { buffer: Buffer.alloc(3), callback: () => take() } });
    const { _handle: handle } = client as unknown as { _handle: TcpHandle };
    const seen: string[] = [];
    const take = (): true => {
      // What TLS does: it asks for the stream and reads it in the place of the socket.
      expect(handle.isStreamBase).toBe(true);
      handle.onread = () => undefined;
      handle.readBuffer = (bytes) => void seen.push(String(bytes));
      return true;
    };
    peer.write('GO\nhello');
    for (let i = 0; i < 5; i++) await turn();
    peer.write(' again');
    while (!seen.join('').endsWith('again')) await turn();
    expect(seen.join('')).toBe('hello again');
  });

  describe('when somebody transfers memory away that is not his alone, it ends a connection', () => {
    beforeEach(() => {
      vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    });

    test('whose written bytes lay there', async () => {
      const [client, peer] = await pair();
      const failed = once(client, 'error');
      const bytes = new Uint8Array(20 << 20);
      client.write(bytes);
      structuredClone(bytes, { transfer: [bytes.buffer] });
      peer.resume();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNABORTED' });
    });

    test('whose held bytes lay there', async () => {
      const [client, peer] = await pair();
      let conn: Conn | undefined;
      const service = stack.serve(0, {
        open: (opened) => {
          conn = opened;
          conn.pause();
        },
      });
      const other = net.connect(service.port, '127.0.0.1');
      const failed = once(other, 'error');
      other.end('lost');
      while (conn === undefined || conn.heldBytes === 0) await turn();
      peer.write('x');
      const [chunk] = await once(client, 'data');
      new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(chunk) });
      conn.resume();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    });
  });

  test('holds no process once the peer has ended, though the socket still reads', async () => {
    const [client, peer] = await pair({ allowHalfOpen: true });
    const handle = (client as unknown as { _handle: { busy: boolean } })._handle;
    client.resume();
    expect(handle.busy).toBe(true);
    peer.end();
    await once(client, 'end');
    expect(handle.busy).toBe(false);
  });

  test('over our own loopback sends two small writes at once, without waiting for the first ACK', async () => {
    const [client, peer] = await pair();
    const seen: string[] = [];
    peer.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    client.write('a');
    await new Promise((resolve) => process.nextTick(resolve));
    client.write('b');
    await once(peer, 'data');
    await new Promise((resolve) => process.nextTick(resolve));
    expect(seen.join('')).toBe('ab');
  });

  test('answers each write of TLS, also those that it begins before the one before is answered', async () => {
    const [client] = await pair();
    const answered: unknown[] = [];
    const { _handle: handle } = client as unknown as {
      _handle: {
        onwrite(req: object, chunks: Uint8Array[]): number;
        finishWrite(req: object, status: number): void;
        onshutdown(req: object): number;
        finishShutdown(req: object, status: number): void;
      };
    };
    handle.finishWrite = (...answer) => answered.push(...answer);
    const [empty, one, large] = [{}, {}, {}];
    expect(handle.onwrite(empty, [])).toBe(0);
    expect(handle.onwrite(one, [Buffer.from('one')])).toBe(0);
    expect(handle.onwrite(large, [Buffer.alloc(4 << 20)])).toBe(0);
    expect(answered).toEqual([]); // not before it returns
    await turn();
    expect(answered).toEqual([empty, 0, one, 0]);
    client.destroy();
    await once(client, 'close');
    expect(answered.slice(4)).toEqual([large, expect.any(Number)]);
    expect(answered[5]).toBeLessThan(0);
  });

  test('lets no newer text in while records wait for the ticks of those before, whoever stops and starts reading', async () => {
    const [client] = await pair();
    const { _handle: handle } = client as unknown as { _handle: TcpHandle };
    const { conn } = handle as unknown as { conn: { resume(): void } };
    const told: string[] = [];
    handle.reader = {} as NonNullable<TcpHandle['reader']>;
    handle.readBuffer = (part: Uint8Array) => void told.push(`record of ${part.length}`);
    vi.spyOn(conn, 'resume').mockImplementation(() => void told.push('resume'));
    vi.spyOn(stack, 'breathe').mockImplementation(() => {
      handle.readStop();
      handle.readStart();
    });
    const record = [23, 3, 3, 0, 2, 1, 2];
    handle.receivedBorrowed(Uint8Array.from([...record, ...record, ...record]));
    expect(told).toEqual(['record of 7', 'record of 7', 'record of 7', 'resume']);
  });

  test('refuses a local port that somebody listens on, and port 0', async () => {
    const [client] = await pair();
    const { port } = server.address() as AddressInfo;
    const [taken] = await once(
      net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort: port }),
      'error',
    );
    expect(taken).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    const [none] = await once(net.connect({ port: 0, host: '127.0.0.1' }), 'error');
    expect(none).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
    client.destroy();
  });
});

test('a handle whose connect was refused at once may try again', async () => {
  const apart = createLoopbackStack();
  const router = new Router(apart, checkRules({}, true));
  const handle = new TcpHandle(router);
  const request = (): never => ({ oncomplete: () => {} }) as never;
  expect(handle.connect(request(), '192.0.2.1', 80)).toBe(-constants.errno.ENETUNREACH);
  expect(handle.connect(request(), '192.0.2.1', 80)).toBe(-constants.errno.ENETUNREACH);
  const answered = new Promise((resolve) => {
    handle.connect({ oncomplete: resolve } as never, '127.0.0.1', 0);
  });
  expect(await answered).toBe(-constants.errno.ECONNREFUSED);
  expect(handle.connect(request(), '192.0.2.1', 80)).toBe(-constants.errno.ENETUNREACH);
  await apart.close();
});

describe('between two events of a burst', () => {
  test('ticks and promises run, as after each callback of a kernel', async () => {
    server = net.createServer((socket) => {
      const order: string[] = [];
      process.nextTick(() => order.push('tick'));
      Promise.resolve().then(() => order.push('promise'));
      socket.on('error', () => {});
      socket.on('data', () => socket.end([...order, 'data'].join(' ')));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = net.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    client.on('error', () => {}).write('first'); // goes out with the ACK of the SYN
    expect(String((await once(client, 'data'))[0])).toBe('tick promise data');
  });
});
