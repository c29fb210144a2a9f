// A TSecr of 0 says that nothing is echoed: some middleboxes and peers write it beside every ACK. Whatever our own clock is at.
import { expect, test } from 'vitest';
import { duplicateAck } from '../../../../src/core/tcp/loss.ts';
import { output } from '../../../../src/core/tcp/output.ts';
import { timeEcho } from '../../../../src/core/tcp/receive-window.ts';
import { R_RESENT } from '../../../../src/core/tcp/records.ts';
import { F_RECOVERY, F_SACK, F_TS, TIMER_REXMIT } from '../../../../src/core/tcp/row.ts';
import { acknowledge, beginNews } from '../../../../src/core/tcp/scoreboard.ts';
import { segmentArrives } from '../../../../src/core/tcp/segment-arrives.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { ACK, OPT_TS } from '../../../../src/wire/abi.ts';
import { type Bench, bench, IRS } from './bench.ts';
import { segment } from './bench-of-tables.ts';

const NOTHING = new Uint8Array(0);

/** Five segments left 100 ms ago; TSval is in the half of the circle in which 0 lies behind it, or before it. */
function flying(behind: boolean, flags = 0): Bench {
  const b = bench();
  b.tcb.flags |= F_TS | flags;
  b.tcb.tsOffset = behind ? 0x1000_0000 : 0x9000_0000 | 0;
  Object.assign(b.tcb, { srtt: 100_000, rttvar: 10_000, rto: 200 });
  for (let n = 0; n < 5; n++) b.send(1000);
  later(b, 100);
  return b;
}

function later({ t }: Bench, ms: number): void {
  t.now += ms * 1000;
  t.tick += ms;
}

function echoesNothing(b: Bench, ack: number): void {
  const seg = segment(IRS + 1, NOTHING, ACK);
  Object.assign(seg, { ack, rawWnd: 60_000, opts: OPT_TS, tsval: 5, tsecr: 0 });
  segmentArrives(b.t, b.tcb, seg);
}

test.each([true, false])(
  'fast recovery is not taken back for it (0 lies behind our clock: %s) [RFC 3522 §3.2]',
  (behind) => {
    const b = flying(behind);
    for (let n = 0; n < 3; n++) duplicateAck(b.t, b.tcb);
    expect(b.tcb.flags & F_RECOVERY).toBe(F_RECOVERY);
    output(b.t, b.tcb, 0);
    later(b, 100);
    echoesNothing(b, 6000);
    expect([b.t.counters.undone, b.tcb.retransmits]).toEqual([0, 1]);
  },
);

test.each([true, false])(
  'nor a timeout, and it is no sample of the path (%s) [RFC 4015 §3.3] [RFC 7323 §4.1]',
  (behind) => {
    const b = flying(behind);
    later(b, 100);
    b.tcb.setTimer(TIMER_REXMIT, b.t.tick);
    expire(b.t, b.tcb);
    output(b.t, b.tcb, 0);
    later(b, 100);
    echoesNothing(b, 2000);
    expect([b.t.counters.undone, b.tcb.srtt]).toEqual([0, 100_000]);
  },
);

test.each([true, false])('RACK hears of what was sent again (%s) [RFC 8985 §6.2]', (behind) => {
  const b = flying(behind, F_SACK);
  b.t.records.setFlags(b.tcb.rtxHead, R_RESENT);
  const seg = segment(IRS + 1, NOTHING, ACK);
  beginNews(b.t, b.tcb, Object.assign(seg, { ack: 2000, opts: OPT_TS, tsecr: 0 }));
  acknowledge(b.t, b.tcb, 2000);
  expect(b.tcb.rackRtt).toBe(100_000);
});

test.each([true, false])('nor is it how long our text took to be answered with some (%s) [RFC 7323 §4.1]', (behind) => {
  const b = flying(behind);
  timeEcho(b.t, b.tcb, Object.assign(segment(IRS + 1, NOTHING, ACK), { opts: OPT_TS, tsecr: 0 }));
  expect(b.tcb.echoAt).toBe(0);
});
