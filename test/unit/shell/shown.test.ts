// console.log of what users hold: short, of use to who debugs, before and after the end.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Burst, Conn, SynInfo } from '../../../src/index.ts';
import { connection, use } from '../../../src/net.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host(['10.0.0.1/24', 'fd00::1/64']);
  b = w.host(['10.0.0.2/24', 'fd00::2/64']);
});
afterEach(() => w.close());
const to = { host: '10.0.0.2', port: 80 };
/** On one line. */
const show = (object: unknown): string => inspect(object, { breakLength: Infinity, compact: true });

test('the syn hook: the whole SYN, and what the listener has to do already', async () => {
  const seen: string[] = [];
  let kept: SynInfo | undefined;
  b.serve(80, {
    syn: (info) => {
      kept = info;
      seen.push(show(info));
      return 'accept';
    },
  });
  await w.settle(a.open({ ...to, localPort: 4000 }));
  expect(seen).toEqual([
    "SynInfo { remote: '10.0.0.1:4000', local: '10.0.0.2:80', ttl: 64, typeOfService: 0, window: 65535, length: 0, mss: 1460, " +
      'windowScale: 7, sack: true, timestamps: true, halfOpen: 0, unaccepted: 0, backlog: 511, connections: 0 }',
  ]);
  expect(show(kept)).toContain('SynInfo {'); // what it says then is nobody's
});

test('a connection of each level: alive, over, and over before anybody asked', async () => {
  let theirs: Conn | undefined;
  b.serve(80, { open: (conn) => void (theirs = conn), end: () => {} });
  const conn = await w.settle(a.open({ ...to, localPort: 4000 }));
  await w.settle(conn.writeAcked('hello'));
  const ends = "local: '10.0.0.1:4000', remote: '10.0.0.2:80'";
  expect(show(conn)).toBe(`Connection { state: 'ESTABLISHED', ${ends}, bytesIn: 0, bytesOut: 5, unsent: 0 }`);
  expect(show({ some: { depth: conn } })).toBe(`{ some: { depth: ${show(conn)} } }`);
  expect(show({ at: { some: { depth: conn } } })).toBe('{ at: { some: { depth: [Connection] } } }');
  conn.abort();
  await w.run(10);
  expect(show(conn)).toBe(`Connection { state: 'CLOSED', ${ends}, unsent: 0 }`);
  expect(show(theirs)).toBe("Conn { state: 'CLOSED', unsent: 0 }");
});

test('of IPv6', async () => {
  b.serve(80, {});
  const conn = a.dial({ host: 'fd00::2', port: 80, localPort: 4001 }, {});
  expect(show(conn)).toContain("Conn { state: 'SYN_SENT', local: '[fd00::1]:4001', remote: '[fd00::2]:80'");
});

test('sockets and servers', async () => {
  const server = b.createServer((socket) => socket.end('bye'));
  expect(show(server)).toBe('Server { listening: false, connections: 0 }');
  server.listen(80, '10.0.0.2');
  const socket = a.connect({ ...to, localPort: 4000 });
  const ends = "local: '10.0.0.1:4000', remote: '10.0.0.2:80'";
  expect(show(socket)).toBe(
    `Socket { readyState: 'opening', state: 'SYN_SENT', ${ends}, bytesRead: 0, bytesWritten: 0 }`,
  );
  await w.run(10);
  expect(show(server)).toBe("Server { listening: '10.0.0.2:80', connections: 1 }");
  await w.settle(once(socket.resume(), 'close'));
  expect(show(socket)).toMatch(/^Socket \{ readyState: 'closed', state: '\w+', .* bytesRead: 3, bytesWritten: 0 \}$/);
  expect(show(a.connect({ host: 'name.test', port: 1 }).destroy())).toContain(
    "Socket { readyState: 'closed', state: 'CLOSED'",
  );
});

test('what listens, and the stack', async () => {
  const all = [b.serve(80, {}), b.listen(81, { host: 'fd00::2' }), b.udp.bind({ port: 82 })];
  expect(all.map(show)).toEqual([
    "Service { listening: '[::]:80' }",
    "Listener { listening: '[fd00::2]:81', waiting: 0 }",
    "UdpSocket { bound: '[::]:82' }",
  ]);
  expect(show(b)).toBe(
    "Stack { addresses: [ '10.0.0.2', 'fd00::2' ], connections: 0, listeners: 2, warnings: [], closed: false }",
  );
  for (const each of all) each.close();
  expect(all.map(show).join()).toBe(
    'Service { listening: false },Listener { listening: false, waiting: 0 },UdpSocket { bound: false }',
  );
  await b.close();
  expect(show(b)).toContain('closed: true');
});

test('a burst, while it is lent and when it is over', async () => {
  b.serve(80, { open: (conn) => void conn.write('hello'), end: () => {} });
  const conn = await w.settle(a.open(to));
  const seen: string[] = [];
  let kept: Burst | undefined;
  const reading = (async () => {
    for await (const burst of conn.bursts()) {
      kept = burst;
      seen.push(show(burst));
      return;
    }
  })();
  await w.settle(reading);
  await w.run(10);
  expect(seen).toEqual([expect.stringMatching(/^Burst \{ length: 5, pieces: 1, lent: \w+, over: false \}$/)]);
  expect(show(kept)).toMatch(/^Burst \{ length: 5, pieces: 1, lent: /);
});

test('nothing of what they are made of: no core, no secrets, on no level, not below a net.Socket either', async () => {
  const net = use(b);
  const accepted = new Promise<Socket>((resolve) => net.createServer(resolve).listen(80, '10.0.0.2'));
  await w.run(1);
  const conn = await w.settle(a.open(to));
  const socket = (await w.settle(accepted)).on('error', () => {});
  const ours = connection(socket);
  const all = { a, b, conn, under: conn.conn, ours, list: a.connections(), metrics: a.metrics(), info: conn.info() };
  const deep = inspect({ ...all, socket }, { depth: 12, maxArrayLength: null });
  for (const word of ['StackCore', 'Engine', 'secret', 'rng', 'Int32Array']) expect(deep).not.toContain(word);
  expect(inspect(conn.conn).length).toBeLessThan(300);
});
