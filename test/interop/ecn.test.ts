// ECN with the Linux kernel: both kinds, both roles, and marks that a queue on the way would make.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt, type Outcome } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;

/** The kernel host marks CE on every n-th packet with ECT that it gets or sends. */
const marking = (device: string, n: number): string => `table netdev congest {
  chain in {
    type filter hook ingress device ${device} priority 0;
    ip ecn ect0 numgen inc mod ${n} == 0 ip ecn set ce
    ip6 ecn ect0 numgen inc mod ${n} == 0 ip6 ecn set ce
  }
}
`;

describe.skipIf(skip).each([
  { title: 'RFC 3168', ecn: 'on', kernel: 1 },
  // A kernel that does not speak RFC 9768 answers with the older kind.
  { title: 'RFC 9768 asked, RFC 3168 granted', ecn: 'accurate', kernel: 1 },
])('$title', ({ title, ecn, kernel: setting }) => {
  let lab: Lab;
  let ours: Host;
  let theirs: Host;

  beforeAll(async () => {
    lab = await Lab.create({ offloads: true, sysctl: { 'net.ipv4.tcp_ecn': setting } });
    const made = lab.kernel.try(['nft', '-f', '-'], { input: marking(lab.kernelDevice, 50) });
    expect(made).toMatchObject({ code: 0 });
    [ours, theirs] = await Promise.all([Host.stack(lab, { tcp: { ecn } }), Host.kernel(lab)]);
  });
  afterAll(() => lab?.close());

  test.each([
    ['server', 'v4'],
    ['client', 'v4'],
    ['server', 'v6'],
    ['client', 'v6'],
  ] as const)(
    `we are the %s, IP%s: bytes arrive, marks reduce the window [SHLD-8] [${title}]`,
    async (role, family) => {
      const [server, client] = role === 'server' ? [ours, theirs] : [theirs, ours];
      const host = role === 'server' ? addresses.stack[family] : addresses.kernel[family];
      const before = (await ours.metrics()).core;
      const name = `${role} ${family}`;
      const size = 8 * MIB;
      const port = await server.listen({ name, behaviour: 'exchange', send: size, seed: 2 });
      const got = await client.connect({ host, port }, { behaviour: 'exchange', send: size, seed: 1 });
      const [other] = (await server.results({ name })) as [Outcome];
      expect([got.sha, other.sha]).toEqual([digest(2, size), digest(1, size)]);
      const after = (await ours.metrics()).core;
      // Our own text was marked on its way in there, and the kernel said so.
      expect(after.ecnReductions! - before.ecnReductions!).toBeGreaterThan(0);
    },
  );
});
