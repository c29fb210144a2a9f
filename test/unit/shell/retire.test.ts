// keepObjects false: what keeps the object of a connection beyond the call of a handler, and what does not.
import { afterEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { Handlers } from '../../../src/shell/handlers.ts';
import { World } from '../../../src/sim.ts';

let w: World;
afterEach(() => w.close());

/** A connection whose handlers are told of three texts, the first of which makes them do something. */
async function told(first: (conn: Conn) => unknown, options: object = {}, more: Handlers = {}) {
  w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  const seen: Conn[] = [];
  const handlers: Handlers = {
    ...more,
    data(conn, text) {
      seen.push(conn);
      if (String(text) === '1') first(conn);
    },
  };
  b.serve(80, handlers, { keepObjects: false, ...options });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80, receiveBuffer: 4096 }));
  for (const text of ['1', '2', '3']) {
    await w.settle(conn.write(text));
    await w.run(50);
  }
  return { seen, objects: new Set(seen).size, conn };
}

const KIB = 1024;

test.each<[string, (conn: Conn) => unknown, object?]>([
  ['nothing at all', () => {}],
  ['what was written and taken', (conn) => conn.write('a')],
  ['a pause that is over', (conn) => [conn.pause(), conn.resume()]],
  ['a setting of the row', (conn) => conn.setNoDelay(true)],
  ['the limit that its listener has', () => {}, { maxBuffered: 64 * KIB }],
  ['that limit, set once more', (conn) => conn.setMaxBuffered(64 * KIB), { maxBuffered: 64 * KIB }],
])('made anew: %s', async (_what, first, options) => {
  const { seen, objects } = await told(first, options);
  expect([seen.length, objects]).toEqual([3, 3]);
  const [dead] = seen;
  expect([dead!.state, dead!.write('x'), dead!.pendingBytes]).toEqual(['CLOSED', true, 0]);
});

test.each<[string, (conn: Conn) => void, object?]>([
  ['the slot of the application', (conn) => void (conn.data = 1)],
  ['that it need not keep the process alive', (conn) => conn.unref()],
  ['its end', (conn) => conn.end('over')],
  ['bytes that wait for the send buffer', (conn) => conn.write(Buffer.alloc(100 * KIB)), { sendBuffer: 4 * KIB }],
  ['a limit of its own', (conn) => conn.setMaxBuffered(8 * KIB), { maxBuffered: 64 * KIB }],
  ['how long it lingers', (conn) => conn.setLinger(500)],
  ['no limit', (conn) => conn.setMaxBuffered(Number.POSITIVE_INFINITY), { maxBuffered: 64 * KIB }],
])('kept: %s', async (_what, first, options) => {
  const { seen, objects } = await told(first, options);
  expect([seen.length, objects]).toEqual([3, 1]);
});

test('kept: a pause, and what came since', async () => {
  let paused: Conn | undefined;
  const { seen } = await told((conn) => {
    paused = conn;
    conn.pause();
  });
  expect([seen.length, paused!.heldBytes]).toEqual([1, 2]);
  paused!.resume();
  await w.run(10);
  expect(new Set(seen)).toEqual(new Set([paused]));
});

test('kept: somebody who waits for the peer to acknowledge', async () => {
  const said: string[] = [];
  const { seen } = await told((conn) => {
    conn.write('answer');
    void conn.acknowledged().then(() => said.push('acknowledged'));
  });
  expect([new Set(seen).size, said]).toEqual([1, ['acknowledged']]);
});

test('kept: handlers of its own', async () => {
  const heard: string[] = [];
  const { seen } = await told((conn) => conn.attach({ data: (_c, text) => void heard.push(String(text)) }));
  expect([seen.length, heard]).toEqual([1, ['2', '3']]);
});

test('kept: an octet out of band that nobody took', async () => {
  w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  const octets: (number | undefined)[] = [];
  b.serve(80, { data: (c) => void octets.push(c.takeOutOfBand()) }, { keepObjects: false, urgent: 'out-of-band' });
  const conn: Connection = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  conn.sendUrgent(Buffer.from('!'));
  await w.run(50);
  await w.settle(conn.write('text'));
  await w.run(50);
  expect(octets).toEqual(['!'.charCodeAt(0)]);
});

test('a limit of its own holds in the next call', async () => {
  const codes: unknown[] = [];
  await told(
    (conn) => {
      conn.setMaxBuffered(8 * KIB);
      queueMicrotask(() => {
        try {
          conn.write(Buffer.alloc(9 * KIB));
        } catch (error) {
          codes.push((error as { code?: string }).code);
        }
      });
    },
    { maxBuffered: 64 * KIB },
  );
  expect(codes).toEqual(['ERR_USERTCP_MAX_BUFFERED']);
});
