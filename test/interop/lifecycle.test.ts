// How connections begin, stand still and end between our stack and the Linux kernel, in both roles.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, casts, families, Host, Lab, notBuilt, Pair, roles } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;
const CLOSED_PORT = 9;

describe.skipIf(skip)('lifecycle', () => {
  let pair: Pair;
  let names = 0;

  beforeAll(async () => {
    pair = await Pair.create();
  });
  afterAll(async () => {
    await pair?.close();
  });

  /** One connection: what the server does, what the client does, what came of both. */
  const meet = async (
    { role, family }: (typeof casts)[number],
    serverDoes: Record<string, unknown>,
    clientDoes: Record<string, unknown>,
  ) => {
    const { server, client, host } = pair.cast(role, family);
    const name = `meet ${names++}`;
    const port = await server.listen({ name, ...serverDoes });
    const atClient = await client.connect({ host, port }, clientDoes);
    const [atServer] = await server.results({ name });
    await server.call('close', { name });
    return { atServer: atServer!, atClient };
  };

  describe.each(casts)('we are the $role, IP$family', (cast) => {
    test('half-close: the client ends first and still gets everything', async () => {
      const { atServer, atClient } = await meet(
        cast,
        { behaviour: 'exchange', send: MIB, seed: 3, finish: 'ended' },
        { behaviour: 'exchange', finish: 'sent' },
      );
      expect(atClient).toMatchObject({ received: MIB, sha: digest(3, MIB), events: ['end', 'close'] });
      expect(atServer).toMatchObject({ received: 0, events: ['end', 'close'] });
    });

    test('half-close: the server ends first and still gets everything', async () => {
      const { atServer, atClient } = await meet(
        cast,
        { behaviour: 'exchange', finish: 'sent' },
        { behaviour: 'exchange', send: MIB, seed: 4, finish: 'ended' },
      );
      expect(atServer).toMatchObject({ received: MIB, sha: digest(4, MIB), events: ['end', 'close'] });
      expect(atClient).toMatchObject({ received: 0, events: ['end', 'close'] });
    });

    test.each(['unread', 'reset'])('the server goes away (%s): the client sees ECONNRESET, once', async (how) => {
      const { atServer, atClient } = await meet(
        cast,
        { behaviour: 'vanish', how },
        { behaviour: 'linger', burst: MIB / 4 },
      );
      expect(atClient.events).toEqual(['ECONNRESET', 'close']);
      expect(atServer.events).toEqual(['close']);
    });

    test.each(['unread', 'reset'])('the client goes away (%s): the server sees ECONNRESET, once', async (how) => {
      const { atServer, atClient } = await meet(
        cast,
        { behaviour: 'linger', burst: MIB / 4 },
        { behaviour: 'vanish', how },
      );
      expect(atServer.events).toEqual(['ECONNRESET', 'close']);
      expect(atClient.events).toEqual(['close']);
    });

    test('a closed port refuses', async () => {
      const { client, host } = pair.cast(cast.role, cast.family);
      const { error, ms } = await client.connect({ host, port: CLOSED_PORT }, { behaviour: 'linger' });
      expect(error).toBe('ECONNREFUSED');
      expect(ms).toBeLessThan(1000);
    });

    test.each([1, 5000])('ping-pong of %i bytes, noDelay', async (size) => {
      const count = 1000;
      const { atServer, atClient } = await meet(
        cast,
        { behaviour: 'echo', noDelay: true },
        { behaviour: 'pingpong', count, size },
      );
      expect(atClient).toMatchObject({ rounds: count, events: ['end', 'close'] });
      expect(atServer).toMatchObject({ received: count * size, events: ['end', 'close'] });
      expect(atClient.ms).toBeLessThan(5000); // a delayed ACK in every round would be 40 s
    });

    test('many connections, one after the other and many at a time', async () => {
      const { server, client, host } = pair.cast(cast.role, cast.family);
      const name = `storm ${names++}`;
      const port = await server.listen({ name, behaviour: 'echo' });
      const storm = { to: { host, port }, behaviour: 'exchange', send: 100, seed: 5 };
      const count = cast.family === 'v4' ? 2000 : 500;
      const short = await client.call('storm', { ...storm, count, parallel: 50 });
      expect(short).toMatchObject({ tally: { 'end close': count }, shas: [digest(5, 100)] });
      const wide = await client.call('storm', { ...storm, send: MIB / 8, count: 200, parallel: 200 });
      expect(wide).toMatchObject({
        tally: { 'end close': 200 },
        received: 200 * (MIB / 8),
        shas: [digest(5, MIB / 8)],
      });
      const results = await server.results({ name, count: count + 200 });
      expect(new Set(results.map(({ events }) => events.join(' ')))).toEqual(new Set(['end close']));
      await server.call('close', { name });
      expect((await pair.ours.metrics()).connections).toBe(0);
    });
  });

  test.each(families)('nobody at the address: EHOSTUNREACH, IP%s', async (family) => {
    const host = family === 'v4' ? '10.99.0.77' : 'fd99::77';
    const { error, ms } = await pair.ours.connect({ host, port: 80 }, { behaviour: 'linger' });
    expect(error).toBe('EHOSTUNREACH');
    expect(ms).toBeLessThan(6000);
  });

  describe.each(roles)('zero window, we are the %s', (role) => {
    const total = 24 * MIB;
    test.each(['server', 'client'])('the %s reads nothing for 2 s', async (slow) => {
      const send = { behaviour: 'exchange', send: total, seed: 6 };
      const read = { behaviour: 'exchange', pause: 2000 };
      const { atServer, atClient } = await meet(
        { role, family: 'v4' },
        slow === 'server' ? read : send,
        slow === 'server' ? send : read,
      );
      const [reader, writer] = slow === 'server' ? [atServer, atClient] : [atClient, atServer];
      expect(reader).toMatchObject({ received: total, sha: digest(6, total), events: ['end', 'close'] });
      expect(writer).toMatchObject({ sent: total, events: ['end', 'close'] });
      expect(writer.stalled).toBeGreaterThan(0);
      expect(writer.ms).toBeGreaterThan(1900);
      expect(writer.ms).toBeLessThan(10_000);
    });
  });

  test('our accept queue is full: nobody is reset, all are served once we accept', async () => {
    const name = 'late';
    const port = await pair.ours.call('serve', { name, level: 'listenLate', accept: 1500, options: { backlog: 4 } });
    await pair.kernel.call('hold', { to: { host: addresses.stack.v4, port }, count: 12 });
    await pair.kernel.call('sleep', { ms: 700 });
    const before = await pair.kernel.call<string[][]>('held');
    expect(before.flat().filter((event) => event !== 'connect')).toEqual([]);
    expect((await pair.ours.metrics()).connections).toBeLessThanOrEqual(5);
    await pair.kernel.call('endHeld');
    const results = await pair.ours.results({ name, count: 12 });
    expect(results.map(({ error }) => error)).toEqual(Array(12).fill(null));
    expect(new Set((await pair.kernel.call<string[][]>('held')).map((events) => events.join(' ')))).toEqual(
      new Set(['connect end close']),
    );
    await pair.ours.call('close', { name });
  });

  test("the kernel's accept queue is full: our connects wait and none fails", async () => {
    const name = 'short';
    const port = await pair.kernel.listen({ name, behaviour: 'echo', backlog: 2 });
    const blocked = pair.kernel.call('block', { ms: 1200 });
    const storm = await pair.ours.call('storm', {
      to: { host: addresses.kernel.v4, port },
      count: 12,
      parallel: 12,
      behaviour: 'exchange',
      send: 1000,
      seed: 7,
    });
    await blocked;
    expect(storm).toMatchObject({ tally: { 'end close': 12 }, shas: [digest(7, 1000)] });
    await pair.kernel.call('close', { name });
  });

  test('keep-alive of the kernel: we answer', async () => {
    for (const [name, value] of Object.entries({ tcp_keepalive_intvl: 1, tcp_keepalive_probes: 1 })) {
      pair.lab.sysctl(pair.lab.kernel, `net.ipv4.${name}`, value);
    }
    const { atClient } = await meet(
      { role: 'server', family: 'v4' },
      { behaviour: 'linger' },
      { behaviour: 'linger', keepAlive: 1000, ms: 3500 },
    );
    expect(atClient.events).toEqual(['end', 'close']);
  });

  test('nothing of all this was wrong, and hardly anything was sent twice', async () => {
    const { core } = await pair.ours.metrics();
    const counters = await pair.ours.counters();
    const bad = Object.entries(counters).filter(
      ([name, n]) => n > 0 && /^(drop|rxTruncated|txErrors|txAgain)/.test(name),
    );
    expect(Object.fromEntries(bad)).toEqual({});
    console.log(`lifecycle: rxRingDrops ${counters.rxRingDrops}, core ${JSON.stringify(core)}`);
    // SYNs that a full queue swallowed, probes of closed windows, and what a busy machine acknowledges late.
    expect(core.retransSegs).toBeLessThan(core.outSegs! / 20);
  });
});

describe.skipIf(skip)('the peer falls silent', () => {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 300, keepAliveInterval: 200, keepAliveCount: 3 };

  test('keep-alive ends an idle connection with ETIMEDOUT; an answering peer keeps it', async () => {
    const pair = await Pair.create();
    const port = await pair.kernel.listen({ behaviour: 'echo' });
    const to = { host: addresses.kernel.v4, port, ...keepAlive };
    const alive = await pair.ours.connect(to, { behaviour: 'linger', ms: 1500 });
    expect(alive.events).toEqual(['end', 'close']);
    const idle = pair.ours.connect(to, { behaviour: 'linger' });
    await pair.kernel.call('sleep', { ms: 200 });
    pair.lab.kernel.run(
      'ip',
      'addr',
      'del',
      `${addresses.kernel.v4}/${addresses.prefix.v4}`,
      'dev',
      pair.lab.kernelDevice,
    );
    const started = Date.now();
    expect((await idle).events).toEqual(['ETIMEDOUT', 'close']);
    expect(Date.now() - started).toBeLessThan(3000);
    await pair.close();
  });

  test('a user timeout ends a connection whose data nobody acknowledges', async () => {
    const lab = await Lab.create({ loss: { toStack: 0.001 } });
    const [ours, kernel] = await Promise.all([Host.stack(lab), Host.kernel(lab)]);
    const port = await kernel.listen({ behaviour: 'linger' });
    const sending = ours.connect(
      { host: addresses.kernel.v4, port, userTimeout: 700 },
      { behaviour: 'linger', burst: 1 },
    );
    await kernel.call('sleep', { ms: 300 });
    lab.setLoss({ toStack: 1, toKernel: 1 });
    const started = Date.now();
    expect((await sending).events).toEqual(['ETIMEDOUT', 'close']);
    expect(Date.now() - started).toBeLessThan(4000);
    await lab.close();
  });
});
