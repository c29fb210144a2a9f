// `usertcp run`: a program on a wire of its own, for a first try; nothing stays behind.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { capability, has, notBuilt, Side } from './harness/index.ts';

const can = capability();
const skip = !can.ok || notBuilt() !== undefined || !has('curl') || !has('setpriv');
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SERVER = `require('node:http').createServer((req, res) => res.end('over our TCP to ' + req.socket.localAddress)).listen(3000)`;

describe.skipIf(skip)('usertcp run', () => {
  let host: Side;
  beforeEach(async () => {
    host = await Side.create(can.ok ? can.how : 'userns');
  });
  afterEach(() => host?.close());
  const start = (...command: string[]) => host.start([process.execPath, CLI, 'run', '--', ...command]);
  const links = () => host.run('ip', '-o', 'link').match(/^\d+: [^:@]+/gm);

  async function said(program: { err: string }, what: RegExp): Promise<RegExpExecArray> {
    for (let tries = 0; tries < 200; tries++) {
      const found = what.exec(program.err);
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never said ${what}: ${program.err}`);
  }

  test.each([
    ['node', [process.execPath, '-e', SERVER]],
    ['a shell that starts node', ['sh', '-c', `exec "${process.execPath}" -e "${SERVER}"`]],
  ])('%s is reached from outside with the command that it names, and ends with SIGINT', async (_, command) => {
    const program = start(...command);
    const [, typed] = await said(program, /^usertcp: listening; try: (.*)$/m);
    expect(typed).toMatch(/^curl http:\/\/10\.77\.\d+\.2:3000\/$/);
    const ran = host.try([...typed!.split(' '), '-sS', '-m', '5']);
    expect(ran).toEqual({ code: 0, out: expect.stringMatching(/^over our TCP to .*10\.77\.\d+\.2$/), err: '' });
    program.kill('SIGINT');
    expect(await program.exited).toBe(130);
    expect(links()).toEqual(['1: lo']);
  });

  test.skipIf(can.ok && can.how !== 'root')('somebody without rights has both ends in a user namespace', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const program = host.start([...nobody, process.execPath, CLI, 'run', '--', process.execPath, '-e', SERVER]);
    const [, typed] = await said(program, /^usertcp: listening; try: (.*)$/m);
    expect(typed).toMatch(/^nsenter -t \d+ -U -n --preserve-credentials curl http:/);
    const ran = host.try([...nobody, ...typed!.split(' '), '-sS', '-m', '5']);
    expect(ran).toEqual({ code: 0, out: expect.stringMatching(/^over our TCP to/), err: '' });
    program.kill('SIGINT');
    expect(await program.exited).toBe(130);
  });

  // Two pending signals of a kind are one. So the command line, which runs this, sleeps until the terminal's was counted.
  const COUNTER = `
    let n = 0;
    const wake = () => process.kill(process.ppid, 'SIGCONT');
    const tell = () => { console.log('signals ' + n); process.exit(0); };
    process.on('SIGINT', () => n++ || (setTimeout(wake, 100), setTimeout(tell, 1000)));
    setInterval(() => {}, 1e6);
    process.kill(process.ppid, 'SIGSTOP');
    console.log('ready');`;

  test.skipIf(!has('script')).each([
    ['root', [], ''],
    ['root, with stdin from elsewhere', [], '< /dev/null'],
    ['somebody without rights', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'], ''],
  ])('at a terminal Ctrl-C reaches the program once: %s', async (_, as, from) => {
    if (as.length > 0 && can.ok && can.how !== 'root') return;
    const COMMAND = [
      ...as,
      process.execPath,
      CLI,
      'run',
      '--',
      process.execPath,
      '-e',
      `"$COUNTER" ${from}; exit`,
    ].join(' ');
    const typist = `{ read go; printf '\\003'; read end; } | script -qec "$COMMAND" /dev/null`;
    const program = host.start(['sh', '-c', typist], { COMMAND, COUNTER });
    await program.ready();
    program.send({});
    const [, signals] = await vi.waitUntil(() => /signals (\d+)/.exec(program.out), { timeout: 10_000 });
    expect(signals).toBe('1');
    await program.stop();
  });

  test('connects to the host', async () => {
    const peer = host.start([
      process.execPath,
      '-e',
      `require('net').createServer((s) => s.end(s.remoteAddress)).listen(9, () => console.log('ready'))`,
    ]);
    await peer.ready();
    const program = start(
      process.execPath,
      '-e',
      `const to = process.env.USERTCP_GATEWAY.split(',')[0]; require('net').connect(9, to).on('data', (d) => { console.log(String(d)); process.exit(7); })`,
    );
    expect(await program.exited).toBe(7);
    expect(program.out).toMatch(/^::ffff:10\.77\.\d+\.2$/m);
    expect(links()).toEqual(['1: lo']);
  });

  test.each(['default', 'all'])('a host with IPv6 off (conf/%s/disable_ipv6): over IPv4 alone', async (which) => {
    host.run('sh', '-c', `echo 1 > /proc/sys/net/ipv6/conf/${which}/disable_ipv6`);
    const tell = `console.log([process.env.USERTCP_ADDRESSES, process.env.USERTCP_GATEWAY].join(' '));`;
    const program = start(process.execPath, '-e', `${tell}${SERVER}`);
    const [, typed] = await said(program, /^usertcp: listening; try: (.*)$/m);
    expect(program.err).toMatch(/ has 10\.77\.\d+\.2, on a wire to this host$/m);
    expect(program.out).toMatch(/^10\.77\.\d+\.2\/24 10\.77\.\d+\.1$/m);
    expect(host.try([...typed!.split(' '), '-sS', '-m', '5']).out).toMatch(/^over our TCP to/);
    program.kill('SIGINT');
    expect(await program.exited).toBe(130);
  });

  test('takes a network that nobody here has', async () => {
    const others = Array.from({ length: 250 }, (_, net) => net).filter((net) => net !== 13);
    const input = others.map((net) => `address add 10.77.${net}.9/32 dev lo\n`).join('');
    expect(host.try(['ip', '-batch', '-'], { input })).toMatchObject({ code: 0 });
    const program = start(process.execPath, '-e', SERVER);
    const [, typed] = await said(program, /^usertcp: listening; try: (.*)$/m);
    expect(typed).toBe('curl http://10.77.13.2:3000/');
    expect(host.try([...typed!.split(' '), '-sS', '-m', '5']).out).toMatch(/^over our TCP to/);
    program.kill('SIGINT');
    expect(await program.exited).toBe(130);
  });

  test('without setpriv it says so and ends, and nothing more', () => {
    const ran = host.try(['env', 'PATH=/nowhere', process.execPath, CLI, 'run', '--', process.execPath, '-e', SERVER]);
    expect(ran).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^usertcp: no network namespace could be made \(setpriv, .*\n$/),
    });
  });

  test('SIGKILL leaves nothing behind', async () => {
    const program = start(process.execPath, '-e', SERVER);
    await said(program, /listening/);
    expect(links()).toHaveLength(2);
    // nsenter execs, so this is the command line itself.
    process.kill(program.pid, 'SIGKILL');
    await program.exited;
    for (let tries = 0; tries < 100 && links()!.length > 1; tries++) await new Promise((r) => setTimeout(r, 50));
    expect(links()).toEqual(['1: lo']);
  });
});
