// Hosts on one wire in different VLANs: a conversation in one, and nobody else hears a word.
import { expect, test } from 'vitest';
import { World } from '../../src/sim.ts';
import { COUNTERS } from '../../src/wire/abi.ts';

const offloads = ['cut', 'super', 'none'] as const;

test.each(offloads)('two hosts on VLAN 10 talk, a third untagged one does not hear (%s)', async (offload) => {
  const world = new World({ seed: 3, impair: { delay: 100 } });
  const card = { vlan: 10, offload };
  const a = world.host(['10.0.0.1/24', 'fd00::1/64'], { card });
  const b = world.host(['10.0.0.2/24', 'fd00::2/64'], { card });
  const c = world.host(['10.0.0.2/24', 'fd00::2/64'], { card: { offload } });
  const asked: string[] = [];
  c.createServer(() => asked.push('c')).listen(80);
  b.createServer((socket) => {
    asked.push('b');
    socket.pipe(socket);
  }).listen(80);
  for (const host of ['10.0.0.2', 'fd00::2']) {
    const text = Buffer.alloc(100_000, host);
    const got: Buffer[] = [];
    let ended = false;
    const socket = a.connect({ host, port: 80 });
    socket.on('data', (chunk: Buffer) => got.push(Buffer.from(chunk)));
    socket.on('end', () => {
      ended = true;
    });
    socket.end(text);
    await world.runUntil(() => ended, 10_000);
    expect(Buffer.concat(got).equals(text)).toBe(true);
  }
  expect(asked).toEqual(['b', 'b']);
  const count = (stack: typeof c, name: (typeof COUNTERS)[number]): number =>
    world.card(stack).counters[COUNTERS.indexOf(name)]!;
  // Broadcast and multicast questions reached its card; what the switch knew the way of did not.
  expect(count(c, 'dropVlan')).toBeGreaterThan(0);
  expect([count(c, 'rxBatches'), count(a, 'txErrors'), count(b, 'txErrors')]).toEqual([0, 0, 0]);
  // A reset answers in the VLAN of the question.
  const refused = a.connect({ host: '10.0.0.2', port: 81 });
  let code: string | undefined;
  refused.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  await world.runUntil(() => code !== undefined, 10_000);
  expect(code).toBe('ECONNREFUSED');
});
