import { expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import { CLOSED, END_TOLD } from '../../../src/shell/conn-flags.ts';
import type { Connection } from '../../../src/shell/connection.ts';
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

test('pipe: who still waits on a connection that was given away is told', async () => {
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  const heard = ['', ''];
  const theirs: Conn[] = [];
  const end = (n: 0 | 1): Handlers => ({
    open: (c) => void theirs.push(c),
    data: (_c, chunk) => void (heard[n] = heard[n]! + chunk),
    end: (c) => c.end(),
  });
  b.serve(80, end(0), { receiveBuffer: 4096 });
  b.serve(81, end(1));
  const one = await w.settle(m.open({ host: '10.0.0.3', port: 80, sendBuffer: 4096 }));
  const two = await w.settle(m.open({ host: '10.0.0.3', port: 81 }));
  await w.run(10);
  const read = one.read().catch((error: { code?: string }) => error.code);
  const written = one.write('x'.repeat(50_000));
  const closed = one.closed();
  const piped = pipe(one, two);
  const code = 'ERR_USERTCP_TAKEN_OVER';
  expect(await w.settle(read)).toBe(code);
  await w.settle(written);
  await expect(one.read()).rejects.toMatchObject({ code, message: 'the connection was given to pipe()' });
  await expect(one.write('y')).rejects.toMatchObject({ code });
  await expect(one.end()).rejects.toMatchObject({ code });
  expect(() => one.closeWrite()).toThrow(expect.objectContaining({ code }));
  await expect(pipe(one, two)).rejects.toMatchObject({ code });
  await one[Symbol.asyncDispose](); // is not ours to let go
  theirs[1]!.write('z');
  await w.run(5000);
  expect(heard[0]).toBe(`${'x'.repeat(50_000)}z`); // what write() took goes first
  theirs[0]!.end();
  expect(await w.settle(piped)).toEqual({ forth: 0, back: 1, error: null });
  await w.settle(closed);
  await w.close();
});

test.each(['first', 'second'] as const)('pipe: the %s is taken already: the other one is left alone', async (which) => {
  const heard = ['', '', ''];
  const theirs: Conn[] = [];
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  const open = async (n: number): Promise<Connection> => {
    b.serve(80 + n, { open: (c) => void (theirs[n] = c), data: (_c, chunk) => void (heard[n] += String(chunk)) });
    return w.settle(m.open({ host: '10.0.0.3', port: 80 + n }));
  };
  const [one, two, three] = [await open(0), await open(1), await open(2)];
  await w.run(10);
  const piped = pipe(one, two);
  const code = 'ERR_USERTCP_TAKEN_OVER';
  await expect(which === 'first' ? pipe(one, three) : pipe(three, two)).rejects.toMatchObject({ code });
  theirs[0]!.write('of the first');
  theirs[2]!.write('of the third');
  await w.run(10);
  expect(heard).toEqual(['', 'of the first', '']);
  expect(String(await w.settle(three.read()))).toBe('of the third');
  await w.settle(three.write('and back'));
  await w.run(10);
  for (const end of theirs) end.abort();
  expect(await w.settle(piped)).toMatchObject({ forth: 12, back: 0 });
  expect(heard).toEqual(['', 'of the first', 'and back']);
  await w.close();
});

test('pipe: closed() of a connection that was given away tells what broke it', async () => {
  let theirs: Conn | undefined;
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  b.serve(80, { open: (c) => void (theirs ??= c) });
  const one = await w.settle(m.open({ host: '10.0.0.3', port: 80 }));
  const two = await w.settle(m.open({ host: '10.0.0.3', port: 80 }));
  await w.run(10);
  const piped = pipe(one, two);
  const closed = one.closed().catch((error: { code?: string }) => error.code);
  theirs!.abort();
  expect(await w.settle(closed)).toBe('ECONNRESET');
  expect(await w.settle(piped)).toMatchObject({ error: { code: 'ECONNRESET' } });
  await w.close();
});

test.each(['before', 'after'] as const)('pipe: text and FIN that came %s it was joined go through', async (when) => {
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  const said: string[] = [];
  const say = (c: Conn): void => c.end('said early');
  const mine: { first?: Conn } = {};
  b.serve(80, { open: when === 'before' ? say : (c) => void (mine.first = c), end: () => {} });
  b.serve(81, { data: (_c, chunk) => void said.push(String(chunk)), end: (c) => c.end(void said.push('FIN')) });
  const one = await w.settle(m.open({ host: '10.0.0.3', port: 80 }));
  const two = await w.settle(m.open({ host: '10.0.0.3', port: 81 }));
  await w.run(100);
  const piped = pipe(one, two);
  if (when === 'after') say(mine.first!);
  expect(await w.settle(piped)).toEqual({ forth: 10, back: 0, error: null });
  expect(said).toEqual(['said early', 'FIN']);
  await w.close();
});

test('pipe: a connection of the serve level whose end was told already, and one that is over', async () => {
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  const conns: Conn[] = [];
  m.serve(80, { open: (c) => void conns.push(c), end: () => {} });
  const said: string[] = [];
  b.serve(81, { open: (c) => c.end('last words'), end: () => void said.push('FIN') });
  const ours = await w.settle(b.open({ host: '10.0.0.2', port: 80 }));
  ours.closeWrite();
  await w.run(100);
  expect(conns[0]!.has(END_TOLD)).toBe(true);
  const out = await w.settle(m.open({ host: '10.0.0.3', port: 81 }));
  const piped = pipe(conns[0]!, out);
  expect(String(await w.settle(ours.read()))).toBe('last words');
  expect(await w.settle(piped)).toEqual({ forth: 0, back: 10, error: null });
  expect(said).toEqual(['FIN']);
  // One that is over: FIN goes through, and what the other says is lost, which it is told.
  const other = await w.settle(m.open({ host: '10.0.0.3', port: 81 }));
  expect(conns[0]!.has(CLOSED)).toBe(true);
  expect(await w.settle(pipe(conns[0]!, other))).toMatchObject({ forth: 0, back: 0, error: { code: 'EPIPE' } });
  expect(m.metrics()).toMatchObject({ connections: 0 });
  await w.close();
});

/** Two connections of one stack, and the ends that their peers have. */
async function ends(first = {}, second = {}) {
  const w = new World();
  const [m, b] = [w.host('10.0.0.2/24'), w.host('10.0.0.3/24')];
  const theirs: Conn[] = [];
  const lost: unknown[] = [];
  b.serve(80, {
    open: (c) => void theirs.push(c),
    end() {},
    close: (_c, error) => void lost.push((error as NodeJS.ErrnoException | null)?.code),
  });
  const one = await w.settle(m.open({ host: '10.0.0.3', port: 80, ...first }));
  const two = await w.settle(m.open({ host: '10.0.0.3', port: 80, ...second }));
  await w.run(10);
  return { w, m, one, two, theirs, lost };
}

test('pipe: a write that maxBuffered refuses is its error; both ends are reset, and what was not written is not counted', async () => {
  const { w, m, one, two, theirs, lost } = await ends({}, { maxBuffered: 1000 });
  const piped = pipe(one, two);
  theirs[0]!.write(Buffer.alloc(1000));
  await w.run(10);
  theirs[0]!.write(Buffer.alloc(5000));
  const { forth, back, error } = await w.settle(piped);
  expect([forth, back, error]).toEqual([1000, 0, expect.objectContaining({ code: 'ERR_USERTCP_MAX_BUFFERED' })]);
  await w.run(1000);
  expect(lost).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect(m.metrics()).toMatchObject({ connections: 0, rows: 0 });
  await w.close();
});

test.each(['unread before', 'after'] as const)(
  'pipe: bytes for an end that is closed for writing, %s it was joined',
  async (when) => {
    const { w, m, one, two, theirs, lost } = await ends();
    one.closeWrite();
    if (when !== 'after') {
      theirs[1]!.write('early');
      await w.run(10);
    }
    theirs[0]!.write('a way in');
    await w.run(10);
    const piped = pipe(one, two);
    await w.run(10);
    if (when === 'after') theirs[1]!.write('hello');
    const { forth, back, error } = await w.settle(piped);
    expect([forth, back, error]).toEqual([8, 0, expect.objectContaining({ code: 'ERR_USERTCP_WRITE_AFTER_END' })]);
    await w.run(1000);
    expect(lost).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(m.metrics()).toMatchObject({ connections: 0, rows: 0 });
    await w.close();
  },
);

test('pipe: an end that is closed for writing goes on sending, and the other ends in order', async () => {
  const { w, one, two, theirs } = await ends();
  one.closeWrite();
  const piped = pipe(one, two);
  theirs[0]!.end('all there is');
  await w.run(10);
  theirs[1]!.end();
  expect(await w.settle(piped)).toEqual({ forth: 12, back: 0, error: null });
  await w.close();
});
