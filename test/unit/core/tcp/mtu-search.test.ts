// Probes of the path MTU, one by one; test/sim/mtu-search.test.ts has whole searches.
import { expect, test } from 'vitest';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { setSendMss } from '../../../../src/core/tcp/mss.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { F_SACK, F_TS, F2_MTU_PROBE } from '../../../../src/core/tcp/row.ts';
import { segmentArrives } from '../../../../src/core/tcp/segment-arrives.ts';
import { type Bench, bench } from './bench.ts';
import { segment } from './bench-of-tables.ts';

/** The path is believed to carry 1000, the link 1500; much text waits. */
function searching(flags: number): Bench {
  const b = bench();
  const { t, tcb } = b;
  tcb.flags |= flags;
  tcb.peerMss = 1460;
  tcb.pmtu = 1000;
  setSendMss(t, tcb);
  queueText(t, tcb, new Uint8Array(30_000), 0, 30_000);
  return b;
}

/** The largest packet that leaves. */
function largest(b: Bench): number {
  output(b.t, b.tcb, 0);
  const stamps = b.tcb.flags & F_TS ? 12 : 0;
  return Math.max(
    ...b.take().map((s) => {
      const blocks = s.options.sackBlocks;
      return 40 + stamps + (blocks === 0 ? 0 : 4 + 8 * blocks) + (s.gso || s.len);
    }),
  );
}

/** Text out of order, which each segment tells of. */
function hold({ t, tcb }: Bench): void {
  segmentArrives(
    t,
    tcb,
    Object.assign(segment(tcb.rcvNxt + 500, new Uint8Array(100)), { ack: tcb.sndUna, rawWnd: 60_000 }),
  );
}

test.each([F_SACK, F_SACK | F_TS])(
  'a probe is as large as it says: none while SACK blocks go along [RFC 8899 §3]',
  (flags) => {
    const b = searching(flags);
    hold(b);
    expect([largest(b), b.tcb.flags2 & F2_MTU_PROBE]).toEqual([1000, 0]);
    const free = searching(flags);
    expect([largest(free), free.tcb.flags2 & F2_MTU_PROBE]).toEqual([1500, F2_MTU_PROBE]);
  },
);

test('what is held without SACK takes no room', () => {
  const b = searching(0);
  hold(b);
  expect([largest(b), b.tcb.flags2 & F2_MTU_PROBE]).toEqual([1500, F2_MTU_PROBE]);
});

test('no probe is larger than the link has become since the search began [RFC 8899 §3]', () => {
  const b = searching(0);
  b.tcb.mtuHigh = 1500;
  Object.assign(b.t.ip, { mtuOf: () => 1240 });
  expect(largest(b)).toBe(1240);
});
