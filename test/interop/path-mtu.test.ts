// A kernel router with a narrow link behind it: the path MTU is learned from its ICMP errors, or without them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt, type Outcome } from './harness/index.ts';
import { Side } from './harness/side.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const NARROW = 1300;
const FAR = { v4: '10.98.0.2', v6: 'fd98::2' };
const skip = !capability().ok || notBuilt() !== undefined;

describe.skipIf(skip).each([
  { title: 'the router tells', filtered: false },
  { title: 'its ICMP errors are filtered', filtered: true },
])('$title', ({ filtered }) => {
  let lab: Lab;
  let far: Side;
  let ours: Host;
  let theirs: Host;

  beforeAll(async () => {
    lab = await Lab.create();
    const { kernel } = lab;
    far = await Side.create('root', kernel);
    kernel.run('ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(far.pid));
    for (const [side, device, v4, v6] of [
      [kernel, 'near', '10.98.0.1/24', 'fd98::1/64'],
      [far, 'far', `${FAR.v4}/24`, `${FAR.v6}/64`],
    ] as const) {
      lab.setOffloads(side, device, false);
      lab.sysctl(side, `net.ipv6.conf.${device}.accept_dad`, 0);
      side.run('ip', 'link', 'set', device, 'mtu', String(NARROW), 'up');
      side.run('ip', 'addr', 'add', v4, 'dev', device);
      side.run('ip', 'addr', 'add', v6, 'dev', device, 'nodad');
    }
    far.run('ip', 'route', 'add', 'default', 'via', '10.98.0.1');
    far.run('ip', '-6', 'route', 'add', 'default', 'via', 'fd98::1');
    // The far host offers segments as large as its own link would take were it wide: a clamp on the way is no path MTU.
    for (const family of ['-4', '-6'])
      far.run(
        'ip',
        family,
        'route',
        'change',
        'default',
        'advmss',
        '1440',
        'dev',
        'far',
        'via',
        family === '-4' ? '10.98.0.1' : 'fd98::1',
      );
    lab.sysctl(kernel, 'net.ipv4.ip_forward', 1);
    lab.sysctl(kernel, 'net.ipv6.conf.all.forwarding', 1);
    if (filtered) {
      const rules = `table inet mute {
        chain out {
          type filter hook output priority 0;
          icmp type destination-unreachable drop
          icmpv6 type packet-too-big drop
        }
      }\n`;
      expect(kernel.try(['nft', '-f', '-'], { input: rules })).toMatchObject({ code: 0 });
    }
    ours = await Host.stack(lab, {
      routes: [
        { to: '0.0.0.0/0', via: addresses.kernel.v4 },
        { to: '::/0', via: addresses.kernel.v6 },
      ],
    });
    theirs = await Host.kernel(lab, far);
  });
  afterAll(async () => {
    await far?.close();
    await lab?.close();
  });

  test.each(['v4', 'v6'] as const)(
    'what we send arrives whole, IP%s [RFC 1191 §3] [RFC 8201 §4] [RFC 4821 §7.7]',
    async (family) => {
      const before = (await ours.metrics()).core;
      const port = await theirs.listen({ name: family, behaviour: 'exchange', send: 0, seed: 2, host: FAR[family] });
      const got = await ours.connect({ host: FAR[family], port }, { behaviour: 'exchange', send: 2 * MIB, seed: 1 });
      const [other] = (await theirs.results({ name: family })) as [Outcome];
      expect(got).toMatchObject({ sent: 2 * MIB, events: ['end', 'close'] });
      expect(other.sha).toBe(digest(1, 2 * MIB));
      const after = (await ours.metrics()).core;
      const core = Object.fromEntries(Object.entries(after).map(([name, n]) => [name, n - before[name]!]));
      if (filtered) {
        expect(core.blackHoles).toBeGreaterThan(0);
        expect(core.packetsTooBig).toBe(0);
      } else {
        expect(core.packetsTooBig).toBeGreaterThan(0);
        expect(core.blackHoles).toBe(0);
        expect(got.ms).toBeLessThan(2000);
      }
    },
  );
});
