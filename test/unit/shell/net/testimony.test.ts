// Errors of usertcp/net sockets say what happened on the wire, and look like node:net's to who does not ask.
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createStack, type SystemError } from '../../../../src/index.ts';
import { connection, use } from '../../../../src/net.ts';
import { testify } from '../../../../src/shell/net/testimony.ts';
import { World } from '../../../../src/sim.ts';

function pair() {
  const world = new World({ seed: 1, impair: { delay: 5_000 } });
  const [here, there] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
  return { world, here, a: use(here), b: use(there) };
}
const failure = async (from: NodeJS.EventEmitter): Promise<SystemError> =>
  ((await once(from, 'error')) as [SystemError])[0];
const TO = { host: '10.0.0.2', port: 80 };

test('nobody listens: a RST that acknowledged the SYN', async () => {
  const { world, a } = pair();
  const error = await world.settle(failure(a.connect(TO)));
  expect(error.message).toBe('connect ECONNREFUSED 10.0.0.2:80');
  expect(error.wire).toMatchObject({ state: 'SYN_SENT', cause: 'reset', segment: { flags: 'RST ACK' } });
  expect(error.state).toBe('SYN_SENT');
  expect(Object.keys(error).sort()).toEqual(['address', 'code', 'errno', 'port', 'syscall']);
  expect(inspect(error)).not.toContain('wire');
});

test('a reset of an open connection, as its reader and as its writer hear of it', async () => {
  for (const writes of [false, true]) {
    const { world, a, b } = pair();
    const server = b.createServer({ pauseOnConnect: true }).listen(80);
    const socket = a.connect(TO);
    const [theirs] = (await world.settle(once(server, 'connection'))) as [net.Socket];
    if (writes) socket.pause().write(Buffer.alloc(8_000_000));
    else socket.resume();
    await world.run(50);
    theirs.resetAndDestroy();
    const error = await world.settle(failure(socket));
    expect(error).toMatchObject({ code: 'ECONNRESET', syscall: writes ? 'write' : 'read' });
    expect(error.wire).toMatchObject({ state: 'ESTABLISHED', cause: 'reset' });
  }
});

test('a host that is not there, and one that goes away: who waited for what, and the rule', async () => {
  const { world, here, a, b } = pair();
  const nobody = await world.settle(failure(a.connect({ host: '10.0.0.9', port: 80 })));
  expect(nobody).toMatchObject({ code: 'EHOSTUNREACH' });
  expect(nobody.wire).toMatchObject({ cause: 'no-neighbour', why: expect.stringContaining('RFC') });
  b.createServer().listen(80);
  const socket = a.connect(TO);
  await world.settle(once(socket, 'connect'));
  connection(socket)!.setUserTimeout(3_000);
  world.impair(here, { blackhole: true });
  socket.write('lost');
  const late = await world.settle(failure(socket));
  expect(late.code).toBe('ETIMEDOUT');
  expect(late.wire).toMatchObject({ state: 'ESTABLISHED', cause: 'user-timeout' });
  expect(late.wire!.retransmissions).toBeGreaterThan(0);
});

test('whoever connects to every address, or to a mapped one, has it too', async () => {
  const stack = await createStack();
  for (const host of ['0.0.0.0', '::', '::ffff:127.0.0.1']) {
    const error = await failure(use(stack).connect({ host, port: 9 }));
    expect([error.message, error.wire?.cause]).toEqual([`connect ECONNREFUSED ${host}:9`, 'reset']);
  }
  await stack.close();
});

test('each attempt of a name has its own', async () => {
  const { world, a } = pair();
  const lookup = ((_host: string, _options: object, done: (error: null, all: object[]) => void) =>
    done(
      null,
      ['10.0.0.2', '10.0.0.9'].map((address) => ({ address, family: 4 })),
    )) as unknown as net.LookupFunction;
  const error = (await world.settle(
    failure(a.connect({ host: 'b.test', port: 80, lookup, autoSelectFamily: true })),
  )) as unknown as AggregateError;
  const causes = error.errors.map(({ address, wire }: SystemError) => [address, wire?.cause]);
  expect(causes).toEqual([
    ['10.0.0.2', 'reset'],
    ['10.0.0.9', 'no-neighbour'],
  ]);
});

test('http and TLS hand the same error on', async () => {
  const { world, a, b } = pair();
  const server = b.createServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 1)).listen(80);
  const request = http.get({ path: '/', createConnection: () => a.connect(TO) });
  const hung = await world.settle(failure(request));
  expect([hung.code, hung.wire?.cause]).toEqual(['ECONNRESET', 'reset']);
  const ca = readFileSync(new URL('../../api/tls/cert.pem', import.meta.url));
  const secure = tls.connect({ socket: a.connect(TO), ca });
  const broken = await world.settle(failure(secure));
  expect([broken.code, broken.wire?.cause]).toEqual(['ECONNRESET', 'reset']);
  server.close();
});

test('an error of the user’s own gets through as it is, whatever it is', () => {
  const failure = Object.assign(new Error('reset'), { errno: -104, syscall: 'read' }) as SystemError;
  const fields = { errno: -104, syscall: 'read' };
  const errors = { name: ['is missing'] };
  const own = [undefined, null, 'text', { errors }, { errors: [undefined] }, Object.freeze({ ...fields })];
  for (const error of own) {
    const socket = new EventEmitter();
    const told: unknown[] = [];
    socket.on('error', (got) => told.push(got));
    testify(socket, failure);
    socket.emit('error', error);
    expect(told).toEqual([error]);
  }
});
