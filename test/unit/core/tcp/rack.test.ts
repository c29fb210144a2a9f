// RACK (RFC 8985 §6) with numbers one can check by hand: ten segments of 1000 from 1000 on, sent 1 ms apart.
import { describe, expect, test } from 'vitest';
import { passMilestones } from '../../../../src/core/tcp/milestones.ts';
import { afterIdle } from '../../../../src/core/tcp/pacing.ts';
import {
  armReordering,
  growWindow,
  rackDetect,
  rackTimeout,
  reorderingWindow,
  shrinkWindow,
} from '../../../../src/core/tcp/rack.ts';
import { R_LOST } from '../../../../src/core/tcp/records.ts';
import { firstLost, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import {
  F_RECOVERY,
  F_RTO_RECOVERY,
  F_SACK,
  F_TS,
  F2_FRTO,
  F2_PTO,
  F2_REORDERED,
  TIMER_LOSS,
  TIMER_REXMIT,
} from '../../../../src/core/tcp/row.ts';
import { acknowledge, applyBlock, beginNews, takeSack } from '../../../../src/core/tcp/scoreboard.ts';
import { OPT_SACK, OPT_TS } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';
import { chain } from './bench-of-tables.ts';

function flight(): Bench {
  const b = bench();
  b.tcb.flags |= F_SACK;
  for (let n = 0; n < 10; n++) {
    b.send(1000);
    later(b, 1000);
  }
  later(b, 90_000); // the first was sent 100 ms ago, the last 91 ms
  return b;
}

function later({ t }: Bench, us: number): void {
  t.now += us;
  t.tick = Math.floor(t.now / 1000);
}

/** An ACK with these blocks; `tsecr` if it has a timestamp. */
function news({ t, tcb }: Bench, blocks: [number, number][], ack = tcb.sndUna, tsecr?: number): void {
  t.options.sackBlocks = blocks.length;
  t.options.sack.set(blocks.flat());
  t.seg.opts = (blocks.length > 0 ? OPT_SACK : 0) | (tsecr === undefined ? 0 : OPT_TS);
  t.seg.tsecr = tsecr ?? 0;
  t.seg.ack = ack;
  beginNews(t, tcb, t.seg);
  takeSack(t, tcb, t.seg);
  acknowledge(t, tcb, ack);
  tcb.sndUna = ack;
}

const settle = ({ t, tcb }: Bench): void => void (tcb.rackFack = t.news.fack);
const lost = ({ t, tcb }: Bench): number[] =>
  chain(t, tcb.rtxHead)
    .filter((rec) => t.records.flags(rec) & R_LOST)
    .map((rec) => t.records.seq(rec));

describe('step 2: the segment sent last of those delivered', () => {
  test('by time, and in the same moment by sequence number [RFC 8985 §6.2-a]', () => {
    const b = flight();
    news(b, [[3000, 4000]]);
    expect([b.tcb.rackEndSeq, b.tcb.rackRtt, b.tcb.minRtt]).toEqual([4000, 98_000, 98_000]);
    news(b, [[2000, 3000]]);
    expect([b.tcb.rackEndSeq, b.tcb.rackRtt, b.tcb.minRtt]).toEqual([4000, 99_000, 98_000]);
    const same = bench();
    same.tcb.flags |= F_SACK;
    for (let n = 0; n < 3; n++) same.send(1000);
    news(same, [[2000, 3000]]);
    news(same, [[3000, 4000]]);
    expect(same.tcb.rackEndSeq).toBe(4000);
  });

  test('not a retransmission whose echo or whose speed says that the first transmission arrived [RFC 8985 §6.2-a]', () => {
    for (const [tsecr, after, taken, offset] of [
      [1000, 100_000, false, 0], // the echo is that of the first transmission
      [1110, 100_000, true, 0],
      [1109, 100_000, false, 0],
      [501_110, 100_000, true, 500_000],
      [501_109, 100_000, false, 500_000],
      [undefined, 1000, false, 0], // sooner than anything ever came back
      [undefined, 98_999, false, 0],
      [undefined, 99_000, true, 0], // as soon as that
      [undefined, 100_000, true, 0],
    ] as const) {
      const b = flight();
      b.tcb.tsOffset = offset;
      if (tsecr !== undefined) b.tcb.flags |= F_TS;
      news(b, [[2000, 3000]]);
      settle(b);
      later(b, 10_000);
      noteResent(b.t, b.tcb, b.tcb.rtxHead);
      later(b, after);
      news(b, [], 2000, tsecr);
      expect([tsecr, b.tcb.rackEndSeq]).toEqual([tsecr, taken ? 2000 : 3000]);
    }
  });

  test('a retransmission that a block names, whatever the echo: that is of what arrived in order [RFC 8985 §6.2-a] [RFC 7323 §4.3]', () => {
    for (const [block, after, taken] of [
      [true, 100_000, true],
      [true, 98_999, false], // sooner than anything ever came back
      [false, 100_000, false],
    ] as const) {
      const b = flight();
      b.tcb.flags |= F_TS;
      news(b, [[2000, 3000]]);
      settle(b);
      later(b, 10_000);
      noteResent(b.t, b.tcb, b.tcb.rtxHead);
      later(b, after);
      if (block) news(b, [[1000, 2000]], 1000, 1);
      else news(b, [], 2000, 1);
      expect([block, b.tcb.rackEndSeq]).toEqual([block, taken ? 2000 : 3000]);
    }
  });

  test('nothing in flight and long idle: what was sent last is forgotten, before it reads as sent later [RFC 8985 §6.2-a]', () => {
    const b = flight();
    news(b, [[1000, 2000]]);
    news(b, [], b.tcb.sndNxt);
    later(b, 29e6);
    afterIdle(b.t, b.tcb);
    expect(b.tcb.rackRtt).toBeGreaterThan(0);
    later(b, 2400e6);
    afterIdle(b.t, b.tcb);
    expect(b.tcb.rackRtt).toBe(0);
  });

  test('min_RTT is forgotten after five minutes [RFC 8985 §6.2-a]', () => {
    const b = flight();
    news(b, [[1000, 2000]]);
    expect(b.tcb.minRtt).toBe(100_000);
    later(b, 299e6);
    news(b, [[2000, 3000]]);
    expect(b.tcb.minRtt).toBe(100_000);
    later(b, 2e6);
    news(b, [[3000, 4000]]);
    expect(b.tcb.minRtt).toBeGreaterThan(100_000);
  });

  test('a round trip as short as the shortest begins the five minutes anew [RFC 8985 §6.2-a]', () => {
    const b = flight();
    news(b, [[1000, 2000]]);
    later(b, 1e6);
    const last = chain(b.t, b.tcb.rtxHead).at(-1)!;
    b.t.records.setSentAt(last, b.t.now - 100_000);
    news(b, [[10_000, 11_000]]);
    expect([b.tcb.minRtt, b.tcb.minRttAt]).toEqual([100_000, b.t.now | 0]);
  });
});

test('step 3: what lies below RACK.fack and was sent once shows reordering; one ACK whose blocks fall does not [RFC 8985 §6.2-d]', () => {
  const b = flight();
  news(b, [
    [6000, 7000],
    [3000, 4000],
  ]);
  settle(b);
  expect([b.tcb.flags2 & F2_REORDERED, b.tcb.rackFack]).toEqual([0, 7000]);
  const resent = chain(b.t, b.tcb.rtxHead)[0]!;
  noteResent(b.t, b.tcb, resent);
  later(b, 100_000);
  news(b, [], 2000);
  expect(b.tcb.flags2 & F2_REORDERED).toBe(0);
  news(b, [[2000, 3000]]);
  expect(b.tcb.flags2 & F2_REORDERED).toBe(F2_REORDERED);
});

describe('step 4: the reordering window', () => {
  const b = (): Bench => {
    const made = bench();
    made.tcb.minRtt = 80_000;
    made.tcb.srtt = 100_000;
    return made;
  };

  test('a quarter of min_RTT, zero in recovery or with three segments SACKed, until reordering was seen [RFC 8985 §6.2-b]', () => {
    const { tcb } = b();
    expect(reorderingWindow(tcb)).toBe(20_000);
    tcb.sackedOut = 2999;
    expect(reorderingWindow(tcb)).toBe(20_000);
    tcb.sackedOut = 3000;
    expect(reorderingWindow(tcb)).toBe(0);
    tcb.sackedOut = 0;
    for (const flag of [F_RECOVERY, F_RTO_RECOVERY]) {
      tcb.flags |= flag;
      expect(reorderingWindow(tcb)).toBe(0);
      tcb.flags &= ~flag;
    }
    tcb.flags |= F_RECOVERY;
    tcb.sackedOut = 3000;
    tcb.flags2 |= F2_REORDERED;
    expect(reorderingWindow(tcb)).toBe(20_000);
  });

  test('grows once per round trip with D-SACK, up to SRTT; sixteen recoveries without make it small again [RFC 8985 §6.2-b]', () => {
    const { tcb } = b();
    tcb.sndNxt = 5000;
    growWindow(tcb);
    growWindow(tcb);
    expect(reorderingWindow(tcb)).toBe(40_000);
    for (let n = 0; n < 9; n++) {
      tcb.sndUna = tcb.sndNxt;
      passMilestones(tcb);
      tcb.sndNxt += 1000;
      growWindow(tcb);
    }
    expect(reorderingWindow(tcb)).toBe(100_000);
    for (let n = 0; n < 15; n++) shrinkWindow(tcb);
    expect(reorderingWindow(tcb)).toBe(100_000);
    shrinkWindow(tcb);
    expect(reorderingWindow(tcb)).toBe(20_000);
  });

  test('grows no further than its eight bits, and nothing is taken off what is small [RFC 8985 §6.2-b]', () => {
    const { tcb } = b();
    tcb.sndNxt = 5000;
    for (let n = 0; n < 300; n++) {
      growWindow(tcb);
      tcb.sndUna = tcb.sndNxt;
      passMilestones(tcb);
      tcb.sndNxt += 1000;
    }
    expect(tcb.reoWnd).toBe((16 << 8) | 254);
    tcb.reoWnd = 0;
    shrinkWindow(tcb);
    expect(tcb.reoWnd).toBe(0);
  });

  test('never less than a tick, however short the path', () => {
    const { tcb } = b();
    tcb.minRtt = 50;
    tcb.srtt = 60;
    expect(reorderingWindow(tcb)).toBe(1000);
  });
});

describe('step 5: what is lost', () => {
  test('all that was sent before it and has had its time; for the rest one timer, the longest [RFC 8985 §6.2-c]', () => {
    const b = flight();
    news(b, [[5000, 6000]]); // sent 4 ms after the first: RTT 96 ms, window 24 ms
    expect(rackDetect(b.t, b.tcb)).toBe(23_000); // 4000 was sent 97 ms ago
    expect(lost(b)).toEqual([]);
    later(b, 21_000);
    expect([rackDetect(b.t, b.tcb), lost(b)]).toEqual([2000, [1000, 2000]]);
    later(b, 2000);
    expect([rackDetect(b.t, b.tcb), lost(b)]).toEqual([0, [1000, 2000, 3000, 4000]]);
  });

  test('what went again is passed over while it has time: the hole behind it is older [RFC 8985 §6.2-c]', () => {
    const b = flight();
    noteResent(b.t, b.tcb, b.tcb.rtxHead);
    later(b, 1000);
    news(b, [[4000, 7000]]);
    later(b, 60_000);
    expect([rackDetect(b.t, b.tcb), lost(b)]).toEqual([0, [2000, 3000]]);
  });

  test('the timer is for the last of those that wait, be it in front [RFC 8985 §6.2-c]', () => {
    const b = flight();
    const [first] = chain(b.t, b.tcb.rtxHead);
    b.t.records.setSentAt(first!, b.t.now - 1000);
    Object.assign(b.tcb, { rackRtt: 99_000, minRtt: 80_000, srtt: 100_000, rackXmitTs: b.t.now, rackEndSeq: 11_000 });
    expect(rackDetect(b.t, b.tcb)).toBe(99_000 + 20_000 - 1000);
  });

  test('on a timeout the window counts, too [RFC 8985 §6.3]', () => {
    const b = flight();
    news(b, [[2000, 3000]]);
    Object.assign(b.tcb, { rackRtt: 74_000, minRtt: 80_000, srtt: 100_000 });
    b.tcb.flags2 |= F2_REORDERED;
    rackTimeout(b.t, b.tcb);
    expect(lost(b)).toEqual([1000, 3000, 4000, 5000, 6000, 7000]); // sent 94 ms ago and more
  });

  test('the reordering timer is never early, and the retransmission timer comes after it [RFC 8985 §6.2-c] [RFC 8985 §8]', () => {
    const b = flight();
    const { t, tcb } = b;
    t.now += 900;
    for (const [rto, after] of [
      [50, 50],
      [3, 3],
      [2, 3],
      [1, 3],
    ] as const) {
      tcb.flags2 |= F2_PTO;
      tcb.setTimer(TIMER_REXMIT, t.tick + rto);
      armReordering(t, tcb, 1050); // 1950 µs after the tick began
      const timers = [tcb.timer(TIMER_LOSS) - t.tick, tcb.timer(TIMER_REXMIT) - t.tick];
      expect([timers, tcb.flags2 & F2_PTO]).toEqual([[2, after], 0]);
    }
    tcb.setTimer(TIMER_REXMIT, 0);
    armReordering(t, tcb, 1050);
    expect(tcb.timer(TIMER_REXMIT)).toBe(0);
    armReordering(t, tcb, 0);
    expect(tcb.timer(TIMER_LOSS)).toBe(0);
  });

  test('on a timeout the first; others by their time alone [RFC 8985 §6.3]', () => {
    const b = flight();
    news(b, [[2000, 3000]]);
    b.tcb.rackRtt = 94_500;
    b.tcb.flags |= F_RTO_RECOVERY;
    rackTimeout(b.t, b.tcb);
    expect(lost(b)).toEqual([1000, 3000, 4000, 5000, 6000]); // sent 95 ms ago and more
    const young = flight();
    news(young, [[2000, 3000]]);
    young.tcb.rackRtt = 500_000;
    rackTimeout(young.t, young.tcb);
    expect(lost(young)).toEqual([1000]);
  });
});

test('SACKed neighbours become one record, and the hint at the first lost one follows [RFC 6675 §3]', () => {
  const b = flight();
  for (let n = 9; n > 0; n--) applyBlock(b.t, b.tcb, 1000 + 1000 * n, 2000 + 1000 * n);
  expect(chain(b.t, b.tcb.rtxHead).map((rec) => b.t.records.len(rec))).toEqual([1000, 9000]);
  const c = flight();
  c.tcb.rackRtt = 1;
  rackTimeout(c.t, c.tcb);
  const seen: number[] = [];
  for (let rec = firstLost(c.t, c.tcb); rec >= 0; rec = firstLost(c.t, c.tcb)) {
    seen.push(c.t.records.seq(rec));
    if (seen.length === 4) applyBlock(c.t, c.tcb, 5000, 7000);
    else noteResent(c.t, c.tcb, rec);
    if (seen.length > 20) break;
  }
  expect(seen).toEqual([1000, 2000, 3000, 4000, 4000, 7000, 8000, 9000, 10_000]);
});

test('a D-SACK is told by the ACK of its own segment, not by SND.UNA, or by the second block [RFC 2883 §5]', () => {
  const rows: readonly (readonly [[number, number][], number, boolean])[] = [
    [[[2000, 3000]], 3000, true],
    [[[4000, 5000]], 3000, false],
    [
      [
        [4000, 5000],
        [4000, 8000],
      ],
      3000,
      true,
    ],
    [
      [
        [4000, 5000],
        [6000, 8000],
      ],
      3000,
      false,
    ],
    [[[3000, 4000]], 2000, false], // overtaken: SND.UNA is past it, its own ACK is not
    [[[900, 800]], 3000, false],
  ];
  for (const [blocks, ack, expected] of rows) {
    const b = flight();
    acknowledge(b.t, b.tcb, 5000);
    b.tcb.sndUna = 5000;
    const { t, tcb } = b;
    t.options.sackBlocks = blocks.length;
    t.options.sack.set(blocks.flat());
    t.seg.opts = OPT_SACK;
    t.seg.ack = ack;
    beginNews(t, tcb, t.seg);
    takeSack(t, tcb, t.seg);
    expect([blocks, t.news.dsack]).toEqual([blocks, expected]);
  }
});

test('F-RTO with SACK: text from before the timeout tells, new text does not [RFC 5682 §3]', () => {
  for (const [asked, seq, told] of [
    [true, 4000, true],
    [true, 5000, false],
    [false, 4000, false],
  ] as const) {
    const b = flight();
    if (asked) b.tcb.flags2 |= F2_FRTO;
    b.tcb.frtoSeq = 5000;
    news(b, [[seq, seq + 1000]]);
    expect([asked, seq, b.t.news.original]).toEqual([asked, seq, told]);
  }
});
