// What metrics() says of bytes that a connection of the promise level has taken before anybody asked for them.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const SENT = 200_000;
let w: World;
let a: Stack;
let b: Stack;
let conn: Connection;
let peer: Conn;
beforeEach(async () => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
  const accepted = new Promise<Conn>((resolve) => b.serve(80, { open: resolve, end: () => {} }));
  conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  peer = await w.settle(accepted);
  peer.write('x');
  await w.settle(conn.read());
  peer.write(Buffer.alloc(SENT));
  await w.run(1000);
});
afterEach(() => w.close());

const unread = (): number => a.metrics().memory.unread;

test('they are unread until they are read', async () => {
  expect(unread()).toBe(SENT);
  const first = (await conn.read())!.length;
  expect(unread()).toBe(SENT - first);
  for (let bytes = first; bytes < SENT; ) bytes += (await conn.read())!.length;
  expect(unread()).toBe(0);
  peer.write('again');
  await w.run(10);
  expect(unread()).toBe(5);
});

test('they are not when bursts() took them, when they were thrown away, or the connection was given to handlers', async () => {
  const { value } = await conn.bursts().next();
  expect([value.length, unread()]).toEqual([SENT, 0]);
  peer.write('more');
  await w.run(10);
  expect(unread()).toBe(4);
  let given = 0;
  conn.leaveTo({ data: (_conn, chunk) => (given += chunk.length) });
  expect([given, unread()]).toEqual([4, 0]);
});

test('thrown away by end(), or left behind by a connection that is over, they are nobody’s of the stack', async () => {
  const ended = conn.end();
  expect(unread()).toBe(0);
  peer.end();
  await w.settle(ended);
  const accepted = new Promise<Conn>((resolve) => b.serve(81, { open: resolve, end: () => {} }));
  const other = await w.settle(a.open({ host: '10.0.0.2', port: 81 }));
  (await w.settle(accepted)).write('text');
  await w.run(10);
  expect(unread()).toBe(4);
  other.abort();
  await w.run(10);
  expect([unread(), String(await other.read())]).toEqual([0, 'text']);
});
