// Frames that wait with the kernel until they are read (ADR 55), on a real veth in a network namespace of its own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function missing(): string | undefined {
  if (!existsSync(here('../../build/Release/usertcp.node'))) return 'the addon is not built';
  if (spawnSync('ethtool', ['--version']).error) return 'ethtool is not installed';
  const probe = spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'ut0', 'type', 'veth', 'peer', 'name', 'ut1']);
  return probe.status === 0 ? undefined : 'no network namespace can be made without a user namespace here';
}

const reason = missing();
if (reason) console.log(`tests of long frames skipped: ${reason}`);

test.skipIf(reason !== undefined)('long frames are read when they are handled', { timeout: 60_000 }, () => {
  const child = spawnSync('unshare', ['-n', process.execPath, here('long-frames-child.mjs')], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  expect(child.status).toBe(0);
  expect(child.stdout.match(/^held: /gm)).toHaveLength(5);
});
