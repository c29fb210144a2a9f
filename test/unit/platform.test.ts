// The package on other platforms than Linux: everything imports, the simulator and loopback work, a device says why not.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const consumer = at('test/package/consumer.mjs');

test.skipIf(!existsSync(at('dist/index.js'))).each(['darwin', 'win32'])('on %s', (platform) => {
  const said = execFileSync(process.execPath, ['--no-warnings', consumer, platform], { encoding: 'utf8' });
  expect(said).toMatch(new RegExp(`^${platform}: usertcp\\b.* usertcp/sim\\b`, 'm'));
  expect(said).toMatch(`no native addon for platform ${platform}-`);
});
