// `use(stack)`: Node's own net over a stack of one's own, here on a simulated wire.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { createStack } from '../../../../src/index.ts';
import { connection, use } from '../../../../src/net.ts';
import { internals } from '../../../../src/shell/net/internals.ts';
import { checkRules } from '../../../../src/shell/net/policy.ts';
import { World } from '../../../../src/sim.ts';

const pair = (impair = {}) => {
  const world = new World({ seed: 1, impair: { delay: 5_000, ...impair } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  return { world, here, there, a: use(here), b: use(there) };
};
const listening = async (server: net.Server): Promise<net.Server> => {
  await once(server, 'listening');
  return server;
};

describe('net over a stack', () => {
  test('a socket is a net.Socket; bytes arrive, both ends close', async () => {
    const { world, a, b } = pair();
    const said: string[] = [];
    const server = b.createServer((socket) => {
      expect(socket).toBeInstanceOf(net.Socket);
      expect(socket.remoteAddress).toBe('::ffff:10.0.0.1');
      socket.on('data', (bytes) => said.push(String(bytes)));
      socket.on('end', () => socket.end('bye'));
      socket.on('end', () => said.push('end'));
    });
    await listening(server.listen(80));
    const client = a.connect({ host: '10.0.0.2', port: 80 });
    client.on('data', (bytes) => said.push(String(bytes)));
    client.end('hello');
    await world.settle(once(client, 'close'));
    expect(said).toEqual(['hello', 'end', 'bye']);
    expect([client.bytesRead, client.bytesWritten]).toEqual([3, 5]);
  });

  test('loss does not show: 2 MB of an http answer', async () => {
    const { world, a, b } = pair({ loss: 0.02 });
    const app = http.createServer((_req, res) => res.end(Buffer.alloc(2_000_000, 'x')));
    const server = b.createServer((socket) => app.emit('connection', socket));
    await listening(server.listen(80));
    const req = http.get({ path: '/', createConnection: () => a.connect({ host: '10.0.0.2', port: 80 }) });
    const read = async (): Promise<number> => {
      const [answer] = await once(req, 'response');
      let bytes = 0;
      for await (const chunk of answer) bytes += chunk.length;
      return bytes;
    };
    expect(await world.settle(read())).toBe(2_000_000);
  });

  test('nobody listens, nobody is there: the errors of node:net', async () => {
    const { world, a } = pair();
    const failure = async (socket: net.Socket) => ((await once(socket, 'error')) as [NodeJS.ErrnoException])[0];
    const refused = await world.settle(failure(a.connect({ host: '10.0.0.2', port: 81 })));
    expect(refused).toMatchObject({
      message: 'connect ECONNREFUSED 10.0.0.2:81',
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    const silent = await world.settle(failure(a.connect({ host: '10.0.0.9', port: 81 })), 60_000);
    expect(silent).toMatchObject({ code: 'EHOSTUNREACH', syscall: 'connect', address: '10.0.0.9', port: 81 });
  });

  test('connection(): what the stack knows of a socket, and its settings', async () => {
    const { world, a, b } = pair();
    await listening(b.createServer().listen(80));
    const socket = a.connect({ host: '10.0.0.2', port: 80 });
    await world.settle(once(socket, 'connect'));
    expect(connection(socket)?.state).toBe('ESTABLISHED');
    expect(connection(socket)?.setCongestionControl('newreno').info()?.srttUs).toBeGreaterThan(9_000);
    expect(connection(new net.Socket())).toBeNull();
    socket.destroy();
  });

  test('a stack that closes leaves no socket open', async () => {
    const { world, here, a, b } = pair();
    await listening(b.createServer({ allowHalfOpen: true }).listen(80));
    const socket = a.connect({ host: '10.0.0.2', port: 80 });
    await world.settle(once(socket, 'connect'));
    const closed = Promise.allSettled([once(socket, 'close')]);
    socket.on('error', () => {});
    await world.settle(here.close({ timeout: 0 }));
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('who carries what over a stack of ones own', () => {
  const failure = async (socket: net.Socket): Promise<NodeJS.ErrnoException> => {
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    return error;
  };
  const port = (server: net.Server): number => (server.address() as net.AddressInfo).port;

  test('one without a device keeps to itself: nothing listens on the kernel, what it has no route to is an error', async () => {
    await using stack = await createStack();
    const ours = use(stack);
    const server = await listening(ours.createServer((socket) => socket.end('ours')).listen(0, '127.0.0.1'));
    expect((await failure(net.connect(port(server), '127.0.0.1'))).code).toBe('ECONNREFUSED');
    const [text] = await once(ours.connect(port(server), '127.0.0.1'), 'data');
    expect(String(text)).toBe('ours');
    const outside = await failure(ours.connect(9, '192.0.2.1'));
    expect(outside).toMatchObject({
      code: 'ENETUNREACH',
      message: expect.stringContaining('. usertcp: the stack has no route'),
    });
    expect(ours.counts()).toMatchObject({ kernelOpened: 0, kernelListening: 0, unroutable: 1 });
    server.close();
  });

  test("a rule that is named holds: a server on loopback is the kernel's, too; the other rule stays", async () => {
    await using stack = await createStack();
    const ours = use(stack, { loopback: 'both' });
    const server = await listening(ours.createServer((socket) => socket.end('ours')).listen(0, '127.0.0.1'));
    const [text] = await once(net.connect(port(server), '127.0.0.1'), 'data');
    expect(String(text)).toBe('ours');
    expect((await failure(ours.connect(9, '192.0.2.1'))).code).toBe('ENETUNREACH');
    server.close();
  });

  test('on a device the rules are those of the drop-in', () => {
    expect(checkRules({}, false)).toMatchObject({ loopback: 'both', fallback: 'kernel' });
    expect(checkRules({}, true)).toMatchObject({ loopback: 'own', fallback: 'error' });
    expect(checkRules({ fallback: 'kernel' }, true)).toMatchObject({ loopback: 'own', fallback: 'kernel' });
  });

  test('a local address that is not ours is an error of the bind, also where the kernel may not be asked', async () => {
    await using stack = await createStack();
    const ours = use(stack, { fallback: 'kernel', loopback: 'own', prefixes: ['10.0.0.0/8'] });
    const socket = ours.connect({ host: '127.0.0.1', port: 9, localAddress: '192.0.2.77' });
    expect(await failure(socket)).toMatchObject({ message: 'bind EADDRNOTAVAIL 192.0.2.77', syscall: 'bind' });
  });

  test("a kernel's handle that cannot be bound is closed, and no connection of the kernel's", async () => {
    const { TCP } = internals;
    const handles: { open: boolean }[] = [];
    class Watched extends TCP {
      readonly #watched = { open: true };
      constructor(type: 0 | 1) {
        super(type);
        handles.push(this.#watched);
      }
      override close(done?: () => void): void {
        this.#watched.open = false;
        super.close(done);
      }
    }
    await using stack = await createStack();
    const ours = use(stack, { fallback: 'kernel', loopback: 'both' });
    Object.assign(internals, { TCP: Watched });
    try {
      const socket = ours.connect({ host: '127.0.0.1', port: 9, localAddress: '192.0.2.77' });
      expect(await failure(socket)).toMatchObject({
        message: 'bind EADDRNOTAVAIL 192.0.2.77',
        syscall: 'bind',
        address: '192.0.2.77',
      });
    } finally {
      Object.assign(internals, { TCP });
    }
    expect(handles).toEqual([{ open: false }]);
    expect(ours.counts()).toMatchObject({ opened: 0, kernelOpened: 0 });
  });
});
