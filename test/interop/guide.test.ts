// Blocks of docs/guide that need a wire: `eth0` there is one, with the kernel as 10.0.0.1 and fd00::1 at its other end.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pages, readPage } from '../guide/page.ts';
import { launch, prepareFolder } from '../guide/runner.ts';
import { capability, Lab, notBuilt } from './harness/index.ts';

const can = capability();
const skip = !can.ok || notBuilt() !== undefined;
const wired = pages()
  .map((page) => ({ page, blocks: readPage(page) }))
  .filter(({ blocks }) => blocks.some(({ run }) => run === 'wire'));

describe.skipIf(skip || wired.length === 0).each(wired)('docs/guide/$page', ({ page, blocks }) => {
  let lab: Lab;
  const folder = prepareFolder(page, blocks);
  beforeAll(async () => {
    lab = await Lab.create({ offloads: true });
    const { stack, kernel, device, kernelDevice } = lab;
    stack.run('ip', 'link', 'set', device, 'down');
    stack.run('ip', 'link', 'set', device, 'name', 'eth0');
    stack.run('ip', 'link', 'set', 'eth0', 'up');
    kernel.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', kernelDevice);
    kernel.run('ip', 'addr', 'add', 'fd00::1/64', 'dev', kernelDevice, 'nodad');
  });
  afterAll(async () => {
    await lab?.close();
    rmSync(folder, { recursive: true });
  });

  // Another user can be had only by real root: a user namespace of one's own has one.
  const users = can.ok && can.how === 'root';
  const wire = blocks.filter(({ run }) => run === 'wire');
  test.each(wire)('the block of line $line', async (block) => {
    if (!users && block.code.includes('sudo ')) return console.warn(`${page}:${block.line}: skipped, sudo needs root`);
    const { argv, env, cwd } = launch(block, folder);
    // Hidden code does at the kernel's end what $PEER stands before.
    const ran = lab.stack.start(['sh', '-c', 'cd "$0" && exec "$@"', cwd, ...argv], {
      ...env,
      PEER: lab.kernel.argv().join(' '),
    });
    const code = await ran.exited;
    expect(code, `${page}:${block.line}: ${ran.out}${ran.err}`).toBe(0);
    if (block.output !== undefined) expect(ran.out.trimEnd()).toBe(block.output);
  });
});
