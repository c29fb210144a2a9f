// Programs that know nothing of each other and want the same address on one device: the later one is told, before either answers the
// other's segments with RST.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('nft');
const { stack: own, neighbour: host } = addresses;
const own4 = `${own.v4}/24`;
const own6 = `${own.v6}/64`;
const shared4 = `${host.v4}/24`;

let lab: Lab;
beforeEach(async () => {
  if (!skip) lab = await Lab.create();
});
afterEach(() => lab?.close());

const tables = (): number => lab.stack.run('nft', 'list', 'tables').split('\n').filter(Boolean).length;

async function echoes(ours: Host, host: string, port: number): Promise<void> {
  const peer = await Host.kernel(lab);
  await ours.listen({ port, behaviour: 'echo' });
  const got = await peer.connect({ host, port }, { behaviour: 'exchange', send: 1 << 16 });
  expect(got).toMatchObject({ received: 1 << 16 });
}

describe.skipIf(skip)('a second program', () => {
  test.each(['own', 'own-mac'])(
    'mode %s: an address that another one has is refused, and the first goes on',
    async (mode) => {
      const first = await Host.stack(lab, { mode });
      for (const one of [own4, own6]) {
        await expect(Host.stack(lab, { mode, addresses: [one] })).rejects.toThrow(
          new RegExp(`mode '${mode}': process ${first.program.pid} has .* with ${one.split('/')[0]} on ${lab.device}`),
        );
      }
      expect(tables()).toBe(2);
      await echoes(first, own.v4, 80);
      await Host.stack(lab, { mode, addresses: ['10.99.0.77/24'] });
    },
  );

  test('of two at once one has the address', async () => {
    for (let round = 0; round < 4; round++) {
      const both = await Promise.allSettled([Host.stack(lab), Host.stack(lab)]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      for (const one of both) if (one.status === 'fulfilled') await one.value.call('closeStack', { timeout: 0 });
    }
  });

  test('on another VLAN of the device it may have the same address', async () => {
    const [ours] = await Promise.all([Host.stack(lab), Host.stack(lab, { vlan: 10 }), Host.stack(lab, { vlan: 11 })]);
    await echoes(ours, own.v4, 80);
    await expect(Host.stack(lab, { vlan: 10 })).rejects.toThrow(/VLAN 10/);
  });

  test('shared: ports are refused that another one has; with others both work', async () => {
    lab.addNeighbour();
    const options = { mode: 'shared', addresses: [shared4] };
    const first = await Host.stack(lab, { ...options, ports: [80] });
    await expect(Host.stack(lab, { ...options, ports: [81] })).rejects.toThrow(/61000-65535.*tcp\.ephemeralPorts/);
    const tcp = { ephemeralPorts: [60000, 60999] };
    await expect(Host.stack(lab, { ...options, ports: [80], tcp })).rejects.toThrow(/with port 80 of 10\.99\.0\.3/);
    expect(lab.stack.run('cat', '/proc/sys/net/ipv4/ip_local_reserved_ports').trim()).toBe('80,61000-65535');
    const second = await Host.stack(lab, { ...options, ports: [81], tcp });
    await echoes(first, host.v4, 80);
    await echoes(second, host.v4, 81);
  });

  test('has the address at once when the first was killed', async () => {
    for (let i = 0; i < 3; i++) {
      const { program } = await Host.stack(lab);
      process.kill(program.pid, 'SIGKILL');
      await program.exited;
    }
    await Host.stack(lab);
  });

  test('in a PID namespace of its own it is no less another one', async () => {
    const app = (then: string): string => `
      const { createStack } = await import('${new URL('../../dist/index.js', import.meta.url).href}');
      const stack = await createStack({ device: '${lab.device}', addresses: ['${own4}'] }).catch((error) => error);
      console.log(process.pid, stack.code ?? 'open');
      ${then}
      await stack.close?.();`;
    const node = (then: string): string[] => [
      ...['unshare', '-p', '--fork', '--mount-proc', process.execPath, '--input-type=module', '-e', app(then)],
    ];
    const second = JSON.stringify(node(''));
    const run = `const { execFileSync } = await import('node:child_process');
      const [file, ...args] = ${second};
      console.log(String(execFileSync(file, args)));`;
    expect(
      lab.stack
        .run(...node(run))
        .split('\n')
        .filter(Boolean),
    ).toEqual(['1 open', '1 ERR_USERTCP_ADDRESS_TAKEN']);
  });
});

test.skipIf(skip)('several stacks of one program, one after the other, are not in their own way', async () => {
  const app = `
    const { createStack } = await import('${new URL('../../dist/index.js', import.meta.url).href}');
    for (let i = 0; i < 3; i++) {
      const stack = await createStack({ device: '${lab.device}', addresses: ['${own4}'] });
      await stack.close();
    }
    console.log('done');`;
  expect(lab.stack.run(process.execPath, '--input-type=module', '-e', app).trim()).toBe('done');
});
