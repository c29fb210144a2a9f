// What is under way when a stack closes, and what begins afterwards: everything is answered, and nothing is left open.
import type { lookup } from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stack } from '../../../src/index.ts';
import { use } from '../../../src/net.ts';
import { World } from '../../../src/sim.ts';

let world: World;
let a: Stack;
beforeEach(() => {
  world = new World();
  a = world.host('10.0.0.1/24', { dns: ['10.0.0.9'] });
  world.host('10.0.0.2/24').serve(80, {});
});
afterEach(() => world.close());

/** A lookup, and what answers it. */
function late(): { lookup: typeof lookup; answer: () => void } {
  const answers: (() => void)[] = [];
  const ask = (_host: string, { all }: { all?: boolean }, done: (...found: unknown[]) => void): void => {
    const found = { address: '10.0.0.2', family: 4 };
    answers.push(() => (all ? done(null, [found]) : done(null, found.address, found.family)));
  };
  return { lookup: ask as unknown as typeof lookup, answer: () => answers.forEach((each) => void each()) };
}
const CLOSED = { code: 'ERR_USERTCP_CLOSED' };

describe('a stack that closes', () => {
  test('open() and connect() that look a name up hear of it at once, and the late answer opens nothing', async () => {
    const { lookup, answer } = late();
    const opened = a.open({ host: 'b.test', port: 80, lookup }).catch((error: unknown) => error);
    const socket = a.connect({ host: 'b.test', port: 80, lookup });
    const heard: unknown[] = [];
    for (const event of ['lookup', 'connect', 'close']) socket.on(event, () => heard.push(event));
    socket.on('error', (error) => heard.push(error));
    const closed = a.close();
    expect(await opened).toMatchObject(CLOSED);
    await world.settle(closed);
    expect(heard).toEqual([expect.objectContaining(CLOSED), 'close']);
    answer();
    await world.run(1000);
    expect([a.metrics().connections, heard.length]).toEqual([0, 2]);
  });

  test('open() between two attempts makes no further one', async () => {
    const found = [10, 11, 12].map((n) => ({ address: `10.0.0.${n}`, family: 4 }));
    const opened = a
      .open({
        host: 'b.test',
        port: 80,
        lookup: ((_: string, __: object, done: (e: null, f: object[]) => void) =>
          done(null, found)) as unknown as typeof lookup,
      })
      .catch((error: unknown) => error);
    await world.run(10);
    const closed = a.close();
    expect(await opened).toMatchObject(CLOSED);
    await world.settle(closed);
    await world.run(1000);
    expect(a.metrics().connections).toBe(0);
  });

  test('resolve() rejects with ECANCELLED and asks nobody any more; so does an open() that waits for it', async () => {
    const resolved = a.resolve('b.test').catch((error: unknown) => error);
    const opened = a.open({ host: 'b.test', port: 80 }).catch((error: unknown) => error);
    await world.run(10);
    const closed = a.close();
    expect(await resolved).toMatchObject({ code: 'ECANCELLED', hostname: 'b.test' });
    expect(await opened).toMatchObject(CLOSED);
    await world.settle(closed);
    const { outDatagrams } = a.metrics().udp;
    await world.run(20_000);
    expect(a.metrics().udp.outDatagrams).toBe(outDatagrams);
  });
});

describe('a stack that is closed', () => {
  const failure = async (emitter: NodeJS.EventEmitter): Promise<unknown> => (await once(emitter, 'error'))[0];

  test("usertcp/net: connect, listen and http fail by an 'error' event that says why", async () => {
    const { connect, createServer } = use(a);
    await world.settle(a.close());
    const socket = connect({ host: '10.0.0.2', port: 80 });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const why = {
      code: 'ENETDOWN',
      message: expect.stringMatching(/^connect ENETDOWN 10\.0\.0\.2:80.*the stack is closed/),
    };
    expect(await failure(socket)).toMatchObject(why);
    await ended;
    expect(await failure(http.get({ createConnection: () => connect(80, '10.0.0.2') }))).toMatchObject(why);
    expect(await failure(createServer().listen(80))).toMatchObject({ code: 'ENETDOWN', syscall: 'listen' });
  });

  test('a server of ours that was made before cannot listen', async () => {
    const server = a.createServer();
    await world.settle(a.close());
    expect(await failure(server.listen(80))).toMatchObject({ code: 'ENETDOWN', syscall: 'listen' });
    expect(a.metrics().listeners).toBe(0);
  });
});
