// The life of the device and of the process: down and up under load, kill -9, close, workers, other checksum kernels,
// and the Linux kernel of our own host, which must keep out of it.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { addresses, capability, Host, has, Lab, notBuilt, type Outcome, Pair } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;
const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** Counters of the Linux kernel beside our stack: it must not say a word about our packets. */
function kernelOfOurs(lab: Lab): Record<string, number> {
  const text = lab.stack.run('cat', '/proc/net/snmp', '/proc/net/snmp6');
  const of = (group: string, name: string): number => {
    const [names, values] = text
      .split('\n')
      .filter((l) => l.startsWith(`${group}: `))
      .map((l) => l.split(' '));
    return Number(values![names!.indexOf(name)]);
  };
  const of6 = (name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    resets: of('Tcp', 'OutRsts'),
    segments: of('Tcp', 'InSegs'),
    icmp: of('Icmp', 'OutMsgs'),
    forwarded: of('Ip', 'ForwDatagrams'),
    forwarded6: of6('Ip6OutForwDatagrams'),
  };
}
const SILENT = { resets: 0, segments: 0, icmp: 0, forwarded: 0, forwarded6: 0 };

const tables = (lab: Lab): string[] => lab.stack.run('nft', 'list', 'tables').split('\n').filter(Boolean);

async function works(pair: Pair, bytes = MIB): Promise<void> {
  for (const role of ['server', 'client'] as const) {
    const { server, client, host } = pair.cast(role);
    const name = `works ${role} ${Math.random()}`;
    const port = await server.listen({ name, behaviour: 'echo' });
    const got = await client.connect({ host, port }, { behaviour: 'exchange', send: bytes, seed: 11 });
    expect(got).toMatchObject({ received: bytes, sha: digest(11, bytes), events: ['end', 'close'] });
    await server.call('close', { name });
  }
}

describe.skipIf(skip)('the device', () => {
  test('goes down under load and comes back: one ENETDOWN each, and new connections work', async () => {
    const pair = await Pair.create();
    const { lab, ours, kernel } = pair;
    const streams = { behaviour: 'exchange', send: 4096 * MIB, seed: 12 };
    const port = await ours.listen({ name: 'steady', ...streams });
    const theirs = await kernel.listen({ name: 'theirs', ...streams });
    await kernel.call('hold', { to: { host: addresses.stack.v4, port }, count: 3 });
    const dialled = Array.from({ length: 3 }, () =>
      ours.connect({ host: addresses.kernel.v6, port: theirs }, { behaviour: 'linger' }),
    );
    const idle = await ours.listen({ name: 'idle', behaviour: 'linger' });
    await kernel.call('hold', { name: 'idlers', to: { host: addresses.stack.v6, port: idle }, count: 3 });
    await kernel.call('sleep', { ms: 300 });

    lab.stack.run('ip', 'link', 'set', lab.device, 'down');
    const ended: Outcome[] = [
      ...(await Promise.all(dialled)),
      ...(await ours.results({ name: 'steady', count: 3 })),
      ...(await ours.results({ name: 'idle', count: 3 })),
    ];
    expect(ended.map(({ events }) => events)).toEqual(Array(9).fill(['ENETDOWN', 'close']));
    expect((await ours.metrics()).connections).toBe(0);
    const echo = await kernel.listen({ name: 'echo', behaviour: 'echo' });
    const impatient = ours.connect({ host: addresses.kernel.v4, port: echo }, { behaviour: 'exchange', send: 10 });
    await ours.call('sleep', { ms: 200 });

    lab.stack.run('ip', 'link', 'set', lab.device, 'up');
    expect(await impatient).toMatchObject({ received: 10 });
    await works(pair);
    // The listener from before lives on.
    const again = kernel.connect({ host: addresses.stack.v4, port }, { behaviour: 'vanish', how: 'reset' });
    expect((await again).events).toEqual(['close']);
    await pair.close();
  });

  test('changes its MTU and offloads while we run', async () => {
    const pair = await Pair.create({ offloads: true });
    const { lab } = pair;
    await works(pair);
    lab.setOffloads(lab.stack, lab.device, false);
    lab.setOffloads(lab.kernel, lab.kernelDevice, false);
    await works(pair, 4 * MIB);
    lab.setOffloads(lab.stack, lab.device, true);
    lab.setOffloads(lab.kernel, lab.kernelDevice, true);
    await works(pair, 4 * MIB);
    await pair.close();
  });

  test('gets a smaller MTU while it is up: what is too large is refused, and transfers go on', async () => {
    const pair = await Pair.create();
    const { lab, ours, kernel } = pair;
    const port = await kernel.listen({ behaviour: 'echo' });
    const to = { host: addresses.kernel.v4, port };
    const bulk = ours.connect(to, { behaviour: 'exchange', send: 512 * MIB, seed: 21 });
    await kernel.call('sleep', { ms: 300 });
    lab.kernel.run('ip', 'link', 'set', lab.kernelDevice, 'mtu', '1300');
    lab.stack.run('ip', 'link', 'set', lab.device, 'mtu', '1300');
    expect(await bulk).toMatchObject({ received: 512 * MIB, sha: digest(21, 512 * MIB), events: ['end', 'close'] });
    // Nobody had to guess.
    expect((await ours.metrics()).core.blackHoles).toBe(0);
    await pair.close();
  });

  test('gets another MTU and MAC address while nothing is sent', async () => {
    const pair = await Pair.create();
    const { lab, kernel } = pair;
    await works(pair);
    lab.stack.run('ip', 'link', 'set', lab.device, 'mtu', '1300', 'address', '02:00:00:00:77:01');
    await kernel.call('sleep', { ms: 6000 });
    expect(lab.kernel.run('ip', 'neigh', 'show', addresses.stack.v4)).toContain('02:00:00:00:77:01');
    await works(pair);
    // Whoever had missed the MTU would have learned of it by a frame that the device refuses.
    const { links } = await pair.ours.metrics();
    expect(Object.values(links).reduce((sum, link) => sum + (link.txErrors ?? 0), 0)).toBe(0);
    await pair.close();
  });

  test('gets another name while it is down', async () => {
    const pair = await Pair.create();
    const { lab, kernel } = pair;
    await works(pair);
    lab.stack.run('ip', 'link', 'set', lab.device, 'down');
    await kernel.call('sleep', { ms: 100 });
    lab.stack.run('ip', 'link', 'set', lab.device, 'name', `${lab.device}n`);
    lab.stack.run('ip', 'link', 'set', `${lab.device}n`, 'up');
    await kernel.call('sleep', { ms: 1000 });
    await works(pair);
    await pair.close();
  });

  test('is deleted under load: connections end, the process does not', async () => {
    const pair = await Pair.create();
    const port = await pair.ours.listen({ behaviour: 'exchange', send: 4096 * MIB });
    await pair.kernel.call('hold', { to: { host: addresses.stack.v4, port }, count: 2 });
    await pair.kernel.call('sleep', { ms: 200 });
    pair.lab.stack.run('ip', 'link', 'del', pair.lab.device);
    const results = await pair.ours.results({ count: 2 });
    expect(results.map(({ events }) => events)).toEqual(Array(2).fill(['ENETDOWN', 'close']));
    await pair.ours.call('closeStack', { timeout: 0 });
    await pair.close();
  });
});

describe.skipIf(skip)('the kernel beside us', () => {
  const noNft = !has('nft');
  if (noNft) console.warn('interop: nftables tests skipped: not installed: nft (Debian: nftables)');

  test.each([false, true])('says nothing about our packets (ip_forward %s)', async (forward) => {
    const lab = await Lab.create();
    if (forward) {
      if (noNft) return void (await lab.close());
      for (const name of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) lab.sysctl(lab.stack, name, 1);
      // A way on for what it takes for transit: back where it came from.
      lab.stack.run('ip', 'addr', 'add', '10.99.0.200/24', 'dev', lab.device);
      lab.stack.run('ip', 'addr', 'add', 'fd99::200/64', 'dev', lab.device, 'nodad');
    }
    const [ours, kernel] = await Promise.all([Host.stack(lab), Host.kernel(lab)]);
    for (const host of [addresses.stack.v4, addresses.stack.v6]) {
      const port = await ours.listen({ name: host, behaviour: 'echo' });
      const got = await kernel.connect({ host, port }, { behaviour: 'exchange', send: MIB });
      expect(got).toMatchObject({ received: MIB });
      const { error } = await kernel.connect({ host, port: 9 }, { behaviour: 'linger' });
      expect(error).toBe('ECONNREFUSED');
    }
    expect(kernelOfOurs(lab)).toEqual(SILENT);
    await lab.close();
  });

  test('sees a MAC that is not its own in mode own-mac', async () => {
    const pair = await Pair.create({ offloads: true }, { mode: 'own-mac' });
    await works(pair, 8 * MIB);
    const ours = pair.lab.mac(pair.lab.stack, pair.lab.device);
    expect(pair.lab.kernel.run('ip', 'neigh', 'show', addresses.stack.v4)).not.toContain(ours);
    expect(kernelOfOurs(pair.lab)).toEqual(SILENT);
    await pair.close();
  });

  test.skipIf(noNft)('kill -9 leaves no table behind and the kernel resets nothing', async () => {
    const pair = await Pair.create();
    const { lab, ours, kernel } = pair;
    expect(tables(lab)).not.toEqual([]);
    const port = await ours.listen({ behaviour: 'linger' });
    await kernel.call('hold', { to: { host: addresses.stack.v4, port }, count: 3 });
    await kernel.call('sleep', { ms: 100 });
    process.kill(ours.program.pid, 'SIGKILL');
    await ours.program.exited;
    for (let i = 0; i < 100 && tables(lab).length > 0; i++) await kernel.call('sleep', { ms: 20 });
    expect(tables(lab)).toEqual([]);
    await kernel.call('drizzleHeld', { count: 1 });
    await kernel.call('sleep', { ms: 300 });
    expect(await kernel.call('held')).toEqual(Array(3).fill(['connect']));
    expect(kernelOfOurs(lab)).toMatchObject({ resets: 0 });
    await lab.close();
  });

  test.skipIf(noNft)('shares its address with us, and each answers for its own ports', async () => {
    const lab = await Lab.create();
    lab.addNeighbour();
    const { v4 } = addresses.neighbour;
    const shared = { mode: 'shared', addresses: [`${v4}/24`], ports: [8080] };
    const [ours, kernel, beside] = await Promise.all([
      Host.stack(lab, shared),
      Host.kernel(lab),
      Host.kernel(lab, lab.stack),
    ]);
    expect(await ours.call('facts')).toMatchObject({ warnings: [] });
    await ours.listen({ port: 8080, behaviour: 'echo' });
    await beside.listen({ port: 8081, behaviour: 'echo' });
    for (const port of [8080, 8081, 8080]) {
      const got = await kernel.connect({ host: v4, port }, { behaviour: 'exchange', send: 2 * MIB, seed: 13 });
      expect(got).toMatchObject({ received: 2 * MIB, sha: digest(13, 2 * MIB), events: ['end', 'close'] });
    }
    const theirs = await kernel.listen({ behaviour: 'echo' });
    for (const client of [ours, beside]) {
      const to = { host: addresses.kernel.v4, port: theirs };
      const got = await client.connect(to, { behaviour: 'exchange', send: 2 * MIB, seed: 13 });
      expect(got).toMatchObject({ received: 2 * MIB, sha: digest(13, 2 * MIB), events: ['end', 'close'] });
    }
    expect(kernelOfOurs(lab)).toMatchObject({ resets: 0 });
    await lab.close();
  });
});

describe.skipIf(skip)('the process', () => {
  test.each(['scalar', 'avx2'])('sums with the %s kernel', async (checksum) => {
    const pair = await Pair.create({}, { env: { USERTCP_CHECKSUM: checksum } });
    await works(pair, 8 * MIB);
    expect((await pair.ours.counters()).dropTcpChecksum).toBe(0);
    await pair.close();
  });

  test('sends and receives at the level of shared handlers, both at once', async () => {
    const pair = await Pair.create({ offloads: true });
    const port = await pair.ours.call('serve', { level: 'serveExchange', send: 32 * MIB, seed: 17 });
    const to = { host: addresses.stack.v6, port };
    const got = await pair.kernel.connect(to, { behaviour: 'exchange', send: 32 * MIB, seed: 18 });
    expect(got).toMatchObject({ sha: digest(17, 32 * MIB), events: ['end', 'close'] });
    expect((await pair.ours.results())[0]).toMatchObject({ sha: digest(18, 32 * MIB), error: null });
    await pair.close();
  });

  test.each(['serveEcho', 'listenEcho'])('echoes at the level %s', async (level) => {
    const pair = await Pair.create();
    const port = await pair.ours.call('serve', { name: level, level });
    const to = { host: addresses.stack.v4, port };
    const got = await pair.kernel.connect(to, { behaviour: 'exchange', send: 32 * MIB, seed: 14 });
    expect(got).toMatchObject({ sha: digest(14, 32 * MIB), events: ['end', 'close'] });
    const storm = { to, count: 500, parallel: 50, behaviour: 'exchange', send: 1000, seed: 15 };
    expect(await pair.kernel.call('storm', storm)).toMatchObject({
      tally: { 'end close': 500 },
      shas: [digest(15, 1000)],
    });
    const results = await pair.ours.results({ name: level, count: 501 });
    expect(new Set(results.map(({ error }) => error))).toEqual(new Set([null]));
    await pair.close();
  });

  test('close() ends connections in order, gives everything back, and the process ends by itself', async () => {
    const lab = await Lab.create();
    const kernel = await Host.kernel(lab);
    const port = await kernel.listen({ behaviour: 'linger' });
    const own = [lab.device, addresses.stack.v4, addresses.kernel.v4, String(port)];
    const leaver = lab.stack.node(program('leave.mjs'), own);
    const told = await leaver.next((m) => 'fds' in m);
    expect(told).toMatchObject({ fds: { after: (told.fds as { before: number }).before }, connections: 0 });
    expect(await leaver.exited).toBe(0);
    expect((await kernel.results())[0]).toMatchObject({ events: ['end', 'close'], received: 5 });
    await lab.close();
  });

  test('runs in a worker that is terminated in full swing, and starts again', async () => {
    const lab = await Lab.create();
    const kernel = await Host.kernel(lab);
    const main = lab.stack.node(program('workers.mjs'), [lab.device, `${addresses.stack.v4}/24`]);
    for (let round = 0; round < 3; round++) {
      const { port } = await main.next((m) => m.round === round);
      const to = { host: addresses.stack.v4, port: port as number };
      expect(await kernel.connect(to, { behaviour: 'exchange', send: 4 * MIB, seed: 16 })).toMatchObject({
        sha: digest(16, 4 * MIB),
      });
      await kernel.call('hold', { name: `${round}`, to, count: 5 });
      await kernel.call('drizzleHeld', { name: `${round}`, count: 100 });
      main.send({ terminate: round });
    }
    const last = await main.next((m) => 'fds' in m);
    expect(last.fds).toEqual({
      before: (last.fds as { before: number }).before,
      after: (last.fds as { before: number }).before,
    });
    expect(await main.exited).toBe(0);
    expect(tables(lab)).toEqual([]);
    await lab.close();
  });
});
