// The demo as a newcomer runs it, and what is left when it is interrupted or killed: nothing.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { capability, has, notBuilt } from './harness/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const can = capability();
const skip = !can.ok || can.how !== 'root' || !has('curl') || notBuilt() !== undefined;

const start = (env = {}) =>
  spawn(process.execPath, [MAIN, 'demo'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
const namespacesOf = (pid: number): string[] =>
  spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(`usertcp-${pid}-`));

/** Waits for the first line of a demo that runs in namespaces. */
async function running(child: ReturnType<typeof start>): Promise<void> {
  await once(child.stdout!, 'data');
  expect(namespacesOf(child.pid!)).toHaveLength(2);
}

describe.skipIf(skip)('the demo', () => {
  test('compares hashes both ways and draws both connections to their ends, in about a minute', {
    timeout: 120_000,
  }, async () => {
    const child = start();
    let out = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(out.match(/same SHA-256/g)).toHaveLength(6);
    // Which end of the client's connection closes first is up to the two programs; the server's is told to.
    for (const step of ['ESTABLISHED → FIN_WAIT_1 (close)', 'FIN_WAIT_2 → TIME_WAIT (rcvFin)']) {
      expect(out).toContain(step);
    }
    expect(namespacesOf(child.pid!)).toEqual([]);
  });

  test('without the addon, where namespaces could be made: the simulated wire', async () => {
    const child = start({ USERTCP_NATIVE: 'off' });
    let out = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const [code] = await once(child, 'close');
    expect([code, out.match(/same SHA-256/g)]).toEqual([0, ['same SHA-256', 'same SHA-256']]);
    expect(out).toMatch(/^The wire is simulated: .*USERTCP_NATIVE=off/);
  });

  test('SIGINT: tidies up', async () => {
    const child = start();
    await running(child);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(namespacesOf(child.pid!)).toEqual([]);
  });

  test('kill -9: the next run tidies up', async () => {
    const child = start();
    await running(child);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(namespacesOf(child.pid!)).toHaveLength(2);
    const next = start();
    await running(next);
    expect(namespacesOf(child.pid!)).toEqual([]);
    next.kill('SIGINT');
    await once(next, 'exit');
  });
});
