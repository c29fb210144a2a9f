// Bursts: lent views, copies of what came while nobody waited, and when the loan is over. Web streams over the same connection.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { use } from '../../../src/net.ts';
import type { Burst } from '../../../src/shell/burst.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';
import { createStack } from '../../../src/stack.ts';

const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

/** A connection of a's, and b's end of it. */
async function pair(): Promise<[Connection, Conn]> {
  const accepted = new Promise<Conn>((resolve) => b.serve(80, { open: resolve, end: () => {} }));
  return [await w.settle(a.open({ host, port: 80 })), await w.settle(accepted)];
}

test('who waits gets views that are lent; the loan is over at the next turn, a copy stays', async () => {
  const [conn, peer] = await pair();
  const seen: string[] = [];
  const kept: Buffer[] = [];
  let last: Burst | undefined;
  const reading = (async () => {
    for await (const burst of conn.bursts()) {
      seen.push(`${burst.lent} ${burst.length} ${Buffer.concat(burst.views)}`);
      if (seen.length === 1) kept.push(burst.retain());
      last = burst;
    }
  })();
  await w.run(10);
  peer.write('first');
  await w.run(10);
  peer.write('second');
  await w.run(100); // Nagle waits for the delayed ACK
  expect(seen).toEqual(['true 5 first', 'true 6 second']);
  expect(String(kept[0])).toBe('first');
  expect(() => last!.views).toThrow(/ERR_USERTCP_BURST_OVER|lent until/);
  expect(() => last!.bytes).toThrow(expect.objectContaining({ code: 'ERR_USERTCP_BURST_OVER' }));
  expect(() => last!.retain()).toThrow(/call retain\(\) before it/);
  expect(last!.length).toBe(6);
  peer.end();
  await w.settle(reading);
});

test('a retained burst may be asked for again, and is no loan any more', async () => {
  const [conn, peer] = await pair();
  const bursts = conn.bursts();
  const next = bursts.next().then(({ value }) => ({ burst: value as Burst, copy: (value as Burst).retain() }));
  peer.write('text');
  const { burst, copy } = await w.settle(next);
  await w.run(100);
  expect([burst.lent, burst.retain() === copy, String(burst.bytes), burst.views.length]).toEqual([
    false,
    true,
    'text',
    1,
  ]);
});

test('all that one turn brings is one burst, with what was put together behind a hole', async () => {
  const [conn, peer] = await pair();
  const text = Buffer.alloc(40_000, 'abcdefg');
  const lengths: number[] = [];
  const got: Buffer[] = [];
  const reading = (async () => {
    for await (const burst of conn.bursts()) {
      lengths.push(burst.views.length);
      got.push(Buffer.from(burst.bytes));
    }
  })();
  w.impair(b, { loss: 0.1, reorder: 0.2 });
  for (let at = 0; at < text.length; at += 10_000) {
    peer.write(text.subarray(at, at + 10_000));
    await w.run(50);
  }
  peer.end();
  await w.settle(reading);
  expect(Buffer.concat(got).equals(text)).toBe(true);
  expect(Math.max(...lengths)).toBeGreaterThan(1);
});

test('what comes while the body is busy waits as copies, the window closes, and it all comes as one burst', async () => {
  const [conn, peer] = await pair();
  const bursts = conn.bursts();
  const total = 16 << 20;
  peer.write(Buffer.alloc(total, 7));
  peer.end();
  await w.run(5000);
  expect(peer.pendingBytes).toBeGreaterThan(0);
  let bytes = 0;
  let owned = 0;
  for (let r = await w.settle(bursts.next()); r.done !== true; r = await w.settle(bursts.next())) {
    bytes += r.value.length;
    if (r.value.lent) continue;
    owned++;
    await w.run(1);
    expect(r.value.views.every((view) => view.every((byte) => byte === 7))).toBe(true); // no loan: good for ever
  }
  expect(bytes).toBe(total);
  expect(owned).toBeGreaterThan(0);
});

test('leaving the loop leaves the connection; read() goes on, and a failure rejects', async () => {
  const [conn, peer] = await pair();
  const one = (async () => {
    for await (const burst of conn.bursts()) return String(burst.bytes);
  })();
  await w.run(1);
  peer.write('one');
  expect(await w.settle(one)).toBe('one');
  peer.write('two');
  expect(String(await w.settle(conn.read()))).toBe('two');
  const waiting = conn.bursts().next();
  await expect(conn.read()).rejects.toThrow('already waiting');
  await expect(conn.bursts().next()).rejects.toThrow('already waiting');
  peer.abort();
  await expect(w.settle(waiting)).rejects.toMatchObject({ code: 'ECONNRESET', wire: { cause: 'reset' } });
  await expect(conn.bursts().next()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('web streams: made when asked for, back-pressure, FIN at the end, whole bytes', async () => {
  const [conn, peer] = await pair();
  const got: Buffer[] = [];
  peer.attach({ data: (_c, chunk) => void got.push(Buffer.from(chunk)), end: (c) => c.end('bye') });
  expect(conn.readable).toBe(conn.readable);
  const writer = conn.writable.getWriter();
  await w.settle(writer.write('text '));
  await w.settle(writer.write(Uint8Array.of(98, 121)));
  await w.settle(writer.write(new DataView(Uint8Array.of(116, 101, 115).buffer) as unknown as Uint8Array));
  await expect(w.settle(writer.write(5 as unknown as string))).rejects.toThrow(/chunk: 5/);
  await w.settle(conn.writeAcked('.'));
  expect(String(Buffer.concat(got))).toBe('text bytes.');
  await w.run(10);
  conn.closeWrite();
  expect(await w.settle(new Response(conn.readable).text())).toBe('bye');
});

test('web streams: a reader with a buffer of its own gets it filled; piping through works; abort resets', async () => {
  const [conn, peer] = await pair();
  peer.write('0123456789');
  const reader = conn.readable.getReader({ mode: 'byob' });
  const first = await w.settle(reader.read(new Uint8Array(4)));
  expect(String(Buffer.from(first.value!))).toBe('0123');
  const second = await w.settle(reader.read(new Uint8Array(20)));
  expect(String(Buffer.from(second.value!))).toBe('456789');
  reader.releaseLock();
  peer.end();
  const rest = await w.settle(conn.readable.getReader({ mode: 'byob' }).read(new Uint8Array(8)));
  expect(rest.done).toBe(true);
  const closed = new Promise((resolve) => peer.attach({ close: (_c, error) => resolve(error) }));
  await conn.writable.abort();
  expect(await w.settle(closed)).toMatchObject({ code: 'ECONNRESET' });
});

test('cancelling the readable throws away what still comes, and writing goes on', async () => {
  const [conn, peer] = await pair();
  await conn.readable.cancel();
  peer.write(Buffer.alloc(4 << 20));
  await w.run(3000);
  expect(peer.pendingBytes).toBe(0);
  const got: string[] = [];
  peer.attach({ data: (_c, chunk) => void got.push(String(chunk)) });
  await w.settle(conn.writeAcked('still here'));
  expect(got).toEqual(['still here']);
});

test('await using: what was written goes out, then FIN', async () => {
  const [conn, peer] = await pair();
  const seen: string[] = [];
  peer.attach({ data: (_c, chunk) => void seen.push(String(chunk)), end: () => void seen.push('end') });
  await (async () => {
    await using one = conn;
    await w.settle(one.write('last words'));
  })();
  await w.run(10);
  expect(seen).toEqual(['last words', 'end']);
});

test('nothing is added to a burst that the loop has seen, where promises run between two events of a turn', async () => {
  const stack = await createStack();
  use(stack);
  try {
    stack.serve(80, {
      open(conn) {
        conn.setNoDelay();
        setImmediate(() => {
          for (let n = 0; n < 20; n++) {
            conn.write('0123456789');
            if (n % 2 === 1) stack.flush();
          }
          conn.end();
        });
      },
    });
    const conn = await stack.open({ host: '127.0.0.1', port: 80 });
    let text = '';
    for await (const burst of conn.bursts()) {
      text += burst.bytes;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(text).toBe('0123456789'.repeat(20));
    await conn.end();
  } finally {
    await stack.close();
  }
});

test('who writes to the web stream hears of a reset though nothing is being written', async () => {
  const [conn, peer] = await pair();
  const writer = conn.writable.getWriter();
  const closed = writer.closed.then(
    () => undefined,
    (error) => error,
  );
  peer.abort();
  expect(await w.settle(closed)).toMatchObject({ code: 'ECONNRESET' });
  await expect(writer.ready).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('bytes given to end() after the end are refused, as those of write() are', async () => {
  const [conn] = await pair();
  conn.closeWrite();
  await expect(conn.end('two')).rejects.toMatchObject({ code: 'ERR_USERTCP_WRITE_AFTER_END' });
  await expect(conn.end(1 as unknown as string)).rejects.toThrow();
});
