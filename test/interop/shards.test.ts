// Several stacks with one address on one device, each in a worker, against the kernel's clients and servers (docs/sharding.md).
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, Host, Lab, notBuilt } from './harness/index.ts';
import type { Message, Program } from './harness/program.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const PORT = 7;

/** What the workers say of themselves. */
interface Count {
  readonly accepted: number;
  readonly errors: number;
  readonly datagrams: number;
}
interface Told {
  readonly core: Readonly<Record<string, number>>;
  readonly links: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Three echo requests; how many replies there were. */
const PING = `import socket, struct, sys
host = sys.argv[1]
six = ':' in host
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
s.settimeout(0.4)
got = 0
for n in range(3):
    words = [0x8000 if six else 0x0800, 0, 0x1234, n]
    if not six:
        total = sum(words)
        words[1] = ~(total + (total >> 16)) & 0xffff
    s.sendto(struct.pack('!4H', *words), (host, 0))
    try:
        while True:
            bytes = s.recv(99) if six else s.recv(99)[20:]
            if bytes[0] == (129 if six else 0) and bytes[4:6] == b'\\x12\\x34': got += 1
    except socket.timeout:
        pass
print(got, 'replies')`;

class Shards {
  readonly program: Program;
  #calls = 0;

  constructor(lab: Lab, config: Message = {}) {
    const { stack, prefix } = addresses;
    const own = [`${stack.v4}/${prefix.v4}`, `${stack.v6}/${prefix.v6}`];
    const path = fileURLToPath(new URL('programs/shards.mjs', import.meta.url));
    this.program = lab.stack.node(path, [JSON.stringify({ device: lab.device, addresses: own, ...config })]);
  }

  async call<T = unknown>(shard: number, call: string, args: Message = {}): Promise<T> {
    const id = ++this.#calls;
    this.program.send({ id, call, shard, ...args });
    const answer = await this.program.next((m) => m.id === id, 40_000);
    if (answer.error !== undefined) throw new Error(`${call}: ${String(answer.error)}`);
    return answer.value as T;
  }

  async add(...shards: number[]): Promise<void> {
    await Promise.all(shards.map((shard) => this.call(shard, 'add')));
    await Promise.all(shards.map((shard) => this.call(shard, 'listen', { port: PORT })));
  }

  /** Frames that each has sent. */
  async frames(...shards: number[]): Promise<number[]> {
    const told = await Promise.all(shards.map((shard) => this.call<Told>(shard, 'metrics')));
    return told.map(({ links }) => Object.values(links)[0]!.txFrames!);
  }

  counts(...shards: number[]): Promise<Count[]> {
    return Promise.all(shards.map((shard) => this.call<Count>(shard, 'count')));
  }
}

const fair = (counts: readonly Count[], of: number): void => {
  const accepted = counts.map((count) => count.accepted);
  expect(accepted.reduce((a, b) => a + b)).toBe(of);
  for (const n of accepted) expect(n).toBeGreaterThan((of / counts.length) * 0.6);
};

describe.skipIf(skip)('two shards', () => {
  let lab: Lab;
  let kernel: Host;
  let shards: Shards;
  const storm = (host: string, count: number) =>
    kernel.call<{ tally: Record<string, number> }>('storm', {
      to: { host, port: PORT },
      count,
      parallel: 32,
      behaviour: 'exchange',
      send: 1000,
      finish: 'sent',
    });

  beforeAll(async () => {
    lab = await Lab.create({ offloads: true });
    kernel = await Host.kernel(lab);
    shards = new Shards(lab, { gateway: addresses.kernel.v4 });
    await shards.program.ready();
    await shards.add(0, 1);
  });
  afterAll(async () => {
    await shards?.program.stop();
    await lab?.close();
  });

  test.each(families)('every connection of the kernel is served, by the one or the other (IP%s)', async (family) => {
    const before = await shards.counts(0, 1);
    const { tally } = await storm(addresses.stack[family], 400);
    expect(Object.values(tally).reduce((a, b) => a + b)).toBe(400);
    expect(Object.keys(tally).filter((key) => /E[A-Z]+/.test(key))).toEqual([]);
    const after = await shards.counts(0, 1);
    fair(
      after.map((count, n) => ({ ...count, accepted: count.accepted - before[n]!.accepted })),
      400,
    );
    expect(after.map(({ errors }) => errors)).toEqual([0, 0]);
  });

  test.each(families)('what a shard opens comes back to it (IP%s)', async (family) => {
    const port = await kernel.listen({ name: `server ${family}`, behaviour: 'echo' });
    const call = { to: { host: addresses.kernel[family], port }, many: 100, send: 2000 };
    const tallies = await Promise.all([0, 1].map((n) => shards.call<Record<string, number>>(n, 'connect', call)));
    for (const tally of tallies) expect(tally).toEqual({ 'end close': 100 });
  });

  test('one of them answers ARP, neighbour discovery and ping', async () => {
    const { v4, v6 } = addresses.stack;
    const told = () => Promise.all([0, 1].map((n) => shards.call<Told>(n, 'metrics')));
    const sum = (all: Told[], name: string) => all.map(({ core }) => core[name]!);
    const before = sum(await told(), 'echoReplies');
    const frames = () => shards.frames(0, 1);
    lab.kernel.run('ip', 'neigh', 'flush', 'dev', lab.kernelDevice);
    const sent = await frames();
    expect(lab.kernel.run('python3', '-c', PING, v4)).toContain('3 replies');
    expect(lab.kernel.run('python3', '-c', PING, v6)).toContain('3 replies');
    const after = sum(await told(), 'echoReplies').map((n, i) => n - before[i]!);
    expect(after.toSorted()).toEqual([0, 6]);
    // The other one sent nothing at all: neither an ARP reply nor an advertisement.
    const quiet = after.indexOf(0);
    expect((await frames())[quiet]).toBe(sent[quiet]);
  });

  test('a closed port is refused once', async () => {
    const resets = async (): Promise<number> => {
      const told = await Promise.all([0, 1].map((n) => shards.call<Told>(n, 'metrics')));
      return told.map(({ core }) => core.outRsts!).reduce((a, b) => a + b);
    };
    // On a busy machine a FIN is sent twice, and what answers the second one finds no connection.
    const before = await resets();
    const result = await kernel.connect({ host: addresses.stack.v4, port: 9 }, { behaviour: 'exchange' });
    expect(result.error).toBe('ECONNREFUSED');
    expect((await resets()) - before).toBe(1);
  });

  test('an ICMP error reaches the connection it is about, whoever has it', async () => {
    lab.kernel.run('sh', '-c', 'ip route add unreachable 10.98.0.0/16 2>/dev/null || true');
    lab.sysctl(lab.kernel, 'net.ipv4.ip_forward', 1);
    lab.sysctl(lab.kernel, 'net.ipv4.icmp_ratelimit', 0);
    for (const n of [0, 1]) {
      const told = await shards.call(n, 'softErrors', { to: { host: '10.98.0.1', port: 5 }, many: 4 });
      expect(told).toEqual(Array(4).fill('ERR_USERTCP_ICMP'));
    }
  });

  test('datagrams: each peer has one of them', async () => {
    const before = await shards.counts(0, 1);
    const script = `import socket
for n in range(60):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3)
    s.sendto(b'%d' % n, ('${addresses.stack.v4}', ${PORT}))
    assert s.recvfrom(9)[0] == b'%d' % n
print('ok')`;
    expect(lab.kernel.run('python3', '-c', script)).toContain('ok');
    const after = await shards.counts(0, 1);
    const got = after.map(({ datagrams }, n) => datagrams - before[n]!.datagrams);
    expect(got[0]! + got[1]!).toBe(60);
    expect(Math.min(...got)).toBeGreaterThan(10);
  });

  test('a third one joins: who was there stays where he was, new ones are shared by three', async () => {
    await kernel.call('hold', { to: { host: addresses.stack.v4, port: PORT }, count: 60 });
    const port = await kernel.listen({ name: 'held server', behaviour: 'echo' });
    for (const n of [0, 1]) await shards.call(n, 'hold', { to: { host: addresses.kernel.v4, port }, many: 20 });
    await shards.add(2);
    await kernel.call('drizzleHeld', { count: 3 });
    for (const n of [0, 1]) expect(await shards.call(n, 'useHeld')).toBe(20);
    const before = await shards.counts(0, 1, 2);
    const { tally } = await storm(addresses.stack.v4, 300);
    expect(Object.keys(tally).filter((key) => /E[A-Z]+/.test(key))).toEqual([]);
    const after = await shards.counts(0, 1, 2);
    fair(
      after.map((count, n) => ({ ...count, accepted: count.accepted - before[n]!.accepted })),
      300,
    );
    const call = { to: { host: addresses.kernel.v4, port }, many: 50, send: 500 };
    expect(await shards.call(2, 'connect', call)).toEqual({ 'end close': 50 });
    await kernel.call('drizzleHeld', { count: 3 });
    expect((await kernel.call<string[][]>('held')).flat().filter((event) => /error|close|end/.test(event))).toEqual([]);
    expect(after.map(({ errors }) => errors)).toEqual([0, 0, 0]);
  });

  test('the one that speaks leaves: another one speaks, and nothing is lost', async () => {
    const closed = shards.call(0, 'close', { timeout: 20_000 });
    await kernel.call('sleep', { ms: 300 }); // its own connections end as with any stack that is closed
    const { tally } = await storm(addresses.stack.v4, 200);
    expect(Object.keys(tally).filter((key) => /E[A-Z]+/.test(key))).toEqual([]);
    await kernel.call('endHeld');
    await closed;
    lab.kernel.run('ip', 'neigh', 'flush', 'dev', lab.kernelDevice);
    const again = await storm(addresses.stack.v4, 100);
    expect(Object.keys(again.tally).filter((key) => /E[A-Z]+/.test(key))).toEqual([]);
    expect(lab.kernel.run('python3', '-c', PING, addresses.stack.v4)).toContain('3 replies');
  });

  test('a worker is killed: the other one has everything', async () => {
    await shards.call(2, 'kill');
    await shards.call(2, 'forget');
    const { tally } = await storm(addresses.stack.v4, 100);
    expect(Object.keys(tally).filter((key) => /E[A-Z]+/.test(key))).toEqual([]);
  });
});

test.skipIf(skip)('one that cannot be put together leaves nothing behind: another one speaks at once', async () => {
  const lab = await Lab.create({ offloads: true });
  const shards = new Shards(lab);
  try {
    await shards.program.ready();
    await expect(shards.call(0, 'add', { besides: { random: false } })).rejects.toThrow('no randomness');
    const began = performance.now();
    await shards.add(1);
    expect(performance.now() - began).toBeLessThan(10_000); // it waited half a minute for the first one
    const kernel = await Host.kernel(lab);
    const to = { host: addresses.stack.v4, port: PORT };
    const storm = { to, count: 20, parallel: 4, behaviour: 'exchange', send: 1000, finish: 'sent' };
    const { tally } = await kernel.call<{ tally: Record<string, number> }>('storm', storm);
    expect(tally).toEqual({ 'end close': 20 });
  } finally {
    await shards.program.stop();
    await lab.close();
  }
});
