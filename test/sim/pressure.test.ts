// A reader that pauses for a minute, one that is slower than the sender, a writer that does not look at what write answers: on
// simulated wires, in virtual time. No byte is lost, nothing waits afterwards, memory stays within the buffers, counters tell.
import { describe, expect, test } from 'vitest';
import type { Conn } from '../../src/index.ts';
import { World } from '../../src/sim.ts';

const MINUTE = 60_000;
const SIZE = 4 << 20;
/** No window of a connection grows beyond this; docs/adr/0029. */
const BUFFER = 16 << 20;
const text = Buffer.alloc(SIZE);
for (let i = 0, x = 7; i < SIZE; i++) text[i] = (x = (Math.imul(x, 69069) + 1) >>> 0) >>> 24;

interface Reader {
  conn: Conn | undefined;
  readonly got: Buffer[];
  bytes: number;
}

function network(impair: object = {}) {
  const world = new World({ seed: 3, impair: { delay: 5000, rate: 1e8, ...impair } });
  const [a, b] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const reader: Reader = { conn: undefined, got: [], bytes: 0 };
  return { world, a, b, reader };
}

const keep = (reader: Reader, chunk: Buffer): void => {
  reader.got.push(Buffer.from(chunk));
  reader.bytes += chunk.length;
};

describe.each([
  ['a clean wire', {}],
  ['a wire that loses 1 %', { loss: 0.01 }],
])('%s', (_, impair) => {
  test('a reader paused for a minute: probes keep the connection, and it goes on at once', async () => {
    const { world, a, b, reader } = network(impair);
    b.serve(80, {
      open: (conn) => {
        reader.conn = conn;
      },
      data(conn, chunk) {
        const before = reader.bytes;
        keep(reader, chunk);
        if (before < SIZE / 4 && reader.bytes >= SIZE / 4) conn.pause();
      },
    });
    const conn = await world.settle(a.open({ host: '10.0.0.2', port: 80 }));
    let ended = false;
    const sent = conn.write(text).then(() => conn.end());
    sent.then(() => {
      ended = true;
    });
    await world.runUntil(() => reader.conn?.paused === true);
    await world.run(MINUTE);
    const held = reader.conn!.heldBytes;
    const { zeroWindowProbes } = a.metrics().core;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(BUFFER);
    // All that was sent fits into the reader's buffer, or probes asked for room: a few in a minute, not a storm.
    if (reader.bytes + held < SIZE) expect(zeroWindowProbes).toBeGreaterThan(3);
    expect(zeroWindowProbes).toBeLessThan(30);

    const resumed = world.now;
    reader.conn!.resume();
    await world.runUntil(() => ended && reader.bytes === SIZE);
    // 4 MiB at 100 Mbit/s take 0.34 s; a sender that waits for its next probe would add half a minute.
    expect(world.now - resumed).toBeLessThan(2000);
    expect(Buffer.concat(reader.got).equals(text)).toBe(true);
    await world.close();
  });

  test('a reader slower than the sender sets the pace', async () => {
    const { world, a, b, reader } = network(impair);
    let most = 0;
    b.serve(80, {
      data(conn, chunk) {
        keep(reader, chunk);
        most = Math.max(most, conn.heldBytes);
        conn.pause();
        world.clock.schedule(world.clock.now() + chunk.length, () => conn.resume()); // 1 MB/s
      },
    });
    const conn = await world.settle(a.open({ host: '10.0.0.2', port: 80 }));
    const sent = conn.write(text).then(() => conn.end());
    await world.settle(sent);
    await world.runUntil(() => reader.bytes === SIZE);
    expect(world.now).toBeGreaterThan(4000);
    expect(world.now).toBeLessThan(6000);
    expect(most).toBeLessThan(BUFFER);
    expect(Buffer.concat(reader.got).equals(text)).toBe(true);
    await world.close();
  });

  test('a writer that ignores back-pressure: all is kept and sent in order', async () => {
    const { world, a, b, reader } = network(impair);
    const answers: boolean[] = [];
    a.serve(80, {
      open(conn) {
        for (let at = 0; at < SIZE; at += 65536) answers.push(conn.write(text.subarray(at, at + 65536)));
        conn.end();
      },
    });
    const conn = await world.settle(b.open({ host: '10.0.0.1', port: 80 }));
    await world.run(MINUTE);
    expect(answers).toContain(false);
    expect(a.metrics().memory.unsent).toBeGreaterThan(0);
    const read = (async () => {
      for await (const chunk of conn) keep(reader, Buffer.from(chunk));
    })();
    await world.settle(read);
    expect(Buffer.concat(reader.got).equals(text)).toBe(true);
    await world.settle(conn.end());
    expect(a.metrics().memory.unsent).toBe(0);
    await world.close();
  });
});
