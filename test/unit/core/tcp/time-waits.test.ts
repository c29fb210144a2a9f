// TIME_WAIT as small records: the row goes, the answers stay, the oldest makes room.

import { expect, test } from 'vitest';
import { CLOSED, TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { GHOST } from '../../../../src/core/tcp/flights.ts';
import { fold } from '../../../../src/core/tcp/folding.ts';
import { beginTimeWait, enterFlows, takeRow } from '../../../../src/core/tcp/lifecycle.ts';
import { F_SYN_ACKED, F_TS, F_WS } from '../../../../src/core/tcp/row.ts';
import { dropFolded, expireTimeWaits, storeNews, TimeWaits, unfold } from '../../../../src/core/tcp/time-waits.ts';
import { type Bench, bench, endTurn } from './bench.ts';

/** One more connection, in TIME_WAIT since now, folded. */
function another(b: Bench, port: number, hop = b.tcb.hop): Int32Array {
  const { t } = b;
  const tcb = t.cursor();
  takeRow(t, tcb, {});
  for (let n = 0; n < 9; n++) tcb.i32[tcb.at + n] = b.tcb.i32[b.tcb.at + n]!;
  tcb.ports = port;
  tcb.hop = hop;
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

test('a record holds its hop, and lets go of it once, however it ends [MUST-13]', () => {
  const b = bench();
  const { t } = b;
  const freed: number[] = [];
  Object.assign(t.ip, { release: (hop: number) => freed.push(hop) });
  const hops = [0, 7, -1, 4];
  const made = hops.map((hop, n) => another(b, 1 + n, hop));
  expect(freed).toEqual([]);
  const shown = made.map((identity) => {
    const g = unfold(t, t.timeWaits.find(identity, 0));
    return [g.hop, g.flags2];
  });
  expect(shown).toEqual(hops.map((hop) => [hop, 0]));
  t.tick += 2 * t.defaults.msl - 1;
  expireTimeWaits(t);
  expect([freed, t.timeWaits.used]).toEqual([[], 4]);
  t.tick += 1;
  expireTimeWaits(t);
  expect([freed, t.timeWaits.used]).toEqual([[0, 7, 4], 0]);
});

test('what a reset ends lets go of its hop, too', () => {
  const b = bench();
  const { t } = b;
  const freed: number[] = [];
  Object.assign(t.ip, { release: (hop: number) => freed.push(hop) });
  for (const hop of [0, -1]) dropFolded(t, unfold(t, t.timeWaits.find(another(b, 9, hop), 0)));
  expect([freed, t.timeWaits.used, t.ghost.state]).toEqual([[0], 0, CLOSED]);
});

test('what a segment changed is kept in its own record', () => {
  const b = bench();
  const { t } = b;
  const [first, second] = [another(b, 1), another(b, 2)];
  const rec = t.timeWaits.find(second, 0);
  storeNews(t, rec, Object.assign(unfold(t, rec), { tsRecent: 11, oowAt: 12 }));
  const kept = [first, second].map((identity) => {
    const g = unfold(t, t.timeWaits.find(identity, 0));
    return [g.tsRecent, g.oowAt];
  });
  expect(kept).toEqual([
    [0, 0],
    [11, 12],
  ]);
});
