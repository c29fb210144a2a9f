// Programs that know nothing of us: curl against node:http over our sockets, nc, and iperf3 through a relay that is
// server and client of our stack at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, has, notBuilt, Pair } from './harness/index.ts';
import { digest } from './programs/stream.mjs';

const MIB = 1 << 20;
const skip = !capability().ok || notBuilt() !== undefined;

/** Says why when a program is not there. */
function lacks(...commands: string[]): boolean {
  const missing = commands.filter((command) => !has(command));
  if (missing.length > 0) console.warn(`interop: some tests skipped: not installed: ${missing.join(', ')}`);
  return missing.length > 0;
}

describe.skipIf(skip)('programs of others', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.create({ offloads: true });
    await pair.ours.call('http', { port: 80 });
  });
  afterAll(async () => {
    await pair?.close();
  });
  const sh = (script: string, input?: Buffer): string => {
    const r = pair.lab.kernel.try(['sh', '-c', script], { ...(input && { input }) });
    if (r.code !== 0) throw new Error(`${script}: ${r.code} ${r.err}`);
    return r.out.trim();
  };

  describe.skipIf(lacks('curl', 'sha256sum')).each(families)('curl over IP%s', (family) => {
    const url = `http://${family === 'v4' ? addresses.stack.v4 : `[${addresses.stack.v6}]`}`;

    test('downloads', () => {
      expect(sh(`curl -sS ${url}/${64 * MIB} | sha256sum`)).toContain(digest(1, 64 * MIB));
    });
    test('uploads', () => {
      const size = 16 * MIB;
      const said = sh(`head -c ${size} /dev/zero | curl -sS -T - ${url}/`);
      expect(JSON.parse(said)).toMatchObject({ size });
    });
    test('asks many times over one connection', () => {
      const sizes = Array.from({ length: 50 }, (_, i) => i * 1000);
      const format = '%{num_connects} %{size_download}\\n';
      const lines = sh(`curl -sS -w '${format}' ${sizes.map((n) => `-o /dev/null ${url}/${n}`).join(' ')}`).split('\n');
      expect(lines).toEqual(sizes.map((n, i) => `${i === 0 ? 1 : 0} ${n}`));
    });
    test('asks 20 at a time', () => {
      const codes = sh(
        `curl -sS -Z --parallel-max 20 -w '%{http_code}\\n' ${`-o /dev/null ${url}/300000 `.repeat(100)}`,
      );
      expect(codes.split('\n')).toEqual(Array(100).fill('200'));
    });
  });

  test.skipIf(lacks('nc'))('nc sends a file, ends, and reads the echo', async () => {
    const port = await pair.ours.listen({ name: 'nc', behaviour: 'echo' });
    const bytes = Buffer.alloc(300_000, 'usertcp ');
    const r = pair.lab.kernel.try(['nc', '-N', addresses.stack.v4, String(port)], { input: bytes });
    expect(r).toMatchObject({ code: 0, out: bytes.toString() });
  });

  test.skipIf(lacks('nc', 'sha256sum'))('nc listens, and we send', async () => {
    const nc = pair.lab.kernel.start(['sh', '-c', 'echo ready; nc -l 7001 | sha256sum']);
    await nc.ready();
    await pair.ours.call('sleep', { ms: 200 });
    const send = { behaviour: 'exchange', send: MIB, seed: 8 };
    expect((await pair.ours.connect({ host: addresses.kernel.v4, port: 7001 }, send)).events).toContain('close');
    await nc.exited;
    expect(nc.out).toContain(digest(8, MIB));
  });

  describe.skipIf(lacks('iperf3'))('iperf3 through our relay', () => {
    const modes = [
      ['one flow to us', []],
      ['one flow from us', ['-R']],
      ['four flows both ways', ['--bidir', '-P', '2']],
      ['128-byte writes', ['-l', '128']],
    ] as const;
    test.each(modes)('%s', async (title, args) => {
      await using relay = await startRelay(pair);
      const r = pair.lab.kernel.try(['iperf3', '-c', addresses.stack.v4, '-p', '5201', '-t', '1', '-J', ...args]);
      expect(r.code, r.out + r.err).toBe(0);
      const { end } = JSON.parse(r.out) as { end: Record<string, { bits_per_second: number } | undefined> };
      const rates = ['sum_sent', 'sum_received', 'sum_received_bidir_reverse'].map((k) => end[k]?.bits_per_second ?? 0);
      console.log(`iperf3, ${title}: ${rates.map((rate) => (rate / 1e9).toFixed(2)).join(' / ')} Gbit/s`);
      expect(rates[0]).toBeGreaterThan(1e6);
      expect(relay.port).toBe(5201);
    });
  });
});

async function startRelay(pair: Pair): Promise<AsyncDisposable & { port: number }> {
  const iperf = pair.lab.kernel.start(['iperf3', '-s', '-1', '-p', '5202', '--forceflush']);
  for (let listening = false; !listening; ) {
    listening = pair.lab.kernel.run('ss', '-ltn').includes(':5202');
  }
  const port = await pair.ours.call<number>('relay', { port: 5201, to: { host: addresses.kernel.v4, port: 5202 } });
  return {
    port,
    async [Symbol.asyncDispose]() {
      await pair.ours.call('close', { name: 'relay' });
      await iperf.stop();
    },
  };
}
