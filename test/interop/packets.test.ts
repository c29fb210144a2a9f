// What is particular to AF_PACKET: bursts while the reader sleeps, neighbours, ping, and frames as others see them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, has, type LabOptions, notBuilt, Pair, roles } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;
const PING = fileURLToPath(new URL('programs/ping.mjs', import.meta.url));

/** Segments that the kernel had to send again. */
function retransmitted(pair: Pair): number {
  const [names, values] = pair.lab.kernel
    .run('grep', '^Tcp:', '/proc/net/snmp')
    .trim()
    .split('\n')
    .map((l) => l.split(' '));
  return Number(values![names!.indexOf('RetransSegs')]);
}

describe.skipIf(skip)('bursts while we sleep 300 ms', () => {
  test('4,000 datagrams and 4,000 one-byte segments: none is lost', async () => {
    const pair = await Pair.create();
    const before = (await pair.ours.counters()).rxFrames!;
    const slept = pair.ours.call('block', { ms: 300 });
    await pair.kernel.call('datagrams', { host: addresses.stack.v4, count: 4000, size: 18 });
    await slept;
    await pair.ours.call('sleep', { ms: 50 });
    const seen = (await pair.ours.counters()).rxFrames! - before;
    expect(seen).toBeGreaterThanOrEqual(4000);

    const port = await pair.ours.listen({ behaviour: 'linger' });
    await pair.kernel.call('hold', { to: { host: addresses.stack.v4, port }, count: 400 });
    for (let open = 0; open < 400; ) open = await pair.ours.call<number>('accepted');
    const again = pair.ours.call('block', { ms: 300 });
    await pair.kernel.call('drizzleHeld', { count: 10 });
    await again;
    await pair.kernel.call('endHeld');
    const results = await pair.ours.results({ count: 400 });
    expect(results.map(({ received }) => received)).toEqual(Array(400).fill(10));
    expect(await pair.ours.counters()).toMatchObject({ rxRingDrops: 0, rxTruncated: 0 });
    await pair.close();
  });

  const wires: readonly [string, number, LabOptions][] = [
    ['single frames', 1, {}],
    ['single frames', 16, {}],
    ['super-frames', 1, { offloads: true }],
    ['super-frames', 16, { offloads: true }],
    ['frames merged by GRO', 1, { gro: true }],
    ['frames merged by GRO', 16, { gro: true }],
    ['super-frames, MTU 9000', 1, { offloads: true, mtu: 9000 }],
    ['jumbo frames', 1, { mtu: 9000 }],
  ];
  // A machine that stops this process for longer than a ring lasts proves nothing, and a sender that waits for its core sends smaller
  // frames than usual: once more, then.
  test.each(wires)(
    '%s, %i senders fill our windows: the rings hold it',
    { retry: 4 },
    async (_title, senders, options) => {
      const pair = await Pair.create(options);
      const total = (128 * MIB) / senders;
      const port = await pair.ours.listen({ behaviour: 'exchange' });
      const flow = { behaviour: 'exchange', send: total, seed: 9 };
      const to = { host: addresses.stack.v4, port };
      const sending = pair.kernel.call('storm', { to, ...flow, count: senders, parallel: senders });
      await pair.kernel.call('sleep', { ms: 100 });
      const slept = [];
      for (let i = 0; i < 2; i++) {
        const before = await pair.ours.counters();
        await pair.ours.call('block', { ms: 300 });
        await pair.ours.call('sleep', { ms: 0 });
        const after = await pair.ours.counters();
        const grew = (name: string): number => after[name]! - before[name]!;
        slept.push({ frames: grew('rxFrames'), bytes: grew('rxBytes'), drops: grew('rxRingDrops') });
      }
      expect(await sending).toMatchObject({ tally: { 'end close': senders } });
      const results = await pair.ours.results({ count: senders });
      expect(new Set(results.map(({ sha }) => sha))).toEqual(new Set([digest(9, total)]));

      expect(
        slept.map(({ drops }) => drops),
        `${retransmitted(pair)} segments sent again ${JSON.stringify(slept)}`,
      ).toEqual([0, 0]);
      await pair.close();
    },
  );
});

describe.skipIf(skip)('neighbours', () => {
  let pair: Pair;
  let mac: string;
  beforeAll(async () => {
    pair = await Pair.create();
    mac = pair.lab.mac(pair.lab.stack, pair.lab.device);
  });
  afterAll(async () => {
    await pair?.close();
  });

  test.each(families)('the kernel finds our MAC, again and again, IP%s', async (family) => {
    const host = addresses.stack[family];
    const port = await pair.ours.listen({ name: family, behaviour: 'echo' });
    for (let i = 0; i < 3; i++) {
      pair.lab.kernel.run('ip', 'neigh', 'flush', 'dev', pair.lab.kernelDevice);
      const got = await pair.kernel.connect({ host, port }, { behaviour: 'exchange', send: 10 });
      expect(got).toMatchObject({ received: 10 });
      expect(pair.lab.kernel.run('ip', 'neigh', 'show', host)).toContain(`lladdr ${mac}`);
    }
  });

  test.each(families)('the kernel changes its MAC and talks to us: we follow, IP%s', async (family) => {
    const port = await pair.ours.listen({ name: `${family} after`, behaviour: 'echo' });
    const theirs = await pair.kernel.listen({ name: family, behaviour: 'echo' });
    pair.lab.kernel.run('ip', 'link', 'set', pair.lab.kernelDevice, 'address', `02:00:00:00:00:0${family[1]}`);
    pair.lab.kernel.run('ip', 'neigh', 'flush', 'dev', pair.lab.kernelDevice);
    const exchange = { behaviour: 'exchange', send: 10 };
    expect(await pair.kernel.connect({ host: addresses.stack[family], port }, exchange)).toMatchObject({
      received: 10,
    });
    const to = { host: addresses.kernel[family], port: theirs };
    expect(await pair.ours.connect(to, exchange)).toMatchObject({ received: 10 });
  });

  describe.each(families)('ping, IP%s', (family) => {
    const ours = addresses.stack[family];
    test.each([0, 56, 1400])('%i bytes as raw frames: three answers with the same bytes', async (size) => {
      const { kernel, kernelDevice } = pair.lab;
      const own = pair.lab.mac(kernel, kernelDevice);
      const ping = kernel.node(PING, [kernelDevice, addresses.kernel[family], own, ours, mac, String(size)]);
      const { replies } = (await ping.next((m) => 'replies' in m)) as { replies: { same: boolean; ttl: number }[] };
      expect(replies.map(({ same, ttl }) => ({ same, ttl }))).toEqual(Array(3).fill({ same: true, ttl: 64 }));
    });

    const none = !has('ping');
    if (none && family === 'v4')
      console.warn('interop: ping of the system skipped: not installed (Debian: iputils-ping)');
    test.skipIf(none)('the ping of the system, whole and in fragments', () => {
      for (const size of ['56', '4000']) {
        const r = pair.lab.kernel.try(['ping', '-c', '3', '-i', '0.2', '-s', size, ours]);
        expect(r.out).toContain(' 0% packet loss');
      }
    });
  });
});

describe.skipIf(skip)('a capture at the kernel, offloads off', () => {
  const missing = ['tcpdump', 'tshark'].filter((command) => !has(command));
  if (missing.length > 0) console.warn(`interop: captures skipped: not installed: ${missing.join(', ')}`);

  test.skipIf(missing.length > 0)('has no bad checksum and nothing that tshark calls malformed', async () => {
    const pair = await Pair.create();
    const { kernel, kernelDevice } = pair.lab;
    const folder = mkdtempSync(join(tmpdir(), 'usertcp-'));
    const file = join(folder, 'kernel.pcap');
    const dump = kernel.start([
      'sh',
      '-c',
      `echo ready; exec tcpdump -Z root -U -s 0 -B 65536 -i ${kernelDevice} -w ${file}`,
    ]);
    await dump.ready();
    while (!dump.err.includes('listening on')) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const role of roles) {
      for (const family of families) {
        const { server, client, host } = pair.cast(role, family);
        const name = `${role} ${family}`;
        const port = await server.listen({ name, behaviour: 'echo' });
        const sent = { behaviour: 'exchange', send: MIB / 4, seed: 10, chunk: 5001 };
        expect(await client.connect({ host, port }, sent)).toMatchObject({ sha: digest(10, MIB / 4) });
      }
    }
    await pair.ours.connect({ host: addresses.kernel.v4, port: 9 }, { behaviour: 'linger' });
    await pair.kernel.connect({ host: addresses.stack.v6, port: 9 }, { behaviour: 'linger' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await dump.stop();
    const check = ['tcp.check_checksum:TRUE', 'ip.check_checksum:TRUE'].flatMap((option) => ['-o', option]);
    const count = (filter: string): number => {
      const r = kernel.try(['tshark', '-r', file, ...check, '-Y', filter]);
      expect(r.code, r.err).toBe(0);
      return r.out.split('\n').filter(Boolean).length;
    };
    const all = count('tcp');
    expect(all).toBeGreaterThan(1000);
    expect(
      count(`tcp.checksum.status == "Good" && eth.src == ${pair.lab.mac(pair.lab.stack, pair.lab.device)}`),
    ).toBeGreaterThan(500);
    expect(
      count('tcp.checksum.status == "Bad" || ip.checksum.status == "Bad" || icmpv6.checksum.status == "Bad"'),
    ).toBe(0);
    expect(count('_ws.malformed')).toBe(0);
    expect(count('frame.len > 1514')).toBe(0);
    expect(count('tcp.analysis.lost_segment')).toBe(0);
    // None on a quiet machine; where either process waits for its core, the other one probes.
    expect(count('tcp.analysis.retransmission')).toBeLessThan(all / 100);
    rmSync(folder, { recursive: true });
    await pair.close();
  });
});
