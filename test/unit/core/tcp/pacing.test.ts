// Text leaves in quanta of a tick, at the rate on average, whatever the rate and however late the process wakes.
import { describe, expect, test } from 'vitest';
import { newReno } from '../../../../src/core/tcp/congestion/newreno.ts';
import { RATE_UNIT } from '../../../../src/core/tcp/congestion/view.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { afterIdle, holdBack, paceDue, paced, spend } from '../../../../src/core/tcp/pacing.ts';
import { F_CWND_LIMITED, F_DIRTY, F2_PACED, TIMER_PACE, TIMER_REXMIT } from '../../../../src/core/tcp/row.ts';
import { infoOf } from '../../../../src/core/tcp/status.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { TUNE_PACING, tune } from '../../../../src/core/tcp/tuning.ts';
import { type Bench, bench } from './bench.ts';

const MSS = 1000;

function at(bytesPerSecond: number): Bench {
  const b = bench();
  b.tcb.pacingRate = bytesPerSecond / RATE_UNIT;
  return b;
}

/** Takes all that may leave now; returns how much. */
function drain({ t, tcb }: Bench, want = 1 << 28): number {
  let left = 0;
  for (let n = paced(t, tcb, want, MSS); n > 0; n = paced(t, tcb, want, MSS)) {
    spend(tcb, n);
    left += n;
  }
  return left;
}

function pass({ t }: Bench, us: number): void {
  t.now += us;
  t.tick = Math.floor(t.now / 1000);
}

test('without a rate nothing is held back', () => {
  const b = at(0);
  expect(paced(b.t, b.tcb, 123_456, MSS)).toBe(123_456);
  expect(b.tcb.timer(TIMER_PACE)).toBe(0);
});

describe('the rate is kept', () => {
  test.each([1600, 20_000, 125_000, 1_250_000, 12_500_000, 125_000_000, 1_250_000_000])(
    '%i bytes per second',
    (rate) => {
      const b = at(rate);
      drain(b);
      let sent = 0;
      const seconds = rate < 100_000 ? 20 : 1;
      for (let tick = 0; tick < seconds * 1000; tick++) {
        pass(b, 1000);
        sent += drain(b);
      }
      expect(sent / seconds / rate).toBeGreaterThan(rate < 10_000 ? 0.9 : 0.98);
      expect(sent / seconds / rate).toBeLessThan(1.01);
    },
  );

  test('also when the process wakes late now and then', () => {
    const b = at(1_250_000);
    drain(b);
    let sent = 0;
    for (let n = 0; n < 300; n++) {
      pass(b, n % 3 === 0 ? 3700 : 1000);
      sent += drain(b);
    }
    expect(sent).toBeGreaterThan(0.98 * 1.25 * (100 * 3700 + 200 * 1000));
  });
});

test('a quantum is what a tick brings, at least two segments, and as large as a super-segment gets', () => {
  for (const [rate, quantum] of [
    [100_000, 2000],
    [10_000_000, 10_000],
    [40_500_000, 40_000],
  ] as const) {
    const b = at(rate);
    expect(paced(b.t, b.tcb, 64_000, MSS)).toBe(quantum);
  }
});

test('silence saves up one quantum and no more', () => {
  const b = at(1_000_000);
  spend(b.tcb, paced(b.t, b.tcb, 2000, MSS));
  pass(b, 10_000_000);
  expect(drain(b)).toBe(2000);
});

test('what waits sets the timer for the moment when it may go', () => {
  const b = at(100_000);
  expect(drain(b)).toBe(2000);
  expect(b.tcb.flags2 & F2_PACED).not.toBe(0);
  expect(b.tcb.timer(TIMER_PACE) - b.t.tick).toBe(20);
  pass(b, 20_000);
  expect(drain(b)).toBe(2000);
});

test('a short end does not wait for a whole quantum', () => {
  const b = at(100_000);
  drain(b);
  expect(paced(b.t, b.tcb, 100, MSS)).toBe(0);
  pass(b, 1000);
  expect(paced(b.t, b.tcb, 100, MSS)).toBe(100);
});

test('a process that woke late makes up for four milliseconds, and no more', () => {
  const b = at(2_500_000);
  drain(b);
  pass(b, 100_000);
  // A quantum of 2500 and 4 ms of 2500: whole segments of it.
  expect(drain(b)).toBe(12_000);
  expect(b.tcb.paceBudget).toBe(500);
});

test('a quantum is whole segments', () => {
  const b = at(2_500_000);
  expect(paced(b.t, b.tcb, 64_000, MSS)).toBe(2000);
  expect(paced(b.t, b.tcb, 2400, MSS)).toBe(2400);
  expect(paced(b.t, b.tcb, 2600, MSS)).toBe(2000);
});

test('the timer that runs already stays: it is not put off by who asks again', () => {
  const b = at(100_000);
  drain(b);
  const due = b.tcb.timer(TIMER_PACE) - 3;
  b.tcb.setTimer(TIMER_PACE, due);
  pass(b, 5000);
  expect(paced(b.t, b.tcb, 64_000, MSS)).toBe(0);
  expect(b.tcb.timer(TIMER_PACE)).toBe(due);
});

test('a rate that rises wakes sooner', () => {
  const b = at(1600);
  drain(b);
  expect(b.tcb.timer(TIMER_PACE) - b.t.tick).toBe(1250);
  b.tcb.pacingRate = 1_000_000 / RATE_UNIT;
  expect(paced(b.t, b.tcb, 64_000, MSS)).toBe(0);
  expect(b.tcb.timer(TIMER_PACE) - b.t.tick).toBe(2);
});

describe('[RFC 3168 §6.1.2-b] held back', () => {
  test.each([
    ['without a rate', 0],
    ['at a rate', 20_000_000],
  ])('%s: nothing leaves before its time', (_, rate) => {
    const b = at(rate);
    holdBack(b.t, b.tcb, 200);
    pass(b, 199_000);
    expect(drain(b, 5000)).toBe(0);
    pass(b, 1000);
    expire(b.t, b.tcb);
    expect(paced(b.t, b.tcb, 5000, MSS)).toBe(5000);
  });

  test('a rate that falls meanwhile makes it no longer', () => {
    const b = at(20_000_000);
    holdBack(b.t, b.tcb, 6000);
    b.tcb.pacingRate = 1600 / RATE_UNIT;
    pass(b, 6_000_000);
    expire(b.t, b.tcb);
    expect(drain(b)).toBe(2000);
  });

  test('who waits for the rate is held back all the same, and who is held back is not for longer', () => {
    const b = at(1_000_000);
    drain(b);
    holdBack(b.t, b.tcb, 200);
    pass(b, 100_000);
    holdBack(b.t, b.tcb, 200);
    expect(drain(b)).toBe(0);
    pass(b, 100_000);
    expire(b.t, b.tcb);
    expect(drain(b)).toBe(2000);
  });

  test('text that left for the rate before its timer does not make that timer a hold', () => {
    const b = at(100_000);
    drain(b);
    pass(b, 10_000);
    expect(paced(b.t, b.tcb, 500, MSS)).toBe(500);
    spend(b.tcb, 500);
    expect(paced(b.t, b.tcb, 500, MSS)).toBe(500);
  });
});

test('who waits no more saves up no more than a quantum', () => {
  const b = at(100_000);
  drain(b);
  pass(b, 20_000);
  expect(paced(b.t, b.tcb, 2000, MSS)).toBe(2000);
  expect(b.tcb.flags2 & F2_PACED).toBe(0);
});

test('the timer brings the connection to the output', () => {
  const b = at(100_000);
  b.tcb.flags &= ~F_DIRTY;
  paceDue(b.t, b.tcb);
  expect(b.tcb.flags & F_DIRTY).toBe(F_DIRTY);
});

test('the tick in which enough has come, not the one before', () => {
  const b = at(160_000);
  drain(b);
  b.tcb.paceBudget = 1000;
  b.tcb.setTimer(TIMER_PACE, 0);
  paced(b.t, b.tcb, 64_000, MSS);
  // 1000 octets at 160 a tick.
  expect(b.tcb.timer(TIMER_PACE) - b.t.tick).toBe(7);
});

test('a moment that reads as 0 is no fresh block, nor is one half an hour away a gift', () => {
  const b = at(1_000_000);
  drain(b);
  b.t.now = 2 ** 32;
  expect(paced(b.t, b.tcb, 2000, MSS)).toBe(2000);
  spend(b.tcb, 2000);
  expect(b.tcb.paceAt).not.toBe(0);
  expect(paced(b.t, b.tcb, 2000, MSS)).toBe(0);
  pass(b, 2 ** 31 + 5000);
  expect(drain(b)).toBe(2000);
});

test('what leaves without a rate uses no budget up', () => {
  const b = at(0);
  spend(b.tcb, 5000);
  expect(b.tcb.paceBudget).toBe(0);
});

test('output: segments leave tick by tick, and the timer brings the next ones', () => {
  const b = at(2_000_000);
  const { t, tcb, take } = b;
  queueText(t, tcb, new Uint8Array(10_000), 0, 10_000);
  const lengths: number[][] = [];
  output(t, tcb, 0);
  lengths.push(take().map((s) => s.len));
  for (let n = 0; n < 5; n++) {
    pass(b, 1000);
    expire(t, tcb);
    output(t, tcb, 0);
    lengths.push(take().map((s) => s.len));
  }
  expect(lengths).toEqual([[2000], [2000], [2000], [2000], [2000], []]);
  expect(tcb.flags & F_CWND_LIMITED).toBe(0);
});

describe('a limit that is lifted', () => {
  /** Text is held back by a limit of 2 MB/s, then there is none. */
  const lifted = (lift: (b: Bench) => void): Bench => {
    const b = bench();
    tune(b.t, b.tcb, TUNE_PACING, 2_000_000);
    queueText(b.t, b.tcb, new Uint8Array(30_000), 0, 30_000);
    output(b.t, b.tcb, 0);
    expect([b.take().length, b.tcb.flags2 & F2_PACED, b.tcb.timer(TIMER_PACE)]).toEqual([1, F2_PACED, b.t.tick + 1]);
    lift(b);
    return b;
  };
  const left = ({ take }: Bench): number => take().reduce((sum, s) => sum + s.len, 0);

  test('holds nothing back any more: the window is what limits then, and an ECN mark can hold text back [RFC 3168 §6.1.2]', () => {
    const b = lifted(({ t, tcb }) => void tune(t, tcb, TUNE_PACING, 0));
    const { t, tcb } = b;
    infoOf(t, tcb);
    output(t, tcb, 0);
    expect([left(b), tcb.flags2 & F2_PACED, infoOf(t, tcb).limit]).toEqual([8000, 0, 'congestionWindow']);
    holdBack(t, tcb, 300);
    tcb.cwnd = 30_000;
    output(t, tcb, 0);
    expect([left(b), tcb.timer(TIMER_PACE)]).toEqual([0, t.tick + 300]);
    pass(b, 300_000);
    expire(t, tcb);
    output(t, tcb, 0);
    expect(left(b)).toBe(20_000);
  });

  test('nor when a controller without a rate takes over', () => {
    const b = bench();
    b.t.congestion.change(
      b.tcb,
      { ...newReno, name: 'slow', paced: true, open: (v) => void (v.pacingRate = 2_000_000) },
      0,
    );
    b.t.congestion.take(b.tcb, 0);
    queueText(b.t, b.tcb, new Uint8Array(10_000), 0, 10_000);
    output(b.t, b.tcb, 0);
    expect([left(b), b.tcb.flags2 & F2_PACED]).toEqual([2000, F2_PACED]);
    b.t.congestion.change(b.tcb, newReno, 0);
    output(b.t, b.tcb, 0);
    expect([left(b), b.tcb.flags2 & F2_PACED, b.tcb.timer(TIMER_PACE)]).toEqual([8000, 0, 0]);
  });
});

describe('[RFC 5681 §4.1] idle time', () => {
  const idle = (prepare: (b: Bench) => void): number => {
    const b = bench();
    let seen = -1;
    b.t.congestion.change(b.tcb, { ...newReno, name: 'watch', onIdle: (_v, ms) => void (seen = ms) }, 0);
    prepare(b);
    afterIdle(b.t, b.tcb);
    return seen;
  };

  test('counts from the last text sent, not from what was received since', () => {
    const ms = idle((b) => {
      b.send(100);
      pass(b, 700_000);
      b.tcb.lastRcvAt = b.t.tick;
    });
    expect(ms).toBe(700);
  });

  test('is never negative: half an hour and more reads as what it is', () => {
    const ms = idle((b) => {
      b.send(100);
      pass(b, 2_500_000_000);
    });
    expect(ms).toBe(2_500_000);
  });

  test('a connection that never sent, or forgot, was idle for long', () => {
    expect(idle(() => {})).toBe(30_000);
  });
});

test('a retransmission that waits for its turn is not lost once more: no backoff, no black hole, no R2 [MUST-20]', () => {
  const b = bench({ tcp: { dataRetries: 3 } });
  b.tcb.pacingRate = 160 / RATE_UNIT;
  drain(b);
  b.send(1000);
  b.send(1000);
  b.take();
  b.tcb.rto = 200;
  b.tcb.setTimer(TIMER_REXMIT, b.t.tick + 200);
  const sent: number[] = [];
  for (let ms = 0; ms < 6200; ms++) {
    pass(b, 1000);
    expire(b.t, b.tcb);
    if (b.t.dirty.shift() >= 0) output(b.t, b.tcb, 0);
    for (const { seq } of b.take()) sent.push(seq, ms);
  }
  expect([b.t.counters.timeouts, b.t.counters.blackHoles, b.tcb.rexmits, b.tcb.rto]).toEqual([1, 0, 1, 400]);
  expect(sent).toEqual([]);
  for (let ms = 0; ms < 100; ms++) {
    pass(b, 1000);
    expire(b.t, b.tcb);
    if (b.t.dirty.shift() >= 0) output(b.t, b.tcb, 0);
    for (const { seq } of b.take()) sent.push(seq);
  }
  expect(sent).toEqual([1000]);
});
