// The promise level with the kernel as its peer: lent bursts, acknowledged writes, the race of two families, what an error tells.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt, type Program } from './harness/index.ts';
import type { Message } from './harness/program.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;
const OURS = fileURLToPath(new URL('programs/promises.mjs', import.meta.url));
const { v4, v6 } = addresses.kernel;
/** Takes one connection and never reads; or resets it after the first bytes. */
const DEAF =
  'import socket,time\ns=socket.create_server(("", 7001)); print("{\\"ready\\":1}",flush=True)\nc=s.accept(); time.sleep(60)';
const RUDE = `
import socket, struct
s = socket.create_server(("", 7002)); print("{\\"ready\\":1}", flush=True)
c = s.accept()[0]; c.recv(8)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()`;

const UPLOAD = `
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
try:
    c.sendall(bytes(32 << 20))
    c.shutdown(socket.SHUT_WR)
    print("sent all,", c.recv(100).decode())
except OSError:
    print("reset")`;

describe.skipIf(skip)('promises against the kernel', () => {
  let lab: Lab;
  let ours: Program;
  let kernel: Host;
  let number = 0;

  beforeAll(async () => {
    lab = await Lab.create({ offloads: true });
    kernel = await Host.kernel(lab);
    const own = [`${addresses.stack.v4}/${addresses.prefix.v4}`, `${addresses.stack.v6}/${addresses.prefix.v6}`];
    ours = lab.stack.node(OURS, [JSON.stringify({ device: lab.device, addresses: own, tcp: { synRetries: 1 } })]);
    await ours.ready();
  });
  afterAll(() => lab?.close());

  async function act(name: string, how: object = {}): Promise<Message> {
    const id = ++number;
    ours.send({ id, act: name, ...how });
    return ours.next((m) => m.id === id);
  }

  test('bursts: 64 MiB are exact, and most of them were never copied', async () => {
    const bytes = 64 * MIB;
    const port = await kernel.listen({ name: 'text', behaviour: 'exchange', send: bytes, seed: 7 });
    const got = await act('bursts', { host: v4, port });
    expect(got).toMatchObject({ bytes, sha: digest(7, bytes) });
    expect(got.lent as number).toBeGreaterThan(bytes / 2);
  });

  test('writeAcked: the kernel has it, its application has not read it', async () => {
    await lab.kernel.start(['python3', '-c', DEAF]).ready();
    expect(await act('acked', { host: v4, port: 7001, length: 10_000 })).toMatchObject({
      bytesOut: 10_000,
      sndQueued: 0,
    });
  });

  test('a family that the network swallows costs a quarter of a second, not the connection', async () => {
    const port = await kernel.listen({ name: `echo${number}`, behaviour: 'echo' });
    const first = await act('race', { addresses: [v6, v4], port });
    lab.kernel.run('nft', 'add table ip6 hole; add chain ip6 hole in { type filter hook input priority 0; }');
    lab.kernel.run('nft', `add rule ip6 hole in tcp dport ${port} drop`);
    const second = await act('race', { addresses: [v6, v4], port });
    lab.kernel.run('nft', 'delete table ip6 hole');
    // fd00::/8 comes after IPv4 by RFC 6724; where IPv4 is the family that answers, either is good.
    expect([v4, v6]).toContain(first.address);
    expect(second.address).toBe(v4);
    expect(second.ms as number).toBeLessThan(1000);
  });

  test('IPv4 swallowed: IPv6 begins 250 ms later and wins', async () => {
    const port = await kernel.listen({ name: `echo${number}`, behaviour: 'echo' });
    lab.kernel.run('nft', 'add table ip hole; add chain ip hole in { type filter hook input priority 0; }');
    lab.kernel.run('nft', `add rule ip hole in tcp dport ${port} drop`);
    const won = await act('race', { addresses: [v4, v6], port });
    lab.kernel.run('nft', 'delete table ip hole');
    expect(won.address).toBe(v6);
    expect(won.ms as number).toBeGreaterThan(240);
    expect(won.ms as number).toBeLessThan(900);
  });

  test('what the kernel did is in the error: its RST, its silence', async () => {
    expect(await act('failure', { host: v4, port: 9 })).toMatchObject({
      code: 'ECONNREFUSED',
      wire: { cause: 'reset', state: 'SYN_SENT', segment: { flags: 'RST ACK' } },
    });
    await lab.kernel.start(['python3', '-c', RUDE]).ready();
    expect(await act('failure', { host: v4, port: 7002 })).toMatchObject({
      code: 'ECONNRESET',
      wire: { cause: 'reset', state: 'ESTABLISHED', segment: { seq: 1 } },
    });
    lab.kernel.run('nft', 'add table ip hole; add chain ip hole in { type filter hook input priority 0; }');
    lab.kernel.run('nft', 'add rule ip hole in tcp dport 7003 drop');
    const silent = await act('failure', { host: v4, port: 7003 });
    lab.kernel.run('nft', 'delete table ip hole');
    expect(silent).toMatchObject({ code: 'ETIMEDOUT', wire: { cause: 'syn-retransmissions', timeouts: 2 } });
  });

  test('linger: the kernel’s client gets an early answer to an upload, and without it a reset [SHLD-3]', async () => {
    await act('early', { port: 7010, linger: 5000 });
    await act('early', { port: 7011 });
    const upload = (port: number): string =>
      lab.kernel.try(['python3', '-c', UPLOAD, addresses.stack.v4, String(port)]).out.trim();
    expect(upload(7010)).toBe('sent all, 413 too large');
    expect(upload(7011)).toBe('reset');
  });

  test('options of a live connection, as the kernel sees them: TTL, TOS, size of segments, rate', async () => {
    const port = await kernel.listen({ name: 'sink', behaviour: 'echo' });
    const capture = lab.kernel.start([
      'timeout',
      '3',
      'tcpdump',
      '-Z',
      'root',
      '-nvli',
      lab.kernelDevice,
      `dst port ${port}`,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const got = await act('paced', { host: v4, port, rate: 200_000, length: 100_000 });
    await capture.exited;
    expect(got.ms as number).toBeGreaterThan(400);
    expect(got.ms as number).toBeLessThan(1500);
    expect(got).toMatchObject({ mss: 488 });
    expect(capture.out).toMatch(/tos 0x20,.* ttl 9,/);
    const lengths = [...capture.out.matchAll(/length (\d+)$/gm)].map((m) => Number(m[1])).filter((n) => n > 0);
    expect(lengths.length).toBeGreaterThan(3);
    expect(lengths.slice(0, -1).filter((n) => n % 488 !== 0)).toEqual([]);
  });

  test('every connection was told on the channels', async () => {
    const { heard } = (await act('heard')) as { heard: [string, number, string | null][] };
    const of = (port: number): string[] => heard.filter((h) => h[1] === port).map((h) => `${h[0]} ${h[2]}`);
    expect(of(7002)).toEqual(['connect null', 'open null', 'close ECONNRESET']);
    expect(of(9)).toEqual(['connect null', 'close ECONNREFUSED']);
  });
});
