import { expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Handlers } from '../../../src/shell/handlers.ts';
import { type Piped, pipe } from '../../../src/shell/pipe.ts';
import { World } from '../../../src/sim.ts';

/** A client, a proxy and a server; `dial` says how the proxy takes the client's connections. */
function proxied(server: Handlers, level: 'serve' | 'listen' = 'serve') {
  const w = new World();
  const [a, m, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  b.serve(80, server);
  const ends: Piped[] = [];
  const conns: Conn[] = [];
  const dial = () => m.open({ host: '10.0.0.3', port: 80 });
  if (level === 'serve') {
    m.serve(80, {
      async open(conn) {
        conns.push(conn);
        conn.pause();
        ends.push(await pipe(conn, await dial()));
      },
    });
  } else {
    const listener = m.listen(80);
    void (async () => {
      for await (const conn of listener) void dial().then(async (out) => ends.push(await pipe(conn, out)));
    })();
  }
  return { w, a, m, b, ends, conns, open: () => w.settle(a.open({ host: '10.0.0.2', port: 80 })) };
}

test.each(['serve', 'listen'] as const)(
  'pipe: a request and its answer, each ended by its own FIN, %s',
  async (level) => {
    let heard = '';
    const p = proxied(
      {
        data: (_c, chunk) => void (heard += chunk),
        end: (c) => c.end(`got ${heard}`), // only after the client's FIN has come through
      },
      level,
    );
    const c = await p.open();
    await p.w.settle(c.write('a question'));
    c.closeWrite();
    let answer = '';
    for (let chunk = await p.w.settle(c.read()); chunk !== null; chunk = await p.w.settle(c.read())) answer += chunk;
    expect(answer).toBe('got a question');
    await p.w.settle(c.closed());
    await p.w.run(1000);
    expect(p.ends).toEqual([{ forth: 10, back: 14, error: null }]);
    expect(p.m.metrics()).toMatchObject({ connections: 0 });
    await p.w.close();
  },
);

test('pipe: the server ends first, and the client goes on sending', async () => {
  let heard = '';
  const p = proxied({ open: (c) => c.end('hello'), data: (_c, chunk) => void (heard += chunk), end: () => {} });
  const c = await p.open();
  expect(String(await p.w.settle(c.read()))).toBe('hello');
  expect(await p.w.settle(c.read())).toBe(null);
  await p.w.settle(c.write('still here'));
  await p.w.settle(c.end());
  await p.w.run(1000);
  expect(heard).toBe('still here');
  expect(p.ends).toEqual([{ forth: 10, back: 5, error: null }]);
  await p.w.close();
});

test('pipe: a slow reader holds the sender back, not the proxy its bytes', async () => {
  const total = 8 << 20;
  let got = 0;
  let slow: Conn | undefined;
  const p = proxied({
    open: (c) => void (slow = c),
    data(c, chunk) {
      got += chunk.length;
      if (got < 1 << 16) c.pause(); // and reads nothing more until it is told to
    },
  });
  const c = await p.open();
  const written = c.write(Buffer.alloc(total, 'x'));
  await p.w.run(20_000);
  const { memory } = p.m.metrics();
  expect(got).toBeLessThan(1 << 17);
  expect(Number(memory.unread) + Number(memory.unsent)).toBeLessThan(1 << 20);
  got = 1 << 17;
  slow!.resume();
  await p.w.settle(written);
  c.closeWrite();
  await p.w.run(20_000);
  expect(p.ends.map(({ forth }) => forth)).toEqual([total]);
  await p.w.close();
});

test.each(['client', 'server'] as const)('pipe: a reset by the %s reaches the other end as one', async (who) => {
  let lost: Error | null | undefined;
  let theirs: Conn | undefined;
  const p = proxied({ open: (c) => void (theirs = c), close: (_c, error) => void (lost = error) });
  const c = await p.open();
  await p.w.run(100);
  const failed = c.closed().catch((error: Error) => error);
  if (who === 'client') c.abort();
  else theirs!.abort();
  await p.w.run(1000);
  const seen = who === 'client' ? lost : await p.w.settle(failed);
  expect(seen).toMatchObject({ code: 'ECONNRESET' });
  expect(p.ends).toMatchObject([{ error: { code: 'ECONNRESET' } }]);
  expect(p.m.metrics()).toMatchObject({ connections: 0 });
  await p.w.close();
});
