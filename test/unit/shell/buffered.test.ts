import { expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import { World } from '../../../src/sim.ts';

const KIB = 1024;
const code = 'ERR_USERTCP_MAX_BUFFERED';

async function pair(client = {}, server = {}) {
  const w = new World();
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  let theirs: Conn | undefined;
  b.serve(80, { open: (c) => void (theirs = c), data: (c) => c.pause() }, server);
  const c = await w.settle(a.open({ host: '10.0.0.2', port: 80, ...client }));
  await w.run(10);
  return { w, a, b, c, theirs: theirs! };
}

test('maxBuffered: a write beyond it rejects and takes nothing; what was taken arrives', async () => {
  const { w, a, c, theirs } = await pair({ sendBuffer: 8 * KIB, maxBuffered: 64 * KIB }, { receiveBuffer: 8 * KIB });
  void c.write(Buffer.alloc(40 * KIB)).catch(() => {});
  const before = a.metrics().memory.unsent;
  await expect(c.write(Buffer.alloc(40 * KIB))).rejects.toMatchObject({ code, message: /write\(\) of 40960 bytes/ });
  await expect(c.write(Buffer.alloc(40 * KIB))).rejects.toThrow(/maxBuffered is 65536; wait for drain/);
  expect(a.metrics().memory.unsent).toBe(before);
  c.closeWrite();
  let got = 0;
  theirs.attach({ data: (_c, chunk) => void (got += chunk.length) });
  theirs.resume();
  await w.run(5000);
  expect(got).toBe(40 * KIB);
  await w.close();
});

test('maxBuffered: at the serve level the call throws; the limit may be set and taken off', async () => {
  const { w, c, theirs } = await pair({ receiveBuffer: 8 * KIB }, { sendBuffer: 8 * KIB, maxBuffered: 20 * KIB });
  expect(() => theirs.write(Buffer.alloc(30 * KIB))).toThrow(expect.objectContaining({ code }));
  expect(theirs.pendingBytes).toBe(0);
  expect(theirs.setMaxBuffered(100 * KIB).write(Buffer.alloc(60 * KIB))).toBe(false);
  expect(() => theirs.write(Buffer.alloc(60 * KIB))).toThrow(/bytes while \d+ wait to be sent/);
  expect(theirs.setMaxBuffered(Number.POSITIVE_INFINITY).write(Buffer.alloc(1 << 20))).toBe(false);
  expect(() => theirs.setMaxBuffered(0)).toThrow(/option maxBuffered: 0 .* from 1 to/);
  c.abort();
  await w.close();
});

test('maxBuffered: what is too much by itself fails always, whatever room the send buffer has', async () => {
  const { w, a, c } = await pair({ sendBuffer: 256 * KIB, maxBuffered: 64 * KIB });
  await expect(c.write(Buffer.alloc(64 * KIB + 1))).rejects.toMatchObject({ code });
  await w.settle(c.write(Buffer.alloc(64 * KIB))); // as much as the limit is no more than the limit
  const open = () => a.open({ host: '10.0.0.2', port: 80, maxBuffered: 4, data: 'hello' });
  await expect(Promise.resolve().then(open)).rejects.toThrow(/open\(\) of 5 bytes .* maxBuffered is 4/);
  await w.close();
});

test.each(['the peer reads', 'the peer does not read'])('maxBuffered: end(chunk) is a write, %s', async (how) => {
  const { w, a, b } = await pair({}, {});
  const got: string[] = [];
  b.serve(81, { data: (conn, chunk) => (how === 'the peer reads' ? void got.push(String(chunk)) : conn.pause()) });
  const s = a.connect({ host: '10.0.0.2', port: 81, maxBuffered: 16 });
  const seen: unknown[] = [];
  s.on('error', (error: { code?: string }) => seen.push(error.code));
  s.write('0123456789');
  s.end('0123456789', () => seen.push('told'));
  await w.run(100);
  expect(seen.sort()).toEqual([code, 'told']);
  expect(s.destroyed).toBe(true);
  const t = a.connect({ host: '10.0.0.2', port: 81, maxBuffered: 16 });
  t.end('0123456789abcdef');
  await w.run(100);
  expect([t.errored, t.writableFinished]).toEqual([null, true]);
  await w.close();
});

test('maxBuffered: a socket is destroyed by the write, as by any that fails', async () => {
  const { w, a } = await pair({}, { receiveBuffer: 8 * KIB });
  const s = a.connect({ host: '10.0.0.2', port: 80, maxBuffered: 64 * KIB, sendBuffer: 8 * KIB });
  const errors: unknown[] = [];
  s.on('error', (error: { code?: string }) => errors.push(error.code));
  for (let n = 0; n < 4; n++)
    s.write(Buffer.alloc(20 * KIB), (error) => n === 3 && errors.push(`told ${error?.message}`));
  await w.run(100);
  expect(errors).toContain(code);
  expect(errors.filter((e) => String(e).startsWith('told socket.write() of 20480 bytes'))).toHaveLength(1);
  expect(s.destroyed).toBe(true);
  expect(() => a.connect({ host: '10.0.0.2', port: 80, maxBuffered: -1 })).toThrow(/option maxBuffered: -1/);
  await w.close();
});

test('buffers of a live connection: set, in range, and seen in the window', async () => {
  const { w, c, theirs } = await pair();
  theirs.setReceiveBuffer(16 * KIB).setSendBuffer(32 * KIB);
  expect(theirs.write(Buffer.alloc(40 * KIB))).toBe(false);
  expect(theirs.pendingBytes).toBe(8 * KIB);
  void c.write(Buffer.alloc(200 * KIB));
  await w.run(1000);
  expect(theirs.info()!.rcvUser).toBeLessThanOrEqual(64 * KIB); // what was offered before stays offered
  theirs.setReceiveBuffer(256 * KIB);
  await w.run(1000);
  expect(theirs.info()!.rcvUser).toBe(200 * KIB);
  for (const bad of [0, 2047, 1.5, Number.NaN, 2 ** 31]) {
    expect(() => theirs.setReceiveBuffer(bad)).toThrow(/option receiveBuffer: .* from 2048 to 1073741824 bytes/);
    expect(() => c.setSendBuffer(bad)).toThrow(/option sendBuffer: .* from 2048 to 1073741824 bytes/);
  }
  await w.close();
});

test('Fast Open: what is written in the tick of connect() goes with the SYN, by address and by name [RFC 7413 §4.2.1]', async () => {
  const w = new World();
  const tcp = { fastOpen: 'on' } as const;
  const a = w.host('10.0.0.1/24', { tcp });
  const b = w.host('10.0.0.2/24', { tcp });
  const seen: string[] = [];
  b.serve(80, { data: (c, chunk) => seen.push(`${chunk} ${c.info()!.fastOpen}`) });
  const say = (word: string, host: string): Promise<string[]> =>
    new Promise((resolve) => {
      const order: string[] = [];
      const lookup = ((_name: string, _options: object, done: (e: null, a: string, f: number) => void) =>
        done(null, '10.0.0.2', 4)) as never;
      const s = a.connect({ host, port: 80, lookup });
      s.on('connect', () => order.push('connect')).on('close', () => resolve(order));
      s.write(`${word},`);
      s.end(word, () => order.push('finish'));
      s.resume();
    });
  expect(await w.settle(say('one', '10.0.0.2'))).toEqual(['connect', 'finish']);
  expect(await w.settle(say('two', '10.0.0.2'))).toEqual(['connect', 'finish']);
  expect(await w.settle(say('three', 'far.example'))).toEqual(['connect', 'finish']);
  expect(seen.filter((line) => line.endsWith('true'))).toEqual(expect.arrayContaining(['two, true', 'three, true']));
  expect(seen.map((line) => line.split(' ')[0]).join('')).toBe('one,onetwo,twothree,three');
  await w.close();
});
