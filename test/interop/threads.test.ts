// Worker threads and forked processes of an unchanged program, and ends in full swing.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, has, Lab, notBuilt, Plain, REGISTER } from './harness/index.ts';
import type { Program } from './harness/program.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('curl') || !has('nft');
const path = fileURLToPath(new URL('programs/threads.mjs', import.meta.url));
const { kernel, stack } = addresses;

describe.skipIf(skip)('threads', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.create();
    const peer = await Plain.on(lab.kernel);
    await peer.call('listen', { name: 'peer', host: kernel.v4, port: 8080 });
  });
  afterEach(() => lab?.close());

  async function start(env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const program = lab.stack.start([process.execPath, '--import', REGISTER, path, kernel.v4, '8080'], {
      USERTCP_DEVICE: lab.device,
      USERTCP_ADDRESSES: `${stack.v4}/24`,
      USERTCP_FALLBACK: 'error',
      ...env,
    });
    await program.ready();
    return program;
  }

  /** What a stack takes from its host. */
  function left(): { rules: string; sockets: number; flags: string } {
    const sockets = lab.stack.run('cat', '/proc/net/packet').trim().split('\n').length - 1;
    const [link] = JSON.parse(lab.stack.run('ip', '-j', '-d', 'link', 'show', 'dev', lab.device)) as {
      promiscuity: number;
    }[];
    return {
      rules: lab.stack.run('nft', 'list', 'ruleset').trim(),
      sockets,
      flags: `promiscuity ${link!.promiscuity}`,
    };
  }

  const wire = () => {
    const { code, out } = lab.kernel.try(['curl', '-sS', '--http0.9', '-m', '3', `http://${stack.v4}:8000/`]);
    return code === 0 ? out : `exit ${code}`;
  };

  test('the device is the main thread’s: others have their own loopback, reach the main thread, and hear why not the wire', async () => {
    const before = left();
    const program = await start();
    const { worker } = await program.next((m) => 'worker' in m);
    const { fork } = await program.next((m) => 'fork' in m);
    const fix = "connect there, or let the kernel carry it: fallback: 'kernel'";
    const refused = (why: string) =>
      expect.stringMatching(new RegExp(`^connect ENETUNREACH ${kernel.v4}:8080.*usertcp: ${why}.*; ${fix}$`));
    expect(worker).toEqual({
      own: 'worker',
      main: 'main',
      wire: refused('the device belongs to the main thread, this is a worker'),
    });
    expect(fork).toEqual({
      own: 'fork',
      main: 'main',
      wire: refused('the device belongs to process \\d+, which started this one'),
    });
    for (let round = 0; round < 10; round++) expect(wire()).toBe('main');
    expect(left().sockets).toBeGreaterThan(before.sockets);
  });

  test('worker.terminate() and process.exit() in full swing leave no rule and no socket', async () => {
    const before = left();
    const program = await start();
    await program.next((m) => 'worker' in m);
    await program.next((m) => 'fork' in m);
    program.send({ command: 'load' });
    program.send({ command: 'terminate' });
    await program.next((m) => 'terminated' in m);
    expect(wire()).toBe('main');
    program.send({ command: 'exit' });
    expect(await program.exited).toBe(5);
    // The owner of the rules ends when its parent has, a moment later.
    await expect.poll(left, { timeout: 5000 }).toEqual(before);
  });
});
