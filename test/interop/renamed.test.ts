// A device that gets another name while it is down takes the rules along that keep its kernel away from our packets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('nft');
const RESERVED = '/proc/sys/net/ipv4/ip_local_reserved_ports';

describe.skipIf(skip)('a device that is renamed', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => lab?.close());
  const rules = (): string => lab.stack.run('nft', 'list', 'ruleset');

  async function rename(): Promise<void> {
    for (const change of [['down'], ['name', 'other0'], ['up']]) {
      const device = change[0] === 'up' ? 'other0' : lab.device;
      lab.stack.run('ip', 'link', 'set', 'dev', device, ...change);
    }
    await expect.poll(rules, { timeout: 10_000 }).toMatch(/hook ingress device "other0"/);
    await expect.poll(rules, { timeout: 10_000 }).not.toContain(`"${lab.device}"`);
  }

  async function exchange(ours: Host): Promise<void> {
    const port = await ours.listen({ port: 8080, behaviour: 'echo' });
    const peer = await Host.kernel(lab);
    const got = await peer.connect({ host: addresses.stack.v4, port }, { behaviour: 'exchange', send: 10_000 });
    expect(got).toMatchObject({ received: 10_000 });
  }

  test('own, where the host forwards: its kernel does not see our packets under the new name either', async () => {
    lab.sysctl(lab.stack, 'net.ipv4.ip_forward', 1);
    lab.stack.run('ip', 'addr', 'add', '10.99.0.9/24', 'dev', lab.device);
    const ours = await Host.stack(lab, { addresses: ['10.99.0.2/24'] });
    await rename();
    await exchange(ours);
    expect(rules()).toMatch(/ip daddr 10\.99\.0\.2 counter packets [1-9]/);
    const [names, values] = lab.stack
      .run('cat', '/proc/net/snmp')
      .split('\n')
      .filter((line) => line.startsWith('Ip: '))
      .map((line) => line.split(' '));
    expect(values![names!.indexOf('ForwDatagrams')]).toBe('0');
    await ours.call('closeStack', { timeout: 1000 });
    expect(rules()).toBe('');
  });

  test('shared: the ports stay ours, and reserved, until the stack is closed', async () => {
    lab.stack.run('ip', 'addr', 'add', '10.99.0.2/24', 'dev', lab.device);
    const config = { mode: 'shared', ports: [8080], addresses: ['10.99.0.2/24'] };
    const ours = await Host.stack(lab, config);
    await rename();
    await exchange(ours);
    expect(rules()).toMatch(/tcp dport \{ 8080, 61000-65535 \} counter packets [1-9]/);
    expect(rules()).toMatch(/counter packets 0 .* comment "answered for our ports of 10\.99\.0\.2"/);
    expect(lab.stack.run('cat', RESERVED).trim()).toBe('8080,61000-65535');
    await ours.call('closeStack', { timeout: 1000 });
    expect(rules()).toBe('');
    expect(lab.stack.run('cat', RESERVED).trim()).toBe('');
  });
});
