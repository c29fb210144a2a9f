// TIME_WAIT as small records: the row goes, the answers stay, the oldest makes room.

import { expect, test } from 'vitest';
import { TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { GHOST } from '../../../../src/core/tcp/flights.ts';
import { fold } from '../../../../src/core/tcp/folding.ts';
import { beginTimeWait, enterFlows, takeRow } from '../../../../src/core/tcp/lifecycle.ts';
import { F_SYN_ACKED, F_TS, F_WS } from '../../../../src/core/tcp/row.ts';
import { expireTimeWaits, TimeWaits, unfold } from '../../../../src/core/tcp/time-waits.ts';
import { type Bench, bench, endTurn } from './bench.ts';

/** One more connection, in TIME_WAIT since now, folded. */
function another(b: Bench, port: number): Int32Array {
  const { t } = b;
  const tcb = t.cursor();
  takeRow(t, tcb, {});
  for (let n = 0; n < 9; n++) tcb.i32[tcb.at + n] = b.tcb.i32[b.tcb.at + n]!;
  tcb.ports = port;
  tcb.flags |= F_SYN_ACKED | F_TS | F_WS;
  enterFlows(t, tcb);
  tcb.state = TIME_WAIT;
  beginTimeWait(t, tcb);
  const identity = tcb.i32.slice(tcb.at, tcb.at + 9);
  fold(t, tcb);
  return identity;
}

test('a record takes 84 bytes, and the row is free at once', () => {
  const b = bench();
  const before = b.t.rows.used;
  const identity = another(b, 1);
  endTurn(b);
  expect([b.t.rows.used, b.t.flows.find(identity, 0), b.t.timeWaits.used]).toEqual([before, -1, 1]);
  expect(TimeWaits.regionBytes(1001) - TimeWaits.regionBytes(1000)).toBe(84);
});

test('what an answer needs comes back from the record', () => {
  const b = bench();
  const { t, tcb } = b;
  Object.assign(tcb, { sndNxt: 77, sndUna: 77, rcvNxt: 5000, rcvAdv: 9000, tsRecent: 8, tsOffset: 9, oowAt: 3 });
  Object.assign(tcb, { scales: 0x0702, ip: 0x4008, maxSndWnd: 1 << 30, state: TIME_WAIT });
  tcb.flags |= F_TS | F_WS;
  beginTimeWait(t, tcb);
  const identity = tcb.i32.slice(tcb.at, tcb.at + 9);
  const { hop } = tcb;
  fold(t, tcb);
  const g = unfold(t, t.timeWaits.find(identity, 0));
  expect([g.state, g.hop, g.sndNxt, g.sndUna, g.rcvNxt, g.rcvAdv, g.tsRecent, g.tsOffset, g.oowAt]).toEqual([
    TIME_WAIT,
    hop,
    77,
    77,
    5000,
    9000,
    8,
    9,
    3,
  ]);
  expect([g.scales, g.ip, g.maxSndWnd, (g.flags & F_TS) !== 0, (g.flags & F_WS) !== 0]).toEqual([
    0x0702,
    0x4008,
    1 << 30,
    true,
    true,
  ]);
});

test('with all records in use the oldest ends early and is counted; after 2 MSL all go [MUST-13]', () => {
  const b = bench({ tcp: { timeWaits: 3 } });
  const { t } = b;
  const all = [1, 2, 3, 4].map((port) => another(b, port));
  expect(all.map((identity) => t.timeWaits.find(identity, 0) >= 0)).toEqual([false, true, true, true]);
  expect([t.counters.timeWaitEvicted, t.timeWaits.used]).toEqual([1, 3]);
  t.tick += 2 * t.defaults.msl - 1;
  expireTimeWaits(t);
  expect(t.timeWaits.used).toBe(3);
  t.tick++;
  expireTimeWaits(t);
  expect([t.timeWaits.used, t.timeWaits.next()]).toEqual([0, 0]);
});

test('the search for a free port knows TIME_WAIT', () => {
  const b = bench();
  const identity = another(b, (2000 << 16) | 80);
  expect(b.t.portUse.taken(identity, 0)).toBe(true);
  b.t.timeWaits.give(b.t.timeWaits.find(identity, 0));
  expect(b.t.portUse.taken(identity, 0)).toBe(false);
});

test('a record has no queues: no number on the scratch row names those of others', () => {
  const b = bench();
  const identity = another(b, 1);
  const g = unfold(b.t, b.t.timeWaits.find(identity, 0));
  expect([g.flight, g.sndHead, g.sndTail, g.sndChunk, g.rtxHead, g.rtxTail, g.oooHead, g.listener]).toEqual([
    GHOST,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
  ]);
});
