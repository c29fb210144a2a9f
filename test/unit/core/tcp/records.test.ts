import { expect, test } from 'vitest';
import { R_FIN, R_RESENT, R_SACKED, RECORD_WORDS, Records } from '../../../../src/core/tcp/records.ts';

const pool = (n: number): Records => new Records(new ArrayBuffer(n * RECORD_WORDS * 4));

test('the pool gives what it has, then -1; what is given back is taken again, zeroed and unlinked', () => {
  const r = pool(3);
  const all = [r.take(), r.take(), r.take()];
  expect([new Set(all).size, r.take(), r.count]).toEqual([3, -1, 3]);
  r.setSeq(all[1]!, -7);
  r.setLen(all[1]!, 9);
  r.setFlags(all[1]!, R_SACKED);
  r.setSentAt(all[1]!, 5);
  r.setPlace(all[1]!, 3, 4);
  r.setNext(all[1]!, all[2]!);
  r.give(all[1]!);
  expect([r.count, r.take()]).toEqual([2, all[1]]);
  const again = all[1]!;
  expect([
    r.seq(again),
    r.len(again),
    r.flags(again),
    r.sentAt(again),
    r.chunk(again),
    r.offset(again),
    r.next(again),
  ]).toEqual([0, 0, 0, 0, 0, 0, -1]);
});

test('fields do not touch each other or their neighbours', () => {
  const r = pool(3);
  const [, rec] = [r.take(), r.take(), r.take()];
  r.setSeq(rec!, 0x80000000 | 0);
  r.setLen(rec!, 65_000);
  r.setSentAt(rec!, -1);
  r.setFlags(rec!, R_RESENT);
  r.setNext(rec!, 2);
  r.setPlace(rec!, 11, 12);
  expect([
    r.seq(rec!),
    r.len(rec!),
    r.sentAt(rec!),
    r.flags(rec!),
    r.next(rec!),
    r.chunk(rec!),
    r.offset(rec!),
  ]).toEqual([-(2 ** 31), 65_000, -1, R_RESENT, 2, 11, 12]);
  for (const other of [0, 2])
    expect([r.seq(other), r.len(other), r.next(other), r.offset(other)]).toEqual([0, 0, -1, 0]);
});

test('a FIN takes one place in sequence space (RFC 9293 §3.4), other marks none', () => {
  const r = pool(1);
  const rec = r.take();
  r.setLen(rec, 100);
  expect(
    [0, R_FIN, R_SACKED | R_RESENT, R_FIN | R_SACKED].map((flags) => (r.setFlags(rec, flags), r.space(rec))),
  ).toEqual([100, 101, 100, 101]);
});

test('less than a quarter left is short', () => {
  const r = pool(8);
  const short: boolean[] = [];
  for (let n = 0; n < 8; n++) {
    r.take();
    short.push(r.isShort);
  }
  expect(short).toEqual([false, false, false, false, false, false, true, true]);
  r.give(7);
  r.give(6);
  expect([r.isShort, r.touchedCount]).toEqual([false, 8]);
});

test('the first record of the pool is one like the others', () => {
  const r = pool(2);
  expect(r.take()).toBe(0);
  r.give(0);
  expect([r.take(), r.touchedCount]).toEqual([0, 1]);
});

test('what the delivery rate needs goes along with a part that is cut off', () => {
  const r = pool(3);
  for (let n = 0; n < 3; n++) r.take();
  r.setRate(1, 11, 12, 13, 14);
  r.setLost(1, 15);
  const rate = (rec: number): number[] => [
    r.delivered(rec),
    r.deliveredAt(rec),
    r.firstSentAt(rec),
    r.inFlight(rec),
    r.lost(rec),
  ];
  r.setSeq(2, 7);
  r.copyRate(1, 2);
  expect([rate(0), rate(1), rate(2)]).toEqual([
    [0, 0, 0, 0, 0],
    [11, 12, 13, 14, 15],
    [11, 12, 13, 14, 15],
  ]);
  expect([r.seq(2), r.len(2), r.next(2), r.chunk(2)]).toEqual([7, 0, -1, 0]);
});
