// The same bytes when one end lacks an extension or a buffer is tiny, and ports that are used again at once.
import { describe, expect, test } from 'vitest';
import {
  addresses,
  capability,
  casts,
  families,
  Host,
  Lab,
  type LabOptions,
  notBuilt,
  Pair,
  roles,
  type StackConfig,
} from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;
const loss = { toStack: 0.005, toKernel: 0.005 };

interface Variant {
  readonly title: string;
  readonly lab: LabOptions;
  readonly config?: StackConfig;
  /** Of each transfer; default 2 MiB. */
  readonly bytes?: number;
  /** MSS that the kernel offers. */
  readonly mss?: number;
}

const kernelLacks = (names: readonly string[]): LabOptions => ({
  loss,
  sysctl: Object.fromEntries(names.map((name) => [`net.ipv4.tcp_${name}`, 0])),
});

const variants: readonly Variant[] = [
  { title: 'the kernel has no SACK', lab: kernelLacks(['sack']) },
  { title: 'the kernel has no timestamps', lab: kernelLacks(['timestamps']) },
  { title: 'the kernel has no window scaling', lab: kernelLacks(['window_scaling']) },
  { title: 'the kernel has none of the three', lab: kernelLacks(['sack', 'timestamps', 'window_scaling']) },
  { title: 'the kernel wants ECN', lab: { loss, sysctl: { 'net.ipv4.tcp_ecn': 1 } } },
  {
    title: 'the kernel has 4 KB to receive in',
    lab: { sysctl: { 'net.ipv4.tcp_rmem': '4096 4096 4096' } },
    bytes: MIB,
  },
  { title: 'the kernel has 4 KB to send from', lab: { sysctl: { 'net.ipv4.tcp_wmem': '4096 4096 4096' } }, bytes: MIB },
  { title: 'the kernel probes the path MTU', lab: { mtu: 9000, sysctl: { 'net.ipv4.tcp_mtu_probing': 2 } } },
  { title: 'we have no SACK', lab: { loss }, config: { tcp: { sack: false } } },
  { title: 'we have no timestamps', lab: { loss }, config: { tcp: { timestamps: false } } },
  { title: 'we have no window scaling', lab: { loss }, config: { tcp: { windowScaling: false } } },
  {
    title: 'we have none of the three, offloads on',
    lab: { loss, offloads: true },
    config: { tcp: { sack: false, timestamps: false, windowScaling: false } },
  },
  {
    title: 'we have 4 KB to receive in',
    lab: {},
    config: { tcp: { receiveBuffer: 4096, initialWindow: 4096 } },
    bytes: MIB,
  },
  { title: 'we have 4 KB to send from', lab: {}, config: { tcp: { sendBuffer: 4096 } }, bytes: MIB },
  { title: 'our rings are small', lab: { offloads: true }, config: { rings: { small: 64, large: 16 } } },
  { title: 'we do not spin', lab: {}, config: { spin: 0 } },
  { title: 'MTU 576', lab: { mtu: 576 } },
  { title: 'MTU 1280, GRO on', lab: { mtu: 1280, gro: true } },
  { title: 'super-frames of 65,524 bytes', lab: { offloads: true }, mss: 1376, bytes: 64 * MIB },
  { title: 'MTU 65535, offloads on', lab: { mtu: 65535, offloads: true } },
];

describe.skipIf(skip)('variants', () => {
  test.each(variants)('$title', async ({ lab, config, bytes = 2 * MIB, mss }) => {
    const pair = await Pair.create(lab, config);
    if (mss !== undefined) {
      const net = `${addresses.kernel.v4.replace(/\d+$/, '0')}/${addresses.prefix.v4}`;
      pair.lab.kernel.run('ip', 'route', 'replace', net, 'dev', pair.lab.kernelDevice, 'advmss', String(mss));
    }
    const rates: string[] = [];
    for (const role of roles) {
      const { server, client, host } = pair.cast(role);
      const port = await server.listen({ behaviour: 'exchange', send: bytes, seed: 21 });
      const got = await client.connect({ host, port }, { behaviour: 'exchange', send: bytes, seed: 22 }, 10_000);
      const [theirs] = await server.results();
      expect(got).toMatchObject({ sha: digest(21, bytes), events: ['end', 'close'] });
      expect(theirs).toMatchObject({ sha: digest(22, bytes), events: ['end', 'close'] });
      rates.push(`${role} ${got.ms} ms`);
    }
    console.log(rates.join(', '));
    expect(await pair.ours.counters()).toMatchObject({ dropTcpChecksum: 0, txErrors: 0, rxTruncated: 0 });
    await pair.close();
  });

  const tagging = [
    { title: 'offloads off', lab: {} },
    { title: 'offloads on', lab: { offloads: true } },
  ];
  const on = (family: 'v4' | 'v6', end: 'kernel' | 'stack'): string =>
    `${addresses[end][family]}/${addresses.prefix[family]}`;
  const echoes = async (server: Host, client: Host, host: string): Promise<void> => {
    const port = await server.listen({ behaviour: 'echo' });
    const got = await client.connect({ host, port }, { behaviour: 'exchange', send: 4 * MIB, seed: 25 }, 10_000);
    expect(got).toMatchObject({ sha: digest(25, 4 * MIB), events: ['end', 'close'] });
  };

  test.for(tagging)(
    '802.1Q, $title: the kernel on its VLAN 10, we with vlan: 10',
    async ({ lab: options }, { skip }) => {
      await using lab = await Lab.create(options);
      const { kernel, kernelDevice: device } = lab;
      kernel.run('ip', 'addr', 'flush', 'dev', device);
      const made = kernel.try(['ip', 'link', 'add', 'link', device, 'name', 'tag10', 'type', 'vlan', 'id', '10']);
      if (made.code !== 0) {
        console.warn(`interop: VLAN against the kernel skipped: ${made.err.trim()} (module 8021q)`);
        return skip();
      }
      kernel.run('ip', 'addr', 'add', on('v4', 'kernel'), 'dev', 'tag10');
      kernel.run('ip', 'addr', 'add', on('v6', 'kernel'), 'dev', 'tag10', 'nodad');
      kernel.run('ip', 'link', 'set', 'tag10', 'up');
      const [ours, theirs] = await Promise.all([Host.stack(lab, { vlan: 10 }), Host.kernel(lab)]);
      for (const { role, family } of casts) {
        if (role === 'server') await echoes(ours, theirs, addresses.stack[family]);
        else await echoes(theirs, ours, addresses.kernel[family]);
      }
    },
  );

  test.each(tagging)('802.1Q, $title: two stacks of ours on VLAN 10, a third on VLAN 11', async ({ lab: options }) => {
    await using lab = await Lab.create(options);
    lab.kernel.run('ip', 'addr', 'flush', 'dev', lab.kernelDevice);
    const far = { device: lab.kernelDevice, addresses: [on('v4', 'kernel'), on('v6', 'kernel')], vlan: 10 };
    const [near, peer] = await Promise.all([Host.stack(lab, { vlan: 10 }), Host.stackOn(lab.kernel, far)]);
    for (const family of families) await echoes(near, peer, addresses.stack[family]);
    const elsewhere = await Host.stackOn(lab.kernel, { ...far, addresses: ['10.99.0.9/24'], vlan: 11 });
    const { error } = await elsewhere.connect({ host: addresses.stack.v4, port: 9 }, { behaviour: 'linger' });
    expect(error).toBe('EHOSTUNREACH');
  });

  describe.each(roles)('ports used again at once, we are the %s', (role) => {
    test.each(['server', 'client'])('the %s ends first', async (first) => {
      const pair = await Pair.create();
      const { server, client, host } = pair.cast(role);
      const finish = (who: string): string => (who === first ? 'sent' : 'ended');
      const port = await server.listen({ behaviour: 'exchange', send: 1000, seed: 23, finish: finish('server') });
      const outcomes = [];
      for (let i = 0; i < 5; i++) {
        const to = { host, port, ...(first === 'server' && { localPort: 40_000 }) };
        outcomes.push(await client.connect(to, { behaviour: 'exchange', send: 10, finish: finish('client') }));
        await client.call('sleep', { ms: 20 }); // the last ACK may be under way
      }
      expect(
        outcomes.map(({ error, sha, events }) => error ?? [sha === digest(23, 1000), ...events].join(' ')),
      ).toEqual(Array(5).fill('true end close'));
      expect(Math.max(...outcomes.map(({ ms }) => ms))).toBeLessThan(900); // no SYN was sent twice
      await pair.close();
    });
  });

  test('an address of ours that the kernel floods with short connections, 1 % loss: all end well', async () => {
    const pair = await Pair.create({ loss: { toStack: 0.01, toKernel: 0.01 } });
    const port = await pair.ours.listen({ behaviour: 'echo' });
    const storm = {
      to: { host: addresses.stack.v4, port },
      count: 500,
      parallel: 100,
      behaviour: 'exchange',
      send: 5000,
      seed: 24,
    };
    expect(await pair.kernel.call('storm', storm)).toMatchObject({
      tally: { 'end close': 500 },
      shas: [digest(24, 5000)],
    });
    expect((await pair.ours.metrics()).connections).toBe(0);
    await pair.close();
  });
});
