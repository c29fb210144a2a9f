import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NodeClock } from '../../../src/shell/clock.ts';

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

function make(): { clock: NodeClock; rings: number[]; at(ms: number): void } {
  const clock = new NodeClock();
  const began = clock.now();
  const rings: number[] = [];
  const at = (ms: number): void =>
    clock.setAlarm(began + ms * 1000, () => void rings.push(Math.round((clock.now() - began) / 1000)));
  return { clock, rings, at };
}

test('microseconds that go on', () => {
  const { clock } = make();
  const before = clock.now();
  vi.advanceTimersByTime(5);
  expect(clock.now() - before).toBeCloseTo(5000, 6);
});

test('the alarm rings once, never early', () => {
  const { rings, at } = make();
  at(2.5);
  vi.advanceTimersByTime(2);
  expect(rings).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(rings).toEqual([3]);
});

test('an earlier wish moves the timer; a later one does not, but is kept', () => {
  const { rings, at } = make();
  at(50);
  at(10);
  at(30);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(29);
  expect(rings).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(rings).toEqual([30]);
});

test('Infinity takes the alarm off', () => {
  const { clock, rings, at } = make();
  at(10);
  clock.setAlarm(Infinity, () => void rings.push(-1));
  vi.advanceTimersByTime(1000);
  expect([rings, vi.getTimerCount()]).toEqual([[], 0]);
});

test('a time gone by rings soon, but not within the call', () => {
  const { rings, at } = make();
  vi.advanceTimersByTime(5);
  at(1);
  expect(rings).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(rings).toEqual([5]);
});

test('deadlines beyond what setTimeout takes are kept (2^31 ms is 24.8 days)', () => {
  const { rings, at } = make();
  at(2 ** 31 + 1000);
  vi.advanceTimersByTime(2 ** 31);
  expect(rings).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(rings).toEqual([2 ** 31 + 1000]);
});

test('the alarm keeps the process alive only while somebody wants that', () => {
  vi.useRealTimers();
  const clock = new NodeClock();
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
  const before = timers();
  clock.setAlarm(clock.now() + 3600e6, () => {});
  expect(timers()).toBe(before);
  clock.ref(true);
  expect(timers()).toBe(before + 1);
  clock.ref(false);
  expect(timers()).toBe(before);
  clock.ref(true);
  clock.setAlarm(clock.now() + 1800e6, () => {});
  expect(timers()).toBe(before + 1);
  clock.ref(false);
});

test('an alarm that the program held up lets what waits in the rings speak first', () => {
  const { rings, at } = make();
  at(10);
  // The loop was busy for 50 ms: the clock is ahead of the timers.
  const real = performance.now.bind(performance);
  const busy = vi.spyOn(performance, 'now').mockImplementation(() => real() + 50);
  vi.advanceTimersToNextTimer();
  expect([rings, vi.getTimerCount()]).toEqual([[], 1]);
  vi.advanceTimersToNextTimer();
  expect(rings[0]).toBeGreaterThanOrEqual(60);
  expect(vi.getTimerCount()).toBe(0);
  busy.mockRestore();
});

test('a clock that was stopped holds no timer and wakes nobody', () => {
  const { clock, rings, at } = make();
  at(10);
  clock.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(rings).toEqual([]);
});
