// What a connection remembers only while it talks: taken when it stirs, given back when it rests.
import { describe, expect, test } from 'vitest';
import { arm } from '../../../../src/core/tcp/context.ts';
import { ecnArrives } from '../../../../src/core/tcp/ecn.ts';
import { TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { dropFlight, REST_AFTER, rest, stir } from '../../../../src/core/tcp/flights.ts';
import { fold } from '../../../../src/core/tcp/folding.ts';
import { beginTimeWait, remove } from '../../../../src/core/tcp/lifecycle.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import {
  F_SACK,
  F2_ACCECN,
  F2_CWR,
  F2_ECE,
  F2_ECN,
  F2_HOLDS_FLIGHT,
  F2_MTU_PROBE,
  F2_TLP_OUT,
  F2_TLP_RESENT,
  F2_TUNED,
  F2_UNDO,
  TIMER_LOSS,
  TIMER_REXMIT,
  TIMER_STATE,
} from '../../../../src/core/tcp/row.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { TUNE_PACING, tune } from '../../../../src/core/tcp/tuning.ts';
import { ACK, CWR, DESC_WORDS } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';

/** Many ask at the same moment. */
const later = (tick: number, grain = 2000): number => Math.ceil(tick / grain) * grain;

/** A connection that has no block yet. */
function quiet(): Bench {
  const b = bench();
  dropFlight(b.t, b.tcb);
  return b;
}

test('a row without a block reads that nothing is under way, and what it is given says so too', () => {
  const { t, tcb } = quiet();
  stir(t, tcb);
  tcb.rackRtt = 7;
  tcb.setCcWord(23, 9);
  dropFlight(t, tcb);
  expect([tcb.flight, tcb.rackRtt, tcb.ccWord(23), t.flights.used]).toEqual([0, 0, 0, 0]);
  stir(t, tcb);
  expect([tcb.rackRtt, tcb.ccWord(23), t.flights.used]).toEqual([0, 0, 1]);
});

test("blocks do not overlap, and the first is nobody's", () => {
  const { t } = quiet();
  const taken = Array.from({ length: 8 }, () => t.flights.take());
  expect(new Set(taken).size).toBe(8);
  expect(Math.min(...taken)).toBeGreaterThan(0);
  expect(() => t.flights.take()).toThrow('more flight blocks than connections');
});

test('an idle connection gives its block back, a busy one keeps it', () => {
  const { t, tcb, send } = quiet();
  stir(t, tcb);
  send(100);
  tcb.lastRcvAt = t.tick - REST_AFTER;
  rest(t, tcb);
  expect(tcb.flight).not.toBe(0); // text is outstanding
  tcb.sndUna = tcb.sndNxt;
  tcb.sndQueued = 0;
  rest(t, tcb);
  expect(tcb.flight).not.toBe(0); // its timers are in there
  for (const timer of [TIMER_REXMIT, TIMER_LOSS]) tcb.setTimer(timer, 0);
  tcb.flags2 |= F2_HOLDS_FLIGHT;
  rest(t, tcb);
  expect(tcb.flight).not.toBe(0);
  tcb.flags2 = 0;
  rest(t, tcb);
  expect([tcb.flight, t.flights.used]).toEqual([0, 0]);
});

test('while an open connection has a block a timer asks for it', () => {
  const { t, tcb } = quiet();
  tcb.lastRcvAt = t.tick;
  stir(t, tcb);
  expect(tcb.timer(TIMER_STATE)).toBe(later(t.tick + REST_AFTER));
  t.tick = tcb.timer(TIMER_STATE);
  tcb.lastRcvAt = t.tick - 10_000;
  expire(t, tcb);
  expect(tcb.timer(TIMER_STATE)).toBe(later(t.tick + REST_AFTER - 10_000));
  t.tick = tcb.timer(TIMER_STATE);
  expire(t, tcb);
  expect([tcb.flight, tcb.timer(TIMER_STATE)]).toEqual([0, 0]);
});

test('who has text under way is not asked every moment, however many there are', () => {
  const { t, tcb, send } = quiet();
  t.flights.used = 1100;
  tcb.lastRcvAt = t.tick;
  stir(t, tcb);
  send(100);
  t.tick = tcb.timer(TIMER_STATE);
  rest(t, tcb);
  expect(tcb.timer(TIMER_STATE)).toBe(later(t.tick + REST_AFTER));
});

test('what only the block knows of is over with it: a tail loss probe, what might be undone [RFC 8985 §7.4]', () => {
  const { t, tcb } = quiet();
  stir(t, tcb);
  tcb.flags |= F_SACK;
  tcb.flags2 |= F2_TLP_OUT | F2_TLP_RESENT | F2_UNDO;
  tcb.lastRcvAt = t.tick - REST_AFTER;
  rest(t, tcb);
  expect([tcb.flight, tcb.flags2 & (F2_TLP_OUT | F2_TLP_RESENT | F2_UNDO)]).toEqual([0, 0]);
});

describe('what holds a block', () => {
  /** Idle for long, with nothing that would wake for it. */
  function held(flags: number): Bench {
    const b = quiet();
    b.tcb.flags2 |= flags;
    stir(b.t, b.tcb);
    later30(b);
    return b;
  }
  function later30({ t, tcb }: Bench): void {
    t.tick = tcb.timer(TIMER_STATE);
    tcb.lastRcvAt = t.tick - REST_AFTER;
    expire(t, tcb);
  }

  test.each([
    ['tuned', F2_TUNED],
    ['with CWR to say', F2_CWR],
    ['with ECE to say', F2_ECE],
    ['that counts marks', F2_ACCECN],
  ])('a connection that idles %s keeps its block and wakes nobody', (_what, flag) => {
    const { tcb } = held(flag);
    expect([tcb.flight !== 0, tcb.timer(TIMER_STATE)]).toEqual([true, 0]);
  });

  test('when it is tuned no more it rests', () => {
    const b = held(F2_TUNED);
    tune(b.t, b.tcb, TUNE_PACING, 0);
    later30(b);
    expect(b.tcb.flight).toBe(0);
  });

  test('when CWR has gone with new text it rests [RFC 3168 §6.1.2]', () => {
    const b = held(F2_ECN | F2_CWR);
    b.send(100);
    expect(b.take()[0]!.flags & CWR).toBe(CWR);
    b.tcb.sndUna = b.tcb.sndNxt;
    b.tcb.sndQueued = 0;
    for (const timer of [TIMER_REXMIT, TIMER_LOSS]) b.tcb.setTimer(timer, 0);
    later30(b);
    expect(b.tcb.flight).toBe(0);
  });

  test('when CWR has come it rests [RFC 3168 §6.1.3]', () => {
    const b = held(F2_ECN | F2_ECE);
    Object.assign(b.t.seg, { flags: ACK | CWR, len: 0, rx: new Int32Array(DESC_WORDS), base: 0 });
    ecnArrives(b.t, b.tcb, b.t.seg);
    later30(b);
    expect(b.tcb.flight).toBe(0);
  });

  test('with nothing in flight there is no probe of the path MTU either', () => {
    expect(held(F2_MTU_PROBE).tcb).toMatchObject({ flight: 0 });
  });
});

test('output stirs, and the end gives back', () => {
  const { t, tcb } = quiet();
  arm(t, tcb, TIMER_STATE, 5);
  output(t, tcb, 0);
  expect(tcb.flight).not.toBe(0);
  remove(t, tcb, 0, tcb.state);
  expect(t.flights.used).toBe(0);
});

test('TIME_WAIT keeps its block for the turn only: its record has none', () => {
  const { t, tcb } = quiet();
  stir(t, tcb);
  tcb.state = TIME_WAIT;
  beginTimeWait(t, tcb);
  fold(t, tcb);
  expect(t.flights.used).toBe(0);
});

test.each([
  ['few', 1000, 0, REST_AFTER],
  ['many, and it said little', 1100, 100, 200],
  ['many, and it said much', 1100, 70_000, REST_AFTER],
  ['very many', 20_000, 70_000, 2000],
])('how long a block is kept while connections talk that are %s', (_how, used, said, ms) => {
  const { t, tcb } = quiet();
  t.flights.used = used;
  tcb.bytesIn = said;
  tcb.lastRcvAt = t.tick;
  stir(t, tcb);
  expect(tcb.timer(TIMER_STATE)).toBe(later(t.tick + ms, ms < 2000 ? 200 : 2000));
  t.tick = tcb.timer(TIMER_STATE);
  expire(t, tcb);
  expect([tcb.flight, t.flights.used]).toEqual([0, used]);
});

test('whoever writes to a row that has ended harms nobody', () => {
  const { t, tcb } = quiet();
  stir(t, tcb);
  remove(t, tcb, 0, tcb.state);
  tcb.rexmits = 9;
  tcb.setTimer(TIMER_REXMIT, 5);
  const other = t.other.select(tcb.row + 1);
  expect([other.flight, other.rexmits, other.timer(TIMER_REXMIT), other.sndHead]).toEqual([0, 0, 0, -1]);
});
