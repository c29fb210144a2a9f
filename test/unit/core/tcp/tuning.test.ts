// What a user sets of one connection: which words it touches, that a free row keeps its own, and that it travels with the connection.
import { expect, test } from 'vitest';
import { EINVAL, ENOTCONN, ETIMEDOUT, EV_CLOSED, EV_RETRANSMIT, EV_STATE, OK } from '../../../../src/core/events.ts';
import { step } from '../../../../src/core/tcp/context.ts';
import { CLOSE_WAIT, CLOSED, ESTABLISHED, EV, LISTEN, SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { dropFlight, stir } from '../../../../src/core/tcp/flights.ts';
import { BY_KEEP_ALIVE, BY_RETRIES, reportEnd } from '../../../../src/core/tcp/last-words.ts';
import { tellResent } from '../../../../src/core/tcp/retransmission.ts';
import { F2_HOLDS_FLIGHT, F2_NO_ECT, F2_TELL_ACKED, F2_TUNED } from '../../../../src/core/tcp/row.ts';
import { exportRow, importRow } from '../../../../src/core/tcp/snapshot.ts';
import { infoOf } from '../../../../src/core/tcp/status.ts';
import {
  TUNE_ECN,
  TUNE_LOW_WATER,
  TUNE_MAX_SEGMENT,
  TUNE_PACING,
  TUNE_TTL,
  tune,
} from '../../../../src/core/tcp/tuning.ts';
import { sendRoom } from '../../../../src/core/tcp/unsent.ts';
import { bench, endTurn } from './bench.ts';

test('a free row and a listener keep their words', () => {
  for (const state of [CLOSED, LISTEN]) {
    const { t, tcb } = bench();
    tcb.state = state;
    const before = [...t.rows.words.subarray(tcb.at, tcb.at + 64)];
    for (let what = 0; what < 5; what++) expect(tune(t, tcb, what, 100)).toBe(ENOTCONN);
    expect([...t.rows.words.subarray(tcb.at, tcb.at + 64)]).toEqual(before);
  }
});

test('TTL leaves TOS and the TOS that came alone [MUST-49]', () => {
  const { t, tcb } = bench();
  tcb.ip = (0x55 << 16) | (64 << 8) | 0x1c;
  expect(tune(t, tcb, TUNE_TTL, 255)).toBe(OK);
  expect(tcb.ip).toBe((0x55 << 16) | (255 << 8) | 0x1c);
});

test('ECN off and on; the largest segment comes down only, and not before the peer has said its own [RFC 9293 §3.7.1]', () => {
  const { t, tcb } = bench();
  tune(t, tcb, TUNE_ECN, 0);
  expect(tcb.flags2 & F2_NO_ECT).toBe(F2_NO_ECT);
  tune(t, tcb, TUNE_ECN, 1);
  expect(tcb.flags2 & F2_NO_ECT).toBe(0);
  tcb.peerMss = 1460;
  expect([tune(t, tcb, TUNE_MAX_SEGMENT, 500), tcb.peerMss, tune(t, tcb, TUNE_MAX_SEGMENT, 900), tcb.peerMss]).toEqual([
    OK,
    500,
    OK,
    500,
  ]);
  tcb.state = SYN_SENT;
  expect([tune(t, tcb, TUNE_MAX_SEGMENT, 400), tcb.peerMss]).toEqual([EINVAL, 500]);
});

test('the low-water mark of one connection: its own, none, or the stack’s [UNTAGGED-14]', () => {
  const { t, tcb } = bench({ tcp: { notSentLowat: 3000 } });
  tcb.sndBuf = 100_000;
  expect(sendRoom(t, tcb)).toBe(3000);
  tune(t, tcb, TUNE_LOW_WATER, 700);
  expect(sendRoom(t, tcb)).toBe(700);
  tune(t, tcb, TUNE_LOW_WATER, 0);
  expect(sendRoom(t, tcb)).toBe(100_000);
});

test('what was set keeps the block of words, and travels; what was asked of the exporter does not', () => {
  const from = bench();
  tune(from.t, from.tcb, TUNE_PACING, 1_000_001);
  expect([from.tcb.maxPacing, from.tcb.pacingRate]).toEqual([62_501, 62_501]);
  expect(from.tcb.flags2 & F2_HOLDS_FLIGHT).toBe(F2_TUNED);
  from.tcb.cwnd = 10_000;
  from.tcb.flags2 |= F2_TELL_ACKED;
  infoOf(from.t, from.tcb);
  expect(from.tcb.timing).toBe(1);
  const to = bench();
  exportRow(to.t, to.tcb); // nothing is left there
  endTurn(to);
  Object.assign(to.t.ip, { routeTo: () => 0 });
  importRow(to.t, to.tcb, exportRow(from.t, from.tcb));
  expect([to.tcb.maxPacing, to.tcb.pacingRate, to.tcb.timing, to.tcb.flags2 & F2_TELL_ACKED]).toEqual([
    62_501, 62_501, 0, 0,
  ]);
  tune(to.t, to.tcb, TUNE_PACING, 0);
  expect([to.tcb.pacingRate, to.tcb.flags2 & F2_TUNED]).toEqual([0, 0]);
});

test('the entry that counts what text waited for goes back with the block', () => {
  const { t, tcb } = bench();
  infoOf(t, tcb);
  expect(tcb.timing).toBe(1);
  dropFlight(t, tcb);
  expect(tcb.timing).toBe(0);
  expect(infoOf(t, tcb)).toMatchObject({ limit: 'idle', limitedUs: { idle: 0 } }); // at rest: nothing to count with
  stir(t, tcb);
  infoOf(t, tcb);
  expect(tcb.timing).toBe(1);
});

test('states and retransmissions are told while somebody wants them [ADR 38]', () => {
  const b = bench();
  step(b.t, b.tcb, EV.rcvFin);
  tellResent(b.t, b.tcb, b.tcb.iss, 1);
  b.t.events.count = 0;
  b.tcb.state = ESTABLISHED;
  b.t.telling = true;
  step(b.t, b.tcb, EV.rcvFin);
  expect(b.events()).toEqual([[EV_STATE, ESTABLISHED, CLOSE_WAIT]]);
  tellResent(b.t, b.tcb, (b.tcb.iss + 5) | 0, 100);
  expect(b.events()).toEqual([[EV_RETRANSMIT, 5, 100]]);
});

test('last words: cause, tries, silence; none after an orderly end', () => {
  const b = bench();
  const { t, tcb } = b;
  stir(t, tcb);
  t.tick = 9000;
  tcb.lastRcvAt = 2000;
  tcb.rexmits = 4;
  tcb.retransmits = 300;
  tcb.firstSentAt = 8000;
  reportEnd(t, tcb, ETIMEDOUT, ESTABLISHED, EV.giveUp);
  const w = [...t.events.words.subarray(0, 8)];
  expect(w.slice(3)).toEqual([ETIMEDOUT, ESTABLISHED, BY_RETRIES | (4 << 16) | (255 << 24), 1000, 7000]);
  expect(w[0]).toBe(EV_CLOSED);
  const second = bench();
  second.t.cause = BY_KEEP_ALIVE;
  reportEnd(second.t, second.tcb, OK, ESTABLISHED, EV.rcvAckOfFin);
  expect(second.t.cause).toBe(0); // it was about this end, not about the next
});
