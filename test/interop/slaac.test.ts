// The kernel's side advertises a prefix; our stack makes its address, and the kernel talks to it. RFC 4861 §6.3, RFC 4862 §5.5.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { capability, Host, has, Lab, notBuilt } from './harness/index.ts';

const ROUTER = fileURLToPath(new URL('programs/router.py', import.meta.url));
if (!has('python3')) console.warn('interop: slaac skipped: not installed: python3');
const skip = !has('python3') || !capability().ok || notBuilt() !== undefined;

test.skipIf(skip)('a stack without an address gets one from a router, and serves on it [RFC 4862 §5.5.3]', async () => {
  const lab = await Lab.create();
  try {
    const { kernel, kernelDevice } = lab;
    kernel.run('ip', 'addr', 'add', 'fe80::1/64', 'dev', kernelDevice, 'nodad');
    kernel.run('ip', 'addr', 'add', 'fd55::1/64', 'dev', kernelDevice, 'nodad');
    const router = kernel.start(['python3', ROUTER, kernelDevice, 'fd55::']);
    await router.ready();
    const ours = await Host.stackOn(lab.stack, { device: lab.device, ip: { slaac: true } });
    const made = async (): Promise<string | undefined> => {
      const { addresses } = await ours.call<{ addresses: string[] }>('facts');
      return addresses.find((text) => text.startsWith('fd55:'));
    };
    await expect.poll(made, { timeout: 5000 }).toBeTruthy();
    const address = await made();
    const port = await ours.listen({ behaviour: 'echo' });
    const peer = await Host.kernel(lab);
    const got = await peer.connect({ host: address, port }, { behaviour: 'exchange', send: 100_000 });
    expect(got).toMatchObject({ received: 100_000 });
    // A device that goes down takes what routers said with it, as the kernel's own do; back up it asks again.
    lab.stack.run('ip', 'link', 'set', lab.device, 'down');
    await expect.poll(made, { timeout: 5000 }).toBeUndefined();
    lab.stack.run('ip', 'link', 'set', lab.device, 'up');
    await expect.poll(made, { timeout: 10_000 }).toBe(address);
    const again = await peer.connect({ host: address, port }, { behaviour: 'exchange', send: 100_000 });
    expect(again).toMatchObject({ received: 100_000 });
  } finally {
    await lab.close();
  }
});

test.skipIf(skip || !has('nft'))(
  'where the host forwards, its kernel does nothing with packets for addresses that came by themselves',
  async () => {
    const lab = await Lab.create();
    try {
      const { kernel, kernelDevice, stack } = lab;
      lab.sysctl(stack, 'net.ipv6.conf.all.forwarding', 1);
      stack.run('ip', 'addr', 'add', 'fd55::99/64', 'dev', lab.device, 'nodad');
      kernel.run('ip', 'addr', 'add', 'fe80::1/64', 'dev', kernelDevice, 'nodad');
      kernel.run('ip', 'addr', 'add', 'fd55::1/64', 'dev', kernelDevice, 'nodad');
      await kernel.start(['python3', ROUTER, kernelDevice, 'fd55::']).ready();
      const ours = await Host.stackOn(stack, { device: lab.device, mode: 'own', ip: { slaac: true } });
      const rules = (): string => stack.run('nft', 'list', 'ruleset');
      await expect.poll(rules, { timeout: 10_000 }).toMatch(/ip6 daddr fd55:.* drop/);
      await expect.poll(rules, { timeout: 10_000 }).toMatch(/ip6 daddr fe80:.* drop/);
      const { addresses } = await ours.call<{ addresses: string[] }>('facts');
      const port = await ours.listen({ behaviour: 'echo' });
      const peer = await Host.kernel(lab);
      for (const address of addresses) {
        const host = address.startsWith('fe80') ? `${address}%${kernelDevice}` : address;
        expect(await peer.connect({ host, port }, { behaviour: 'exchange', send: 1000 })).toMatchObject({
          received: 1000,
        });
      }
      const snmp = stack.run('cat', '/proc/net/snmp6');
      expect(snmp).toMatch(/Ip6OutForwDatagrams\s+0\n/);
      expect(snmp).toMatch(/Icmp6OutRedirects\s+0\n/);
      await ours.call('closeStack', { timeout: 1000 });
      expect(rules()).toBe('');
    } finally {
      await lab.close();
    }
  },
);
