// RFC 8305 on simulated wires: a family that is a black hole, one that is slow, one whose records come late.
import type { lookup } from 'node:dns';
import dnsPacket from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SystemError } from '../../../src/shell/errors.ts';
import type { Handlers } from '../../../src/shell/handlers.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import type { SynInfo } from '../../../src/shell/syn-info.ts';
import { World } from '../../../src/sim.ts';

let w: World;
let a: Stack;
let b: Stack;
/** SYNs that came to b, and when. */
let syns: string[];
beforeEach(() => {
  w = new World();
  a = w.host(['10.0.0.1/24', '2001:db8::1/64']);
  b = w.host(['10.0.0.2/24', '2001:db8::2/64', '10.0.0.3/24', '2001:db8::3/64']);
  syns = [];
});
afterEach(() => w.close());

/** Port 80 of b: what `hole` holds vanishes without an answer. */
function serve(hole: (syn: SynInfo) => boolean, handlers: Handlers = {}): void {
  b.serve(80, {
    ...handlers,
    syn: (syn) => {
      syns.push(`${syn.localAddress} ${Math.round(w.now)}`);
      return hole(syn) ? 'drop' : 'accept';
    },
  });
}

/** A name with these addresses, of both families at once. */
const named = (...addresses: string[]): typeof lookup =>
  ((_host: string, _options: object, done: (e: null, found: object[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof lookup;
const both = named('2001:db8::2', '10.0.0.2');
const never = (): boolean => false;

test('IPv6 goes first, and where it answers nothing else is tried', async () => {
  serve(never);
  const conn = await w.settle(a.open({ host: 'b.test', port: 80, lookup: both }));
  expect(conn.remoteAddress).toBe('2001:db8::2');
  await w.run(2000);
  expect(syns).toHaveLength(1);
});

test('a family that is a black hole costs 250 ms', async () => {
  serve((syn) => syn.family === 'IPv6');
  const conn = await w.settle(a.open({ host: 'b.test', port: 80, lookup: both }));
  expect([conn.remoteAddress, Math.round(w.now)]).toEqual(['10.0.0.2', 250]);
  expect(syns).toEqual(['2001:db8::2 0', '10.0.0.2 250']);
  await w.run(10_000);
  expect(syns).toHaveLength(2); // the attempt that lost sends no SYN again
  expect([a.metrics().connections, b.metrics().connections]).toEqual([1, 1]);
});

test('attemptDelay says how long; a wrong one names the range', async () => {
  serve((syn) => syn.family === 'IPv6');
  await w.settle(a.open({ host: 'b.test', port: 80, lookup: both, attemptDelay: 100 }));
  expect(syns).toEqual(['2001:db8::2 0', '10.0.0.2 100']);
  expect(() => a.open({ host: 'b.test', port: 80, attemptDelay: 5 })).toThrow(/attemptDelay: 5 .* 10 to 10000 ms/);
});

test('no attempt is cut short: one that needs 600 ms wins when the other answers nothing', async () => {
  w.impair(a, { delay: 300_000 });
  w.impair(b, { delay: 300_000 });
  serve((syn) => syn.family === 'IPv4');
  const opening = a.open({ host: 'b.test', port: 80, lookup: both });
  await w.run(500);
  expect(a.metrics().connections).toBe(2);
  expect((await w.settle(opening)).remoteAddress).toBe('2001:db8::2');
  await w.run(1000);
  expect(a.metrics().connections).toBe(1);
});

test('an attempt that is refused makes place for the next at once', async () => {
  b.serve(80, {}, { host: '10.0.0.2' });
  const conn = await w.settle(a.open({ host: 'b.test', port: 80, lookup: both }));
  expect(conn.remoteAddress).toBe('10.0.0.2');
  expect(w.now).toBeLessThan(20);
});

test('addresses take turns between the families', async () => {
  serve(() => true);
  const opening = a.open({
    host: 'b.test',
    port: 80,
    lookup: named('10.0.0.2', '10.0.0.3', '2001:db8::2', '2001:db8::3'),
  });
  opening.catch(() => {});
  await w.run(800);
  expect(syns).toEqual(['2001:db8::2 0', '10.0.0.2 250', '2001:db8::3 500', '10.0.0.3 750']);
});

test('when all fail, all are told: the code of the first, an AggregateError', async () => {
  const error = (await w.settle(
    a.open({ host: 'b.test', port: 81, lookup: both }).catch((e: unknown) => e),
  )) as AggregateError & SystemError;
  expect(error).toBeInstanceOf(AggregateError);
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
  expect(error.errors.map((e: SystemError) => `${e.code} ${e.address}`)).toEqual([
    'ECONNREFUSED 2001:db8::2',
    'ECONNREFUSED 10.0.0.2',
  ]);
  expect(error.message).toContain('b.test:81');
  await expect(w.settle(a.open({ host: '10.0.0.2', port: 81 }))).rejects.toMatchObject({
    message: 'connect ECONNREFUSED 10.0.0.2:81',
  });
});

test('a signal ends all of them', async () => {
  serve(() => true);
  const control = new AbortController();
  const opening = a.open({ host: 'b.test', port: 80, lookup: both, signal: control.signal });
  opening.catch(() => {});
  await w.run(300);
  expect(a.metrics().connections).toBe(2);
  control.abort('enough');
  await expect(opening).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  await w.run(5000);
  expect([a.metrics().connections, syns.length]).toEqual([0, 2]);
});

test('first data is sent once, by the attempt that won', async () => {
  w.impair(b, { delay: 300_000 });
  const got: string[] = [];
  serve(never, { data: (c, chunk) => got.push(`${c.localAddress} ${chunk}`) });
  const opening = a.open({ host: 'b.test', port: 80, lookup: both, data: 'once' });
  await w.run(280);
  expect(a.connections().map(({ info }) => info!.sndQueued)).toEqual([0, 0]);
  await w.settle(opening);
  await w.run(3000);
  expect(got).toEqual(['2001:db8::2 once']);
});

test('localAddress decides the family; a name without one of it says so', async () => {
  serve(never);
  const conn = await w.settle(a.open({ host: 'b.test', port: 80, lookup: both, localAddress: '10.0.0.1' }));
  expect(conn.remoteAddress).toBe('10.0.0.2');
  await expect(
    w.settle(a.open({ host: 'b.test', port: 80, lookup: named('2001:db8::2'), localAddress: '10.0.0.1' })),
  ).rejects.toThrow('b.test has no address of the family of 10.0.0.1');
});

/** A name server for b.test whose answers take so many ms; -1 = none at all. */
function nameServer(times: { A: number; AAAA: number }): Stack {
  const server = w.host('10.0.0.53/24');
  server.udp.bind(53).onMessage((bytes, from, socket) => {
    const query = dnsPacket.decode(Buffer.from(bytes));
    const { name, type } = query.questions![0]! as { name: string; type: 'A' | 'AAAA' };
    const answer = { name, type, ttl: 60, data: type === 'A' ? '10.0.0.2' : '2001:db8::2' } as const;
    const out = dnsPacket.encode({ type: 'response', id: query.id!, questions: query.questions!, answers: [answer] });
    if (times[type] < 0) return;
    w.clock.schedule(w.clock.now() + times[type] * 1000, () => socket.send(out, from.port, from.address));
  });
  return w.host(['10.0.0.4/24', '2001:db8::4/64'], { dns: ['10.0.0.53'] });
}

test.each([
  ['AAAA a little later than A: it is waited for', { A: 0, AAAA: 30 }, '2001:db8::2', 30],
  ['AAAA much later: A goes after 50 ms', { A: 0, AAAA: 200 }, '10.0.0.2', 50],
  ['AAAA first: nothing is waited for', { A: 200, AAAA: 0 }, '2001:db8::2', 0],
  ['no AAAA answer ever', { A: 0, AAAA: -1 }, '10.0.0.2', 50],
])('resolution: %s', async (_name, times, address, ms) => {
  const client = nameServer(times);
  serve(never);
  const conn = await w.settle(client.open({ host: 'b.test', port: 80 }));
  expect(conn.remoteAddress).toBe(address);
  expect(syns).toHaveLength(1);
  expect(Math.abs(Number(syns[0]!.split(' ')[1]) - ms)).toBeLessThanOrEqual(3);
});

test('an address that becomes known while an attempt hangs is tried beside it', async () => {
  const client = nameServer({ A: 400, AAAA: 0 });
  serve((syn) => syn.family === 'IPv6');
  const conn = await w.settle(client.open({ host: 'b.test', port: 80 }));
  expect(conn.remoteAddress).toBe('10.0.0.2');
  expect(w.now).toBeLessThan(700);
});
