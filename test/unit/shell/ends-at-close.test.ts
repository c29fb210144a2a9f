// Who it was can be asked in `close` for the first time, however the connection ended.
import { expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { ListenOptions } from '../../../src/shell/service.ts';
import { World } from '../../../src/sim.ts';

/** What `close` of a server learns of both ends, and what is left of them afterwards. */
async function ended(how: (peer: Conn, w: World) => void, handlers: object, options: ListenOptions) {
  const w = new World({ impair: { delay: 1000 } });
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  const told: unknown[] = [];
  let dead: Conn | undefined;
  let paused: Conn | undefined;
  b.serve(
    80,
    {
      ...handlers,
      data(conn) {
        if (paused === undefined) conn.pause();
        paused = conn;
      },
      close(conn) {
        told.push(`${conn.remoteAddress}:${conn.remotePort}`, conn.localEnd, conn.state);
        dead = conn;
      },
    },
    options,
  );
  const peer = a.dial({ host: '10.0.0.2', port: 80, localPort: 4000 }, { end: () => {} });
  await w.run(100);
  how(peer, w);
  await w.run(1000);
  paused?.resume();
  await w.run(10_000);
  const end = { address: '10.0.0.2', family: 'IPv4', port: 80 };
  expect(told).toEqual(['10.0.0.1:4000', end, 'CLOSED']);
  expect([dead?.remotePort, dead?.localPort, dead?.row]).toEqual([4000, 80, -1]);
  await w.close();
}

const reset = (peer: Conn): void => peer.abort();
const finish = (peer: Conn): void => peer.end();
const textAndReset = (peer: Conn, w: World): void => {
  for (const ms of [0, 100]) w.clock.schedule(w.clock.now() + ms * 1000, () => peer.write('text'));
  w.clock.schedule(w.clock.now() + 200_000, () => peer.abort());
};

test.each<[string, (peer: Conn, w: World) => void, object, ListenOptions]>([
  ['a reset', reset, {}, {}],
  ['a reset of one that was seen', reset, { open() {} }, {}],
  ['a reset, no object kept', reset, { open() {} }, { keepObjects: false }],
  ['both FINs, the peer first', finish, {}, {}],
  ['both FINs, ours first', finish, { open: (conn: Conn) => conn.end(), end() {} }, {}],
  ['an abort of ours', () => {}, { open: (conn: Conn) => conn.abort() }, {}],
  ['close() of ours', finish, { open: (conn: Conn) => conn.close() }, {}],
  ['a reset that a paused reader hears of later', textAndReset, {}, {}],
])('%s', (_what, how, handlers, options) => ended(how, handlers, options));
