// What bench/run.mjs does of what it is asked, where its rows go, and how long a server may take to be ready.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const bench = (file: string) => import(new URL(`../../../bench/${file}`, import.meta.url).href);
const { planOf } = await bench('run-plan.mjs');
const { beside, resultFile } = await bench('result-file.mjs');
const { meta } = await bench('meta.mjs');
const known = ['kernel-c', 'node-net', 'ours', 'ours-net', 'ours-copy', 'lwip-deb'];

describe('the plan', () => {
  test('by itself, and of a smoke', () => {
    expect(planOf({}, known)).toMatchObject({
      rounds: '3',
      idleRounds: '1',
      modes: ['on', 'off', 'gro'],
      idle: '10000',
    });
    expect(planOf({ full: true }, known).wanted).toEqual(known);
    expect(planOf({ smoke: true }, known)).toMatchObject({
      wanted: ['node-net', 'ours', 'ours-net'],
      env: { SECS: '0.25' },
    });
  });

  test('--idle alone measures nothing else, and --modes alone no idle connections', () => {
    expect(planOf({ idle: '1000,10000' }, known)).toMatchObject({ modes: [], idle: '1000,10000' });
    expect(planOf({ modes: 'apart' }, known)).toMatchObject({ modes: ['apart'], idle: '' });
    expect(planOf({ modes: 'on', idle: '5', rounds: '2' }, known)).toMatchObject({
      modes: ['on'],
      idle: '5',
      idleRounds: '2',
    });
  });

  test('--more are peers beside those of the plan', () => {
    expect(planOf({ quick: true, more: 'ours-copy' }, known).wanted.at(-1)).toBe('ours-copy');
  });

  test.each([
    [{ modes: 'on,of' }, '--modes on,of: of is none of on, off, gro, apart'],
    [{ modes: '' }, '--modes : nothing is none of on, off, gro, apart'],
    [{ peers: 'ours,kernel' }, '--peers ours,kernel: kernel is none of kernel-c, node-net'],
    [{ more: 'ours-cpy' }, '--more ours-cpy: ours-cpy is none of kernel-c'],
    [{ rounds: 'five' }, '--rounds five: a whole number from 1 on'],
    [{ rounds: '0' }, '--rounds 0: '],
    [{ rounds: '2.5' }, '--rounds 2.5: '],
    [{ idle: '10k' }, '--idle 10k: whole numbers'],
  ])('%j is refused with what is allowed', (ask, message) => {
    expect(() => planOf(ask, known)).toThrow(message);
  });

  test('the program says so before it makes anything', () => {
    const out = join(tmpdir(), `never-made-${process.pid}`);
    const script = fileURLToPath(new URL('../../../bench/run.mjs', import.meta.url));
    const r = spawnSync(process.execPath, [script, '--modes', 'onn', '--out', out], { encoding: 'utf8' });
    expect([r.status, r.stderr]).toEqual([2, 'usertcp: --modes onn: onn is none of on, off, gro, apart\n']);
    expect(spawnSync('ls', [out]).status).not.toBe(0);
  });
});

test('a second run in the same minute has a file of its own', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'results-')), 'new');
  const first = resultFile('peers', { folder });
  appendFileSync(first, 'row\n');
  const others = [resultFile('peers', { folder }), resultFile('peers', { folder })];
  expect(new Set([first, ...others]).size).toBe(3);
  expect(readFileSync(first, 'utf8')).toBe('row\n');
  expect(first).toMatch(/\/\d{4}-\d\d-\d\dT\d{4}-peers\.jsonl$/);
  expect(beside(first, '.meta.json')).toBe(first.replace('.jsonl', '.meta.json'));
});

test('what a measurement ran on has what was typed', () => {
  expect(meta()).toMatchObject({ argv: process.argv.slice(2), node: process.version });
});

/** What run.py makes of a program that is to say `ready`, in seconds. */
function ready(script: string, seconds: number): Promise<string> {
  const folder = fileURLToPath(new URL('../../../bench/peers', import.meta.url));
  const code = `import subprocess, sys; sys.dont_write_bytecode = True; sys.path.insert(0, ${JSON.stringify(folder)}); import run
p = subprocess.Popen(['sh', '-c', ${JSON.stringify(script)}], stdout=subprocess.PIPE)
print(run.ready(p, ${seconds})); p.kill()`;
  const child = spawn('python3', ['-c', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return new Promise((resolve) => child.on('close', () => resolve(text.trim())));
}

test.runIf(spawnSync('python3', ['--version']).status === 0)(
  'a server that never says ready is not waited for',
  async () => {
    const answers = await Promise.all([
      ready('echo loading; sleep 0.1; echo ready 9001; exec sleep 5', 5),
      ready('echo nearly ready; exec sleep 5', 0.3),
      ready('echo already', 5),
    ]);
    expect(answers).toEqual(['True', 'False', 'False']);
  },
);
