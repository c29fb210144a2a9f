// The laboratory itself, kernel against kernel: what interop tests take for granted.
import { describe, expect, test } from 'vitest';
import { addresses, capability, Lab } from './index.ts';

const can = capability();
const talk = `
  const net = require('node:net');
  const [, role, host, bytes] = process.argv;
  if (role === 'sink') {
    let n = 0;
    net.createServer((s) => s.on('data', (d) => { n += d.length; }).on('end', () => { console.log(JSON.stringify({ n })); s.end(); }))
      .listen(7000, host, () => console.log('ready'));
  } else {
    const s = net.connect(7000, host, () => s.end(Buffer.alloc(Number(bytes))));
    s.on('close', () => console.log(JSON.stringify({ done: true }))).resume();
  }`;

describe.skipIf(!can.ok)('lab', () => {
  for (const host of [addresses.neighbour.v4, addresses.neighbour.v6]) {
    test(`carries bytes to ${host}, and ends clean`, async () => {
      const lab = await Lab.create({ mtu: 9000, offloads: true });
      lab.addNeighbour();
      const sink = lab.stack.start([process.execPath, '-e', talk, 'sink', host]);
      await sink.ready();
      const source = lab.kernel.try([process.execPath, '-e', talk, 'source', host, '1000000']);
      expect(source.out).toContain('done');
      expect(await sink.next((m) => 'n' in m)).toEqual({ n: 1_000_000 });
      await lab.close();
      expect(await sink.exited).not.toBe(0);
    });
  }

  test('loses frames behind the back of the sender, each way', async () => {
    const lab = await Lab.create({ loss: { toStack: 0.05, toKernel: 0.02 } });
    lab.addNeighbour();
    const sink = lab.stack.start([process.execPath, '-e', talk, 'sink', addresses.neighbour.v4]);
    await sink.ready();
    lab.kernel.try([process.execPath, '-e', talk, 'source', addresses.neighbour.v4, '2000000']);
    expect(await sink.next((m) => 'n' in m)).toEqual({ n: 2_000_000 });
    expect(lab.lost().toStack).toBeGreaterThan(10);
    const retransmitted = lab.kernel
      .run('cat', '/proc/net/snmp')
      .match(/^Tcp: \d.*$/m)?.[0]
      .split(' ')[12];
    expect(Number(retransmitted)).toBeGreaterThan(10);
    await lab.close();
  });

  test('a program that does not become ready says what it printed', async () => {
    const lab = await Lab.create();
    const p = lab.stack.start([process.execPath, '-e', 'console.error("no such thing"); process.exit(3)']);
    await expect(p.ready()).rejects.toThrow(/ended with 3\n.*no such thing/s);
    await lab.close();
  });
});
