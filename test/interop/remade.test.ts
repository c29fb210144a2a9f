// A device that is deleted and made anew: a stack of its own follows it, stacks that share an address say that they cannot.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const SHARDS = fileURLToPath(new URL('programs/shards.mjs', import.meta.url));

function remake({ kernel, stack, device, kernelDevice }: Lab): void {
  stack.run('ip', 'link', 'del', 'dev', device);
  const peer = ['peer', 'name', device, 'netns', String(stack.pid)];
  kernel.run('ip', 'link', 'add', kernelDevice, 'type', 'veth', ...peer);
  kernel.run('ip', 'addr', 'add', `${addresses.kernel.v4}/24`, 'dev', kernelDevice);
  kernel.run('ip', 'link', 'set', 'dev', kernelDevice, 'up');
  stack.run('ip', 'link', 'set', 'dev', device, 'up');
}

test.skipIf(skip)(
  'stacks with shard warn of a device that was made anew, and not of one that is down or away',
  async () => {
    const lab = await Lab.create();
    try {
      const config = { device: lab.device, addresses: [`${addresses.stack.v4}/24`] };
      const shards = lab.stack.node(SHARDS, [JSON.stringify(config)]);
      await shards.ready();
      for (const shard of [0, 1]) {
        shards.send({ id: shard, call: 'add', shard });
        expect(await shards.next(({ id }) => id === shard, 20_000)).toMatchObject({ value: true });
      }
      lab.stack.run('ip', 'link', 'set', 'dev', lab.device, 'down');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      lab.stack.run('ip', 'link', 'set', 'dev', lab.device, 'up');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(shards.err).toBe('');
      remake(lab);
      const told = new RegExp(
        `'${lab.device}' is there again and cannot be used \\(EINVAL\\)\\. .* restart the program`,
        'g',
      );
      await expect.poll(() => shards.err.match(told)?.length, { timeout: 10_000 }).toBe(2);
    } finally {
      await lab.close();
    }
  },
);

test.skipIf(skip)('a stack of its own is there again, each time', async () => {
  const lab = await Lab.create();
  try {
    const ours = await Host.stack(lab);
    const port = await ours.listen({ behaviour: 'echo' });
    for (let round = 0; round < 3; round++) {
      remake(lab);
      const peer = await Host.kernel(lab);
      const exchange = () =>
        peer.connect({ host: addresses.stack.v4, port }, { behaviour: 'exchange', send: 1000 }).catch(() => undefined);
      await expect.poll(exchange, { timeout: 10_000 }).toMatchObject({ received: 1000 });
    }
    expect((await ours.call<{ warnings: string[] }>('facts')).warnings).toEqual([]);
  } finally {
    await lab.close();
  }
});
