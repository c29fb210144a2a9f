import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Handlers } from '../../../src/shell/handlers.ts';
import type { ListenOptions } from '../../../src/shell/service.ts';
import type { SynInfo, SynVerdict } from '../../../src/shell/syn-info.ts';
import { type HostOptions, World } from '../../../src/sim.ts';

/** What reached the process instead of a handler's caller. */
let surfaced: unknown[];
const catcher = (error: unknown): void => void surfaced.push(error);
let before: NodeJS.UncaughtExceptionListener[];
beforeEach(() => {
  surfaced = [];
  before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', catcher);
});
afterEach(() => {
  process.removeAllListeners('uncaughtException');
  for (const listener of before) process.on('uncaughtException', listener);
});

function pair(handlers: Handlers, options: ListenOptions = {}, tcp: HostOptions['tcp'] = {}) {
  const w = new World();
  const a = w.host(['10.0.0.1/24', 'fd00::1/64'], { tcp });
  const b = w.host(['10.0.0.2/24', 'fd00::2/64'], { tcp });
  b.serve(80, handlers, options);
  const refused = (): number => b.metrics().core.synsRefused ?? -1;
  return { w, a, b, refused, port: 80, host: '10.0.0.2' };
}

describe('what becomes of the SYN', () => {
  test('accept: a connection like any other', async () => {
    const syn = vi.fn((): SynVerdict => 'accept');
    const { w, a, host, port, refused } = pair({ syn, open: (c) => c.end('hello') });
    const c = await w.settle(a.open({ host, port }));
    expect(String(await w.settle(c.read()))).toBe('hello');
    expect([syn.mock.calls.length, refused()]).toEqual([1, 0]);
    await w.close();
  });

  test('reset: refused at once, the application of the server never knows', async () => {
    const open = vi.fn();
    const { w, a, b, host, port, refused } = pair({ syn: () => 'reset', open });
    await expect(w.settle(a.open({ host, port }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect([refused(), open.mock.calls.length, b.metrics().halfOpens]).toEqual([1, 0, 0]);
    await w.close();
  });

  test('drop: nothing is answered, and the peer is let in when it comes again', async () => {
    let times = 0;
    const { w, a, b, host, port, refused } = pair({ syn: () => (++times < 3 ? 'drop' : 'accept') });
    const begun = w.clock.now();
    await w.settle(a.open({ host, port }));
    expect([times, refused(), b.metrics().core.outRsts]).toEqual([3, 2, 0]);
    expect(w.clock.now() - begun).toBeGreaterThan(3e6); // 1 + 2 s, its own timers
    await w.close();
  });

  test("a hook that ends its listener: the SYN finds nobody, and the row is the next one's alone", async () => {
    const w = new World();
    const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
    const service = b.serve(80, {
      syn: () => {
        void service.close();
        return 'accept';
      },
    });
    await expect(w.settle(a.open({ host: '10.0.0.2', port: 80 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(b.metrics()).toMatchObject({ halfOpens: 0, core: { synsRefused: 1 } });
    const again = b.serve(80, { open: (c) => c.end('hello') });
    const c = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
    expect(String(await w.settle(c.read()))).toBe('hello');
    await again.close();
    await w.close();
  });

  test('asked once while the entry of the SYN queue stands', async () => {
    const syn = vi.fn((): SynVerdict => 'accept');
    const { w, a, b, host, port } = pair({ syn });
    b.serve(81, {});
    await w.settle(a.open({ host, port: 81 }));
    w.link(a, b, { delay: 1_600_000 }); // the SYN comes three times before its answer is there
    await w.settle(a.open({ host, port }));
    expect(a.metrics().core.retransSegs).toBeGreaterThan(1);
    expect(syn).toHaveBeenCalledTimes(1);
    await w.close();
  });

  test('SYN cookies are answers, too', async () => {
    let verdict: SynVerdict = 'reset';
    const seen: number[] = [];
    const syn = (s: SynInfo): SynVerdict => {
      seen.push(s.halfOpen);
      return verdict;
    };
    const { w, a, b, host, port } = pair({ syn }, { backlog: 1 }, { synCookies: 'always' });
    const far = w.host('10.0.0.3/24');
    b.serve(81, {});
    for (const client of [far, a]) await w.settle(client.open({ host, port: 81 }));
    w.link(b, far, { delay: 3_000_000 });
    verdict = 'accept';
    far.open({ host, port }).catch(() => {}); // fills the queue
    await w.run(3100);
    verdict = 'reset';
    await expect(w.settle(a.open({ host, port }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(b.metrics().core.synCookiesSent).toBe(0);
    verdict = 'accept';
    await w.settle(a.open({ host, port }));
    expect(b.metrics().core.synCookiesSent).toBeGreaterThan(0);
    expect(seen.slice(0, 2)).toEqual([0, 1]);
    await w.close();
  });

  test('with Fast Open a refused SYN delivers nothing', async () => {
    const seen: string[] = [];
    let verdict: SynVerdict = 'accept';
    const cookies: (number | undefined)[] = [];
    const syn = (s: SynInfo): SynVerdict => {
      cookies.push(s.fastOpen);
      return verdict;
    };
    const { w, a, host, port } = pair({ syn, data: (_c, chunk) => seen.push(`${chunk}`) }, {}, { fastOpen: 'on' });
    for (const data of ['one', 'two']) await w.settle((await w.settle(a.open({ host, port, data }))).end());
    verdict = 'reset';
    await expect(w.settle(a.open({ host, port, data: 'three' }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(seen).toEqual(['one', 'two']);
    expect(cookies).toEqual([0, 8, 8]);
    await w.close();
  });
});

test.each([
  ['10.0.0.2', '10.0.0.1', 'IPv4'],
  ['fd00::2', 'fd00::1', 'IPv6'],
])('what the hook sees, to %s', async (host, remoteAddress, family) => {
  let seen: Record<string, unknown> = {};
  const syn = (s: SynInfo): SynVerdict => {
    const { ttl, typeOfService, mss, windowScale, sack, timestamps, window, length, fastOpen } = s;
    const { localAddress, localPort, remoteAddress, remotePort, family, halfOpen, unaccepted, backlog, connections } =
      s;
    seen = { ttl, typeOfService, mss, windowScale, sack, timestamps, window, length, fastOpen };
    Object.assign(seen, { localAddress, localPort, remoteAddress, remotePort, family });
    Object.assign(seen, { halfOpen, unaccepted, backlog, connections });
    return 'accept';
  };
  const { w, a, port } = pair({ syn }, { backlog: 7 });
  const c = await w.settle(a.open({ host, port, ttl: 61, typeOfService: 0x28, localPort: 4000 }));
  expect(seen).toEqual({
    ...{ localAddress: host, localPort: 80, remoteAddress, remotePort: 4000, family },
    ...{
      ttl: 61,
      typeOfService: 0x28,
      mss: family === 'IPv4' ? 1460 : 1440,
      windowScale: 7,
      sack: true,
      timestamps: true,
    },
    ...{ window: 65535, length: 0, fastOpen: undefined, halfOpen: 0, unaccepted: 0, backlog: 7, connections: 0 },
  });
  await w.settle(c.end());
  await w.close();
});

describe('hooks that go wrong', () => {
  test.each([
    ['throws', () => JSON.parse('{') as SynVerdict, /JSON/],
    ['has no answer', () => undefined as unknown as SynVerdict, /returned undefined; it must return "accept", "drop"/],
    ['answers later', async () => 'accept' as const, /returned Promise/],
  ])('one that %s drops, and the error surfaces', async (_what, syn, message) => {
    const { w, a, host, port, refused } = pair({ syn: syn as () => SynVerdict });
    const opened = a.open({ host, port }).catch(() => {});
    await w.run(500);
    expect(refused()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(surfaced.map(String).filter((s) => message.test(s))).toHaveLength(1);
    await w.close();
    await opened;
  });

  test('what is no function is named at the call', () => {
    const { b } = pair({});
    expect(() => b.serve(81, {}, { syn: 'drop' as never })).toThrow(/option syn: 'drop'.*a function/);
    expect(() => b.serve(81, { syn: true as never })).toThrow(/option handlers\.syn: true/);
  });
});

test('one hook for each listener: promises, sockets, and none for the others', async () => {
  const { w, a, b, host } = pair({});
  b.listen({ port: 81, syn: (s) => (s.remotePort === 5000 ? 'reset' : 'accept') });
  b.createServer({ syn: () => 'reset' as const }).listen(82);
  await w.settle(a.open({ host, port: 80 }));
  await w.settle(a.open({ host, port: 81 }));
  const refused = { code: 'ECONNREFUSED' };
  await expect(w.settle(a.open({ host, port: 81, localPort: 5000 }))).rejects.toMatchObject(refused);
  await expect(w.settle(a.open({ host, port: 82 }))).rejects.toMatchObject(refused);
  await w.close();
});
