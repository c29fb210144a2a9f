// The examples that take a device, on a wire with the kernel's programs at its other end.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addresses, capability, has, Lab, notBuilt, type Program } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const example = (file: string): string => fileURLToPath(new URL(`../../examples/${file}`, import.meta.url));
const { stack: ours, kernel: theirs } = addresses;

describe.skipIf(skip)('examples on a wire', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab?.close());

  /** Starts one and waits for its first words. */
  async function start(file: string, ...args: string[]): Promise<Program> {
    const program = lab.stack.node(example(file), args);
    await vi.waitFor(() => expect(program.out, program.err).not.toBe(''), 40_000);
    return program;
  }
  async function end(program: Program): Promise<void> {
    program.kill('SIGINT');
    expect(await program.exited, program.err).toBe(0);
  }
  const echoes = (text: string): void => {
    expect(lab.kernel.try(['nc', '-N', ours.v4, '7'], { input: text, timeout: 10_000 }).out).toBe(text);
  };

  test.skipIf(!has('nc'))('echo.mjs', async () => {
    const echo = await start('echo.mjs', lab.device, `${ours.v4}/24`);
    echoes('hello');
    await end(echo);
  });

  test.skipIf(!has('curl'))('http-server.mjs', async () => {
    const server = await start('http-server.mjs', lab.device, `${ours.v4}/24`);
    const said = lab.kernel.run('curl', '-sS', '-m', '5', `http://${ours.v4}/`);
    expect(said).toBe(`hello ${theirs.v4}, this TCP runs inside of Node\n`);
    await end(server);
  });

  test.skipIf(!has('nc'))('workers.mjs', async () => {
    const workers = await start('workers.mjs', lab.device, `${ours.v4}/24`, '2');
    await vi.waitFor(() => expect(workers.out.match(/worker [01]: echo on port 7/g)).toHaveLength(2), 40_000);
    const talk = lab.kernel.try(['sh', '-c', `for i in 1 2 3 4 5 6 7 8; do echo $i | nc -w1 ${ours.v4} 7; done`]);
    expect(talk.out).toBe('1\n2\n3\n4\n5\n6\n7\n8\n');
    await vi.waitFor(() => expect(workers.out.match(new RegExp(`worker [01]: ${theirs.v4}:`, 'g'))).toHaveLength(8));
    await end(workers);
  });

  test.skipIf(!has('dnsmasq') || !has('python3'))('dhcp.mjs', async () => {
    const dnsmasq = lab.kernel.start([
      ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'],
      ...['--pid-file', '--log-facility=-', `--interface=${lab.kernelDevice}`, '--bind-interfaces', '--no-ping'],
      ...['--dhcp-authoritative', '--dhcp-range=10.99.0.50,10.99.0.60,255.255.255.0,2m', '--leasefile-ro'],
      `--host-record=example.lab,${theirs.v4}`,
    ]);
    const web = lab.kernel.start(['python3', '-u', '-m', 'http.server', '80', '--directory', '/var/empty']);
    await vi.waitFor(() => expect(dnsmasq.err).toContain('started'), 10_000);
    const dhcp = lab.stack.node(example('dhcp.mjs'), [lab.device, 'example.lab']);
    expect(await dhcp.exited, dhcp.err).toBe(0);
    expect(dhcp.out).toMatch(/^10\.99\.0\.\d+\S* from 10\.99\.0\.1 for 120 s; router 10\.99\.0\.1, DNS 10\.99\.0\.1$/m);
    expect(dhcp.out).toMatch(/^example\.lab is 10\.99\.0\.1\nHTTP \d{3} text\/html/m);
    await Promise.all([web.stop(), dnsmasq.stop()]);
  });
});
