// info(): RFC 9293's variables, what recovery knows, and what text waited for, by time.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 5000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

async function pair(): Promise<[Connection, Conn]> {
  const accepted = new Promise<Conn>((resolve) => b.serve(80, { open: resolve, data() {}, end: () => {} }));
  return [await w.settle(a.open({ host, port: 80 })), await w.settle(accepted)];
}

test('the variables of §3.3.1, from both ends', async () => {
  const [conn, peer] = await pair();
  await w.settle(conn.writeAcked('12345'));
  const [mine, theirs] = [conn.info()!, peer.info()!];
  expect(mine).toMatchObject({
    sndUna: (mine.iss + 6) % 2 ** 32,
    sndNxt: mine.sndUna,
    rcvNxt: (mine.irs + 1) % 2 ** 32,
  });
  expect(theirs).toMatchObject({ irs: mine.iss, iss: mine.irs, rcvNxt: mine.sndNxt, sndUna: mine.rcvNxt });
  expect([mine.sndWl2, mine.sndWl1]).toEqual([mine.sndUna, theirs.sndNxt]);
  expect([mine.maxSndWnd >= mine.sndWnd, mine.pipe, mine.timeouts, mine.silentMs < 20]).toEqual([true, 0, 0, true]);
  const { iss, sndNxt } = mine;
  expect([iss, sndNxt].every((n) => n >= 0 && n < 2 ** 32)).toBe(true);
  await w.run(500);
  expect(conn.info()!.silentMs).toBeGreaterThanOrEqual(500);
});

test('what is on its way, lost and sent again', async () => {
  const [conn] = await pair();
  w.impair(a, { loss: 1 });
  void conn.write(Buffer.alloc(3000)).catch(() => {});
  await w.run(1);
  expect(conn.info()).toMatchObject({ pipe: 3000, inFlight: 3000, sndQueued: 3000, lost: 0 });
  await w.run(1000);
  const info = conn.info()!;
  expect(info.timeouts).toBeGreaterThan(0);
  expect(info.retransmits).toBeGreaterThan(0);
  expect(info.outstandingMs).toBeGreaterThanOrEqual(1000);
});

/** ms, rounded, of what took a hundredth of the time or more. */
function shares(conn: Connection): string[] {
  const { limitedUs } = conn.info()!;
  const all = Object.values(limitedUs).reduce((sum, us) => sum + us, 0);
  return Object.entries(limitedUs)
    .filter(([, us]) => us > all / 100)
    .map(([name]) => name);
}

test('time is counted from the first question on, and adds up', async () => {
  const [conn, peer] = await pair();
  peer.pause(); // so that an acknowledgment opens no window, which would be another occasion to look
  await w.settle(conn.writeAcked('the first one does: windows are scaled from here on'));
  await w.run(1000);
  expect(conn.info()).toMatchObject({ limit: 'idle', limitedUs: { idle: 0, application: 0 } });
  const began = w.now;
  await w.run(300);
  await w.settle(conn.writeAcked('x'));
  await w.run(200);
  const { limit, limitedUs } = conn.info()!;
  const all = Object.values(limitedUs).reduce((sum, us) => sum + us, 0);
  expect(limit).toBe('idle');
  expect(Math.abs(all / 1000 - (w.now - began))).toBeLessThan(1);
  expect(limitedUs.application).toBeGreaterThanOrEqual(10_000);
  expect(limitedUs.application).toBeLessThan(60_000);
  expect(limitedUs.idle).toBeGreaterThanOrEqual(480_000);
});

test('a reader that does not read: the peer’s window', async () => {
  const [conn, peer] = await pair();
  peer.pause();
  conn.info();
  void conn.write(Buffer.alloc(16 << 20)).catch(() => {});
  await w.run(10_000);
  expect(conn.info()!.limit).toBe('peerWindow');
  expect(conn.info()!.limitedUs.peerWindow).toBeGreaterThan(8e6);
});

test('a rate of the user’s: pacing; a narrow wire: the congestion window; a small send buffer: that', async () => {
  const [paced] = await pair();
  paced.set({ pacingRate: 100_000 }).info();
  void paced.write(Buffer.alloc(1 << 20)).catch(() => {});
  await w.run(5000);
  expect(shares(paced)[0]).toBe('pacing');
  paced.abort();
  const narrow = await w.settle(a.open({ host, port: 80, congestion: 'newreno' }));
  w.impair(a, { loss: 0.05, delay: 20_000 });
  narrow.info();
  void narrow.write(Buffer.alloc(8 << 20)).catch(() => {});
  await w.run(5000);
  expect(shares(narrow)).toContain('congestionWindow');
  narrow.abort();
  w.impair(a, { loss: 0, delay: 20_000 });
  const small = await w.settle(a.open({ host, port: 80, sendBuffer: 4096 }));
  small.info();
  void small.write(Buffer.alloc(1 << 20)).catch(() => {});
  await w.run(1000);
  expect(shares(small)).toEqual(['sendBuffer']);
});

test('entries are given back with their connections', async () => {
  for (let n = 0; n < 40; n++) {
    const conn = await w.settle(a.open({ host, port: 80 })).catch(() => undefined);
    if (conn === undefined) b.serve(80, {});
    conn?.info();
    conn?.abort();
    await w.run(5);
  }
  const [conn] = [await w.settle(a.open({ host, port: 80 }))];
  await w.run(50);
  expect(conn.info()!.limitedUs.idle).toBe(0);
});

test('a receive buffer below the first window bounds it, at both ends', async () => {
  const small = { tcp: { receiveBuffer: 8192 } };
  a = w.host('10.0.0.3/24', small);
  b = w.host('10.0.0.4/24', small);
  const accepted = new Promise<Conn>((resolve) => b.serve(80, { open: resolve, data() {}, end: () => {} }));
  const conn = await w.settle(a.open({ host: '10.0.0.4', port: 80 }));
  const peer = await w.settle(accepted);
  expect([conn.info()!.receiveBuffer, peer.info()!.receiveBuffer]).toEqual([8192, 8192]);
  expect([conn.info()!.sndWnd <= 8192, peer.info()!.sndWnd <= 8192]).toEqual([true, true]);
  await w.settle(conn.writeAcked(Buffer.alloc(1 << 20)));
  expect(peer.info()!.receiveBuffer).toBe(8192);
});
