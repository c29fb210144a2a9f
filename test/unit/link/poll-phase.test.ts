// Callbacks before the loop polls: before the immediates of the same turn, also of several copies of this package.
import { spawnSync } from 'node:child_process';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { native } from '../../../src/link/native.ts';
import { pollPhase } from '../../../src/link/poll-phase.ts';

const able = (() => {
  try {
    return native().beforePoll !== undefined;
  } catch {
    return false;
  }
})();
const dist = fileURLToPath(new URL('../../../dist/link/poll-phase.js', import.meta.url));

describe.skipIf(!able)('pollPhase', () => {
  test('comes before the immediates of its turn, whatever the phase it was asked in', async () => {
    for (const phase of [() => wait(1), () => turn()]) {
      await phase();
      const order: string[] = [];
      let done = (): void => {};
      const over = new Promise<void>((resolve) => {
        done = resolve;
      });
      pollPhase(() => {
        order.push('first');
        pollPhase(() => order.push('next turn'));
        setImmediate(() => order.push('immediate'));
      });
      pollPhase(() => {
        order.push('second');
        setTimeout(done, 20);
      });
      expect(order).toEqual([]);
      await over;
      expect(order).toEqual(['first', 'second', 'immediate', 'next turn']);
    }
  });

  test('two copies of the module do not take each other’s callbacks', async () => {
    const other = (await import(dist)) as { pollPhase: typeof pollPhase };
    const both = [pollPhase, other.pollPhase].map((ask) => new Promise<void>((resolve) => ask(resolve)));
    await Promise.all(both);
  });

  test('holds the process until then, and no longer; what throws does not keep others from theirs', () => {
    const program = `
      import { pollPhase } from ${JSON.stringify(dist)};
      process.on('uncaughtException', (error) => console.log(error.message));
      pollPhase(() => { throw new Error('one') });
      pollPhase(() => console.log('two'));`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ stdout, status }).toEqual({ stdout: 'one\ntwo\n', status: 0 });
  });

  test('a worker that is ended in the middle leaves nothing behind', async () => {
    const source = `import(${JSON.stringify(dist)}).then(({ pollPhase }) => { const go = () => pollPhase(go); go(); postMessage(1) })`;
    const code = `const { parentPort } = require('node:worker_threads'); const postMessage = (m) => parentPort.postMessage(m); ${source}`;
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(code, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      expect(await worker.terminate()).toBe(1);
    }
  });
});
