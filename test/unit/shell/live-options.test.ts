// Options of a live connection: what each does, and that a wrong value names itself, the range and the fix, and sets nothing.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { LiveOptions } from '../../../src/shell/options/live.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24', { tcp: { ecn: 'on' } });
  b = w.host('10.0.0.2/24', { tcp: { ecn: 'on' } });
});
afterEach(() => w.close());

async function pair(): Promise<[Connection, Conn]> {
  const accepted = new Promise<Conn>((resolve) => b.serve(80, { open: resolve, end: () => {} }));
  return [await w.settle(a.open({ host, port: 80 })), await w.settle(accepted)];
}

test.each([
  [{ ttl: 0 }, /^option ttl: 0 is not valid; it must be an integer from 1 to 255$/],
  [{ pacingRate: -1 }, /pacingRate: -1 .* from 0 to \d+ bytes a second, 0 = no limit/],
  [{ notSentLowWater: 1.5 }, /notSentLowWater: 1.5 .* 0 to 1073741824 bytes/],
  [{ maxSegment: 47 }, /maxSegment: 47 .* 48 to 65495 bytes/],
  [{ userTimeout: 'x' as unknown as number }, /userTimeout: 'x'/],
  [{ noDelay: 1 as unknown as boolean }, /noDelay: 1 .* true or false/],
  [{ keepAlive: { idle: -5 } }, /option keepAlive\.idle: -5/],
  [{ keepAlive: { idel: 5 } as object }, /keepAlive.idel: 5 .* Did you mean "idle"\?/],
  [{ keepAlive: 5 as unknown as boolean }, /keepAlive: 5 .* true, false or \{ idle/],
  [{ congestion: 'cubi' }, /congestion: 'cubi' .* Did you mean "cubic"\?/],
  [{ urgent: 'in-line' as 'inline' }, /urgent: 'in-line' .* Did you mean "inline"\?/],
  [{ linger: -1 }, /linger: -1 .* 0 to 86400000 ms, or null/],
  [{ maxBuffered: 0 }, /maxBuffered: 0/],
  [{ nodelay: true } as LiveOptions, /nodelay: true .* Did you mean "noDelay"\?/],
  [null as unknown as LiveOptions, /options: null .* an object such as/],
])('%j is refused by name, and nothing is set', async (wrong, message) => {
  const [conn] = await pair();
  const before = conn.info()!;
  expect(() => conn.set(wrong === null ? wrong : { typeOfService: 0x10, ...wrong })).toThrow(message);
  expect(conn.info()).toMatchObject({ typeOfService: before.typeOfService, noDelay: before.noDelay });
});

test('what is set is there to be read, on both kinds of handle', async () => {
  const [conn, peer] = await pair();
  const live: LiveOptions = {
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
    maxSegment: 1000,
  };
  const shown = {
    noDelay: true,
    corked: true,
    keepAlive: true,
    userTimeout: 7000,
    typeOfService: 0x20,
    ttl: 9,
    congestion: 'newreno',
    pacingRate: 160_000,
    receiveBuffer: 100_000,
    sendBuffer: 50_000,
    mss: 988, // less the timestamps
  };
  expect(conn.set(live)).toBe(conn);
  expect(peer.set(live)).toBe(peer);
  expect(conn.info()).toMatchObject(shown);
  expect(peer.info()).toMatchObject(shown);
  conn.set({ noDelay: false, cork: false, keepAlive: false, userTimeout: 0, pacingRate: 0 });
  expect(conn.info()).toMatchObject({ noDelay: false, corked: false, keepAlive: false, userTimeout: 0, pacingRate: 0 });
  conn.set({}).set({ ttl: undefined as unknown as number });
  conn.abort();
  await w.run(10);
  conn.set(live); // over: nothing happens
});

test('pacingRate: no more than so many bytes leave in a second, and 0 ends it', async () => {
  const [conn, peer] = await pair();
  let got = 0;
  peer.attach({ data: (_c, chunk) => void (got += chunk.length), end: () => {} });
  conn.set({ pacingRate: 1_000_000 });
  void conn.write(Buffer.alloc(4 << 20)).catch(() => {});
  await w.run(1000);
  expect(got).toBeGreaterThan(800_000);
  expect(got).toBeLessThan(1_050_000);
  conn.set({ pacingRate: 0 });
  await w.run(500);
  expect(got).toBe(4 << 20);
});

test.each(['bbr', 'cubic'])('pacingRate bounds %s, too, whatever it wants later', async (congestion) => {
  const [conn, peer] = await pair();
  let got = 0;
  peer.attach({ data: (_c, chunk) => void (got += chunk.length), end: () => {} });
  conn.set({ congestion, pacingRate: 500_000 });
  void conn.write(Buffer.alloc(4 << 20)).catch(() => {});
  await w.run(2000);
  conn.set({ congestion: 'newreno' });
  await w.run(2000);
  expect(got / 4).toBeGreaterThan(400_000);
  expect(got / 4).toBeLessThan(525_000);
});

test('notSentLowWater: write says enough when so much waits, however large the send buffer is', async () => {
  const [conn, peer] = await pair();
  peer.pause();
  peer.setReceiveBuffer(4096);
  conn.set({ notSentLowWater: 10_000, sendBuffer: 1 << 20 });
  void conn.write(Buffer.alloc(500_000)).catch(() => {});
  await w.run(100);
  const { sndQueued, inFlight } = conn.info()!;
  expect(sndQueued - inFlight).toBeLessThanOrEqual(10_000);
  expect(conn.conn.pendingBytes).toBeGreaterThan(400_000);
  conn.set({ notSentLowWater: 0 });
  await w.run(100);
  expect(conn.conn.pendingBytes).toBe(0);
});

test('what was set stays through a silence of minutes', async () => {
  const [conn] = await pair();
  conn.set({ pacingRate: 1_600_000, notSentLowWater: 5000 });
  await w.run(120_000);
  expect(conn.info()).toMatchObject({ pacingRate: 1_600_000 });
});

test('notSentLowWater alone stays through a silence of minutes, too', async () => {
  const [conn, peer] = await pair();
  peer.pause();
  peer.setReceiveBuffer(4096);
  conn.set({ notSentLowWater: 10_000, sendBuffer: 1 << 20 });
  await w.run(120_000);
  void conn.write(Buffer.alloc(500_000)).catch(() => {});
  await w.run(100);
  expect(conn.conn.pendingBytes).toBeGreaterThan(400_000);
});

test('maxSegment: segments are no longer, it goes down only, and not before ESTABLISHED', async () => {
  const [conn] = await pair();
  expect(conn.set({ maxSegment: 600 }).info()!.mss).toBe(588);
  expect(conn.set({ maxSegment: 1400 }).info()!.mss).toBe(588);
  const opening = a.dial({ host, port: 81 }, {});
  expect(() => opening.set({ maxSegment: 600 })).toThrow(/absent in SYN_SENT. Set it once the connection is open/);
  await w.settle(conn.writeAcked(Buffer.alloc(100_000)));
});

test('ecn: text is marked as ECN-capable where both agreed, and not when it is turned off', async () => {
  const [conn, peer] = await pair();
  expect(conn.info()!.ecn).toBe('classic');
  peer.attach({ data() {}, end: () => {} });
  await w.settle(conn.writeAcked('x'));
  expect(peer.receivedTypeOfService & 3).toBe(2);
  conn.set({ ecn: false });
  await w.settle(conn.writeAcked('x'));
  expect(peer.receivedTypeOfService & 3).toBe(0);
  conn.set({ ecn: true });
  await w.settle(conn.writeAcked('x'));
  expect(peer.receivedTypeOfService & 3).toBe(2);
});

// ---- linger

/** A server that answers in the middle of an upload and closes; what the client then gets of it. */
async function early(
  options: LiveOptions | undefined,
  again?: (c: Conn) => void,
): Promise<{ got: string; error: string | undefined; ms: number }> {
  b.serve(8080, {
    data: (c) => {
      if (c.data === 'answered') return;
      c.data = 'answered';
      c.write('413 too large');
      if (options !== undefined) c.set(options);
      c.close();
      again?.(c);
    },
    close: () => {
      closed = w.now;
    },
  });
  let closed = 0;
  const conn = await w.settle(a.open({ host, port: 8080 }));
  const began = w.now;
  const upload = conn.write(Buffer.alloc(16 << 20));
  const sent = upload.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
  const error = await w.settle(sent);
  let got = '';
  try {
    for (let chunk = await w.settle(conn.read()); chunk !== null; chunk = await w.settle(conn.read()))
      got += String(chunk);
  } catch {
    got += ' reset';
  }
  conn.closeWrite();
  await w.run(1000);
  return { got, error, ms: closed - began };
}

test('linger: an early response survives, and the upload is read to its end', async () => {
  expect(await early({ linger: 5000 })).toMatchObject({ got: '413 too large', error: undefined });
});

test.each<[string, (c: Conn) => void]>([
  ['close()', (c) => c.close()],
  ['end()', (c) => c.end()],
  ['set({ linger }) and close()', (c) => c.set({ linger: 1 }).close()],
])('linger: %s after close() undoes nothing of it', async (_what, again) => {
  expect(await early({ linger: 5000 }, again)).toMatchObject({ got: '413 too large', error: undefined });
});

test('without it, or with 0, the peer is reset in the middle of its upload [SHLD-3]', async () => {
  expect((await early(undefined)).error).toBe('ECONNRESET');
});

test('linger: 0 resets at once', async () => {
  expect((await early({ linger: 0 })).error).toBe('ECONNRESET');
});

test('linger: a peer that never ends is reset when the time is over', async () => {
  const [conn, peer] = await pair();
  let over: unknown;
  peer.attach({ close: (_c, error) => (over = error) });
  peer.write('last words');
  peer.set({ linger: 2000 });
  peer.close();
  await w.run(1900);
  expect([peer.state, String(await w.settle(conn.read()))]).toEqual(['FIN_WAIT_2', 'last words']);
  await w.run(200);
  expect([over, peer.state, b.metrics().connections]).toEqual([null, 'CLOSED', 0]);
  await expect(w.settle(conn.writeAcked('x'))).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('linger: what a paused reader held is thrown away, too', async () => {
  const [conn, peer] = await pair();
  peer.pause();
  const upload = conn.writeAcked(Buffer.alloc(8 << 20));
  await w.run(500);
  expect(peer.heldBytes).toBeGreaterThan(0);
  peer.set({ linger: 60_000 }).close();
  await w.settle(upload);
});

test('await using lingers as it was told to', async () => {
  const [conn, peer] = await pair();
  peer.write('unread');
  await w.run(10);
  let ended: unknown = 'not yet';
  peer.attach({ data() {}, end: () => {}, close: (_c, error) => (ended = error) });
  conn.set({ linger: 1000 });
  await conn[Symbol.asyncDispose]();
  peer.write('more');
  await w.run(100);
  expect([conn.state, ended]).toEqual(['FIN_WAIT_2', 'not yet']);
  peer.end();
  await w.run(100);
  expect([conn.state, ended]).toEqual(['CLOSED', null]);
});

test('a request that crosses our FIN is heard, and its sender gets no reset', async () => {
  const [conn, peer] = await pair();
  const heard: string[] = [];
  let over: unknown = 'not yet';
  peer.attach({
    data: (_c, chunk) => void heard.push(String(chunk)),
    end: () => {},
    close: (_c, error) => (over = error),
  });
  peer.end(); // idle for too long
  await w.settle(conn.writeAcked('GET / HTTP/1.1')); // at the same moment
  expect(await w.settle(conn.read())).toBe(null);
  conn.closeWrite();
  await w.run(100);
  expect([heard, over, conn.state]).toEqual([['GET / HTTP/1.1'], null, 'CLOSED']);
});
