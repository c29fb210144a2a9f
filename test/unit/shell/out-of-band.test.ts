import { expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Handlers } from '../../../src/shell/handlers.ts';
import { World } from '../../../src/sim.ts';

/** A client, and what the other end is told; `settings` are those of the listener. */
async function pair(handlers: Handlers, settings = {}) {
  const w = new World();
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  let conn: Conn | undefined;
  b.serve(80, { ...handlers, open: (c) => void (conn = c) }, settings);
  const ours = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  const urgent = async (text: string): Promise<void> => {
    ours.sendUrgent(Buffer.from(text));
    await w.run(300);
  };
  await w.run(10);
  return { w, a, b, ours, theirs: conn!, urgent, done: () => w.close() };
}

test('out of band: the handler gets the octet, the text does not have it [RFC 6093 §2]', async () => {
  const seen: string[] = [];
  const told: Handlers = {
    data: (_c, chunk) => seen.push(`data ${chunk}`),
    outOfBand: (_c, octet) => seen.push(`octet ${String.fromCharCode(octet)}`),
  };
  const p = await pair(told, { urgent: 'out-of-band' });
  await p.urgent('ab!');
  expect(seen).toEqual(['data ab', 'octet !']);
  p.theirs.setUrgent('inline');
  await p.urgent('cd?');
  expect(seen.splice(2)).toEqual(['data cd?']);
  p.theirs.setUrgent('out-of-band');
  p.theirs.pause();
  await p.urgent('ef#');
  expect(seen.splice(2)).toEqual(['octet #']); // at once, though the reader pauses
  p.theirs.resume();
  await p.w.run(100);
  expect(seen.splice(2)).toEqual(['data ef']);
  await p.done();
});

test('out of band: without a handler the last octet waits to be taken, once [RFC 6093 §3.1]', async () => {
  let text = '';
  const p = await pair({ data: (_c, chunk) => void (text += chunk) }, { urgent: 'out-of-band' });
  expect(p.theirs.takeOutOfBand()).toBe(undefined);
  await p.urgent('a1');
  await p.urgent('b2');
  expect(p.theirs.takeOutOfBand()).toBe('2'.charCodeAt(0));
  expect(p.theirs.takeOutOfBand()).toBe(undefined);
  expect(text).toBe('ab');
  await p.done();
});

test('out of band at the other levels: a promise connection, and a socket', async () => {
  const w = new World();
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  b.serve(80, { open: (c) => void c.sendUrgent(Buffer.from('hi!')) });
  const c = await w.settle(a.open({ host: '10.0.0.2', port: 80, urgent: 'out-of-band' }));
  await w.run(100);
  expect(c.takeOutOfBand()).toBe(33);
  expect(String(await c.read())).toBe('hi');
  const seen: unknown[] = [];
  const d = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  d.setUrgent('out-of-band').onOutOfBand = (octet) => seen.push(octet);
  const s = a.connect({ host: '10.0.0.2', port: 80, urgent: 'out-of-band' });
  s.on('outOfBand', (octet) => seen.push(octet)).on('data', (chunk) => seen.push(String(chunk)));
  await w.run(100);
  expect(seen.filter((s) => s === 33)).toHaveLength(2);
  expect(seen).toContain('hi');
  s.destroy();
  await w.close();
});

test('out of band: what is no such wish is named', async () => {
  const p = await pair({});
  const say = /urgent: .*one of "inline", "out-of-band"/;
  expect(() => p.theirs.setUrgent('oob' as never)).toThrow(say);
  expect(() => p.b.serve(81, {}, { urgent: 1 as never })).toThrow(say);
  await p.done();
});
