import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stack } from '../../../src/shell/stack.ts';
import type { DatagramError, DatagramInfo, UdpSocket } from '../../../src/shell/udp.ts';
import { World } from '../../../src/sim.ts';
import { createStack } from '../../../src/stack.ts';
import { get16, put16 } from '../../../src/wire/bytes.ts';

let world: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  world = new World();
  a = world.host(['10.0.0.1/24', '10.0.0.9/24', 'fd00::1/64'], { gateway: '10.0.0.2' });
  b = world.host(['10.0.0.2/24', 'fd00::2/64']);
});
afterEach(() => world.close());

interface Got {
  readonly text: string;
  readonly from: DatagramInfo;
}
function collect(socket: UdpSocket): Got[] {
  const got: Got[] = [];
  socket.onMessage((bytes, from) => got.push({ text: String(bytes), from }));
  return got;
}
function errors(socket: UdpSocket): DatagramError[] {
  const all: DatagramError[] = [];
  socket.on('error', (error) => all.push(error));
  return all;
}
const code = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'fine';
};

describe.each([
  ['IPv4', '10.0.0.1', '10.0.0.2'],
  ['IPv6', 'fd00::1', 'fd00::2'],
] as const)('%s', (family, one, two) => {
  test('a datagram there and back: borrowed bytes, who sent them and to which address [RFC 1122 §4.1.3.5]', async () => {
    const server = b.udp.bind(53);
    const seen: DatagramInfo[] = [];
    let view: Uint8Array | undefined;
    server.onMessage((bytes, from, socket) => {
      seen.push(from);
      view = bytes;
      socket.send(`got ${bytes}`, from.port, from.address);
    });
    const client = a.udp.bind();
    const got = collect(client);
    client.send('hello', 53, two);
    await world.run(100);
    expect(seen).toEqual([
      {
        address: one,
        family,
        port: client.port,
        size: 5,
        destination: two,
        link: 'host2',
        ttl: 64,
        typeOfService: 0,
      },
    ]);
    expect(got.map(({ text, from }) => [text, from.address, from.port])).toEqual([['got hello', two, 53]]);
    expect(String(view)).not.toBe('hello'); // the ring has it back
    expect(a.metrics().udp).toMatchObject({ inDatagrams: 1, outDatagrams: 1 });
  });

  test('an empty datagram is one; the largest fits the MTU, a byte more is EMSGSIZE', async () => {
    const got = collect(b.udp.bind(53));
    const client = a.udp.bind();
    const most = 1500 - (family === 'IPv4' ? 28 : 48);
    client.send('', 53, two);
    client.send(Buffer.alloc(most, 'x'), 53, two);
    expect(code(() => client.send(Buffer.alloc(most + 1), 53, two))).toBe('EMSGSIZE');
    await world.run(100);
    expect(got.map(({ from }) => from.size)).toEqual([0, most]);
  });

  test('[RFC 1122 §4.1.3.1] [RFC 1122 §4.1.3.3] a closed port is told to who listens, with what ICMP said', async () => {
    const client = a.udp.bind();
    const failed = errors(client);
    client.send('anybody?', 53, two);
    await world.run(100);
    expect(failed).toMatchObject([
      {
        code: 'ECONNREFUSED',
        syscall: 'send',
        address: two,
        port: 53,
        icmp: family === 'IPv4' ? { type: 3, code: 3 } : { type: 1, code: 4 },
      },
    ]);
    expect(b.metrics().udp.noPorts).toBe(1);
  });

  test('[RFC 1122 §2.3.2.2] nobody answers for the neighbour: EHOSTUNREACH for what waited', async () => {
    const nobody = family === 'IPv4' ? '10.0.0.77' : 'fd00::77';
    const client = a.udp.bind();
    const failed = errors(client);
    for (let n = 0; n < 20; n++) client.send(`${n}`, 53, nobody);
    await world.run(10_000);
    expect(failed).toHaveLength(16);
    expect(failed[0]).toMatchObject({ code: 'EHOSTUNREACH', address: nobody, port: 53 });
    expect([client.queuedBytes, a.metrics().udp.unsent]).toEqual([0, 20]);
  });

  test('[RFC 1122 §4.1.3.4] [RFC 8200 §8.1] a damaged datagram vanishes; one without a checksum is taken on IPv4 only', async () => {
    const got = collect(b.udp.bind(53));
    const client = a.udp.bind();
    const failed = errors(client);
    let how = (_frame: Uint8Array, _l4: number): void => {};
    world.wire.hook = (frame) => {
      const l4 = 14 + (family === 'IPv4' ? 20 : 40);
      if (frame[family === 'IPv4' ? 23 : 20] !== 17 || get16(frame, l4 + 2) !== 53) return 'pass';
      how(frame, l4);
      return 'pass';
    };
    how = (frame, l4) => (frame[l4 + 8]! ^= 1);
    client.send('damaged', 53, two);
    await world.run(50);
    how = (frame, l4) => put16(frame, l4 + 6, 0);
    client.send('bare', 53, two);
    await world.run(50);
    expect(got.map(({ text }) => text)).toEqual(family === 'IPv4' ? ['bare'] : []);
    expect([failed, b.metrics().udp.inErrors]).toEqual([[], family === 'IPv4' ? 1 : 2]);
  });
});

test('dgram’s shape: message with bytes to keep, connect, disconnect, close', async () => {
  const server = b.udp.bind({ port: 53, address: '10.0.0.2' });
  const kept: Buffer[] = [];
  server.on('message', (bytes, from) => {
    kept.push(bytes);
    server.send('answer', from.port, from.address);
  });
  const other = b.udp.bind(54);
  const client = a.udp.bind().connect(53, '10.0.0.2');
  const got = collect(client);
  client.send('one');
  await world.run(10);
  other.send('intruder', client.port, '10.0.0.1');
  await world.run(10);
  expect(got.map(({ text }) => text)).toEqual(['answer']);
  expect(client.remote).toEqual({ address: '10.0.0.2', family: 'IPv4', port: 53 });
  client.disconnect();
  expect(code(() => client.send('nowhere'))).toBe('EDESTADDRREQ');
  other.send('welcome', client.port, '10.0.0.1');
  await world.run(10);
  expect(got.map(({ text }) => text)).toEqual(['answer', 'welcome']);
  expect(String(kept[0])).toBe('one');
  let closed = 0;
  client.on('close', () => closed++);
  client.close();
  client.close();
  await world.run(1);
  expect([closed, code(() => client.send('x', 53, '10.0.0.2'))]).toEqual([1, 'ERR_USERTCP_CLOSED']);
});

test('what cannot be bound or sent says why', () => {
  const socket = a.udp.bind({ port: 53 });
  expect(code(() => a.udp.bind(53))).toBe('EADDRINUSE');
  expect(code(() => a.udp.bind({ address: '10.0.0.5' }))).toBe('EADDRNOTAVAIL');
  expect(code(() => socket.send('x', 53, '192.0.2.1'))).toBe('fine');
  expect(code(() => b.udp.bind().send('x', 53, '192.0.2.1'))).toBe('ENETUNREACH');
  expect(code(() => socket.send('x', 53, '10.0.0.255'))).toBe('EACCES');
  expect(code(() => socket.send('x', 53, '10.0.0.2', '10.0.0.5'))).toBe('EADDRNOTAVAIL');
  expect(code(() => socket.send('x', 0, '10.0.0.2'))).toBe('ERR_USERTCP_OPTION');
  expect(code(() => socket.send('x', 53, 'example.org'))).toBe('ERR_USERTCP_OPTION');
  expect(code(() => a.udp.bind({ porto: 1 } as object))).toBe('ERR_USERTCP_OPTION');
});

test('[RFC 1122 §4.1.3.5] the source address is the one bound, the one asked for, or by route', async () => {
  const got = collect(b.udp.bind(53));
  const any = a.udp.bind();
  any.send('', 53, '10.0.0.2');
  any.send('', 53, '10.0.0.2', '10.0.0.9');
  a.udp.bind({ address: '10.0.0.9', ttl: 3, typeOfService: 0x20 }).send('', 53, '10.0.0.2');
  await world.run(100);
  expect(got.map(({ from }) => [from.address, from.ttl, from.typeOfService])).toEqual([
    ['10.0.0.1', 64, 0],
    ['10.0.0.9', 64, 0],
    ['10.0.0.9', 3, 0x20],
  ]);
});

test('broadcast goes to every socket of the port and draws no error', async () => {
  const first = collect(b.udp.bind({ port: 53, reuseAddress: true }));
  const second = collect(b.udp.bind({ port: 53, reuseAddress: true }));
  const bound = collect(b.udp.bind({ port: 53, address: '10.0.0.2', reuseAddress: true }));
  const client = a.udp.bind({ broadcast: true });
  const failed = errors(client);
  client.send('all', 53, '255.255.255.255');
  client.send('net', 53, '10.0.0.255');
  client.send('none', 54, '10.0.0.255');
  await world.run(100);
  for (const got of [first, second]) expect(got.map(({ text }) => text)).toEqual(['all', 'net']);
  expect(first.map(({ from }) => from.destination)).toEqual(['255.255.255.255', '10.0.0.255']);
  expect([bound, failed]).toEqual([[], []]);
});

test('a path that carries less is told as EMSGSIZE with its MTU', async () => {
  const client = a.udp.bind();
  const failed = errors(client);
  world.wire.hook = (frame) => (frame[23] === 1 && frame[34] === 3 ? tooBig(frame) : 'pass');
  client.send(Buffer.alloc(1400), 53, '10.0.0.2');
  await world.run(100);
  expect(failed).toMatchObject([{ code: 'EMSGSIZE', mtu: 1280, icmp: { type: 3, code: 4 } }]);
});

/** Makes "fragmentation needed" of a port unreachable. */
function tooBig(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[35] = 4;
  put16(copy, 40, 1280);
  put16(copy, 36, 0);
  let sum = 0;
  for (let at = 34; at < copy.length; at += 2) sum += (copy[at]! << 8) | (copy[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  put16(copy, 36, ~sum & 0xffff);
  return copy;
}

test('20000 datagrams at once leave in order, with drain as flow control', async () => {
  // UDP itself asks nobody whether there is room: the card of the receiver has enough.
  const card = { ringBytes: 64 << 20 };
  const c = world.host('10.0.0.3/24', { card });
  const got: number[] = [];
  c.udp.bind(53).onMessage((bytes) => got.push(bytes.readUInt32BE()));
  const client = a.udp.bind().connect(53, '10.0.0.3');
  client.send(Buffer.alloc(4, 0xff));
  await world.run(10); // the neighbour is known
  let next = 0;
  let full = 0;
  const pump = (): void => {
    const bytes = Buffer.alloc(1000);
    while (next < 20_000) {
      bytes.writeUInt32BE(next++);
      if (!client.send(bytes)) {
        full++;
        return;
      }
    }
  };
  client.on('drain', pump);
  pump();
  await world.runUntil(() => got.length === 20_001, 60_000);
  expect(got.slice(1)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  expect(full).toBeGreaterThan(10);
  expect(client.queuedBytes).toBe(0);
});

test('loopback, and the port of a closed stack', async () => {
  const stack = await createStack();
  const server = stack.udp.bind({ port: 53, address: '127.0.0.1' });
  const answer = new Promise<string>((resolve) => server.onMessage((bytes) => resolve(String(bytes))));
  stack.udp.bind().send('to myself', 53, '127.0.0.1');
  expect(await answer).toBe('to myself');
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  await stack.close();
  await closed;
  expect(code(() => stack.udp.bind())).toBe('ERR_USERTCP_CLOSED');
});
