// `--import usertcp/register`: a program that knows nothing of us goes through us, the kernel carries the rest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const dist = (name: string): string => path(`../../../../dist/${name}`);

function run(flags: string[], env: NodeJS.ProcessEnv = {}) {
  const report = join(mkdtempSync(join(tmpdir(), 'usertcp-report-')), 'report');
  const child = spawnSync(process.execPath, [...flags, path('unchanged.mjs')], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: process.env.PATH, USERTCP_REPORT: report, ...env },
  });
  return { ...child, counts: () => JSON.parse(readFileSync(report, 'utf8')) };
}

const SAID = 'http /a\nhttps 300000\nhttp2\nfetch\nconnect ECONNREFUSED 127.0.0.1:1\n';

describe('register', () => {
  test.each([
    ['--import', 'register.js'],
    ['--require', 'register-sync.js'],
  ])('%s: http, https, http2 and fetch, unchanged', (flag, file) => {
    const { stdout, stderr, status, counts } = run([flag, dist(file)]);
    expect({ stdout, stderr, status }).toEqual({ stdout: SAID, stderr: '', status: 0 });
    expect(counts()).toMatchObject({ accepted: 4, opened: 4, kernelAccepted: 0, kernelOpened: 1 });
  });

  test("loopback: 'kernel' leaves all of it to the kernel", () => {
    const { stdout, status, counts } = run(['--import', dist('register.js')], { USERTCP_LOOPBACK: 'kernel' });
    expect({ stdout, status }).toEqual({ stdout: SAID, status: 0 });
    expect(counts()).toMatchObject({ accepted: 0, opened: 0, kernelOpened: 5 });
  });

  test('a wrong configuration fails before the program starts', () => {
    const { stdout, stderr, status } = run(['--import', dist('register.js')], { USERTCP_FALLBACK: 'never' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toContain('option fallback: \'never\' is not valid; it must be one of "kernel", "error"');
  });
});
