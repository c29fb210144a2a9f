// The retransmission queue against a model of one flag per octet.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SMALL_CHUNK } from '../../../../src/core/arena.ts';
import { EV_RETRANSMIT, RESENT_FAST, RESENT_PROBE, RESENT_TIMEOUT } from '../../../../src/core/events.ts';
import { add, diff } from '../../../../src/core/seq.ts';
import { queueText, textAcked } from '../../../../src/core/tcp/held-text.ts';
import { R_APP_LIMITED, R_FIN, R_LOST, R_RESENT, R_SACKED } from '../../../../src/core/tcp/records.ts';
import {
  boundGuess,
  clearLost,
  firstLost,
  inFlight,
  markAllLost,
  markLost,
  noteResent,
  noteSent,
  split,
  tellResent,
} from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK, F2_UNDO } from '../../../../src/core/tcp/row.ts';
import { acknowledge, applyBlock, beginNews } from '../../../../src/core/tcp/scoreboard.ts';
import { seekNew } from '../../../../src/core/tcp/send-queue.ts';
import { sendText } from '../../../../src/core/tcp/send-text.ts';
import { byteAt } from '../../../property/pair/end.ts';
import { bench, ISS } from './bench.ts';
import { chain, segment, type Tables, tables } from './bench-of-tables.ts';

const lengths = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 10 });
const step = fc.oneof(
  fc.record({ op: fc.constant('ack' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    op: fc.constant('sack' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    op: fc.constantFrom('split' as const, 'lose' as const, 'loseAll' as const, 'resend' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

/** Sends segments of these lengths, and a FIN. */
function sent(base: number, sizes: readonly number[]): Tables & { total: number } {
  const box = tables();
  const { t, tcb } = box;
  const total = sizes.reduce((a, b) => a + b, 0);
  const text = Uint8Array.from({ length: total }, (_, n) => byteAt(n, 0));
  tcb.flags = F_SACK;
  tcb.sndUna = tcb.sndNxt = base;
  expect(queueText(t, tcb, text, 0, total)).toBe(total);
  for (const [n, size] of sizes.entries()) {
    seekNew(t.arena, tcb);
    const fin = n === sizes.length - 1;
    noteSent(t, tcb, tcb.sndNxt, size, fin, tcb.sndChunk, tcb.sndOffset);
    for (let left = size; left > 0; ) {
      seekNew(t.arena, tcb);
      const here = Math.min(left, t.arena.end(tcb.sndChunk) - tcb.sndOffset);
      tcb.sndOffset += here;
      left -= here;
    }
    tcb.sndNxt = add(tcb.sndNxt, size + (fin ? 1 : 0));
  }
  return { ...box, total };
}

function check({ t, tcb }: Tables, base: number, sacked: Uint8Array, una: number, total: number): void {
  const r = t.records;
  let at = una;
  let [lost, marked] = [0, 0];
  for (const rec of chain(t, tcb.rtxHead)) {
    expect(diff(r.seq(rec), base)).toBe(at);
    const flags = r.flags(rec);
    expect(r.space(rec)).toBeGreaterThan(0);
    const should = flags & R_SACKED ? 1 : 0;
    for (let n = 0; n < r.space(rec); n++)
      if (sacked[at + n] !== should) throw new Error(`octet ${at + n} has the wrong mark`);
    if (flags & R_LOST) lost += r.space(rec);
    if (flags & R_SACKED) marked += r.space(rec);
    if (r.len(rec) > 0) {
      const offset = r.offset(rec) < t.arena.end(r.chunk(rec)) ? t.arena.offset(r.chunk(rec)) + r.offset(rec) : -1;
      if (offset >= 0) expect(t.arena.bytes[offset]).toBe(byteAt(at, 0));
    }
    at += r.space(rec);
    expect((flags & R_FIN) !== 0).toBe(at === total + 1);
  }
  expect(at).toBe(total + 1);
  expect([tcb.lostOut, tcb.sackedOut]).toEqual([lost, marked]);
  expect(inFlight(tcb)).toBe(total + 1 - una - lost - marked);
}

test('acknowledge, split, SACK, loss and retransmission in any order keep the octets', () => {
  const start = fc.constantFrom(0, -3000, 0x7fffff00);
  fc.assert(
    fc.property(start, lengths, fc.array(step, { maxLength: 25 }), (base, sizes, steps) => {
      const box = sent(base, sizes);
      const { t, tcb, total } = box;
      const sacked = new Uint8Array(total + 1);
      let una = 0;
      for (const s of steps) {
        const left = total + 1 - una;
        if (s.op === 'ack') {
          const to = una + Math.floor(s.at * left);
          acknowledge(t, tcb, add(base, to));
          textAcked(t, tcb, Math.min(to, total) - Math.min(una, total));
          tcb.sndUna = add(base, to);
          una = to;
        } else if (s.op === 'sack') {
          const [a, b] = [s.at, s.to].map((x) => una + Math.floor(x * left)).sort((x, y) => x - y) as [number, number];
          // A block never ends between the last octet and a FIN that were sent as one.
          if (b === total) continue;
          applyBlock(t, tcb, add(base, a), add(base, b));
          sacked.fill(1, a, b);
        } else {
          const all = chain(t, tcb.rtxHead);
          const rec = all[Math.floor(s.at * all.length)];
          if (s.op === 'loseAll') markAllLost(t, tcb);
          if (rec === undefined) continue;
          if (s.op === 'lose') markLost(t, tcb, rec);
          if (s.op === 'split' && t.records.len(rec) > 1)
            split(t, tcb, rec, Math.max(1, Math.floor(t.records.len(rec) / 2)));
          const lost = firstLost(t, tcb);
          if (s.op === 'resend' && lost >= 0) {
            noteResent(t, tcb, lost);
            expect(t.records.flags(lost) & R_RESENT).toBe(R_RESENT);
          }
        }
        check(box, base, sacked, una, total);
      }
      acknowledge(t, tcb, add(base, total + 1));
      textAcked(t, tcb, total - Math.min(una, total));
      expect([t.records.count, t.arena.used, tcb.rtxHead, tcb.rtxTail, tcb.sndQueued]).toEqual([0, 0, -1, -1, 0]);
    }),
    { seed: 6675 },
  );
});

test('only what was neither resent nor selectively acknowledged gives a round-trip sample (Karn) [RFC 6298 §3-a]', () => {
  const { t, tcb } = sent(0, [100, 100, 100]);
  const [a, b] = chain(t, tcb.rtxHead) as [number, number];
  (t as { now: number }).now += 5000;
  noteResent(t, tcb, a);
  applyBlock(t, tcb, 100, 200);
  expect(t.records.flags(b) & R_SACKED).toBe(R_SACKED);
  const bare = segment(0, new Uint8Array(0));
  beginNews(t, tcb, bare);
  expect(acknowledge(t, tcb, 200)).toBe(-1);
  beginNews(t, tcb, bare);
  expect(acknowledge(t, tcb, 301)).toBe(5000);
});

test('who watches hears why a segment left again', () => {
  for (const [flags, seq, why] of [
    [F_RTO_RECOVERY, 2000, RESENT_TIMEOUT],
    [F_RTO_RECOVERY | F_RECOVERY, 2000, RESENT_TIMEOUT],
    [0, ISS, RESENT_TIMEOUT], // a SYN has no other reason
    [F_RECOVERY, 2000, RESENT_FAST],
    [0, 2000, RESENT_PROBE],
  ] as const) {
    const { t, tcb, events } = bench();
    tcb.flags |= flags;
    events();
    tellResent(t, tcb, seq, 100);
    expect([...t.events.words.subarray(0, 7)]).toEqual([EV_RETRANSMIT, tcb.row, tcb.gen, seq - ISS, 100, 0, why]);
  }
  for (const telling of [false, true]) {
    const { t, tcb, send, events } = bench();
    send(10);
    events();
    t.telling = telling;
    noteResent(t, tcb, tcb.rtxHead);
    expect(events().length).toBe(telling ? 1 : 0);
  }
});

describe('without a record', () => {
  test('nothing may be sent, and that is counted', () => {
    const { t, tcb } = tables(4 << 20, 1);
    expect(noteSent(t, tcb, 0, 10, false, 0, 0)).toBe(true);
    expect(noteSent(t, tcb, 11, 10, false, 0, 0)).toBe(false);
    expect([t.counters.noMemory, tcb.rtxHead, tcb.rtxTail, t.records.count]).toEqual([1, 0, 0, 1]);
  });

  test('nothing is cut', () => {
    const { t, tcb } = tables(4 << 20, 1);
    noteSent(t, tcb, 0, 10, true, 0, 0);
    expect(split(t, tcb, tcb.rtxHead, 5)).toBe(false);
    expect([t.records.len(0), t.records.flags(0)]).toEqual([10, R_FIN]);
  });
});

test('a part that is cut off begins in the chunk where its text lies, whatever the numbers of the two', () => {
  for (const backwards of [false, true]) {
    const { t, tcb } = bench();
    const chunks = [t.arena.take(10), t.arena.take(10)];
    expect(chunks[0]).toBe(0);
    for (const chunk of backwards ? chunks : [...chunks].reverse()) t.arena.give(chunk);
    queueText(t, tcb, new Uint8Array(2000).fill(1), 0, 2000);
    queueText(t, tcb, new Uint8Array(1000).fill(2), 0, 1000);
    sendText(t, tcb, 0, 3000, 3000, 1000);
    expect(split(t, tcb, tcb.rtxHead, 2500)).toBe(true);
    const rest = t.records.next(tcb.rtxHead);
    expect([t.records.chunk(rest), t.records.offset(rest)]).toEqual([backwards ? 0 : 1, 2500 - SMALL_CHUNK]);
  }
});

test('a part that is cut off is what it was: when it left, what the rate sample needs, FIN, and the end of the queue', () => {
  const { t, tcb, send } = bench();
  send(3000);
  const rec = tcb.rtxHead;
  t.records.setFlags(rec, R_FIN | R_LOST);
  t.records.setRate(rec, 1, 2, 3, 4);
  t.records.setLost(rec, 5);
  expect(split(t, tcb, rec, 1000)).toBe(true);
  const rest = t.records.next(rec);
  expect([tcb.rtxTail, t.records.next(rest)]).toEqual([rest, -1]);
  expect([t.records.flags(rec), t.records.flags(rest), t.records.len(rec), t.records.len(rest)]).toEqual([
    R_LOST,
    R_FIN | R_LOST,
    1000,
    2000,
  ]);
  const r = t.records;
  expect([r.delivered(rest), r.deliveredAt(rest), r.firstSentAt(rest), r.inFlight(rest), r.lost(rest)]).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect([r.sentAt(rest), r.offset(rest)]).toEqual([r.sentAt(rec), r.offset(rec) + 1000]);
});

test('[RFC 9937 §5] what leaves in fast recovery is what PRR counts, new or again; nothing outside of it', () => {
  const { t, tcb, send } = bench();
  send(100);
  noteResent(t, tcb, tcb.rtxHead);
  expect(tcb.prrOut).toBe(0);
  tcb.flags |= F_RECOVERY;
  send(30);
  expect(tcb.prrOut).toBe(30);
  noteResent(t, tcb, tcb.rtxHead);
  expect(tcb.prrOut).toBe(130);
});

test('[RFC 3522 §3.2] the first retransmission of a recovery leaves its timestamp, each its octets', () => {
  const { t, tcb, send } = bench();
  send(100);
  send(50);
  noteResent(t, tcb, tcb.rtxHead);
  expect([tcb.undoTs, tcb.undoRetrans]).toEqual([0, 0]);
  tcb.flags2 |= F2_UNDO;
  noteResent(t, tcb, tcb.rtxHead);
  const first = tcb.undoTs;
  expect([first !== 0, tcb.undoRetrans]).toEqual([true, 100]);
  t.now += 5000;
  t.tick += 5;
  noteResent(t, tcb, tcb.rtxTail);
  expect([tcb.undoTs, tcb.undoRetrans, tcb.retransmits, t.counters.retransSegs]).toEqual([first, 150, 3, 3]);
});

describe('what is lost', () => {
  const three = (sack: boolean): ReturnType<typeof bench> => {
    const b = bench();
    if (sack) b.tcb.flags |= F_SACK;
    for (let n = 0; n < 3; n++) b.send(100);
    return b;
  };

  test('counts once, and not when it was selectively acknowledged', () => {
    const { t, tcb } = three(true);
    const [a, b] = chain(t, tcb.rtxHead) as [number, number];
    t.records.setFlags(b, R_SACKED);
    for (const rec of [a, a, b]) markLost(t, tcb, rec);
    expect([tcb.lostOut, tcb.lost, t.news.lost, t.records.flags(b)]).toEqual([100, 100, 100, R_SACKED]);
  });

  test('without SACK cannot have left the network as well', () => {
    const { t, tcb } = three(false);
    tcb.sackedOut = 250;
    markLost(t, tcb, tcb.rtxHead);
    expect(tcb.sackedOut).toBe(200);
    tcb.sackedOut = -1;
    boundGuess(tcb);
    expect(tcb.sackedOut).toBe(0);
    const sack = three(true);
    sack.tcb.sackedOut = 250;
    markLost(sack.t, sack.tcb, sack.tcb.rtxHead);
    expect(sack.tcb.sackedOut).toBe(250);
  });

  test('is found in its order, though what lies before the place of the last search was lost later', () => {
    const { t, tcb } = three(true);
    const [a, b, c] = chain(t, tcb.rtxHead) as [number, number, number];
    markLost(t, tcb, b);
    expect(firstLost(t, tcb)).toBe(b);
    markLost(t, tcb, c);
    expect(firstLost(t, tcb)).toBe(b);
    markLost(t, tcb, a);
    expect(firstLost(t, tcb)).toBe(a);
  });

  test('is not lost after all: marks, sum and place of the search go', () => {
    const { t, tcb } = three(true);
    const [a, b, c] = chain(t, tcb.rtxHead) as [number, number, number];
    markLost(t, tcb, a);
    markLost(t, tcb, c);
    firstLost(t, tcb);
    clearLost(t, tcb);
    expect([tcb.lostOut, tcb.rtxLost, ...[a, b, c].map((rec) => t.records.flags(rec))]).toEqual([0, 0, 0, 0, 0]);
    expect(firstLost(t, tcb)).toBe(-1);
  });
});

describe('when records run short', () => {
  const records = 8;
  /** Two segments in records of their own; then seven of eight records are taken. */
  function short(): Tables {
    const box = tables(4 << 20, records);
    const { t, tcb } = box;
    tcb.flags = F_SACK;
    tcb.srtt = 5000;
    expect(queueText(t, tcb, new Uint8Array(4000), 0, 4000)).toBe(4000);
    seekNew(t.arena, tcb);
    send(box, 100, false);
    send(box, 100, false);
    while (t.records.count < records - 1) t.records.take();
    return box;
  }
  function send({ t, tcb }: Tables, size: number, fin: boolean): boolean {
    t.now += 1000;
    const noted = noteSent(t, tcb, tcb.sndNxt, size, fin, tcb.sndChunk, tcb.sndOffset);
    tcb.sndNxt = add(tcb.sndNxt, size + (fin ? 1 : 0));
    tcb.sndOffset += size;
    return noted;
  }
  const facts = ({ t, tcb }: Tables): number[][] =>
    chain(t, tcb.rtxHead).map((rec) => [t.records.seq(rec), t.records.len(rec), t.records.flags(rec) & ~R_APP_LIMITED]);

  test('what follows the youngest record joins it, a FIN as well, and counts as sent when that was', () => {
    const box = short();
    const { t, tcb } = box;
    tcb.flags |= F_RECOVERY;
    const out = tcb.prrOut;
    expect([send(box, 50, false), send(box, 20, true), t.records.count]).toEqual([true, true, records - 1]);
    expect(facts(box)).toEqual([
      [0, 100, 0],
      [100, 170, R_FIN],
    ]);
    expect([t.records.sentAt(tcb.rtxTail), tcb.prrOut - out, tcb.lastSentUs]).toEqual([t.now - 2000, 70, t.now]);
  });

  test.each([
    ['lost', R_LOST],
    ['selectively acknowledged', R_SACKED],
  ])('but not to one that is %s', (_, flag) => {
    const box = short();
    const { t, tcb } = box;
    t.records.setFlags(tcb.rtxTail, flag);
    send(box, 50, false);
    expect(facts(box)).toEqual([
      [0, 100, 0],
      [100, 100, flag],
      [200, 50, 0],
    ]);
  });

  test('one older than a round trip counts as sent now, and gives no sample of it', () => {
    const box = short();
    const { t, tcb } = box;
    t.now += 5000;
    send(box, 50, false);
    expect([t.records.sentAt(tcb.rtxTail), facts(box)[1]]).toEqual([t.now, [100, 150, R_RESENT]]);
  });

  test('a segment and no more: what is sent whole has a record of its own', () => {
    const box = short();
    send(box, box.tcb.sndMss - 100, false);
    send(box, 1, false);
    expect(facts(box).map(([, len]) => len)).toEqual([100, 1460, 1]);
  });
});
