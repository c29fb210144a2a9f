import { expect, test } from 'vitest';
import { World } from '../../../src/sim.ts';

test('two hosts, a lossy wire, the same seed gives the same run', async () => {
  async function play(seed: number): Promise<string> {
    const w = new World({ seed, impair: { delay: 10_000, loss: 0.02 } });
    const a = w.host('10.0.0.1/24');
    const b = w.host('10.0.0.2/24');
    let got = 0;
    b.serve(80, { data: (_c, chunk) => void (got += chunk.length), end: (c) => c.end('thanks') });
    const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
    void conn.write(Buffer.alloc(500_000));
    conn.closeWrite();
    expect(String(await w.settle(conn.read()))).toBe('thanks');
    expect(got).toBe(500_000);
    const told = `${w.now} ${JSON.stringify(a.metrics().core)}`;
    await w.close();
    return told;
  }
  const once = await play(7);
  expect(await play(7)).toBe(once);
  expect(await play(8)).not.toBe(once);
});

test('a link that fails ends its connections with ENETDOWN', async () => {
  const w = new World();
  const a = w.host(['10.0.0.1/24', 'fd00::1/64']);
  const b = w.host(['10.0.0.2/24', 'fd00::2/64']);
  b.serve(80, {});
  const conn = await w.settle(a.open({ host: 'fd00::2', port: 80 }));
  expect(conn.remoteAddress).toBe('fd00::2');
  const closed = conn.closed();
  w.card(a).fail(new Error('unplugged'));
  await expect(w.settle(closed)).rejects.toMatchObject({ code: 'ENETDOWN', syscall: 'read' });
  await w.close();
});

test('a link that comes back may have others behind it: neighbours are asked for anew', async () => {
  const w = new World();
  const a = w.host('10.0.0.1/24');
  w.host('10.0.0.2/24');
  let asked = 0;
  w.wire.hook = (frame) => {
    if (Buffer.from(frame).readUInt16BE(12) === 0x0806 && frame[0] === 0xff) asked++;
    return 'pass';
  };
  const socket = a.udp.bind();
  await w.run(100); // who they are is told by then
  const send = async (): Promise<number> => {
    asked = 0;
    socket.send('hello', 53, '10.0.0.2');
    await w.run(100);
    return asked;
  };
  expect([await send(), await send()]).toEqual([1, 0]);
  w.card(a).fail(new Error('unplugged'));
  w.wire.setUp(w.card(a), true);
  expect(await send()).toBe(1);
  await w.close();
});

test('nobody there: EHOSTUNREACH; nothing listens: ECONNREFUSED', async () => {
  const w = new World();
  const a = w.host('10.0.0.1/24');
  w.host('10.0.0.2/24');
  await expect(w.settle(a.open({ host: '10.0.0.9', port: 80 }))).rejects.toMatchObject({
    code: 'EHOSTUNREACH',
    address: '10.0.0.9',
  });
  await expect(w.settle(a.open({ host: '10.0.0.2', port: 80 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(a.open({ host: '192.0.2.1', port: 80 })).rejects.toMatchObject({ code: 'ENETUNREACH' });
  await w.close();
});

test('close() ends a world of which a host is closing already, with a connection that will not end', async () => {
  const w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  b.serve(80, { end: () => {} });
  await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  const closing = a.close({ timeout: 3000 });
  let told = '';
  closing.then(() => (told = 'closed'));
  await w.close();
  expect([told, w.now]).toEqual(['closed', expect.closeTo(3000, -2)]);
  expect(b.metrics().connections).toBe(0);
  await w.close(); // once more, for nothing
});

test('an impairment that is undefined is absent, and nothing else is changed', async () => {
  const w = new World({ impair: { delay: undefined, rate: undefined } as never });
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  w.impair(a, { delay: 7000 });
  w.link(a, b, { delay: undefined, jitter: undefined, loss: 0 } as never);
  b.serve(80, {});
  expect((await w.settle(a.open({ host: '10.0.0.2', port: 80 }))).state).toBe('ESTABLISHED');
  expect(w.now).toBe(7);
  await w.close();
});

test('any number of hosts: each has a MAC of its own', async () => {
  const w = new World();
  const small = { arenaBytes: 1 << 20, maxConnections: 1 };
  const macs = Array.from({ length: 300 }, (_, n) => {
    const host = w.host(`10.0.${1 + (n >> 8)}.${n & 255}/16`, small);
    return Buffer.from(w.card(host).mac).toString('hex');
  });
  expect(new Set(macs).size).toBe(300);
  expect(macs[0]).toBe('020000000001');
  await w.close();
});
