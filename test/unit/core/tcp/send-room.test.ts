// EV_DRAIN: who was refused octets hears of room once a third of the buffer is free, and once only.
import { expect, test } from 'vitest';
import { EV_DRAIN } from '../../../../src/core/events.ts';
import { F_SHORT_SEND, F2_SND_GROWS } from '../../../../src/core/tcp/row.ts';
import { growSendBuffer, setSendBuffer, tellRoom } from '../../../../src/core/tcp/send-buffer.ts';
import { type Bench, bench } from './bench.ts';

function waiting(size: number, queued: number): Bench {
  const b = bench();
  b.tcb.flags |= F_SHORT_SEND;
  b.tcb.flags2 &= ~F2_SND_GROWS;
  b.tcb.sndBuf = size;
  b.tcb.sndQueued = queued;
  b.events();
  return b;
}
const drains = (b: Bench): number[] =>
  b
    .events()
    .filter(([type]) => type === EV_DRAIN)
    .map(([, room]) => room);

test('a third of the buffer is not enough, one octet more is', () => {
  const b = waiting(3000, 2000);
  tellRoom(b.t, b.tcb);
  expect(drains(b)).toEqual([]);
  b.tcb.sndQueued = 1999;
  tellRoom(b.t, b.tcb);
  expect(drains(b)).toEqual([1001]);
  tellRoom(b.t, b.tcb);
  expect(drains(b)).toEqual([]);
});

test('a larger buffer tells at once and stays as the user chose', () => {
  const b = waiting(3000, 3000);
  b.tcb.flags2 |= F2_SND_GROWS;
  setSendBuffer(b.t, b.tcb, 9000);
  expect([b.tcb.sndBuf, drains(b)]).toEqual([9000, [6000]]);
  growSendBuffer(b.t, b.tcb, 100_000);
  expect(b.tcb.sndBuf).toBe(9000);
});

test('it grows with what is in flight and with cwnd, more in slow start, up to the limit', () => {
  const b = waiting(3000, 3000);
  const { t, tcb } = b;
  tcb.flags2 |= F2_SND_GROWS;
  Object.assign(t, { defaults: { ...t.defaults, sendBuffer: 100_000 } });
  tcb.cwnd = 10_000;
  tcb.ssthresh = 10_000;
  growSendBuffer(t, tcb, 5000);
  const steady = tcb.sndBuf;
  expect(steady % 10_000).toBe(0);
  growSendBuffer(t, tcb, 12_000);
  expect(tcb.sndBuf).toBe((steady / 10_000) * 12_000);
  tcb.ssthresh = 10_001;
  growSendBuffer(t, tcb, 12_000);
  expect(tcb.sndBuf).toBeGreaterThan((steady / 10_000) * 12_000);
  growSendBuffer(t, tcb, 1);
  expect(tcb.sndBuf).toBeGreaterThan((steady / 10_000) * 12_000);
  growSendBuffer(t, tcb, 90_000);
  expect(tcb.sndBuf).toBe(100_000);
});
