import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IdleTimer } from '../../../src/shell/idle-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function make(): { timer: IdleTimer; fired(): number } {
  let n = 0;
  return { timer: new IdleTimer(() => n++), fired: () => n };
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
