// Deadlines of a row, one at a time: what a script on the wire cannot tell from what another timer does.
import { describe, expect, test } from 'vitest';
import { ECONNRESET, ETIMEDOUT, EV_CLOSED, EV_SOFT_ERROR } from '../../../../src/core/events.ts';
import { ESTABLISHED, SYN_SENT, TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import {
  F_KEEPALIVE,
  F_PERSIST,
  F_RESEND,
  TIMER_KEEPALIVE,
  TIMER_PERSIST,
  TIMER_REXMIT,
  TIMER_STATE,
  TIMER_USER,
} from '../../../../src/core/tcp/row.ts';
import { expire, giveUp } from '../../../../src/core/tcp/timeouts.ts';
import { type Bench, bench } from './bench.ts';

/** The timer is due now, and only it. */
function fire({ t, tcb }: Bench, timer: number): void {
  for (let other = 0; other < 8; other++) tcb.setTimer(other, 0);
  tcb.setTimer(timer, t.tick);
  expire(t, tcb);
}

/** Fires it until the connection ends, each time at its deadline; how long each time took. */
function waits(b: Bench, timer: number): number[] {
  const { t, tcb, events } = b;
  const found: number[] = [];
  tcb.setTimer(timer, t.tick);
  for (const { gen } = tcb; tcb.gen === gen && found.length < 40; ) {
    const before = t.tick;
    t.tick = tcb.timer(timer);
    found.push(t.tick - before);
    expire(t, tcb);
    tcb.flags &= ~F_RESEND; // as if the probe had left
  }
  expect(events().filter(([type]) => type === EV_CLOSED)).toEqual([[EV_CLOSED, ETIMEDOUT, ESTABLISHED]]);
  return found;
}

test('the user timer that comes too early waits for the rest, and no longer [MUST-21]', () => {
  const b = bench();
  const { t, tcb } = b;
  b.send(100);
  tcb.userTimeout = 5000;
  tcb.firstSentAt = t.tick - 3000; // progress since it was set
  fire(b, TIMER_USER);
  expect([tcb.state, tcb.timer(TIMER_USER)]).toEqual([ESTABLISHED, t.tick + 2000]);
  t.tick += 2000;
  fire(b, TIMER_USER);
  expect(b.events()).toEqual([[EV_CLOSED, ETIMEDOUT, ESTABLISHED]]);
});

describe('a closed window [MUST-36]', () => {
  function closed(dataRetries: number): Bench {
    const b = bench({ tcp: { dataRetries } });
    queueText(b.t, b.tcb, new Uint8Array(100), 0, 100);
    b.tcb.sndWnd = 0;
    b.tcb.rto = 1000;
    return b;
  }

  test('that nobody answers for: as many probes as R2 says, ever later, then the end [MUST-20] [MUST-37]', () => {
    expect(waits(closed(3), TIMER_PERSIST)).toEqual([0, 2000, 4000, 8000]);
  });

  test('behind a neighbour that does not answer: no probe can leave, and the attempts count all the same [MUST-20]', () => {
    const b = closed(3);
    b.hop.ready = false;
    expect(waits(b, TIMER_PERSIST)).toEqual([0, 2000, 4000, 8000]);
    expect(b.t.counters.zeroWindowProbes).toBe(0);
  });

  test('or an open one, behind such a neighbour [MUST-20]', () => {
    const b = closed(3);
    b.hop.ready = false;
    b.tcb.sndWnd = 1000;
    expect(waits(b, TIMER_PERSIST)).toEqual([0, 2000, 4000, 8000]);
  });

  test('nobody waits for needs no probe', () => {
    const b = bench();
    b.tcb.sndWnd = 0;
    b.tcb.flags |= F_PERSIST;
    fire(b, TIMER_PERSIST);
    expect([b.tcb.flags & (F_PERSIST | F_RESEND), b.tcb.rexmits, b.tcb.timer(TIMER_PERSIST)]).toEqual([0, 0, 0]);
  });

  test('is not probed before the handshake is over', () => {
    const b = closed(3);
    b.tcb.state = SYN_SENT;
    fire(b, TIMER_PERSIST);
    expect([b.tcb.flags & (F_PERSIST | F_RESEND), b.tcb.rexmits]).toEqual([0, 0]);
  });
});

describe('keep-alive', () => {
  function alive(idle: number, interval: number, count: number): Bench {
    const b = bench();
    Object.assign(b.tcb, { keepIdle: idle, keepInterval: interval, keepCount: count, lastRcvAt: b.t.tick });
    b.tcb.flags |= F_KEEPALIVE;
    return b;
  }
  /** `ms` later the timer fires; probes sent and the time to the next deadline. */
  function later(b: Bench, ms: number): [probes: number, next: number] {
    b.t.tick += ms;
    const { keepaliveProbes } = b.t.counters;
    fire(b, TIMER_KEEPALIVE);
    return [b.t.counters.keepaliveProbes - keepaliveProbes, b.tcb.timer(TIMER_KEEPALIVE) - b.t.tick];
  }

  test('an answer counts also when the interval is longer than the idle time [MUST-29]', () => {
    const b = alive(1000, 3000, 2);
    expect(later(b, 1000)).toEqual([1, 3000]);
    for (let n = 0; n < 5; n++) {
      b.tcb.lastRcvAt = b.t.tick + 100;
      expect(later(b, 3000)).toEqual([1, 3000]);
    }
    expect(b.events()).toEqual([]);
    expect(later(b, 3000)).toEqual([1, 3000]); // the last one was not answered
    later(b, 3000);
    expect(b.events()).toEqual([[EV_CLOSED, ETIMEDOUT, ESTABLISHED]]);
  });

  test('what came in the very moment of the probe is an answer, too [MUST-29]', () => {
    const b = alive(1000, 1000, 1);
    expect(later(b, 1000)).toEqual([1, 1000]);
    b.tcb.lastRcvAt = b.t.tick;
    expect(later(b, 1000)).toEqual([1, 1000]);
    expect(b.tcb.state).toBe(ESTABLISHED);
  });

  test.each([
    ['turned off', (b: Bench) => void (b.tcb.flags &= ~F_KEEPALIVE)],
    ['before the handshake is over', (b: Bench) => void (b.tcb.state = SYN_SENT)],
    ['in TIME-WAIT', (b: Bench) => void (b.tcb.state = TIME_WAIT)],
  ])('%s: no probe, and no deadline [MUST-26]', (_when, change) => {
    const b = alive(1000, 1000, 2);
    change(b);
    b.t.tick += 1000;
    fire(b, TIMER_KEEPALIVE);
    expect([b.t.counters.keepaliveProbes, b.tcb.timer(TIMER_KEEPALIVE), b.take()]).toEqual([0, 0, []]);
  });

  test('a neighbour that is not known: the probes count, and nothing leaves [MUST-29]', () => {
    const b = alive(1000, 1000, 1);
    b.hop.ready = false;
    expect(later(b, 1000)).toEqual([1, 1000]);
    later(b, 1000);
    expect([b.take(), b.events()]).toEqual([[], [[EV_CLOSED, ETIMEDOUT, ESTABLISHED]]]);
  });
});

test('a retransmission timer that finds everything acknowledged does nothing [T263] [T264] [T265]', () => {
  const b = bench();
  fire(b, TIMER_REXMIT);
  expect([b.t.counters.timeouts, b.tcb.rexmits, b.tcb.timer(TIMER_REXMIT), b.tcb.flags & F_RESEND]).toEqual([
    0, 0, 0, 0,
  ]);
});

test('2MSL of a row that could not become a record ends it [T249]', () => {
  const b = bench();
  const { gen } = b.tcb;
  b.tcb.state = TIME_WAIT;
  fire(b, TIMER_STATE);
  expect([b.tcb.gen - gen, b.t.rows.used]).toEqual([1, 0]);
});

test.each([
  ['an attempt', SYN_SENT, 1],
  ['a connection', ESTABLISHED, 0],
])('%s that is given up: attemptFails, and the reason', (_what, state, fails) => {
  const b = bench();
  b.tcb.state = state;
  giveUp(b.t, b.tcb, ETIMEDOUT);
  expect(b.t.counters.attemptFails).toBe(fails);
  expect(b.events()).toEqual([[EV_CLOSED, ETIMEDOUT, state]]);
});

test('the last soft error is the better reason, and R1 tells the user [SHLD-9] [SHLD-10]', () => {
  const b = bench();
  b.tcb.softError = ECONNRESET;
  b.send(100);
  b.tcb.rexmits = 2;
  fire(b, TIMER_REXMIT);
  expect(b.events()).toEqual([[EV_SOFT_ERROR, ETIMEDOUT, 0]]);
  giveUp(b.t, b.tcb, ETIMEDOUT);
  expect(b.events()).toEqual([[EV_CLOSED, ECONNRESET, ESTABLISHED]]);
});
