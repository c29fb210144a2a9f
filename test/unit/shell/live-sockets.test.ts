// Sockets as connections: changes of state told, any option at any time, urgent data.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ServerOptions } from '../../../src/shell/server.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { Witness } from '../../../src/shell/witness.ts';
import { World } from '../../../src/sim.ts';

const to = { host: '10.0.0.2', port: 80 };
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

/** A socket of `a`, and its other end. */
async function pair(options: ServerOptions = {}): Promise<[Socket, Socket]> {
  const accepted = new Promise<Socket>((resolve) => b.createServer(options, resolve).listen(80));
  const socket = a.connect(to);
  const theirs = await w.settle(accepted);
  await w.run(10);
  return [socket, theirs];
}

const log = (socket: Socket, into: string[] = []): string[] => {
  socket.on('state', (from, to) => into.push(`${from} ${to}`));
  for (const event of ['connect', 'end', 'close']) socket.on(event, () => into.push(event));
  return into;
};

test('state: both ends of a connection, each change before what it means', async () => {
  let theirs: string[] = [];
  b.createServer((socket) => {
    theirs = log(socket);
    socket.resume();
  }).listen(80);
  const socket = a.connect(to);
  const ours = log(socket);
  await w.run(10);
  socket.resume().end();
  await w.run(100);
  expect(ours).toEqual([
    'SYN_SENT ESTABLISHED',
    'connect',
    'ESTABLISHED FIN_WAIT_1',
    'FIN_WAIT_1 FIN_WAIT_2',
    'FIN_WAIT_2 TIME_WAIT',
    'end',
    'close',
  ]);
  expect(theirs).toEqual(['ESTABLISHED CLOSE_WAIT', 'end', 'close']);
});

test('state: who listens before the name is looked up hears of the first change, too', async () => {
  b.createServer().listen(80);
  const socket = a.connect({
    ...to,
    host: 'b.test',
    lookup: ((_name: string, _options: object, done: (e: null, address: string, family: number) => void) =>
      setImmediate(done, null, to.host, 4)) as never,
  });
  const seen = log(socket);
  await w.run(10);
  expect(seen).toEqual(['CLOSED SYN_SENT', 'SYN_SENT ESTABLISHED', 'connect']);
  socket.destroy();
});

test.each(['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const)(
  'state: %s() is listening, and while nobody does nothing is told',
  async (how) => {
    const asked = vi.spyOn(Witness.prototype, 'wantStates');
    const [socket] = await pair();
    expect(asked).not.toHaveBeenCalled();
    const seen: unknown[] = [];
    socket[how]('state', (from: string, to: string) => void seen.push(from, to));
    socket.end();
    await w.run(1);
    expect(seen.slice(0, 2)).toEqual(['ESTABLISHED', 'FIN_WAIT_1']);
    socket.destroy().on('state', () => {}); // over: nothing happens
    asked.mockRestore();
  },
);

const live = {
  noDelay: true,
  cork: true,
  keepAlive: { idle: 5000 },
  userTimeout: 7000,
  typeOfService: 0x20,
  ttl: 9,
  congestion: 'newreno',
  pacingRate: 160_000,
  receiveBuffer: 100_000,
  sendBuffer: 50_000,
};
const { cork, ...rest } = live;
const shown = { ...rest, corked: cork, keepAlive: true };

test('set: before there is a connection, while it opens, afterwards, and of an accepted one', async () => {
  b.createServer((socket) => void socket.set(live).on('data', () => (accepted = socket))).listen(80);
  let accepted: Socket | undefined;
  const lookup = (_name: string, _options: object, done: (e: null, address: string, family: number) => void) =>
    setImmediate(done, null, to.host, 4);
  const early = a.connect({ ...to, host: 'b.test', lookup: lookup as never });
  expect([early.info(), early.set(live)]).toEqual([null, early]);
  const opening = a.connect(to).set(live);
  const late = a.connect(to);
  await w.run(10);
  late.set(live).set({ maxSegment: 1000 });
  for (const socket of [early, opening, late]) expect(socket.info()).toMatchObject(shown);
  expect(late.info()!.mss).toBe(988); // less the timestamps
  late.set({ cork: false }).write('x');
  await w.run(10);
  expect(accepted!.info()).toMatchObject(shown);
  for (const socket of [early, opening, late, accepted!]) socket.destroy().set(live);
});

test('set: what is wrong is refused by name at the call, and nothing is set', async () => {
  const [socket] = await pair();
  expect(() => socket.set({ typeOfService: 0x10, ttl: 300 })).toThrow(/^option ttl: 300 is not valid; it must be/);
  expect(() => socket.set({ nodelay: true } as object)).toThrow(/Did you mean "noDelay"\?/);
  expect(socket.info()!.typeOfService).toBe(0);
  const opening = a.connect(to);
  expect(() => opening.set({ pacingRate: -1 })).toThrow(/pacingRate/);
  expect(() => opening.set({ maxSegment: 600 })).toThrow(/Set it once the connection is open/);
  for (const each of [socket, opening]) each.destroy();
});

test('set: cork outlives a writev, and false lets go', async () => {
  const [socket, theirs] = await pair();
  let got = '';
  theirs.on('data', (chunk: Buffer) => void (got += chunk));
  socket.set({ cork: true });
  socket.cork();
  socket.write('a');
  socket.write('b');
  socket.uncork();
  await w.run(50);
  expect(got).toBe('');
  socket.set({ cork: false });
  await w.run(50);
  expect(got).toBe('ab');
});

test('set: maxBuffered of a live socket is lowered, raised and lifted', async () => {
  const [socket, theirs] = await pair({ maxBuffered: 1_000_000 });
  theirs.set({ sendBuffer: 4096, maxBuffered: 20_000_000 });
  theirs.write(Buffer.alloc(10_000_000));
  expect(theirs.destroyed).toBe(false);
  socket.set({ maxBuffered: 100 });
  const failed = new Promise<Error>((resolve) => socket.on('error', resolve));
  socket.write(Buffer.alloc(101));
  expect(await w.settle(failed)).toMatchObject({ code: 'ERR_USERTCP_MAX_BUFFERED' });
  theirs.on('error', () => {});
});

test('set: linger is how destroy() ends a talk, and nothing to one that is over', async () => {
  const [socket, theirs] = await pair();
  const lost = new Promise<Error>((resolve) => theirs.on('error', resolve));
  socket.set({ linger: 0 }).destroy();
  expect(await w.settle(lost)).toMatchObject({ code: 'ECONNRESET' });
  const accepted = new Promise<Socket>((resolve) => b.createServer(resolve).listen(81));
  const last = a
    .connect({ ...to, port: 81 })
    .set({ linger: 0 })
    .resume();
  const peer = await w.settle(accepted);
  const events: string[] = [];
  for (const event of ['end', 'error', 'close']) peer.on(event, () => events.push(event));
  peer.resume().end('bye');
  await w.run(100);
  expect([events, last.destroyed, a.metrics().connections]).toEqual([['end', 'close'], true, 0]);
});

test('sendUrgent: the octet is told apart or in the text, and counts as written', async () => {
  const [socket, theirs] = await pair({ urgent: 'out-of-band' });
  const seen: string[] = [];
  theirs.on('data', (chunk: Buffer) => void seen.push(`data ${chunk}`));
  theirs.on('outOfBand', (octet) => void seen.push(`octet ${String.fromCharCode(octet)}`));
  socket.write('1');
  expect([socket.sendUrgent(Buffer.from('ab!')), socket.bytesWritten]).toEqual([3, 4]);
  await w.run(100);
  expect(seen).toEqual(['data 1ab', 'octet !']);
  theirs.set({ urgent: 'inline' });
  socket.sendUrgent(Buffer.from('?'));
  await w.run(100);
  expect(seen.splice(2)).toEqual(['data ?']);
  theirs.set({ urgent: 'out-of-band' }).removeAllListeners('outOfBand');
  socket.sendUrgent(Buffer.from('#'));
  await w.run(100);
  expect([theirs.takeOutOfBand(), theirs.takeOutOfBand()]).toEqual(['#'.charCodeAt(0), undefined]);
});

test('sendUrgent: not before what was written; drain says when', async () => {
  const [socket, theirs] = await pair({ urgent: 'out-of-band' });
  let text = 0;
  let octetAfter: number | undefined;
  let drains = 0;
  theirs.pause();
  theirs.on('outOfBand', () => (octetAfter = text));
  socket.on('drain', () => {
    drains++;
    expect(socket.sendUrgent(Buffer.from('!'))).toBe(1);
  });
  socket.set({ sendBuffer: 4096 });
  socket.write(Buffer.alloc(9_000));
  expect(socket.sendUrgent(Buffer.from('!'))).toBe(0);
  theirs.on('data', (chunk: Buffer) => void (text += chunk.length)).resume();
  await w.run(1000);
  expect([drains, text, octetAfter]).toEqual([1, 9_000, 9_000]);
  expect(() => socket.end().sendUrgent(Buffer.from('!'))).toThrow(/write after end/);
  expect(() => socket.sendUrgent('!' as never)).toThrow(/bytes/);
});

test('sendUrgent: what does not fit is for after drain; none while it connects, none when it is destroyed', async () => {
  b.createServer((socket) => socket.resume()).listen(80);
  const socket = a.connect(to);
  expect(socket.sendUrgent(Buffer.from('!'))).toBe(0);
  const drained = () => w.settle(new Promise<void>((resolve) => socket.once('drain', resolve)));
  await drained();
  expect(socket.readyState).toBe('open');
  socket.set({ sendBuffer: 4096 });
  expect(socket.sendUrgent(Buffer.alloc(10_000))).toBeLessThan(10_000);
  await drained();
  expect(socket.sendUrgent(Buffer.from('!'))).toBe(1);
  expect(socket.destroy().sendUrgent(Buffer.from('!'))).toBe(0);
});
