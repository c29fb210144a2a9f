// A server or socket of ours sent to another process: refused, where Node's C++ took it for a handle of the kernel and the process died of it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const register = path('../../../../dist/register.js');

test.skipIf(!existsSync(register))('to a child and to the parent: EBADF, and no signal', { timeout: 40_000 }, () => {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, ['--import', register, path('messages.mjs')], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: process.env.PATH, USERTCP_LOOPBACK: 'own', NODE_NO_WARNINGS: '1' },
  });
  expect({ stderr, status, signal }).toEqual({ stderr: '', status: 0, signal: null });
  const refused = expect.stringMatching(/^write EBADF -9: write EBADF\. usertcp: .*only a descriptor of the kernel/);
  expect(JSON.parse(stdout)).toEqual({ parent: [refused, refused], child: [refused, refused] });
});
