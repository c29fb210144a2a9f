// Urgent data with the Linux kernel, both ways, inline and out of band: what its own receiver makes of its own sender is the judge.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, Lab, notBuilt, type Program } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const PYTHON = fileURLToPath(new URL('programs/out-of-band.py', import.meta.url));
const OURS = fileURLToPath(new URL('programs/out-of-band.mjs', import.meta.url));
const ways = ['inline', 'out-of-band'] as const;

describe.skipIf(skip)('urgent data with the kernel', () => {
  let lab: Lab;
  let ours: Program;
  let calls = 0;
  const judged = new Map<string, unknown>();

  /** A receiver of the kernel's, and what it got of whoever `send` makes send. */
  async function kernelGets(way: string, host: string, send: () => void): Promise<unknown> {
    const server = lab.kernel.start(['python3', PYTHON, 'receive', host, '7100', way]);
    await server.ready();
    send();
    const { came } = await server.next((m) => m.came !== undefined);
    await server.stop();
    return came;
  }

  beforeAll(async () => {
    lab = await Lab.create();
    const own = [`${addresses.stack.v4}/${addresses.prefix.v4}`, `${addresses.stack.v6}/${addresses.prefix.v6}`];
    ours = lab.stack.node(OURS, [JSON.stringify({ device: lab.device, addresses: own })]);
    await ours.ready();
    for (const way of ways) {
      const alone = () => void lab.kernel.start(['python3', PYTHON, 'send', '127.0.0.1', '7100']);
      judged.set(way, await kernelGets(way, '127.0.0.1', alone));
    }
  });
  afterAll(() => lab?.close());

  test('the kernel alone: the octets are where we look for them', () => {
    expect(judged.get('out-of-band')).toEqual({ text: 'abcdefgh', octets: ['!', '?', '#'] });
    expect(judged.get('inline')).toEqual({ text: 'abc!de?fgh#', octets: [] });
  });

  test.each(families)('our streams with it, IP%s', async (family) => {
    expect(lab.kernel.try(['python3', PYTHON, 'send', addresses.stack[family], '7002'])).toMatchObject({ code: 0 });
    calls++;
    expect((await ours.next((m) => m.number === calls)).came).toEqual(judged.get('out-of-band'));
    const host = addresses.kernel[family];
    const send = () => ours.send({ host, port: 7100, stream: true });
    expect(await kernelGets('out-of-band', host, send)).toEqual(judged.get('out-of-band'));
  });

  for (const way of ways) {
    test.each(families)(`${way}, IP%s: it sends, we receive [RFC 6093 §2]`, async (family) => {
      const port = way === 'inline' ? '7001' : '7000';
      expect(lab.kernel.try(['python3', PYTHON, 'send', addresses.stack[family], port])).toMatchObject({ code: 0 });
      calls++;
      const { came } = await ours.next((m) => m.number === calls);
      expect(came).toEqual(judged.get(way));
    });

    test.each(families)(`${way}, IP%s: we send, it receives [RFC 6093 §2]`, async (family) => {
      const host = addresses.kernel[family];
      expect(await kernelGets(way, host, () => ours.send({ host, port: 7100 }))).toEqual(judged.get(way));
    });
  }
});
