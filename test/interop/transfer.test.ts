// Bytes against the Linux kernel, exact to the last: over every kind of wire, in both roles, both families, each way and
// both ways at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, type LabOptions, notBuilt, type Outcome } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;

interface Wire {
  readonly title: string;
  readonly lab: LabOptions;
  readonly bytes: number;
  readonly families?: readonly ('v4' | 'v6')[];
}

const wires: readonly Wire[] = [
  { title: 'offloads off', lab: {}, bytes: 64 * MIB },
  { title: 'offloads on', lab: { offloads: true }, bytes: 64 * MIB },
  { title: 'GRO on, senders without TSO', lab: { gro: true }, bytes: 16 * MIB },
  { title: 'MTU 9000, offloads off', lab: { mtu: 9000 }, bytes: 16 * MIB },
  { title: 'MTU 9000, offloads on', lab: { mtu: 9000, offloads: true }, bytes: 16 * MIB },
  { title: '1 % loss to us', lab: { loss: { toStack: 0.01 } }, bytes: 4 * MIB, families: ['v4'] },
  { title: '1 % loss to the kernel', lab: { loss: { toKernel: 0.01 } }, bytes: 4 * MIB, families: ['v4'] },
  {
    title: '1 % loss each way, offloads on',
    lab: { offloads: true, loss: { toStack: 0.01, toKernel: 0.01 } },
    bytes: 32 * MIB,
    families: ['v6'],
  },
];

/** What each end sends, as parts of the whole; `echo`: the server sends back what the client sent. */
const shapes = {
  upload: { client: 1, server: 0 },
  download: { client: 0, server: 1 },
  'both ways at once': { client: 0.5, server: 0.5 },
  echo: { client: 0.5, server: 0 },
} as const;

const roles = ['server', 'client'] as const;

function sumOf(seed: number, bytes: number): string {
  const key = `${seed}/${bytes}`;
  const known = sums.get(key) ?? digest(seed, bytes);
  sums.set(key, known);
  return known;
}
const sums = new Map<string, string>();

describe.skipIf(skip).each(wires)('$title', ({ title, lab: options, bytes, families = ['v4', 'v6'] }) => {
  let lab: Lab;
  let ours: Host;
  let kernel: Host;
  const seen: string[] = [];

  beforeAll(async () => {
    lab = await Lab.create(options);
    [ours, kernel] = await Promise.all([Host.stack(lab), Host.kernel(lab)]);
  });
  afterAll(async () => {
    const loss = options.loss ? ` (frames lost: ${JSON.stringify(lab.lost())})` : '';
    console.log(`${title}, Gbit/s${loss}: ${seen.join(', ')}`);
    await lab.close();
  });

  const table = families.flatMap((family) =>
    roles.flatMap((role) =>
      Object.keys(shapes).map((shape) => ({ family, role, shape: shape as keyof typeof shapes })),
    ),
  );

  test.each(table)('$shape, we are the $role, IP$family', async ({ family, role, shape }) => {
    const [server, client] = role === 'server' ? [ours, kernel] : [kernel, ours];
    const host = role === 'server' ? addresses.stack[family] : addresses.kernel[family];
    const name = `${shape} ${role} ${family}`;
    const up = shapes[shape].client * bytes;
    const down = shapes[shape].server * bytes;
    const echo = shape === 'echo';
    const port = await server.listen({
      name,
      ...(echo ? { behaviour: 'echo' } : { behaviour: 'exchange', send: down, seed: 2 }),
    });
    const got = await client.connect({ host, port }, { behaviour: 'exchange', send: up, seed: 1 });
    const [theirs] = (await server.results({ name })) as [Outcome];

    expect(got).toMatchObject({ sent: up, received: echo ? up : down, events: ['end', 'close'] });
    expect(got.sha).toBe(echo ? sumOf(1, up) : sumOf(2, down));
    expect(theirs).toMatchObject({ received: up, events: ['end', 'close'] });
    if (!echo) expect(theirs.sha).toBe(sumOf(1, up));
    await server.call('close', { name });
    seen.push(`${name} ${((Math.max(up, down) * 8) / got.ms / 1e6).toFixed(1)}`);
  });

  test('nothing was dropped that had to be kept, and no connection is left', async () => {
    const { connections, links } = await ours.metrics();
    const counters = await ours.counters();
    expect(connections).toBe(0);
    expect(Object.keys(links)).toHaveLength(2);
    // Whether the rings hold what is under way while we sleep is the business of packets.test.ts.
    const drops = ['rxTruncated', 'txErrors', 'dropTcpChecksum', 'dropIpChecksum', 'dropTcpHeader', 'dropNoRoom'];
    expect(Object.fromEntries(drops.map((name) => [name, counters[name]]))).toEqual(
      Object.fromEntries(drops.map((name) => [name, 0])),
    );
  });
});
