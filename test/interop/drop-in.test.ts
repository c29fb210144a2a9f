// Examples of the drop-in, run as the guide says.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { notBuilt } from './harness/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (args: string[], env: NodeJS.ProcessEnv = {}): string =>
  execFileSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 50_000,
  });

describe.skipIf(notBuilt() !== undefined)('examples', () => {
  test('unchanged-server.mjs: both ends are ours, and the process ends', () => {
    const folder = mkdtempSync(join(tmpdir(), 'usertcp-example-'));
    const report = join(folder, 'report');
    try {
      const out = run(['--import', './dist/register.js', 'examples/unchanged-server.mjs', '3'], {
        USERTCP_REPORT: report,
      });
      expect(out).toContain('you asked for /3');
      const { ours, kernel } = JSON.parse(readFileSync(report, 'utf8')) as { ours: number; kernel: number };
      expect(ours).toBeGreaterThanOrEqual(2);
      expect(kernel).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('net-in-memory.mjs: the same seed gives the same run', () => {
    const once = run(['examples/net-in-memory.mjs', '7']);
    expect(once).toMatch(/^1000000 bytes came back after \d+ ms\n[1-9]\d* segments were sent again\n$/);
    expect(run(['examples/net-in-memory.mjs', '7'])).toBe(once);
  });
});
