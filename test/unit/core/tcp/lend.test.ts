import { expect, test } from 'vitest';
import { World } from '../../../../src/sim.ts';

test('a lent buffer reaches the peer byte for byte over a lossy wire', async () => {
  await using world = new World({ seed: 7, impair: { delay: 1000, loss: 0.02 } });
  const [a, b] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const chunk = Buffer.from(Array.from({ length: 30_000 }, (_, n) => n % 253));
  const total = chunk.length * 20;
  let sent = 0;
  const pump = (conn: { lend(bytes: Uint8Array): number; end(): void }): void => {
    while (sent < total) {
      const taken = conn.lend(chunk.subarray(sent % chunk.length));
      sent += taken;
      if (taken === 0) return;
    }
    conn.end();
  };
  a.serve(80, { open: pump, drain: pump });
  const conn = await world.settle(b.open({ host: '10.0.0.1', port: 80 }));
  const received: Buffer[] = [];
  const reading = (async () => {
    for await (const bytes of conn) received.push(Buffer.from(bytes));
  })();
  await world.settle(reading);
  expect(Buffer.concat(received).equals(Buffer.alloc(total, chunk))).toBe(true);
});

test('detaching a lent buffer before it is acknowledged ends the connection instead of corrupting it', async () => {
  await using world = new World({ seed: 7, impair: { delay: 1000 } });
  const [a, b] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const bytes = new Uint8Array(new ArrayBuffer(1 << 20));
  let error: Error | null = null;
  a.serve(80, {
    open: (conn) => void conn.lend(bytes),
    close: (_conn, why) => {
      error = why;
    },
  });
  await world.settle(b.open({ host: '10.0.0.1', port: 80 }));
  await world.run(2); // the first windows are on their way
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await world.run(5000);
  expect(error).toMatchObject({ code: 'EFAULT' });
});

test('behind a lent buffer that is detached nothing leaves in its place, no end either', async () => {
  await using world = new World({ seed: 7, impair: { delay: 1000 } });
  const [a, b] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  const bytes = new Uint8Array(new ArrayBuffer(20_000));
  a.serve(80, {
    open(conn) {
      conn.lend(bytes);
      conn.write('tail');
      conn.end();
    },
  });
  const received: Buffer[] = [];
  const seen: string[] = [];
  b.dial(
    { host: '10.0.0.1', port: 80 },
    {
      data: (_conn, text) => void received.push(Buffer.from(text)),
      end: () => void seen.push('end'),
      close: (_conn, why) => void seen.push((why as NodeJS.ErrnoException | null)?.code ?? 'in order'),
    },
  );
  // The first window is on its way; the rest of it would leave with the tail in one segment.
  await world.runUntil(() => received.length > 0);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await world.runUntil(() => seen.length > 0);
  expect(seen).toEqual(['ECONNRESET']);
  expect(Buffer.concat(received).includes('tail')).toBe(false);
});
