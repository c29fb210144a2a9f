// Two stacks on one device, in every mode: ours works, the kernel's works, and neither speaks for the other. Counted at
// the far end of the wire, where every word of theirs arrives.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt } from './harness/index.ts';

const MIB = 1 << 20;
const lacks = ['nft', 'curl', 'python3', 'tc'].filter((command) => !has(command));
if (lacks.length > 0) console.warn(`coexistence skipped: not installed: ${lacks.join(', ')}`);
const skip = !capability().ok || notBuilt() !== undefined || lacks.length > 0;

const { stack: own, neighbour: host } = addresses;
const own4 = `${own.v4}/24`;
const own6 = `${own.v6}/64`;
const shared4 = `${host.v4}/24`;
const shared6 = `${host.v6}/64`;
const RESERVED = '/proc/sys/net/ipv4/ip_local_reserved_ports';

/** What arrives at the peer and must not: by name, how often. */
/** The IPv4 address twice (RFC 5227 §2.3), the IPv6 and the link-local one. */
const ANNOUNCED = 4;

function listenAtPeer(lab: Lab): () => Record<string, number> {
  const rules = {
    resets: ['tcp flags & rst == rst'],
    errors: [
      'icmp type { destination-unreachable, time-exceeded }',
      'icmpv6 type { destination-unreachable, time-exceeded }',
    ],
    redirects: ['icmp type redirect', 'icmpv6 type nd-redirect'],
    // RFC 5227 §3, RFC 4861 §7.2.6: nobody asked.
    announced: [
      ...[own.v4, host.v4].map((address) => `arp operation request arp saddr ip ${address} arp daddr ip ${address}`),
      'icmpv6 type nd-neighbor-advert ip6 daddr ff02::1',
    ],
    resolved: ['arp operation reply', 'icmpv6 type nd-neighbor-advert'],
    echoReplies: ['icmp type echo-reply', 'icmpv6 type echo-reply'],
  };
  const lines = Object.entries(rules).flatMap(([name, matches]) =>
    matches.map((m) => `${m} counter comment "${name}"`),
  );
  const script = `table netdev ear {
  chain in {
    type filter hook ingress device "${lab.kernelDevice}" priority 0
    ${lines.join('\n    ')}
  }
}
`;
  const { code, err } = lab.kernel.try(['nft', '-f', '-'], { input: script });
  if (code !== 0) throw new Error(err);
  return () => {
    const heard: Record<string, number> = {};
    const text = lab.kernel.run('nft', 'list', 'table', 'netdev', 'ear');
    for (const [, count, name] of text.matchAll(/packets (\d+) bytes \d+ comment "(\w+)"/g)) {
      heard[name!] = (heard[name!] ?? 0) + Number(count);
    }
    return heard;
  };
}

const SILENT = { resets: 0, errors: 0, redirects: 0 };

const reserved = (lab: Lab): string => lab.stack.run('cat', RESERVED).trim();
const tables = (lab: Lab): string[] => lab.stack.run('nft', 'list', 'tables').split('\n').filter(Boolean);

async function curl(lab: Lab, address: string, port: number, bytes: number): Promise<number> {
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/${bytes}`;
  const args = ['--silent', '--show-error', '--noproxy', '*', '--globoff', '--max-time', '20', '--output', '/dev/null'];
  const { out, err } = lab.kernel.try([
    'curl',
    ...args,
    '--write-out',
    '%{size_download}',
    '-H',
    'Connection: close',
    url,
  ]);
  expect(err).toBe('');
  return Number(out);
}

/** Two echo requests, as `ping -c 2`, which may not be installed; the answers are counted at the wire. */
function ping(lab: Lab, address: string): void {
  const script = `
import socket, sys, time
six = ':' in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
for checksum in (b'\\xf7\\xfd', b'\\xf7\\xfc'):
    # type 8, code 0, identifier 1, sequence 1 or 2; for IPv6 the kernel sums
    s.sendto((b'\\x80\\0\\0\\0' if six else b'\\x08\\0' + checksum) + b'\\0\\1\\0' + (b'\\1' if checksum[1] == 0xfd else b'\\2'), (sys.argv[1], 0))
    time.sleep(0.1)
`;
  lab.kernel.run('python3', '-c', script, address);
}

let lab: Lab;
beforeEach(async () => {
  if (!skip) lab = await Lab.create();
});
afterEach(() => lab?.close());

describe.skipIf(skip)('own addresses', () => {
  test.each([
    ['own', 0],
    ['own', 1],
    ['own-mac', 0],
    ['own-mac', 1],
  ] as const)('mode %s, forwarding %i: the kernel beside us keeps quiet', async (mode, forward) => {
    lab.addNeighbour();
    for (const name of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) lab.sysctl(lab.stack, name, forward);
    const heard = listenAtPeer(lab);
    const [ours, peer, beside] = await Promise.all([
      Host.stack(lab, { mode, addresses: [own4, own6] }),
      Host.kernel(lab),
      Host.kernel(lab, lab.stack),
    ]);
    expect(await ours.call('facts')).toMatchObject({ warnings: [] });
    const port = await ours.call<number>('http', { port: 8080 });
    const echo = await ours.listen({ behaviour: 'echo' });
    const theirs = await beside.listen({ behaviour: 'echo' });
    for (const family of ['v4', 'v6'] as const) {
      expect(await curl(lab, own[family], port, 8 * MIB)).toBe(8 * MIB);
      const what = { behaviour: 'exchange', send: MIB };
      expect(await peer.connect({ host: own[family], port: echo }, what)).toMatchObject({ received: MIB });
      expect(await peer.connect({ host: host[family], port: theirs }, what)).toMatchObject({ received: MIB });
      ping(lab, own[family]);
    }
    await expect.poll(() => heard().announced, { timeout: 5000 }).toBe(ANNOUNCED);
    expect(heard()).toMatchObject({ ...SILENT, echoReplies: 4 });
    await ours.call('closeStack', { timeout: 1000 });
    expect(tables(lab)).toEqual([]);
  });

  test('a device that was down: both addresses are announced again, and rules and listeners still hold', async () => {
    const heard = listenAtPeer(lab);
    const [ours, peer] = await Promise.all([Host.stack(lab), Host.kernel(lab)]);
    const port = await ours.listen({ behaviour: 'echo' });
    await expect.poll(() => heard().announced, { timeout: 5000 }).toBe(ANNOUNCED);
    lab.stack.run('ip', 'link', 'set', lab.device, 'down');
    await ours.call('sleep', { ms: 300 });
    lab.stack.run('ip', 'link', 'set', lab.device, 'up');
    await expect.poll(() => heard().announced, { timeout: 5000 }).toBe(2 * ANNOUNCED);
    for (const address of [own.v4, own.v6]) {
      const got = await peer.connect({ host: address, port }, { behaviour: 'exchange', send: MIB });
      expect(got).toMatchObject({ received: MIB });
    }
    expect(heard()).toMatchObject(SILENT);
    expect(tables(lab)).toHaveLength(2);
  });
});

describe.skipIf(skip)("the host's address", () => {
  test.each(['v4', 'v6'] as const)(
    'shared, IP%s: each answers for its own ports, the kernel for the rest',
    async (family) => {
      lab.addNeighbour();
      const heard = listenAtPeer(lab);
      const peer = await Host.kernel(lab);
      const beside = await Host.kernel(lab, lab.stack);
      const ours = await Host.stack(lab, { mode: 'shared', addresses: [shared4, shared6], ports: [8080] });
      expect(await ours.call('facts')).toMatchObject({ warnings: [] });
      await ours.call('http', { port: 8080 });
      const chosen = await ours.listen({ name: 'chosen', behaviour: 'echo' });
      expect(chosen).toBeGreaterThanOrEqual(61000);
      await beside.listen({ port: 8081, behaviour: 'echo' });
      const address = host[family];
      const what = { behaviour: 'exchange', send: MIB };

      expect(await curl(lab, address, 8080, 8 * MIB)).toBe(8 * MIB);
      for (const port of [chosen, 8081])
        expect(await peer.connect({ host: address, port }, what)).toMatchObject({ received: MIB });
      const far = await peer.listen({ behaviour: 'echo' });
      for (const client of [ours, beside]) {
        expect(await client.connect({ host: addresses.kernel[family], port: far }, what)).toMatchObject({
          received: MIB,
        });
      }
      expect(heard()).toMatchObject({ ...SILENT, announced: 0 });

      // Resolution and ping are the kernel's: one answer each, not two.
      const before = heard();
      lab.kernel.run('ip', 'neigh', 'flush', 'dev', lab.kernelDevice);
      ping(lab, address);
      const after = heard();
      expect(after.echoReplies! - before.echoReplies!).toBe(2);
      expect(after.resolved! - before.resolved!).toBe(1);

      // A port of nobody's: the kernel refuses for its own, we for ours.
      for (const port of [9, 61001]) {
        expect(await peer.connect({ host: address, port }, { behaviour: 'linger' })).toMatchObject({
          error: 'ECONNREFUSED',
        });
      }
    },
  );

  test('shared: ports are reserved while we run, and given back after close and after kill -9', async () => {
    lab.addNeighbour();
    lab.sysctl(lab.stack, 'net.ipv4.ip_local_reserved_ports', '8080,9000-9100');
    const options = { mode: 'shared', addresses: [shared4], ports: [8080, 443] };
    const first = await Host.stack(lab, options);
    expect(reserved(lab)).toBe('443,8080,9000-9100,61000-65535');
    await first.call('closeStack', { timeout: 0 });
    expect(reserved(lab)).toBe('8080,9000-9100');

    const second = await Host.stack(lab, options);
    expect(tables(lab)).toHaveLength(2);
    process.kill(second.program.pid, 'SIGKILL');
    await second.program.exited;
    await expect.poll(() => [tables(lab).length, reserved(lab)], { timeout: 5000 }).toEqual([0, '8080,9000-9100']);
  });

  test('shared: a program that is killed as it reserves ports leaves none reserved', async () => {
    lab.addNeighbour();
    const killed = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const write = fs.writeFileSync;
      fs.writeFileSync = (...args) => (write(...args), process.kill(process.pid, 'SIGKILL'));
      syncBuiltinESMExports();
      const { createStack } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)});
      await createStack({ device: '${lab.device}', mode: 'shared', addresses: ['${shared4}'], ports: [443] });`;
    expect(lab.stack.try([process.execPath, '--input-type=module', '-e', killed]).err).toBe('');
    await expect.poll(() => [tables(lab).length, reserved(lab)], { timeout: 10_000 }).toEqual([0, '']);
  });

  test('shared: who is told to end with all of a service takes no rule away before we have closed', async () => {
    lab.addNeighbour();
    const ours = await Host.stack(lab, { mode: 'shared', addresses: [shared4], ports: [443] });
    const guard = Number(lab.stack.run('pgrep', '-P', String(ours.program.pid), '-x', 'sh'));
    for (const signal of ['SIGTERM', 'SIGCONT', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.kill(-guard, signal);
      await ours.call('sleep', { ms: 50 });
    }
    expect([tables(lab).length, reserved(lab)]).toEqual([2, '443,61000-65535']);
    // As systemd does when the first process of a service dies: what is left is told while it undoes the rest.
    process.kill(ours.program.pid, 'SIGKILL');
    await expect.poll(() => tables(lab).length, { interval: 5 }).toBe(0);
    lab.stack.try(['kill', '-TERM', '--', `-${guard}`]);
    await expect.poll(() => reserved(lab), { timeout: 5000 }).toBe('');
  });

  test('rules whose guard was killed are missed', async () => {
    const ours = await Host.stack(lab, { addresses: [own4], selfTest: false });
    process.kill(-Number(lab.stack.run('pgrep', '-P', String(ours.program.pid), '-x', 'sh')), 'SIGKILL');
    const told = async (): Promise<string> => JSON.stringify(await ours.call('facts'));
    await expect.poll(told, { timeout: 3000 }).toMatch(/not seen any more: our ingress rules are gone/);
  });

  test.each([
    ['whose cable is out', (): string => lab.kernel.run('ip', 'link', 'set', lab.kernelDevice, 'down')],
    [
      'with a label',
      (): string => {
        lab.stack.run('ip', 'address', 'del', shared4, 'dev', lab.device);
        return lab.stack.run('ip', 'address', 'add', shared4, 'dev', lab.device, 'label', `${lab.device}:0`);
      },
    ],
  ] as const)('auto, an address %s: the kernel has it', async (_, change) => {
    lab.addNeighbour();
    change();
    await Host.stack(lab, { mode: 'auto', addresses: [shared4] });
    expect([reserved(lab), lab.stack.run('nft', 'list', 'ruleset', 'netdev')]).toEqual([
      '61000-65535',
      expect.stringMatching(/ip daddr 10\.99\.0\.3 tcp dport 61000-65535/),
    ]);
    await expect(Host.stack(lab, { mode: 'own', addresses: [shared4] })).rejects.toThrow(
      `on the kernel's ${lab.device}`,
    );
  });

  test('shared: a stack that ends leaves what another one still needs', async () => {
    lab.addNeighbour();
    const first = await Host.stack(lab, { mode: 'shared', addresses: [shared4], ports: [443] });
    const tcp = { ephemeralPorts: [61000, 65535] };
    const second = await Host.stack(lab, { mode: 'shared', addresses: [shared6], ports: [80], tcp });
    await first.call('closeStack', { timeout: 0 });
    expect(reserved(lab)).toBe('80,61000-65535');
    await second.call('closeStack', { timeout: 0 });
    expect(reserved(lab)).toBe('');
  });

  test('shared: a port that a program on the host has is not taken from it; one not claimed is refused', async () => {
    lab.addNeighbour();
    const beside = await Host.kernel(lab, lab.stack);
    await beside.listen({ port: 8080, behaviour: 'echo' });
    const options = { mode: 'shared', addresses: [shared4] };
    await expect(Host.stack(lab, { ...options, ports: [8080] })).rejects.toThrow(/uses port 8080/);
    expect(reserved(lab)).toBe('');
    const ours = await Host.stack(lab, { ...options, ports: [8081] });
    await expect(ours.listen({ port: 8082, behaviour: 'echo' })).rejects.toThrow(/EACCES.*ports: \[8082\]/);
  });
});

test.skipIf(skip).each([
  ['in a row', 2000, 1, '8000-9999,61000-65535'],
  ['every second one', 500, 2, /^8000,8002,.*,8998,61000-65535$/],
])('shared: %s, %i ports are ours, and those between are not', async (_, count, step, held) => {
  lab.addNeighbour();
  const heard = listenAtPeer(lab);
  const ports = Array.from({ length: count }, (_, n) => 8000 + n * step);
  const ours = await Host.stack(lab, { mode: 'shared', addresses: [shared4, shared6], ports });
  expect(await ours.call('facts')).toMatchObject({ warnings: [] });
  expect(reserved(lab)).toMatch(held);
  const peer = await Host.kernel(lab);
  for (const port of [8000, 8998]) {
    await ours.listen({ port, behaviour: 'echo' });
    for (const family of ['v4', 'v6'] as const) {
      const got = await peer.connect({ host: host[family], port }, { behaviour: 'exchange', send: MIB });
      expect(got).toMatchObject({ received: MIB });
    }
  }
  expect(heard()).toMatchObject(SILENT);
  await ours.call('closeStack', { timeout: 0 });
  expect(reserved(lab)).toBe('');
});

describe.skipIf(skip)('the start', () => {
  const dist = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

  /** Runs the self-test over a plan whose ingress rules were taken out. */
  const selfTest = `
    const [device, addresses, mode] = JSON.parse(process.argv[1]);
    const { plan } = await import('${dist('shell/coexist/plan.js')}');
    const { kernelFacts } = await import('${dist('shell/coexist/kernel-facts.js')}');
    const { PortSet } = await import('${dist('shell/coexist/port-set.js')}');
    const { Fence } = await import('${dist('shell/coexist/fence.js')}');
    const { probe } = await import('${dist('shell/coexist/self-test.js')}');
    const { injectFrames } = await import('${dist('link/inject.js')}');
    const wish = { device, addresses, mode, ports: new PortSet([]), ephemeralPorts: undefined };
    const facts = kernelFacts();
    const decided = { ...plan(wish, facts), rules: ['ip daddr 192.0.2.1 drop'] };
    const fence = await Fence.install(wish, decided);
    console.log(await probe(fence, wish, decided, facts, injectFrames).catch((error) => error.message));
    await fence.remove();
  `;
  const run = (wanted: unknown[]): string =>
    lab.stack.run(process.execPath, '--input-type=module', '-e', selfTest, JSON.stringify(wanted));

  test.each([
    ['shared', [host.v4], 'answered for our ports of 10.99.0.3'],
    ['shared', [host.v6], 'answered for our ports of fd99::3'],
    ['own', [own.v4], 'sent redirects away from 10.99.0.2'],
    ['own', [own.v6], 'forwarded packets to fd99::2'],
  ])('self-test, mode %s %s: finds a kernel that answers', async (mode, list, proof) => {
    lab.addNeighbour();
    for (const name of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) lab.sysctl(lab.stack, name, 1);
    expect(run([lab.device, list, mode])).toContain(`self-test: the kernel ${proof}`);
  });

  test('self-test: finds that packets do not arrive where they should', async () => {
    const others = `table netdev others { chain in { type filter hook ingress device "${lab.device}" priority -100;\nip daddr ${own.v4} drop\n}\n}\n`;
    expect(lab.stack.try(['nft', '-f', '-'], { input: others }).err).toBe('');
    await expect(Host.stack(lab, { addresses: [own4] })).rejects.toThrow(
      /self-test: of 1 packets .* met 0\. .*selfTest: false/,
    );
    await Host.stack(lab, { addresses: [own4], selfTest: false });
  });

  test('self-test: where there is no /dev/net/tun a veth has to do, and nothing is left of it', () => {
    const devices = (): string[] => lab.stack.run('ip', '-br', 'link').match(/^\S+/gm)!;
    const before = devices();
    const app = `
      const { createStack } = await import('${dist('index.js')}');
      const stack = await createStack({ device: '${lab.device}', addresses: ['${own4}', '${own6}'] });
      console.log(JSON.stringify(stack.warnings));
      await stack.close();
    `;
    const hide = 'mount --bind /dev/null /dev/net/tun && exec "$@"';
    const node = [process.execPath, '--input-type=module', '-e', app];
    expect(lab.stack.run('unshare', '-m', 'sh', '-c', hide, 'sh', ...node).trim()).toBe('[]');
    expect(devices()).toEqual(before);
  });

  test('DHCP: rules that its address will need are missed before it asks for one', () => {
    lab.sysctl(lab.stack, 'net.ipv4.ip_forward', 1);
    const app = `
      const { createStack } = await import('${dist('index.js')}');
      const error = await createStack({ device: '${lab.device}', dhcp: { timeout: 500 } }).catch((error) => error);
      console.log(error.code, error.message);
    `;
    const hide = 'mount --bind /dev/null "$(PATH=$PATH:/usr/sbin:/sbin command -v nft)" && exec "$@"';
    const node = [process.execPath, '--input-type=module', '-e', app];
    expect(lab.stack.run('unshare', '-m', 'sh', '-c', hide, 'sh', ...node)).toMatch(
      /^ERR_USERTCP_NFT mode 'own' on \S+ needs ingress rules, because forwarding is on/,
    );
  });

  test('says which devices there are, and when one is down', async () => {
    await expect(Host.stack(lab, { device: 'eth77' })).rejects.toThrow(
      new RegExp(`there is no device 'eth77' here; there are: ${lab.device}, lo`),
    );
    lab.kernel.run('ip', 'link', 'set', lab.kernelDevice, 'down');
    const ours = await Host.stack(lab);
    expect(JSON.stringify(await ours.call('facts'))).toMatch(/no carrier/);
    lab.stack.run('ip', 'link', 'set', lab.device, 'down');
    await expect(Host.stack(lab)).rejects.toThrow(`'${lab.device}' is down: ip link set ${lab.device} up`);
  });
});
