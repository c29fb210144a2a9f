import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IdleTimer } from '../../../src/shell/idle-timer.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import { World } from '../../../src/sim.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function make(): { timer: IdleTimer; fired(): number } {
  let n = 0;
  const after = (ms: number, fn: () => void, quiet: boolean): (() => void) => {
    const timer = setTimeout(fn, ms);
    if (quiet) timer.unref();
    return () => clearTimeout(timer);
  };
  return {
    timer: new IdleTimer({ after, driver: { now: () => performance.now() * 1000 } }, () => n++),
    fired: () => n,
  };
}

test('fires after that long without traffic, and again after the next traffic', () => {
  const { timer, fired } = make();
  timer.set(100);
  for (let n = 0; n < 5; n++) {
    vi.advanceTimersByTime(99);
    timer.refresh();
  }
  expect(fired()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(fired()).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(fired()).toBe(1);
  timer.refresh();
  vi.advanceTimersByTime(100);
  expect(fired()).toBe(2);
});

test('setting it anew starts from the beginning; 0 turns it off', () => {
  const { timer, fired } = make();
  timer.set(100);
  vi.advanceTimersByTime(99);
  timer.set(50);
  vi.advanceTimersByTime(49);
  expect([fired(), timer.ms, vi.getTimerCount()]).toEqual([0, 50, 1]);
  timer.set(0);
  timer.refresh();
  vi.advanceTimersByTime(1000);
  expect([fired(), timer.ms, vi.getTimerCount()]).toEqual([0, undefined, 0]);
});

test('no time at all is no timer', () => {
  const { timer } = make();
  for (const ms of [-1, Number.NaN, Infinity]) timer.set(ms);
  expect([timer.ms, vi.getTimerCount()]).toEqual([undefined, 0]);
});

test('it keeps no process alive', () => {
  vi.useRealTimers();
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
  const before = timers();
  const { timer } = make();
  timer.set(60_000);
  expect(timers()).toBe(before);
  timer.set(0);
});

test('longer than a timer can be is as long as one can be', () => {
  const { timer, fired } = make();
  timer.set(2 ** 32);
  vi.advanceTimersByTime(60_000);
  expect([fired(), timer.ms]).toEqual([0, 2 ** 31 - 1]);
});

test('a large write is traffic as long as the peer acknowledges some of it', async () => {
  vi.useRealTimers();
  const w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  const accepted = new Promise<Socket>((resolve) => b.createServer(resolve).listen(80));
  const socket = a.connect({ host: '10.0.0.2', port: 80, sendBuffer: 1 << 16 });
  const reader = await w.settle(accepted);
  reader.resume();
  w.impair(a, { rate: 8_000_000 });
  let fired = 0;
  let written = false;
  socket.setTimeout(400).on('timeout', () => fired++);
  socket.write(Buffer.alloc(4 << 20), () => (written = true));
  await w.run(2000);
  expect([fired, written]).toEqual([0, false]);
  // Nothing moves any more.
  w.impair(a, { loss: 1 });
  await w.run(1400);
  expect([fired, written]).toEqual([1, false]);
  await w.close();
});

test('a write that waits for a connection is no traffic', async () => {
  vi.useRealTimers();
  const w = new World();
  const a = w.host('10.0.0.1/24');
  const socket = a.connect({ host: '10.0.0.2', port: 80 }).on('error', () => {});
  let fired = 0;
  socket.setTimeout(300).on('timeout', () => fired++);
  socket.write('GET / HTTP/1.1');
  await w.run(299);
  expect(fired).toBe(0);
  await w.run(1);
  expect([fired, socket.connecting]).toEqual([1, true]);
  socket.destroy();
  await w.close();
});

test('the timeout of a socket is one of its stack: virtual in a simulation', async () => {
  vi.useRealTimers();
  const w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  const accepted = new Promise<Socket>((resolve) => b.createServer(resolve).listen(80));
  const socket = a.connect({ host: '10.0.0.2', port: 80, timeout: 60_000 });
  const peer = await w.settle(accepted);
  const at: number[] = [];
  socket.on('timeout', () => at.push(w.now));
  await w.run(50_000 - w.now);
  peer.write('still here');
  socket.resume();
  await w.run(1_000_000);
  expect(at).toEqual([expect.closeTo(110_000, -2)]);
  socket.setTimeout(0);
  await w.close();
});
