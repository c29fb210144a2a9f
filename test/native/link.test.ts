// The addon on a real veth, in a user and network namespace of its own: nothing of the host is touched.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function missing(): string | undefined {
  if (!existsSync(here('../../build/Release/usertcp.node'))) return 'the addon is not built';
  for (const tool of ['ip', 'ethtool']) {
    if (spawnSync(tool, ['--version']).error) return `${tool} is not installed`;
  }
  const probe = spawnSync('unshare', ['-Urn', 'ip', 'link', 'add', 'ut0', 'type', 'veth', 'peer', 'name', 'ut1']);
  return probe.status === 0 ? undefined : 'no user namespace with a veth can be made here';
}

const reason = missing();
if (reason) console.log(`native link tests skipped: ${reason}`);

test.skipIf(reason !== undefined)('links on both ends of a veth', { timeout: 60_000 }, () => {
  const child = spawnSync('unshare', ['-Urn', process.execPath, here('link-child.mjs')], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  expect(child.status).toBe(0);
  expect(child.stdout.match(/^held: /gm)).toHaveLength(22);
});
