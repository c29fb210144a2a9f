// The retransmission queue against a model of one flag per octet.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EV_RETRANSMIT, RESENT_FAST, RESENT_PROBE, RESENT_TIMEOUT } from '../../../../src/core/events.ts';
import { add, diff } from '../../../../src/core/seq.ts';
import { queueText, textAcked } from '../../../../src/core/tcp/held-text.ts';
import { R_FIN, R_LOST, R_RESENT, R_SACKED } from '../../../../src/core/tcp/records.ts';
import {
  firstLost,
  inFlight,
  markAllLost,
  markLost,
  noteResent,
  noteSent,
  split,
  tellResent,
} from '../../../../src/core/tcp/retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F_SACK } from '../../../../src/core/tcp/row.ts';
import { acknowledge, applyBlock, beginNews } from '../../../../src/core/tcp/scoreboard.ts';
import { seekNew } from '../../../../src/core/tcp/send-queue.ts';
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
