// The kernel's loopback beside a server of ours: on a host that has no IPv6, on ports that others have, when the stack is closed.
import { once } from 'node:events';
import net from 'node:net';
import { constants } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { use } from '../../../../src/net.ts';
import { internals, type KernelHandle } from '../../../../src/shell/net/internals.ts';
import { KernelTwin } from '../../../../src/shell/net/kernel-twin.ts';
import { IPV6_ONLY } from '../../../../src/shell/net/reuse-port.ts';
import { World } from '../../../../src/sim.ts';

const { EAFNOSUPPORT, EADDRNOTAVAIL } = constants.errno;
const { TCP } = internals;
const bound: string[] = [];
afterEach(() => {
  Object.assign(internals, { TCP });
  bound.length = 0;
});

/** As socket(AF_INET6) answers with ipv6.disable=1. */
class OldHost extends TCP {
  override bind6(): number {
    return -EAFNOSUPPORT;
  }
  override bind(...args: Parameters<KernelHandle['bind']>): number {
    bound.push(args[0]);
    return super.bind(...args);
  }
}

test('a server on every address is on 127.0.0.1 there, as Node is on 0.0.0.0', () => {
  Object.assign(internals, { TCP: OldHost });
  const twin = KernelTwin.open('::', 0, 0, 10, () => {});
  expect(twin).toBeInstanceOf(KernelTwin);
  (twin as KernelTwin).close();
  expect(bound).toEqual(['127.0.0.1']);
  expect(KernelTwin.open('::', 0, IPV6_ONLY, 10, () => {})).toBe(-EADDRNOTAVAIL);
});

describe('a stack with a wire', () => {
  const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;
  const listening = async (server: net.Server): Promise<net.Server> => {
    await once(server, 'listening');
    return server;
  };
  const outcome = (server: net.Server): Promise<string> =>
    once(server, 'listening').then(
      () => 'listening',
      (error: NodeJS.ErrnoException) => `${error.syscall} ${error.code} ${(error as { address?: string }).address}`,
    );

  test.each(['127.0.0.1', '::ffff:127.0.0.1'])('a port of %s that another process has is in use', async (address) => {
    await using world = new World();
    const ours = use(world.host('10.0.0.1/24'), { loopback: 'both' });
    const others = await listening(net.createServer().listen(0, '127.0.0.1'));
    const server = ours.createServer().listen(portOf(others), address);
    expect(await outcome(server)).toBe(`listen EADDRINUSE ${address}`);
    expect([server.listening, ours.counts().listening]).toEqual([false, 0]);
    others.close();
  });

  test.each([
    ['knows no shared ports, another thread may have it', false, 'listening'],
    ['shares ports between our threads, it is in use', true, 'listen EADDRINUSE 127.0.0.1'],
  ])('of several threads: where Node %s', async (_, shares, told) => {
    await using world = new World();
    const stack = world.host('10.0.0.1/24');
    Object.defineProperty(stack, 'sharded', { value: true });
    const { sharesPorts } = internals;
    const others = await listening(net.createServer().listen(0, '127.0.0.1'));
    Object.assign(internals, { sharesPorts: shares });
    try {
      const server = use(stack, { loopback: 'both' }).createServer().listen(portOf(others), '127.0.0.1');
      expect(await outcome(server)).toBe(told);
      server.close();
    } finally {
      Object.assign(internals, { sharesPorts });
      others.close();
    }
  });

  test('on every address, on the wire alone, and with loopback of our own it does not matter', async () => {
    await using world = new World();
    const stack = world.host('10.0.0.1/24');
    const others = await listening(net.createServer().listen(0, '127.0.0.1'));
    for (const address of ['::', '0.0.0.0', '10.0.0.1']) {
      const server = use(stack, { loopback: 'both' }).createServer().listen(portOf(others), address);
      expect(await outcome(server)).toBe('listening');
      server.close();
    }
    const own = use(stack, { loopback: 'own' }).createServer().listen(portOf(others), '127.0.0.1');
    expect(await outcome(own)).toBe('listening');
    for (const server of [own, others]) server.close();
  });
});

describe('stack.close()', () => {
  const refused = async (port: number): Promise<string | undefined> =>
    ((await once(net.connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException])[0].code;

  test("servers on it are closed, and the kernel's sockets beside them", async () => {
    const world = new World();
    const stack = world.host('10.0.0.1/24');
    const ours = use(stack, { loopback: 'both' });
    const servers = [{ host: '127.0.0.1' }, {}, { reusePort: true }].map((options) =>
      ours.createServer().listen({ port: 0, ...options }),
    );
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
    const closed = Promise.all(servers.map((server) => once(server, 'close')));
    await stack.close();
    await closed;
    expect(servers.map((server) => server.listening)).toEqual([false, false, false]);
    for (const port of ports) expect(await refused(port)).toBe('ECONNREFUSED');
    expect(ours.counts().listening).toBe(0);
    await world.close();
  });

  test('one that was closed before hears of it once', async () => {
    const world = new World();
    const stack = world.host('10.0.0.1/24');
    const server = use(stack).createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    let times = 0;
    server.on('close', () => times++);
    server.close();
    await stack.close();
    await new Promise(setImmediate);
    expect(times).toBe(1);
    await world.close();
  });
});
