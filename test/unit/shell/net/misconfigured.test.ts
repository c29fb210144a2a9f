// A wrong configuration of the drop-in: the program does not begin, and hears of everything that is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const dist = (file: string): string => fileURLToPath(new URL(`../../../../dist/${file}`, import.meta.url));
const WRONG = { USERTCP_FALLBACK: 'maybe', USERTCP_PORTS: '0,80', USERTCP_LOOPBAK: 'own', USERTCP_DEVICE: 'lo0:1' };

test.skipIf(!existsSync(dist('register.js'))).each([
  ['--import', 'register.js'],
  ['--require', 'register-sync.js'],
])('%s: it ends before the first line of the program, with the list of what is wrong', (flag, file) => {
  const program = "console.log('began'); require('node:net').createServer().listen(0);";
  const env = { PATH: process.env.PATH, ...WRONG };
  const ran = spawnSync(process.execPath, [flag, dist(file), '-e', program], {
    env,
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect([ran.status, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain('usertcp cannot start:');
  for (const part of [
    'option fallback:',
    'option ports[0]:',
    'USERTCP_LOOPBAK: there is no such variable. Did you mean',
  ])
    expect(ran.stderr).toContain(`  - ${part}`);
  expect(ran.stderr).toContain("code: 'ERR_USERTCP_CONFIG'");
});
