// What a user may change on a connection that exists; on one that is gone it changes nothing.
import { expect, test } from 'vitest';
import { CLOSED } from '../../../../src/core/tcp/figure5.ts';
import { F2_OUT_OF_BAND, TIMER_KEEPALIVE, TIMER_USER } from '../../../../src/core/tcp/row.ts';
import { buffer, congestion, keepAlive, outOfBand, tos, userTimeout } from '../../../../src/core/tcp/settings.ts';
import { ROW_WORDS } from '../../../../src/wire/abi.ts';
import { bench } from './bench.ts';

test('a row that is free keeps its words: they may be the free list’s', () => {
  const { t, tcb } = bench();
  tcb.state = CLOSED;
  const row = (): number[] => [...t.rows.words.subarray(tcb.at, tcb.at + ROW_WORDS)];
  const before = row();
  keepAlive(t, tcb, { idle: 1000, interval: 100, count: 2 });
  userTimeout(t, tcb, 1000);
  tos(tcb, 0x10);
  outOfBand(tcb, true);
  congestion(t, tcb, 'cubic');
  buffer(t, tcb, 'send', 5000);
  buffer(t, tcb, 'receive', 5000);
  expect(row()).toEqual(before);
});

test('TOS leaves TTL, the TOS that came and the bits of ECN alone [MUST-48] [MUST-49] [SHLD-22] [MAY-9]', () => {
  const { tcb } = bench();
  tcb.ip = (0x55 << 16) | (64 << 8) | 0x03;
  tos(tcb, 0xff);
  expect(tcb.ip).toBe((0x55 << 16) | (64 << 8) | 0xfc);
  tos(tcb, 0);
  expect(tcb.ip).toBe((0x55 << 16) | (64 << 8));
});

test('each buffer has its own size, below 2^30 [RFC 7323 §2.3]', () => {
  const { t, tcb } = bench();
  tcb.scales |= 14 << 8;
  buffer(t, tcb, 'send', 5000);
  buffer(t, tcb, 'receive', 6000);
  expect([tcb.sndBuf, tcb.rcvBuf]).toEqual([5000, 6000]);
  buffer(t, tcb, 'send', 2 ** 31 - 1);
  expect([tcb.sndBuf, tcb.rcvBuf]).toEqual([2 ** 30, 6000]);
});

test('out of band, on and off', () => {
  const { tcb } = bench();
  const others = tcb.flags2 & ~F2_OUT_OF_BAND;
  outOfBand(tcb, true);
  expect(tcb.flags2).toBe(others | F2_OUT_OF_BAND);
  outOfBand(tcb, false);
  expect(tcb.flags2).toBe(others);
});

test('timers: keep-alive reckons from what was heard, the user timeout from what is outstanding [MUST-21] [MUST-27]', () => {
  const { t, tcb } = bench();
  t.tick = 10_000;
  tcb.lastRcvAt = 9000;
  keepAlive(t, tcb, { idle: 5000, interval: 100, count: 2 });
  expect(tcb.timer(TIMER_KEEPALIVE)).toBe(14_000);
  tcb.lastRcvAt = 1000;
  keepAlive(t, tcb, { idle: 5000, interval: 100, count: 2 });
  expect(tcb.timer(TIMER_KEEPALIVE)).toBe(10_001);
  keepAlive(t, tcb, null);
  expect(tcb.timer(TIMER_KEEPALIVE)).toBe(0);
  tcb.firstSentAt = 0;
  userTimeout(t, tcb, 5000);
  expect(tcb.timer(TIMER_USER)).toBe(0);
  tcb.firstSentAt = 9000;
  userTimeout(t, tcb, 5000);
  expect(tcb.timer(TIMER_USER)).toBe(14_000);
  userTimeout(t, tcb, 0);
  expect(tcb.timer(TIMER_USER)).toBe(0);
});
