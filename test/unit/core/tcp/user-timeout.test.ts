// RFC 5482 by numbers; scripts show it on the wire (test/conformance/user-timeout-option.test.ts).
import { describe, expect, test } from 'vitest';
import { beginAccurate } from '../../../../src/core/tcp/accurate-ecn.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { ackNow } from '../../../../src/core/tcp/receive-window.ts';
import { F_DIRTY, F_KEEPALIVE, F2_UTO, F2_UTO_DUE, F2_UTO_FIXED } from '../../../../src/core/tcp/row.ts';
import { segmentArrives } from '../../../../src/core/tcp/segment-arrives.ts';
import { adoptTimeout, outlast, userTimeoutSet } from '../../../../src/core/tcp/user-timeout.ts';
import { type Bench, bench, endTurn } from './bench.ts';
import { segment } from './bench-of-tables.ts';

/** Idle for a minute, then a probe each ten seconds. */
function kept(count: number, userTimeout: number, flags2 = F2_UTO): Bench {
  const b = bench();
  b.tcb.flags |= F_KEEPALIVE;
  b.tcb.flags2 |= flags2;
  Object.assign(b.tcb, { keepIdle: 60_000, keepInterval: 10_000, keepCount: count, userTimeout });
  return b;
}

describe('keep-alive outlasts a timeout that was taken over [RFC 5482 §4.2]', () => {
  const count = (given: number, timeout: number, flags2?: number): number => {
    const { tcb } = kept(given, timeout, flags2);
    outlast(tcb);
    return tcb.keepCount;
  };

  test('as many probes as reach beyond it; never fewer than there were', () => {
    expect([count(2, 100_000), count(5, 100_000), count(6, 100_000), count(20, 100_000)]).toEqual([5, 5, 6, 20]);
    expect([count(2, 100_001), count(2, 30_000), count(2, 2 ** 31 - 1)]).toEqual([6, 2, 0xffff]);
  });

  test('not one of our own, nor without the option', () => {
    expect([count(2, 100_000, F2_UTO | F2_UTO_FIXED), count(2, 100_000, 0), count(2, 0)]).toEqual([2, 2, 2]);
  });
});

test('the timeout that holds is the longer wish, between 100 s and an hour, and above the RTO [RFC 5482 §3.1]', () => {
  const adopted = (own: number, remote: number, rto = 1000): number => {
    const { tcb } = kept(2, own);
    tcb.rto = rto;
    adoptTimeout(tcb, remote);
    expect(tcb.uto).toBe(remote);
    return tcb.userTimeout;
  };
  expect([adopted(0, 1000), adopted(0, 400_000), adopted(500_000, 400_000)]).toEqual([300_000, 400_000, 500_000]);
  expect([adopted(1000, 2000), adopted(1000, 2000, 120_000), adopted(0, 1e9)]).toEqual([100_000, 120_000, 3_600_000]);
});

test('the peer hears of a timeout that was set where it has the option, and its wish counts no more [RFC 5482 §3.1]', () => {
  for (const on of [0, F2_UTO]) {
    const { t, tcb } = bench();
    tcb.flags2 = on;
    tcb.flags &= ~F_DIRTY;
    userTimeoutSet(t, tcb);
    expect(tcb.flags2).toBe(F2_UTO_FIXED | on | (on === 0 ? 0 : F2_UTO_DUE));
  }
});

test('a timeout that was set goes before the counts of AccECN, which are due with each turn of text [RFC 5482 §3.1] [RFC 9768 §3.2.3]', () => {
  const b = kept(2, 200_000);
  const { t, tcb } = b;
  beginAccurate(tcb, 0, true, 0);
  userTimeoutSet(t, tcb);
  const options: number[][] = [];
  for (let turn = 0; turn < 10; turn++) {
    segmentArrives(
      t,
      tcb,
      Object.assign(segment(tcb.rcvNxt, new Uint8Array(500)), { ack: tcb.sndUna, rawWnd: 60_000, tos: 2 }),
    );
    ackNow(t, tcb);
    output(t, tcb, 0);
    for (const sent of b.take()) options.push([sent.options.userTimeout, sent.options.accEcnFields]);
    endTurn(b);
  }
  expect(options[0]).toEqual([200, 0]);
  expect(options.slice(1)).toEqual(Array(9).fill([-1, 3]));
});
