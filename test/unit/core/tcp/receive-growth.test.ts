// The receive buffer finds its size: what a round trip brought, within one pot that all connections share.
import { expect, test } from 'vitest';
import { CLOSED, LISTEN } from '../../../../src/core/tcp/figure5.ts';
import {
  consumed,
  returnGrant,
  setReceiveBuffer,
  takeGrant,
  timeEcho,
} from '../../../../src/core/tcp/receive-window.ts';
import { F_ACK_NOW, F_FIXED_BUFFER, F_WS } from '../../../../src/core/tcp/row.ts';
import { Segment } from '../../../../src/core/tcp/segment.ts';
import { tsval } from '../../../../src/core/tcp/timestamp.ts';
import { OPT_TS } from '../../../../src/wire/abi.ts';
import { type Tables, tables } from './bench-of-tables.ts';

const SRTT = 10_000;
const BUFFER = 100_000;

/** A reader who takes everything at once, with the first round trip begun. */
function reading(initial = BUFFER): Tables {
  const box = tables();
  const { t, tcb } = box;
  Object.assign(t, { defaults: { ...t.defaults, initialWindow: initial, receiveBuffer: 1 << 20 } });
  tcb.flags = F_WS;
  tcb.scales = 5 << 8;
  tcb.rcvBuf = initial;
  tcb.srtt = SRTT;
  round(box, 0, SRTT);
  return box;
}

/** `bytes` came and were read, `us` after the last. The window is open wide unless `open` says otherwise. */
function round({ t, tcb }: Tables, bytes: number, us: number, open = tcb.rcvBuf): void {
  t.now += us;
  t.tick = Math.floor(t.now / 1000);
  tcb.lastRcvAt = t.tick;
  tcb.rcvNxt = (tcb.rcvNxt + bytes) | 0;
  tcb.rcvAdv = (tcb.rcvNxt + open) | 0;
  consumed(t, tcb, 0);
}

test('twice what a round trip brought, and twice that when it doubled', () => {
  const box = reading();
  round(box, 80_000, SRTT);
  expect(box.tcb.rcvBuf).toBe(160_000);
  round(box, 120_000, SRTT);
  expect(box.tcb.rcvBuf).toBe(360_000);
  round(box, 120_000, SRTT);
  expect(box.tcb.rcvBuf).toBe(360_000);
  expect(box.t.windowGranted).toBe(260_000);
});

test('a round trip that is not over says nothing, nor one that ended long ago', () => {
  const early = reading();
  round(early, 80_000, SRTT - 1);
  expect(early.tcb.rcvBuf).toBe(BUFFER);
  round(early, 0, 1);
  expect(early.tcb.rcvBuf).toBe(160_000);
  const late = reading();
  round(late, 80_000, 2 * SRTT + 1001);
  expect(late.tcb.rcvBuf).toBe(BUFFER);
  const still = reading();
  round(still, 80_000, 2 * SRTT + 1000);
  expect(still.tcb.rcvBuf).toBe(160_000);
});

/** Text comes that echoes what we said that many ms ago, or nothing; ms: the last, the least, the least before. */
function echo({ t, tcb }: Tables, ms: number, opts = OPT_TS): number[] {
  timeEcho(t, tcb, Object.assign(new Segment(), { opts, tsecr: tsval(t, tcb) - ms }));
  return [tcb.echo & 0xffff, tcb.echo >>> 16, tcb.echoBefore];
}

test('an echo tells a round trip, less the millisecond that was about to end', () => {
  const box = reading();
  expect(echo(box, 41)).toEqual([10, 40, 40]);
  expect(echo(box, 5)).toEqual([4, 4, 40]);
  expect(echo(box, 9)).toEqual([8, 4, 40]);
  expect(echo(box, 900, 0)).toEqual([8, 4, 40]);
  expect(echo(box, -1)).toEqual([0, 0, 40]);
  box.t.tick += 5000;
  expect(echo(box, 9_000_000)).toEqual([10, 0, 40]);
  box.t.tick += 1;
  expect(echo(box, 9_000_000)).toEqual([10, 5000, 0]);
});

test('a round trip is no shorter than the echoes say: the least of the last seconds, or the last one within ten ms', () => {
  for (const [last, least, before] of [
    [40, 0, 0],
    [0, 40, 90],
    [0, 90, 40],
  ] as const) {
    const box = reading();
    Object.assign(box.tcb, { echo: (least << 16) | last, echoBefore: before });
    round(box, 80_000, 4 * SRTT - 1);
    expect(box.tcb.rcvBuf).toBe(BUFFER);
    round(box, 0, 1);
    expect(box.tcb.rcvBuf).toBe(160_000);
  }
});

test('a round trip that the last echo is too short for counts for as long as text may wait', () => {
  for (const [us, buffer] of [
    [21_000, 160_000],
    [21_001, BUFFER],
  ] as const) {
    const box = reading();
    box.tcb.srtt = 100;
    echo(box, 9);
    echo(box, 0);
    round(box, 80_000, us);
    expect(box.tcb.rcvBuf).toBe(buffer);
  }
});

test('a window filled before we could answer doubles, for a reader who comes at once', () => {
  const prompt = reading();
  round(prompt, 10_000, SRTT, BUFFER / 2 - 1);
  expect(prompt.tcb.rcvBuf).toBe(2 * BUFFER);
  const half = reading();
  round(half, 10_000, SRTT, BUFFER / 2);
  expect(half.tcb.rcvBuf).toBe(BUFFER);
  const slow = reading();
  slow.tcb.rcvUser = 5000;
  round(slow, 10_000, SRTT, BUFFER / 2 - 1);
  expect(slow.tcb.rcvBuf).toBe(BUFFER);
  const late = reading();
  late.t.now += 13_000;
  late.t.tick += 13;
  late.tcb.rcvAdv = late.tcb.rcvNxt + 1;
  consumed(late.t, late.tcb, 0);
  expect(late.tcb.rcvBuf).toBe(BUFFER);
});

test('never beyond the limit, 65535 without window scaling, or what the user chose', () => {
  const most = reading();
  round(most, 900_000, SRTT);
  expect(most.tcb.rcvBuf).toBe(1 << 20);
  const small = reading(20_000);
  small.tcb.flags = 0;
  round(small, 80_000, SRTT);
  expect(small.tcb.rcvBuf).toBe(65_535);
  const fixed = reading();
  fixed.tcb.flags |= F_FIXED_BUFFER;
  round(fixed, 80_000, SRTT);
  expect(fixed.tcb.rcvBuf).toBe(BUFFER);
});

test('the pot is not overdrawn, and what was taken comes back', () => {
  const box = reading();
  Object.assign(box.t, { windowLimit: 100_000, windowGranted: 40_001 });
  round(box, 80_000, SRTT);
  expect([box.tcb.rcvBuf, box.t.windowGranted]).toEqual([BUFFER, 40_001]);
  box.t.windowGranted = 40_000;
  round(box, 80_000, SRTT);
  expect([box.tcb.rcvBuf, box.t.windowGranted]).toEqual([160_000, 100_000]);
  returnGrant(box.t, box.tcb);
  expect(box.t.windowGranted).toBe(40_000);
  takeGrant(box.t, box.tcb);
  expect(box.t.windowGranted).toBe(100_000);
  box.tcb.rcvBuf = BUFFER - 1;
  takeGrant(box.t, box.tcb);
  returnGrant(box.t, box.tcb);
  expect(box.t.windowGranted).toBe(100_000);
});

test('the user chooses: the grant goes back, growth ends, and a window that opens is told at once', () => {
  const { t, tcb } = reading();
  round({ t, tcb }, 80_000, SRTT);
  tcb.flags &= ~F_ACK_NOW;
  setReceiveBuffer(t, tcb, 50_000);
  expect([tcb.rcvBuf, t.windowGranted, tcb.flags & (F_FIXED_BUFFER | F_ACK_NOW)]).toEqual([50_000, 0, F_FIXED_BUFFER]);
  tcb.rcvAdv = tcb.rcvNxt + 50_000;
  setReceiveBuffer(t, tcb, 50_000 + tcb.peerMss);
  expect(tcb.flags & F_ACK_NOW).toBe(F_ACK_NOW);
  takeGrant(t, tcb);
  returnGrant(t, tcb);
  expect(t.windowGranted).toBe(0);
});

test('without window scaling the choice is cut to 65535, but not where scaling is still to be agreed on', () => {
  const { t, tcb } = reading(20_000);
  tcb.flags = 0;
  setReceiveBuffer(t, tcb, 100_000);
  expect(tcb.rcvBuf).toBe(65_535);
  tcb.state = LISTEN;
  tcb.flags = 0;
  setReceiveBuffer(t, tcb, 100_000);
  expect([tcb.rcvBuf, tcb.flags & F_ACK_NOW]).toEqual([100_000, 0]);
  tcb.state = CLOSED;
  setReceiveBuffer(t, tcb, 1000);
  expect(tcb.rcvBuf).toBe(100_000);
});
