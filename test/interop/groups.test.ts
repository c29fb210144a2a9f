// The near ring (ADR 48) is for speed alone: where the kernel refuses the group that it takes, a link opens without it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const can = capability();
const skip = !can.ok || notBuilt() !== undefined || !has('cc');

describe.skipIf(skip)('groups of packet sockets', () => {
  const dir = mkdtempSync(join(tmpdir(), 'usertcp-'));
  const shim = join(dir, 'no-groups.so');
  beforeAll(() => {
    const source = fileURLToPath(new URL('programs/no-groups.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-o', shim, source]);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each([
    { refused: true, sockets: 3 },
    { refused: false, sockets: 5 },
  ])('refused: $refused', async ({ refused, sockets }) => {
    const lab = await Lab.create();
    const ours = await Host.stack(lab, { env: refused ? { LD_PRELOAD: shim } : {} });
    const { warnings } = await ours.call<{ warnings: string[] }>('facts');
    expect(warnings.filter((sentence) => sentence.includes('PACKET_FANOUT: EPERM'))).toHaveLength(refused ? 1 : 0);
    const open = lab.stack.run('cat', '/proc/net/packet').trim().split('\n').length - 1;
    // Nothing of the first attempt is left. Long frames have a socket more (ADR 55), with rights in the host's own user namespace.
    expect(open).toBe(sockets + (can.ok && can.how === 'root' ? 1 : 0));
    const kernel = await Host.kernel(lab);
    const port = await ours.listen({ name: 'echo', behaviour: 'echo' });
    const what = { behaviour: 'exchange', send: 4 * MIB, seed: 3 };
    const got = await kernel.connect({ host: addresses.stack.v4, port }, what);
    expect(got).toMatchObject({ sha: digest(3, 4 * MIB), events: ['end', 'close'] });
    await lab.close();
  });
});
