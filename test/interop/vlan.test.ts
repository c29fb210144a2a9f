// 802.1Q against the kernel's own VLAN interface: it tags, the veth carries, the kernel under us takes the tag off before
// our socket sees the frame, and what we send carries it again.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const VLAN = 10;
const skip = !capability().ok || notBuilt() !== undefined;

/** The kernel may lack 802.1Q: then a program tags for it, which knows nothing of offloads. */
const tagger = fileURLToPath(new URL('programs/tagger.py', import.meta.url));

/** The kernel host's addresses move to its interface for the VLAN; undefined where none can be made. */
async function makeLab(offloads: boolean): Promise<Lab | undefined> {
  const lab = await Lab.create({ offloads });
  const { kernel, kernelDevice: wire } = lab;
  kernel.run('ip', 'addr', 'flush', 'dev', wire);
  const made = kernel.try(['ip', 'link', 'add', 'link', wire, 'name', 'tagged', 'type', 'vlan', 'id', `${VLAN}`]);
  if (made.code !== 0) {
    if (offloads || !has('python3')) {
      console.warn(`interop: no VLAN interface here (${made.err.trim()}): skipped, offloads ${offloads}`);
      await lab.close();
      return undefined;
    }
    await kernel.start(['python3', tagger, 'tagged', wire, `${VLAN}`]).ready();
    kernel.run('ip', 'link', 'set', 'tagged', 'mtu', '1500');
  }
  lab.sysctl(kernel, 'net.ipv6.conf.tagged.addr_gen_mode', 1);
  kernel.run('ip', 'link', 'set', 'tagged', 'up');
  const { prefix } = addresses;
  kernel.run('ip', 'addr', 'add', `${addresses.kernel.v4}/${prefix.v4}`, 'dev', 'tagged');
  kernel.run('ip', 'addr', 'add', `${addresses.kernel.v6}/${prefix.v6}`, 'dev', 'tagged', 'nodad');
  return lab;
}

describe.skipIf(skip)('VLAN', () => {
  test.for([true, false])('both ways, both families, offloads %s', async (offloads, { skip: noVlan }) => {
    const lab = (await makeLab(offloads)) ?? noVlan();
    const [ours, kernel] = await Promise.all([Host.stack(lab, { vlan: VLAN }), Host.kernel(lab)]);
    for (const family of ['v4', 'v6'] as const) {
      for (const [server, client, host] of [
        [ours, kernel, addresses.stack[family]],
        [kernel, ours, addresses.kernel[family]],
      ] as const) {
        const name = `${host} ${family}`;
        const port = await server.listen({ name, behaviour: 'echo' });
        const got = await client.connect({ host, port }, { behaviour: 'exchange', send: 4 * MIB, seed: 21 });
        expect(got).toMatchObject({ received: 4 * MIB, sha: digest(21, 4 * MIB), events: ['end', 'close'] });
      }
      if (!has('ping')) continue;
      const ping = ['ping', '-c', '2', '-i', '0.2', '-W', '2', '-M', 'do', '-s', '1400', addresses.stack[family]];
      expect(lab.kernel.try(ping)).toMatchObject({ code: 0 });
    }
    const counters = await ours.counters();
    expect(counters).toMatchObject({ txErrors: 0, dropTcpChecksum: 0 });
    await lab.close();
  });

  test('an untagged stack on the same wire hears nothing of it', async ({ skip: noVlan }) => {
    const lab = (await makeLab(false)) ?? noVlan();
    const [ours, kernel] = await Promise.all([Host.stack(lab), Host.kernel(lab)]);
    const port = await ours.listen({ behaviour: 'echo' });
    const to = { host: addresses.stack.v4, port };
    const { error } = await kernel.connect(to, { behaviour: 'linger' });
    expect(error).toBe('EHOSTUNREACH');
    expect((await ours.counters()).dropVlan).toBeGreaterThan(0);
    await lab.close();
  });
});
