import { expect, test } from 'vitest';
import * as events from '../../../src/core/events.ts';
import { report } from '../../../src/core/tcp/context.ts';
import { ESTABLISHED } from '../../../src/core/tcp/figure5.ts';
import { bench } from './tcp/bench.ts';

test('events keep their order and words while the queue grows', () => {
  const queue = new events.EventQueue();
  for (let n = 0; n < 1000; n++) queue.push(events.EV_DATA, n, -n, 1, 2, 3, 4);
  expect(queue.count).toBe(1000);
  for (const n of [0, 255, 256, 999]) {
    const at = n * events.EVENT_WORDS;
    expect([...queue.words.subarray(at, at + 7)]).toEqual([events.EV_DATA, n, 0 - n, 1, 2, 3, 4]);
  }
});

test('results are negative and no two are the same', () => {
  const codes = Object.entries(events)
    .filter(([name]) => /^E[A-Z]+$/.test(name))
    .map(([, code]) => code);
  expect(codes.length).toBe(18);
  expect(new Set(codes).size).toBe(18);
  expect(codes.every((code) => typeof code === 'number' && code < 0)).toBe(true);
});

test('after EV_CLOSED a connection is silent', () => {
  const b = bench();
  report(b.t, b.tcb, events.EV_CLOSED, events.ETIMEDOUT, ESTABLISHED);
  report(b.t, b.tcb, events.EV_DRAIN, 1);
  report(b.t, b.tcb, events.EV_CLOSED, events.OK);
  expect(b.events()).toEqual([[events.EV_CLOSED, events.ETIMEDOUT, ESTABLISHED]]);
});
