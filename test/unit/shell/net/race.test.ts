// RFC 8305 for Node's own `connect`: attempts that Node stops waiting for race on. Simulated wires whose time is the real one.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { use } from '../../../../src/net.ts';
import { install } from '../../../../src/shell/net/install.ts';
import { netOf } from '../../../../src/shell/net/net.ts';
import { checkRules, type NetRules } from '../../../../src/shell/net/policy.ts';
import { Router } from '../../../../src/shell/net/router.ts';
import type { Stack } from '../../../../src/shell/stack.ts';
import { World } from '../../../../src/sim.ts';

const SIX = '2001:db8::2';
const FOUR = '10.0.0.2';
const THIRD = '2001:db8::3';

let w: World;
let a: Stack;
let b: Stack;
let pace: NodeJS.Timeout;
beforeEach(() => {
  w = new World();
  a = w.host(['10.0.0.1/24', '2001:db8::1/64']);
  b = w.host([`${FOUR}/24`, `${SIX}/64`, `${THIRD}/64`]);
  const begun = performance.now();
  let running = false;
  pace = setInterval(async () => {
    if (running) return;
    running = true;
    // In small steps: after a standstill Node's timers, which are due as well, have their turn in between.
    await w.run(Math.min(Math.max(performance.now() - begun - w.now, 0), 20));
    running = false;
  }, 5);
});
afterEach(async () => {
  clearInterval(pace);
  await w.close();
});

type Verdict = 'accept' | 'drop' | 'reset';

/** Port 80 of b echoes. What comes to an address is answered in this order; the last verdict stays. */
function serve(verdicts: Record<string, Verdict[]> = {}): void {
  b.serve(80, {
    data: (conn, chunk) => void conn.write(chunk),
    end: (conn) => conn.end(),
    syn: ({ localAddress }) => {
      const [verdict = 'accept', ...rest] = verdicts[localAddress] ?? [];
      if (rest.length > 0) verdicts[localAddress] = rest;
      return verdict;
    },
  });
}

const named =
  (addresses: string[]): net.LookupFunction =>
  (_host, _options, done) =>
    void setImmediate(
      done,
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

/** Connects to these addresses; what was told, without the ports. */
function connect(
  addresses: string[],
  more: Partial<net.TcpNetConnectOpts> = {},
  fallback: 'kernel' | 'error' = 'kernel',
) {
  const socket = use(a, { fallback }).connect({
    host: 'b.test',
    port: 80,
    autoSelectFamily: true,
    lookup: named(addresses),
    ...more,
  });
  const told: string[] = [];
  for (const name of ['connectionAttempt', 'connectionAttemptTimeout', 'connectionAttemptFailed'] as const)
    socket.on(name as 'connect', (...[address]: unknown[]) => told.push(`${name.slice(10)} ${address}`));
  for (const name of ['connect', 'ready'] as const) socket.on(name, () => told.push(name));
  return { socket, told };
}

async function echoed(socket: net.Socket): Promise<string> {
  socket.end('hello');
  let all = '';
  for await (const chunk of socket) all += chunk;
  return all;
}

describe('Happy Eyeballs', () => {
  test('a path of 600 ms is opened, by the attempt that was first', async () => {
    w.link(a, b, { delay: 300_000 });
    serve();
    const { socket, told } = connect([SIX, FOUR]);
    await once(socket, 'connect');
    expect(socket.remoteAddress).toBe(SIX);
    expect([socket.remoteFamily, socket.localAddress]).toEqual(['IPv6', '2001:db8::1']);
    expect(await echoed(socket)).toBe('hello');
    expect(told).toEqual([`Attempt ${SIX}`, `AttemptTimeout ${SIX}`, `Attempt ${FOUR}`, 'connect', 'ready']);
    await w.run(1000);
    expect(a.metrics().connections).toBe(0);
  });

  test('the attempt that comes later wins when the first is a black hole, which is then given up', async () => {
    serve({ [SIX]: ['drop'] });
    const { socket } = connect([SIX, FOUR]);
    await once(socket, 'connect');
    expect([socket.remoteAddress, a.metrics().connections]).toEqual([FOUR, 1]);
    expect(await echoed(socket)).toBe('hello');
  });

  test('the last attempt is refused at once: those before it go on, and one opens', async () => {
    serve({ [SIX]: ['drop', 'accept'], [FOUR]: ['reset'] });
    const { socket, told } = connect([SIX, FOUR], { autoSelectFamilyAttemptTimeout: 50 });
    await once(socket, 'connect');
    expect(socket.remoteAddress).toBe(SIX);
    expect(await echoed(socket)).toBe('hello');
    const before = [`Attempt ${SIX}`, `AttemptTimeout ${SIX}`, `Attempt ${FOUR}`, `AttemptFailed ${FOUR}`];
    expect(told).toEqual([...before, 'connect', 'ready']);
  });

  test.each([
    ['error', '192.0.2.1'],
    ['kernel', '255.255.255.255'],
  ] as const)(
    'the last address has no route (fallback: %s): those before it go on, and one opens',
    async (fallback, last) => {
      serve({ [SIX]: ['drop', 'accept'] });
      const { socket, told } = connect([SIX, last], { autoSelectFamilyAttemptTimeout: 50 }, fallback);
      await once(socket, 'connect');
      expect([socket.remoteAddress, a.metrics().connections]).toEqual([SIX, 1]);
      expect(told).toContain(`AttemptFailed ${last}`);
      socket.destroy();
    },
  );

  test('all fail: one error, when the last of them has ended, with what came of each', async () => {
    serve({ [SIX]: ['drop', 'reset'], [FOUR]: ['reset'] });
    const { socket, told } = connect([SIX, FOUR], { autoSelectFamilyAttemptTimeout: 50 });
    const begun = performance.now();
    const [error] = (await once(socket, 'error')) as [AggregateError];
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(error.errors.map(({ message }: Error) => message)).toEqual([
      `connect ECONNREFUSED ${SIX}:80`,
      `connect ECONNREFUSED ${FOUR}:80`,
    ]);
    expect([error.constructor.name, (error as { code?: string }).code]).toEqual(['AggregateError', 'ETIMEDOUT']);
    expect(told.slice(-1)).toEqual([`AttemptFailed ${FOUR}`]);
    await once(socket, 'close');
    expect(a.metrics().connections).toBe(0);
  });

  test('who destroys the socket ends all attempts', async () => {
    serve({ [SIX]: ['drop'], [FOUR]: ['reset'] });
    const { socket } = connect([SIX, FOUR], { autoSelectFamilyAttemptTimeout: 50 });
    await once(socket, 'connectionAttemptFailed');
    expect([socket.connecting, socket.destroyed, a.metrics().connections]).toEqual([true, false, 1]);
    socket.destroy();
    await once(socket, 'close');
    expect(a.metrics().connections).toBe(0);
  });

  test('TLS: the winner carries the handshake', async () => {
    const pem = (name: string): Buffer => readFileSync(new URL(`../../api/tls/${name}.pem`, import.meta.url));
    const server = new tls.Server({ key: pem('key'), cert: pem('cert') }, (socket) => socket.end('secret'));
    use(b)
      .createServer((socket) => void server.emit('connection', socket))
      .listen(80);
    w.link(a, b, { delay: 100_000 });
    const undo = install(new Router(a, checkRules({ loopback: 'own', fallback: 'error' })));
    const more = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 50, rejectUnauthorized: false };
    const secure = tls.connect({ host: 'b.test', port: 80, lookup: named([SIX, '10.0.0.99']), ...more });
    let winner: string | undefined;
    secure.on('connect', () => {
      winner = secure.remoteAddress;
    });
    expect(String((await once(secure, 'data'))[0])).toBe('secret');
    expect(winner).toBe(SIX);
    secure.destroy();
    undo();
  });
});

describe('a stack that opens for longer than an attempt may take', () => {
  const opening = (): Promise<Stack> => new Promise((resolve) => setTimeout(resolve, 400, a));
  /** Connects to these addresses; what was told of the attempts. */
  const begin = (
    addresses: string[],
    port: number,
    rules: NetRules,
    stack: ConstructorParameters<typeof Router>[0] = opening(),
  ) => {
    const router = new Router(stack, checkRules(rules));
    const options = { host: 'b.test', port, autoSelectFamily: true, lookup: named(addresses) };
    const socket = netOf(() => router).connect(options);
    const told: string[] = [];
    for (const name of ['Timeout', 'Failed'])
      socket.on(`connectionAttempt${name}` as 'connect', (...[address]: unknown[]) => told.push(`${name} ${address}`));
    return { router, socket, told };
  };
  const kernels = async (): Promise<[net.Server, number]> => {
    const server = net.createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return [server, (server.address() as net.AddressInfo).port];
  };

  test("the first address is the kernel's: its server is found, whatever the others do", async () => {
    const [server, port] = await kernels();
    b.serve(port, { syn: () => 'drop' });
    const { socket, told } = begin(['127.0.0.1', FOUR], port, {});
    await once(socket, 'connect');
    expect([socket.remoteAddress, told]).toEqual(['127.0.0.1', []]);
    expect(await echoed(socket)).toBe('hello');
    server.close();
  });

  test('the first has no route, and the last fails: both are told', async () => {
    serve({ [FOUR]: ['reset'] });
    const { socket, told } = begin(['192.0.2.1', FOUR], 80, { fallback: 'error' });
    const [{ errors }] = (await once(socket, 'error')) as [AggregateError];
    expect(errors.map(({ code }: NodeJS.ErrnoException) => code)).toEqual(['ENETUNREACH', 'ECONNREFUSED']);
    expect(told).toEqual(['Failed 192.0.2.1', `Failed ${FOUR}`]);
  });

  test('the last has no route: those before it go on', async () => {
    w.link(a, b, { delay: 300_000 });
    serve();
    const { socket, told } = begin([SIX, '192.0.2.1'], 80, { fallback: 'error' });
    await once(socket, 'connect');
    expect([socket.remoteAddress, told]).toEqual([SIX, [`Timeout ${SIX}`, 'Failed 192.0.2.1']]);
    socket.destroy();
  });

  test('it cannot be opened: the socket says so of each address', async () => {
    const failing = new Promise<Stack>((_, reject) =>
      setTimeout(reject, 400, Object.assign(new Error('no device'), { errno: -19 })),
    );
    const { socket, told } = begin([SIX, FOUR], 80, {}, failing);
    const [{ errors }] = (await once(socket, 'error')) as [AggregateError];
    expect(errors.map(({ code }: NodeJS.ErrnoException) => code)).toEqual(['ENODEV', 'ENODEV']);
    expect(told).toEqual([`Failed ${SIX}`, `Failed ${FOUR}`]);
  });

  test('it is not opened for addresses of the loopback', async () => {
    const [server, port] = await kernels();
    const { router, socket } = begin(['::1', '127.0.0.1'], port, {}, opening);
    await once(socket, 'connect');
    expect([socket.remoteAddress, router.waits]).toEqual(['127.0.0.1', true]);
    socket.destroy();
    server.close();
  });

  test('nobody is asked any more when the socket was destroyed meanwhile', async () => {
    serve();
    const { socket, router, told } = begin([SIX, FOUR], 80, {});
    socket.on('lookup', () => told.push('lookup'));
    setTimeout(() => socket.destroy(), 50);
    await once(socket, 'close');
    await router.ready;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([told, a.metrics().connections]).toEqual([[], 0]);
  });
});
