import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const index = new URL('../../../dist/index.js', import.meta.url).href;

/** µs for each tick, at best, in a process that collected all of its garbage a few times while no tick was due. */
async function tick(prepare: string): Promise<number> {
  const program = `
    ${prepare}
    const later = () => new Promise((resolve) => setTimeout(resolve, 2));
    for (let n = 0; n < 20; n++) await new Promise((resolve) => process.nextTick(resolve));
    await later();
    for (let n = 0; n < 4; n++) gc();
    await later();
    const nothing = () => {};
    let best = Infinity;
    for (let batch = 0; batch < 300; batch++) {
      const start = performance.now();
      for (let n = 0; n < 1000; n++) process.nextTick(nothing);
      await new Promise((resolve) => setImmediate(resolve));
      best = Math.min(best, performance.now() - start);
    }
    console.log(best);
    process.exit();`;
  const { stdout } = await run(process.execPath, ['--expose-gc', '--input-type=module', '-e', program]);
  return Number(stdout);
}

test('ticks stay as fast as they are in a process that has collected no garbage', async () => {
  const without = await tick('');
  const withStack = await tick(`const { createStack } = await import('${index}'); await createStack();`);
  expect(withStack).toBeLessThan(without * 0.6);
});
