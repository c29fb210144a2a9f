// dnsmasq gives our stack an address and answers its questions.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addresses, capability, has, Lab, notBuilt, type Program } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('dnsmasq');
if (!has('dnsmasq')) console.warn('interop skipped: not installed: dnsmasq (Debian: dnsmasq-base)');
const program = fileURLToPath(new URL('programs/dhcp.mjs', import.meta.url));
const server = addresses.kernel.v4;

describe.skipIf(skip)('dnsmasq', () => {
  let lab: Lab;
  let folder: string;
  let dnsmasq: Program;
  /** The first address it gave: the next host with that MAC gets it, too. */
  let given = '';
  beforeAll(async () => {
    lab = await Lab.create();
    folder = mkdtempSync(join(tmpdir(), 'usertcp-dhcp-'));
    dnsmasq = serve('10.99.0');
    await vi.waitFor(() => expect(dnsmasq.err).toContain('started'), 10_000);
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });
  function serve(net: string): Program {
    const many = Array.from({ length: 120 }, (_, n) => `--host-record=many.lab,192.0.2.${n}`);
    return lab.kernel.start([
      ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'],
      ...['--pid-file', '--log-facility=-', '--log-dhcp', `--interface=${lab.kernelDevice}`, '--bind-interfaces'],
      ...['--dhcp-authoritative', '--no-ping', `--dhcp-range=${net}.50,${net}.60,255.255.255.0,2m`],
      ...[`--dhcp-leasefile=${folder}/leases`, '--dhcp-option=option:mtu,1400', '--domain=lab', '--local=/lab/'],
      ...['--host-record=box.lab,10.99.0.1,fd99::1', '--txt-record=note.lab,one,two', '--auth-ttl=60', ...many],
      ...['--srv-host=_web._tcp.lab,box.lab,80,1,2', '--cname=alias.lab,box.lab', '--local-ttl=60'],
    ]);
  }

  const names = [
    'box.lab/A',
    'box.lab/AAAA',
    'alias.lab/A',
    'note.lab/TXT',
    '_web._tcp.lab/SRV',
    'no.lab/A',
    '10.99.0.1/PTR',
  ];

  test('an address, its network, router, MTU and DNS; names of every kind; and the address goes back at the end', async () => {
    const config = { device: lab.device, dhcp: { hostname: 'probe' } };
    const host = lab.stack.node(program, [JSON.stringify(config), ...names, 'many.lab/A']);
    const got = await host.next((m) => 'ready' in m);
    expect(got).toMatchObject({ ready: true, warnings: [] });
    const lease = got.lease as { address: string };
    expect(lease).toMatchObject({ server, routers: [server], dns: [server], domain: 'lab', mtu: 1400, lease: 120 });
    expect(lease.address).toMatch(/^10\.99\.0\.(5\d|60)\/24$/);
    const address = lease.address.split('/')[0]!;
    given = address;
    expect(got.addresses).toEqual([address]);
    const { 'many.lab/A': many, ...answers } = got.answers as Record<string, unknown[]>;
    expect(answers).toEqual({
      'box.lab/A': ['10.99.0.1'],
      'box.lab/AAAA': ['fd99::1'],
      'alias.lab/A': ['10.99.0.1'],
      'note.lab/TXT': [['one', 'two']],
      '_web._tcp.lab/SRV': [{ port: 80, target: 'box.lab', priority: 1, weight: 2 }],
      'no.lab/A': 'ENOTFOUND',
      '10.99.0.1/PTR': ['box.lab'],
    });
    // Too long for 1232 bytes: by TCP.
    expect(many).toHaveLength(120);
    expect(got.conn).toBe('10.99.0.1');
    expect(lab.kernel.run('curl', '-s', '--http0.9', '-m5', `http://${address}/`)).toContain('hello');
    expect(readFileSync(`${folder}/leases`, 'utf8')).toContain(` ${address} probe `);

    host.send({ close: true });
    expect(await host.exited).toBe(0);
    expect(host.messages.at(-1)).toEqual({ closed: 'STOPPED' });
    await expect.poll(() => readFileSync(`${folder}/leases`, 'utf8')).toBe('');
  });

  test('an address that the kernel answers for is declined, and dnsmasq gives another one [RFC 2131 §4.4.1]', async () => {
    lab.kernel.run('ip', 'addr', 'add', `${given}/32`, 'dev', lab.kernelDevice);
    const host = lab.stack.node(program, [JSON.stringify({ device: lab.device, dhcp: true })]);
    const { lost } = await host.next((m) => 'lost' in m);
    expect(lost).toBe('another host uses the address that the server gave');
    await vi.waitFor(() => expect(dnsmasq.err).toMatch(new RegExp(`DHCPDECLINE\\([^)]+\\) ${given} `)), 5000);
    const began = performance.now();
    const { bound } = await host.next((m) => 'bound' in m && m.bound !== given, 20_000);
    expect(performance.now() - began).toBeGreaterThan(8000); // ten seconds, says the RFC
    expect(bound).toMatch(/^10\.99\.0\.(5\d|60)$/);
    host.send({ close: true });
    expect(await host.exited).toBe(0);
  }, 40_000);

  test('a link that comes back: the server is asked at once; on another network the address goes [RFC 2131 §3.7]', async () => {
    const host = lab.stack.node(program, [JSON.stringify({ device: lab.device, dhcp: true })]);
    const { addresses: had } = await host.next((m) => 'ready' in m);
    const link = (state: string): string => lab.stack.run('ip', 'link', 'set', lab.device, state);
    const asked = (): number => dnsmasq.err.match(/DHCPACK/g)!.length;
    const before = asked();
    link('down');
    await new Promise((resolve) => setTimeout(resolve, 700));
    link('up');
    await vi.waitFor(() => expect(asked()).toBe(before + 1), 5000);
    expect((await host.next((m) => 'bound' in m)).bound).toEqual((had as string[])[0]);
    link('down');
    await dnsmasq.stop();
    lab.kernel.run('ip', 'addr', 'add', '10.98.0.1/24', 'dev', lab.kernelDevice);
    dnsmasq = serve('10.98.0');
    await vi.waitFor(() => expect(dnsmasq.err).toContain('started'), 10_000);
    link('up');
    expect((await host.next((m) => 'lost' in m, 10_000)).lost).toMatch(/^the server said no/);
    await host.next((m) => 'bound' in m && String(m.bound).startsWith('10.98.0.'), 10_000);
    host.send({ close: true });
    expect(await host.exited).toBe(0);
  }, 40_000);

  test('no server: the error names cause and fix', async () => {
    await dnsmasq.stop();
    const host = lab.stack.node(program, [JSON.stringify({ device: lab.device, dhcp: { timeout: 1500 } })]);
    const got = await host.next((m) => 'ready' in m);
    expect(got).toMatchObject({ ready: false, code: 'ERR_USERTCP_DHCP' });
    expect(got.message).toMatch(/no server answered.*timeout.*addresses/s);
    expect(await host.exited).toBe(0);
  });
});
