// What keeps a process alive, on a device: whatever is open and can still come to something, and nothing else.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt, type Program } from './harness/index.ts';

const PROGRAM = fileURLToPath(new URL('programs/life.mjs', import.meta.url));
const skip = !capability().ok || notBuilt() !== undefined;

describe.skipIf(skip)('what keeps a process alive', () => {
  let lab: Lab;
  beforeEach(async () => {
    await lab?.close();
    lab = await Lab.create();
  });
  afterAll(() => lab?.close());

  const start = (what: string, ...more: string[]): Program =>
    lab.stack.node(PROGRAM, [lab.device, addresses.stack.v4, what, ...more]);
  /** Its exit code; undefined while it lives. */
  const within = (ms: number, program: Program): Promise<number | undefined> =>
    Promise.race([program.exited, sleep(ms, undefined)]);

  test('a stack with nothing open keeps no process alive', async () => {
    const program = start('nothing');
    await program.ready();
    expect(await within(4000, program)).toBe(0);
  });

  test('a server lives on while its device is down', async () => {
    const program = start('down');
    await program.ready();
    expect(await within(4000, program)).toBeUndefined();
  });

  test('a process that exits ends its connections, behind what it wrote', async () => {
    const kernel = await Host.kernel(lab);
    const port = await kernel.listen({ behaviour: 'linger' });
    const program = start('exits', addresses.kernel.v4, String(port));
    expect(await within(8000, program)).toBe(0);
    const [seen] = await kernel.results();
    expect(seen).toMatchObject({ events: ['end', 'close'], received: 10 });
  });

  test('what a destroyed socket wrote to a peer that vanished does not, for long', async () => {
    const kernel = await Host.kernel(lab);
    const port = await kernel.listen({ behaviour: 'linger' });
    const program = start('vanished', addresses.kernel.v4, String(port));
    await program.ready();
    const { v4: address } = addresses.kernel;
    lab.kernel.run('ip', 'addr', 'del', `${address}/${addresses.prefix.v4}`, 'dev', lab.kernelDevice);
    expect(await within(3000, program)).toBeUndefined();
    expect(await within(20_000, program)).toBe(0);
  });
});
