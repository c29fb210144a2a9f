// What a bench or a job started ends with it, also what ignores a polite request, and what that started in its turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const { startGroup } = await import(new URL('../../../scripts/group.mjs', import.meta.url).href);
const GROUP = new URL('../../../scripts/group.mjs', import.meta.url).href;
/** A Node that starts beside other work takes seconds. */
const PATIENCE = { timeout: 15_000 };
const QUIET = ['ignore', 'ignore', 'ignore'];
let file: string;
const started: number[] = [];

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'group-')), 'pids');
});
afterEach(() => {
  for (const pid of started.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
});

/** Two that sleep for a minute, one of them deaf to SIGTERM; who started them waits, and writes who they are. */
const family = () => ['-c', `(trap '' TERM; exec sleep 60) & a=$!; sleep 60 & echo $a $! > ${file}; wait`];

const pids = async () => {
  const written = () => existsSync(file) && readFileSync(file, 'utf8').trim().split(' ').length === 2;
  await expect.poll(written, PATIENCE).toBe(true);
  const found = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  started.push(...found);
  return found;
};

function lives(pid: number): boolean {
  try {
    // A zombie has ended, whoever is to read its code.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (family: number[]) => expect.poll(() => family.filter(lives), PATIENCE).toEqual([]);

test.runIf(process.platform === 'linux')('all are told, and killed when they do not listen', async () => {
  const group = startGroup('sh', family(), { stdio: QUIET, grace: 200 });
  const all = await pids();
  expect(all.filter(lives)).toEqual(all);
  group.stop();
  expect(await group.ended).toBe(1);
  await gone(all);
});

test.runIf(process.platform === 'linux').each(['SIGTERM', 'SIGKILL'] as const)(
  'they end with who started them, by %s',
  async (signal) => {
    const code = `import { startGroup } from '${GROUP}';
    startGroup('sh', ${JSON.stringify(family())}, { stdio: ${JSON.stringify(QUIET)} });`;
    const outer = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
    const all = await pids();
    outer.kill(signal);
    expect(await once(outer, 'exit')).toEqual([null, signal]);
    await gone(all);
  },
);

test.runIf(process.platform === 'linux')(
  'also when that is killed while it waits for those who do not listen',
  async () => {
    const [flag, script] = family();
    const deaf = [flag, `trap '' TERM; ${script}`];
    const code = `import { startGroup } from '${GROUP}';
    const group = startGroup('sh', ${JSON.stringify(deaf)}, { stdio: ${JSON.stringify(QUIET)}, grace: 60_000 });
    process.once('SIGUSR2', () => { group.stop(); console.log('told'); });`;
    const outer = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const all = await pids();
    outer.kill('SIGUSR2');
    await once(outer.stdout, 'data');
    expect(all.filter(lives)).toEqual(all);
    outer.kill('SIGKILL');
    await gone(all);
  },
);

test.runIf(process.platform === 'linux')('a leader that ends leaves nobody behind', async () => {
  const [flag, script] = family();
  const group = startGroup('sh', [flag, script!.replace('; wait', '; exit 5')], { stdio: QUIET });
  const all = await pids();
  expect(await group.ended).toBe(5);
  await gone(all);
});
