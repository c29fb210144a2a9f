// TCP Fast Open with the Linux kernel, both ways: it asks us for a cookie and sends text on its SYN, and the other way round.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, Lab, notBuilt, type Program } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const PYTHON = fileURLToPath(new URL('programs/fast-open.py', import.meta.url));
const OURS = fileURLToPath(new URL('programs/fast-open.mjs', import.meta.url));

describe.skipIf(skip)('Fast Open with the kernel', () => {
  let lab: Lab;
  let ours: Program;
  let calls = 0;

  async function request(host: string, how = 'given'): Promise<unknown> {
    const id = `r${++calls}`;
    ours.send({ id, host, port: 7100, how });
    return (await ours.next((m) => m.id === id)).value;
  }

  beforeAll(async () => {
    // 1 = client, 2 = server. No holding back after a path that swallowed a SYN.
    lab = await Lab.create({
      sysctl: { 'net.ipv4.tcp_fastopen': 3, 'net.ipv4.tcp_fastopen_blackhole_timeout_sec': 0 },
    });
    const own = [`${addresses.stack.v4}/${addresses.prefix.v4}`, `${addresses.stack.v6}/${addresses.prefix.v6}`];
    ours = lab.stack.node(OURS, [JSON.stringify({ device: lab.device, addresses: own, tcp: { fastOpen: 'on' } })]);
    await ours.ready();
  });
  afterAll(() => lab?.close());

  test.each(families)('we are the server, IP%s: its second SYN has text, and we take it [RFC 7413 §4.2]', (family) => {
    const ran = lab.kernel.try(['python3', PYTHON, 'client', addresses.stack[family], '7000', '3']);
    expect(ran).toMatchObject({ code: 0, out: '0 0 GET\n1 1 GET\n1 1 GET\n' });
  });

  test.each(families)(
    'we are the client, IP%s: our second SYN has text, and it takes it [RFC 7413 §4.2]',
    async (family) => {
      const host = addresses.kernel[family];
      const server = lab.kernel.start(['python3', PYTHON, 'server', host, '7100']);
      await server.ready();
      const answers = [await request(host), await request(host), await request(host)];
      expect(answers).toEqual(['0 0 GET', '1 1 GET', '1 1 GET']);
      expect(await request(host, 'written')).toBe('1 1 GET');
      await server.stop();
    },
  );
});
