import dnsPacket, { type Packet } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reverseName } from '../../../../src/shell/dns/resolver.ts';
import type { Stack } from '../../../../src/shell/stack.ts';
import { World } from '../../../../src/sim.ts';
import { createStack } from '../../../../src/stack.ts';

type Zone = Record<string, (query: Packet) => Partial<Packet> & { rcode?: number }>;

let world: World;
let host: Stack;
let asked: { name: string; id: number; port: number; server: string; edns: boolean; by: string }[];
beforeEach(() => {
  world = new World();
  asked = [];
  host = world.host(['10.0.0.2/24', 'fd00::2/64'], { dns: ['10.0.0.1', '10.0.0.9'] });
});
afterEach(() => world.close());

const soa = (ttl: number): Partial<Packet> => ({
  authorities: [
    {
      type: 'SOA',
      name: 'test',
      ttl,
      data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl },
    },
  ],
});
const a = (name: string, data: string, ttl = 60) => ({ type: 'A', name, ttl, data }) as const;
const NXDOMAIN = 3;
const SERVFAIL = 2;
const FORMERR = 1;

/** A server on both transports; what it has no entry for does not exist. */
function serve(address: string, zone: Zone): Stack {
  const stack = world.host([`${address}/24`, 'fd00::1/64']);
  const answer = (bytes: Uint8Array, by: string, port: number): Buffer | undefined => {
    const query = dnsPacket.decode(Buffer.from(bytes));
    const { name, type } = query.questions![0]!;
    asked.push({ name, id: query.id!, port, server: address, edns: (query.additionals ?? []).length > 0, by });
    const found = zone[`${type} ${name.toLowerCase()} ${by}`] ?? zone[`${type} ${name.toLowerCase()}`];
    const { rcode = 0, flags = 0, ...rest } = found?.(query) ?? { rcode: NXDOMAIN, ...soa(30) };
    if (rest.id === -1) return undefined;
    return dnsPacket.encode({
      type: 'response',
      id: query.id!,
      questions: query.questions!,
      ...rest,
      flags: flags | rcode,
    });
  };
  stack.udp.bind(53).onMessage((bytes, from, socket) => {
    const out = answer(bytes, 'udp', from.port);
    if (out !== undefined) socket.send(out, from.port, from.address);
  });
  stack.serve(53, {
    data: (c, chunk) => {
      const out = answer(chunk.subarray(2), 'tcp', c.remotePort)!;
      // In two pieces, as a stream may.
      c.write(Buffer.concat([Uint8Array.of(out.length >> 8, out.length), out.subarray(0, 20)]));
      setImmediate(() => c.end(out.subarray(20)));
    },
  });
  return stack;
}
const code = async (promise: Promise<unknown>): Promise<string> =>
  world.settle(
    promise.then(
      () => 'fine',
      (error: { code: string }) => error.code,
    ),
  );

test('connect({ family: null, lookup: null }) asks our servers for either family, as if neither had been said', async () => {
  const server = serve('10.0.0.1', { 'A www.test': () => ({ answers: [a('www.test', '10.0.0.1')] }) });
  server.serve(80, { end: (c) => c.end() });
  const socket = host.connect({ port: 80, host: 'www.test', family: null as never, lookup: null as never });
  let outcome = '';
  socket.on('connect', () => (outcome = 'connected')).on('error', (error) => (outcome = String(error)));
  await world.runUntil(() => outcome !== '');
  expect(outcome).toBe('connected');
  socket.destroy();
  const named = { port: 80, host: 'www.test', family: null as never, lookup: null as never };
  const conn = await world.settle(host.open(named));
  conn.abort();
});

test('an address, asked once while it is good, with an id and a port of its own each time', async () => {
  serve('10.0.0.1', {
    'A www.test': () => ({ answers: [a('www.test', '192.0.2.1', 60), a('WWW.test', '192.0.2.2', 90)] }),
    'A other.test': () => ({ answers: [a('other.test', '192.0.2.3')] }),
  });
  expect(await world.settle(host.resolve('www.test'))).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(
    await world.settle(Promise.all([host.resolve('WWW.test'), host.resolve('other.test'), host.resolve('other.test')])),
  ).toHaveLength(3);
  expect(asked.map(({ name }) => name)).toEqual(['www.test', 'other.test']);
  await world.run(60_000);
  await world.settle(host.resolve('www.test'));
  expect(asked).toHaveLength(3);
  expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
  expect(new Set(asked.map(({ port }) => port)).size).toBe(3);
  expect(asked.every(({ edns }) => edns)).toBe(true);
});

test('records of other types', async () => {
  serve('10.0.0.1', {
    'AAAA six.test': () => ({ answers: [{ type: 'AAAA', name: 'six.test', ttl: 1, data: 'fd00::7' }] }),
    'TXT t.test': () => ({ answers: [{ type: 'TXT', name: 't.test', ttl: 1, data: ['one', 'two'] }] }),
    'SRV _x._tcp.test': () => ({
      answers: [
        { type: 'SRV', name: '_x._tcp.test', ttl: 1, data: { port: 80, target: 'w.test', priority: 1, weight: 2 } },
      ],
    }),
    'MX test': () => ({
      answers: [{ type: 'MX', name: 'test', ttl: 1, data: { preference: 10, exchange: 'mail.test' } }],
    }),
    'PTR 7.0.0.10.in-addr.arpa': () => ({
      answers: [{ type: 'PTR', name: '7.0.0.10.in-addr.arpa', ttl: 1, data: 'seven.test' }],
    }),
  });
  expect(await world.settle(host.resolve('six.test', 'AAAA'))).toEqual(['fd00::7']);
  expect(await world.settle(host.resolve('t.test', 'TXT'))).toEqual([['one', 'two']]);
  expect(await world.settle(host.resolve('_x._tcp.test', 'SRV'))).toEqual([
    { port: 80, target: 'w.test', priority: 1, weight: 2 },
  ]);
  expect(await world.settle(host.resolve('test', 'MX'))).toEqual([{ preference: 10, exchange: 'mail.test' }]);
  expect(await world.settle(host.reverse('10.0.0.7'))).toEqual(['seven.test']);
  expect(reverseName('fd00::1')).toBe('1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa');
});

test('aliases: in one answer, and over several; never in circles', async () => {
  const alias = (name: string, data: string) => ({ type: 'CNAME', name, ttl: 60, data }) as const;
  serve('10.0.0.1', {
    'A one.test': () => ({ answers: [alias('one.test', 'two.test'), a('two.test', '192.0.2.2')] }),
    'A far.test': () => ({ answers: [alias('far.test', 'one.test')] }),
    'A round.test': () => ({ answers: [alias('round.test', 'and.test')] }),
    'A and.test': () => ({ answers: [alias('and.test', 'round.test')] }),
  });
  expect(await world.settle(host.resolve('one.test'))).toEqual(['192.0.2.2']);
  expect(await world.settle(host.resolve('far.test'))).toEqual(['192.0.2.2']);
  expect(await code(host.resolve('round.test'))).toBe('EBADRESP');
});

test('what does not exist is ENOTFOUND, what has no such record ENODATA; both are remembered (RFC 2308)', async () => {
  serve('10.0.0.1', { 'A empty.test': () => soa(30) });
  for (let n = 0; n < 2; n++) {
    expect(await code(host.resolve('no.test'))).toBe('ENOTFOUND');
    expect(await code(host.resolve('empty.test'))).toBe('ENODATA');
  }
  expect(asked).toHaveLength(2);
  await world.run(31_000);
  expect(await code(host.resolve('no.test'))).toBe('ENOTFOUND');
  expect(asked).toHaveLength(3);
});

test('an answer that was cut is asked for again over TCP', async () => {
  const many = Array.from({ length: 200 }, (_, n) => a('many.test', `192.0.2.${n}`));
  serve('10.0.0.1', {
    'A many.test udp': () => ({ flags: dnsPacket.TRUNCATED_RESPONSE, answers: many.slice(0, 5) }),
    'A many.test tcp': () => ({ answers: many }),
  });
  expect(await world.settle(host.resolve('many.test'))).toHaveLength(200);
  expect(asked.map(({ by }) => by)).toEqual(['udp', 'tcp']);
  expect(host.metrics().connections).toBe(0);
});

describe('servers that do not help', () => {
  test('a silent one, then the next; the one that answered is asked first from then on', async () => {
    serve('10.0.0.9', { 'A www.test': () => ({ answers: [a('www.test', '192.0.2.1', 0)] }) });
    serve('10.0.0.1', { 'A www.test': () => ({ id: -1 }) });
    const began = world.now;
    expect(await world.settle(host.resolve('www.test'))).toEqual(['192.0.2.1']);
    expect(world.now - began).toBeGreaterThanOrEqual(2000);
    expect(await world.settle(host.resolve('www.test'))).toEqual(['192.0.2.1']);
    expect(asked.map(({ server }) => server)).toEqual(['10.0.0.1', '10.0.0.9', '10.0.0.9']);
  });

  test('SERVFAIL of one is no answer; of all it is ESERVFAIL', async () => {
    serve('10.0.0.1', { 'A www.test': () => ({ rcode: SERVFAIL }), 'A bad.test': () => ({ rcode: SERVFAIL }) });
    serve('10.0.0.9', {
      'A www.test': () => ({ answers: [a('www.test', '192.0.2.1')] }),
      'A bad.test': () => ({ rcode: SERVFAIL }),
    });
    expect(await world.settle(host.resolve('www.test'))).toEqual(['192.0.2.1']);
    expect(await code(host.resolve('bad.test'))).toBe('ESERVFAIL');
  });

  test('one that does not know EDNS is asked without', async () => {
    serve('10.0.0.1', {
      'A www.test': (q) =>
        (q.additionals ?? []).length > 0 ? { rcode: FORMERR } : { answers: [a('www.test', '192.0.2.1')] },
    });
    expect(await world.settle(host.resolve('www.test'))).toEqual(['192.0.2.1']);
    expect(asked.map(({ edns }) => edns)).toEqual([true, false]);
  });

  test('silence of all: each is asked twice, with twice the patience, then ETIMEOUT; a closed port is known at once', async () => {
    serve('10.0.0.1', { 'A www.test': () => ({ id: -1 }) });
    world.host('10.0.0.9/24');
    const began = world.now;
    expect(await code(host.resolve('www.test'))).toBe('ECONNREFUSED');
    expect(asked).toHaveLength(2);
    expect(world.now - began).toBeGreaterThanOrEqual(6000);
    expect(world.now - began).toBeLessThan(6500);
  });

  test('answers to something else are passed over [RFC 5452 §9.1]', async () => {
    const forger = serve('10.0.0.1', { 'A www.test': () => ({ answers: [a('www.test', '192.0.2.1')] }) });
    expect(forger).toBeDefined();
    const patient = world.host('10.0.0.4/24', { dns: { servers: ['10.0.0.1'], attempts: 4, timeout: 100 } });
    let n = 0;
    world.wire.hook = (frame) => {
      // The first answer gets another id, the second another question, the third comes from another port.
      if (frame[23] !== 17 || frame[35] !== 53) return 'pass';
      const copy = frame.slice();
      if (n === 0) copy[42]! ^= 1;
      if (n === 1) copy[55]! ^= 1;
      if (n === 2) copy[35] = 54;
      copy[40] = 0;
      copy[41] = 0;
      return n++ < 3 ? copy : 'pass';
    };
    expect(await world.settle(patient.resolve('www.test'))).toEqual(['192.0.2.1']);
    expect(n).toBe(4);
  });
});

test('connect looks names up where the stack has servers; the search list is for names without a dot', async () => {
  serve('10.0.0.1', {
    'A box.home.test': () => ({ answers: [a('box.home.test', '10.0.0.1')] }),
    'AAAA box.home.test': () => ({ answers: [{ type: 'AAAA', name: 'box.home.test', ttl: 1, data: 'fd00::1' }] }),
  }).serve(80, {});
  const own = world.host(['10.0.0.3/24', 'fd00::3/64'], { dns: { servers: ['10.0.0.1'], search: ['home.test'] } });
  // RFC 8305 §3: AAAA was answered first, and nothing waits for A.
  expect((await world.settle(own.open({ host: 'box', port: 80 }))).remoteAddress).toBe('fd00::1');
  expect((await world.settle(own.open({ host: 'box', port: 80, family: 4 }))).remoteAddress).toBe('10.0.0.1');
  expect((await world.settle(own.open({ host: 'box.home.test', port: 80, family: 6 }))).remoteAddress).toBe('fd00::1');
  expect(await code(own.open({ host: 'nobody', port: 80 }))).toBe('ENOTFOUND');
  expect(await code(own.resolve('localhost.'))).toBe('ENOTFOUND');
});

describe('names as they are typed', () => {
  test('what is not ASCII is asked for as node:dns does, in resolve and in connect [RFC 5891 §4.4]', async () => {
    serve('10.0.0.1', {
      'A xn--bcher-kva.test': () => ({ answers: [a('xn--bcher-kva.test', '10.0.0.1')] }),
      'A mail.xn--bcher-kva.test': () => ({ answers: [a('mail.xn--bcher-kva.test', '10.0.0.1')] }),
    }).serve(80, {});
    for (const name of ['bücher.test', 'BÜCHER.test.', 'xn--bcher-kva.test']) {
      expect(await world.settle(host.resolve(name))).toEqual(['10.0.0.1']);
    }
    expect(asked.map(({ name }) => name)).toEqual(['xn--bcher-kva.test']);
    const conn = await world.settle(host.open({ host: 'bücher.test', port: 80 }));
    expect(conn.remoteAddress).toBe('10.0.0.1');
    const searching = world.host('10.0.0.6/24', { dns: { servers: ['10.0.0.1'], search: ['bücher.test', 'a..b'] } });
    expect(await world.settle(searching.resolve('mail'))).toEqual(['10.0.0.1']);
    await expect(world.settle(host.resolve('grün.test'))).rejects.toMatchObject({
      code: 'ENOTFOUND',
      hostname: 'grün.test',
    });
  });

  test.each([
    ['an empty label', 'a..b'],
    ['an empty label at the beginning', '.test'],
    ['nothing but dots', '..'],
    ['a label of 64', `${'a'.repeat(64)}.test`],
    ['a label of 64 once it is ASCII', `${'ü'.repeat(60)}.test`],
    ['more than 253', `${'abcdefg.'.repeat(31)}abcdef`],
    ['no host name in any script', 'bü cher.test'],
  ])('%s is never asked for: EBADNAME of resolve, ENOTFOUND of connect, as in Node', async (_, name) => {
    serve('10.0.0.1', {});
    const began = world.now;
    expect(await code(host.resolve(name))).toBe('EBADNAME');
    expect(await code(host.open({ host: name, port: 80 }))).toBe('ENOTFOUND');
    expect([asked, world.now]).toEqual([[], began]);
  });

  test('labels of 63, 253 in all, the root', async () => {
    serve('10.0.0.1', {});
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    for (const name of [long, `${long}.`, '.']) expect(await code(host.resolve(name))).toBe('ENOTFOUND');
    expect(asked.map(({ name }) => name)).toEqual([long, '.']);
  });
});

test('options', async () => {
  const refused = (dns: unknown): Promise<string> =>
    createStack({ dns } as object).then(
      () => 'fine',
      (e: { option: string }) => e.option,
    );
  expect(await refused(['10.0.0.1', 'example.org'])).toBe('dns[1]');
  expect(await refused({ servers: ['x'] })).toBe('dns.servers[0]');
  expect(await refused({ server: [] })).toBe('dns.server');
  expect(await refused({ search: [''] })).toBe('dns.search');
  expect(await refused(53)).toBe('dns');
  expect(await code((await createStack()).resolve('x.test'))).toBe('ENOTFOUND');
});
