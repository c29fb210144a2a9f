// A kernel router between us and a kernel; neither end has a route to the other, only the source route leads there.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt, type Outcome } from './harness/index.ts';
import { Side } from './harness/side.ts';
import { digest } from './programs/stream.mjs';

const PYTHON = fileURLToPath(new URL('programs/source-route.py', import.meta.url));
const PING = fileURLToPath(new URL('programs/echo-route.py', import.meta.url));
const SIZE = 300_000;
const NEAR = '10.96.0.1';
const FAR = '10.96.0.2';
const skip = !capability().ok || notBuilt() !== undefined || !has('python3');

describe.skipIf(skip)('a source route and the kernel', () => {
  let lab: Lab;
  let far: Side;
  let theirs: Host;

  beforeAll(async () => {
    lab = await Lab.create();
    const { kernel } = lab;
    far = await Side.create('root', kernel);
    kernel.run('ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(far.pid));
    for (const [side, device, address] of [
      [kernel, 'near', NEAR],
      [far, 'far', FAR],
    ] as const) {
      side.run('ip', 'link', 'set', device, 'up');
      side.run('ip', 'addr', 'add', `${address}/24`, 'dev', device);
    }
    for (const side of [kernel, far]) {
      for (const name of side.run('ls', '/proc/sys/net/ipv4/conf').split(/\s+/).filter(Boolean)) {
        lab.sysctl(side, `net.ipv4.conf.${name}.accept_source_route`, 1);
        lab.sysctl(side, `net.ipv4.conf.${name}.rp_filter`, 0);
      }
    }
    lab.sysctl(kernel, 'net.ipv4.ip_forward', 1);
    theirs = await Host.kernel(lab, far);
  });
  afterAll(async () => {
    await far?.close();
    await lab?.close();
  });

  test.each(['loose', 'strict'])('of ours: the kernel takes it and answers along it, %s [MUST-51]', async (type) => {
    const ours = await Host.stack(lab);
    const port = await theirs.listen({ name: type, behaviour: 'exchange', send: SIZE, seed: 2, host: FAR });
    const what = { behaviour: 'exchange', send: SIZE, seed: 1 };
    expect(await ours.connect({ host: FAR, port }, what)).toMatchObject({ error: 'ENETUNREACH' });
    const got = await ours.connect({ host: FAR, port, sourceRoute: { type, hops: [addresses.kernel.v4] } }, what);
    const [other] = (await theirs.results({ name: type })) as [Outcome];
    expect(got).toMatchObject({ sent: SIZE, sha: digest(2, SIZE), events: ['end', 'close'] });
    expect(other.sha).toBe(digest(1, SIZE));
    await ours.program.stop();
  });

  test("of the kernel's: we answer along it when asked to, else not at all [MUST-53]", async () => {
    for (const sourceRoutes of ['accept', 'drop']) {
      const ours = await Host.stack(lab, { ip: { sourceRoutes } });
      const port = await ours.listen({ name: sourceRoutes, behaviour: 'echo', host: addresses.stack.v4 });
      const ran = far.try(['timeout', '4', 'python3', PYTHON, addresses.stack.v4, String(port), NEAR, String(SIZE)]);
      if (sourceRoutes === 'accept') expect(ran).toMatchObject({ code: 0, out: `${SIZE}\n` });
      else expect(ran.code).not.toBe(0);
      await ours.program.stop();
    }
  });

  test.each([56, 4000])(
    'a ping of the kernel by one is answered along it, %d bytes [RFC 1122 §3.2.2.6]',
    async (size) => {
      for (const sourceRoutes of ['accept', 'drop']) {
        const ours = await Host.stack(lab, { ip: { sourceRoutes } });
        const ran = far.try(['timeout', '8', 'python3', PING, addresses.stack.v4, NEAR, String(size)]);
        // The gateways that the answer passed, as the kernel between wrote them into it, and a NOP in front.
        if (sourceRoutes === 'accept')
          expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(`^${size} True 01830708`) });
        else expect(ran.code).not.toBe(0);
        await ours.program.stop();
      }
    },
  );
});
