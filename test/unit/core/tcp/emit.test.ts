import { expect, test } from 'vitest';
import { accEcnOption, beginAccurate } from '../../../../src/core/tcp/accurate-ecn.ts';
import { noteDuplicate } from '../../../../src/core/tcp/duplicate.ts';
import { ECT_0 } from '../../../../src/core/tcp/ecn.ts';
import { emitAck, emitRst, emitSyn, emitText, tsval } from '../../../../src/core/tcp/emit.ts';
import { SYN_RECEIVED, SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { optionsOnText } from '../../../../src/core/tcp/mss.ts';
import { hold } from '../../../../src/core/tcp/reassembly.ts';
import {
  F_ACK_LATER,
  F_ACK_NOW,
  F_PASSIVE,
  F_PERSIST,
  F_SACK,
  F_SND_URG,
  F_TS,
  F_WS,
  F2_ACCECN,
  F2_DSACK,
  F2_ECN,
  F2_NO_ECT,
  F2_UTO_DUE,
  TIMER_DELACK,
} from '../../../../src/core/tcp/row.ts';
import { sackLength } from '../../../../src/core/tcp/sack-option.ts';
import { sendText } from '../../../../src/core/tcp/send-text.ts';
import {
  ACK,
  ACK_MAY_LAG,
  DESC_WORDS,
  FIN,
  OPT_MSS,
  OPT_SACK,
  OPT_SACK_OK,
  OPT_TS,
  OPT_WS,
  PSH,
  RST,
  SYN,
  TX_FLAGS,
  TX_IP,
  TX_LEN,
  TX_OFF,
  URG,
} from '../../../../src/wire/abi.ts';
import { type Bench, type BenchOptions, bench, ISS } from './bench.ts';
import { segment } from './bench-of-tables.ts';

function opening(flags: number, o: BenchOptions = {}): Bench {
  const b = bench(o);
  b.tcb.state = flags & F_PASSIVE ? SYN_RECEIVED : SYN_SENT;
  b.tcb.flags = flags;
  b.tcb.scales = 5 << 8;
  b.tcb.sndNxt = b.tcb.sndUna = ISS;
  return b;
}

/** Holds blocks of 100 octets, each after a hole. */
function holes(b: Bench, n: number): void {
  for (let i = 1; i <= n; i++) hold(b.t, b.tcb, segment(b.tcb.rcvNxt + i * 200, new Uint8Array(100)));
}

test('our SYN offers what the defaults say; its window is not scaled (RFC 7323 §2.2)', () => {
  const b = opening(0);
  b.tcb.rcvBuf = 1 << 20;
  emitSyn(b.t, b.tcb, 0, 0);
  const [syn] = b.take();
  expect(syn).toMatchObject({ seq: ISS, ack: 0, flags: SYN, window: 0xffff, len: 0, ts: undefined });
  expect(syn!.options).toMatchObject({
    seen: OPT_MSS | OPT_SACK_OK | OPT_WS | OPT_TS,
    mss: 1460,
    ws: 5,
    tsVal: 1000,
    tsEcr: 0,
  });
  const plain = opening(0, { tcp: { timestamps: false, sack: false, windowScaling: false }, v6: true });
  emitSyn(plain.t, plain.tcb, 0, 0);
  expect(plain.take()[0]!.options).toMatchObject({ seen: OPT_MSS, mss: 1440 });
});

test('a SYN,ACK answers with what the peer offered, and with nothing else', () => {
  for (const [flags, seen] of [
    [0, OPT_MSS],
    [F_TS, OPT_MSS | OPT_TS],
    [F_SACK | F_WS, OPT_MSS | OPT_SACK_OK | OPT_WS],
  ] as const) {
    const b = opening(F_PASSIVE | flags);
    b.tcb.tsRecent = 77;
    emitSyn(b.t, b.tcb, 0, ACK);
    const [answer] = b.take();
    expect(answer).toMatchObject({ seq: ISS, ack: b.tcb.rcvNxt, flags: SYN | ACK });
    expect(answer!.options.seen).toBe(seen);
    if (flags & F_TS) expect(answer!.options.tsEcr).toBe(77);
  }
});

test('an ACK settles what was owed', () => {
  const b = bench();
  b.tcb.flags |= F_ACK_NOW | F_ACK_LATER;
  b.tcb.ackBytes = 1500;
  b.tcb.setTimer(TIMER_DELACK, 2000);
  expect(emitAck(b.t, b.tcb, 0)).toBe(true);
  expect(b.take()).toMatchObject([{ seq: ISS + 1, ack: 5000, flags: ACK, len: 0, window: 10_000 }]);
  expect([
    b.tcb.flags & (F_ACK_NOW | F_ACK_LATER),
    b.tcb.ackBytes,
    b.tcb.timer(TIMER_DELACK),
    b.tcb.lastAckSent,
  ]).toEqual([0, 0, 0, 5000]);
});

test('an ACK may lag behind others when no other with its SEQ is to open the window, and nobody counts in its header', () => {
  const lags = (prepare: (b: Bench) => void, flags = ACK): boolean => {
    const b = bench();
    prepare(b);
    expect(emitText(b.t, b.tcb, 0, b.tcb.sndNxt, flags, -1, 0, 0, 1460)).toBe(true);
    return (b.t.out.buffer(0)[TX_FLAGS]! & ACK_MAY_LAG) !== 0;
  };
  const unread = (part: number) => (b: Bench) => {
    b.tcb.rcvUser = b.tcb.rcvBuf * part;
    b.tcb.rcvAdv = b.tcb.rcvNxt;
  };
  expect([lags(unread(0)), lags(unread(0.5)), lags(unread(0.6))]).toEqual([true, true, false]);
  expect(lags(unread(0), ACK | FIN)).toBe(false);
  expect(lags(({ tcb }) => beginAccurate(tcb, 0, false, 0))).toBe(false);
});

test('while a closed window is probed an ACK has SEQ = SND.UNA, else the peer could not accept it (T288)', () => {
  const b = bench();
  b.send(1);
  b.take();
  b.tcb.flags |= F_PERSIST;
  b.tcb.sndWnd = 0;
  emitAck(b.t, b.tcb, 0);
  b.tcb.sndWnd = 1;
  emitAck(b.t, b.tcb, 0);
  expect(b.take().map(({ seq }) => seq)).toEqual([ISS + 1, ISS + 2]);
});

test('text above MSS is cut by the link; TSval and TSecr are on every segment', () => {
  const b = bench();
  b.tcb.flags |= F_TS;
  b.tcb.tsRecent = 4711;
  b.tcb.tsOffset = 5;
  b.send(2500);
  b.send(1000);
  expect(b.take()).toMatchObject([
    { seq: 1000, len: 2500, gso: 1000, flags: ACK | PSH, ts: [1005, 4711] },
    { seq: 3500, len: 1000, gso: 0, flags: ACK | PSH },
  ]);
  expect([optionsOnText(b.tcb), optionsOnText(bench().tcb)]).toEqual([12, 0]);
});

test('TSval is rounded down below zero, too: a clock that starts late must not step back', () => {
  const b = bench();
  expect([-1, -1000, 0, 999, 1000].map((now) => tsval(Object.assign(b.t, { now }), b.tcb))).toEqual([-1, -1, 0, 0, 1]);
});

test('the urgent pointer is the octet after the urgent data, at most 65535 ahead [MUST-62]', () => {
  const b = bench();
  b.tcb.flags |= F_SND_URG;
  b.tcb.sndUp = 1000 + 70_000;
  const emit = (seq: number): void => void emitText(b.t, b.tcb, 0, seq, ACK, -1, 0, 0, 1000);
  for (const seq of [1000, 70_999, 71_000]) emit(seq);
  expect(b.take().map(({ flags, urgent }) => [flags, urgent])).toEqual([
    [ACK | URG, 65535],
    [ACK | URG, 1],
    [ACK, 0],
  ]);
});

test('SACK: four blocks fit alone, three beside Timestamps (RFC 2018 §3); the one that changed last leads', () => {
  for (const [flags, blocks] of [
    [F_SACK, 4],
    [F_SACK | F_TS, 3],
  ] as const) {
    const b = bench();
    b.tcb.flags |= flags;
    expect(sackLength(b.t, b.tcb)).toBe(0);
    holes(b, 5);
    expect(sackLength(b.t, b.tcb)).toBe(4 + 8 * blocks);
    emitAck(b.t, b.tcb, 0);
    const [ack] = b.take();
    expect(ack!.options).toMatchObject({ seen: OPT_SACK, sackBlocks: blocks });
    expect([...ack!.options.sack.subarray(0, 2)]).toEqual([6000, 6100]);
  }
  const without = bench();
  holes(without, 1);
  emitAck(without.t, without.tcb, 0);
  expect(without.take()[0]!.options.seen).toBe(0);
});

test('our RST is <SEQ=SND.NXT><ACK=RCV.NXT>', () => {
  const b = bench();
  b.send(10);
  b.take();
  emitRst(b.t, b.tcb, 0);
  expect(b.take()).toMatchObject([{ seq: ISS + 11, ack: 5000, flags: RST | ACK, window: 0 }]);
  expect(b.t.counters.outRsts).toBe(1);
});

test('a full buffer is counted and nothing is half written', () => {
  const b = bench({ descriptors: 1 });
  expect([emitAck(b.t, b.tcb, 0), emitAck(b.t, b.tcb, 0), b.t.counters.txOverflow]).toEqual([true, false, 1]);
  b.tcb.flags |= F_ACK_NOW;
  expect([emitAck(b.t, b.tcb, 0), b.tcb.flags & F_ACK_NOW]).toEqual([false, F_ACK_NOW]);
});

test('a SYN whose options find no room this turn is not sent half: the timer sends it', () => {
  const b = opening(0);
  while (b.t.arena.scratch(1024) >= 0);
  expect(emitSyn(b.t, b.tcb, 0, 0)).toBe(true);
  expect([b.take(), b.t.counters.txOverflow]).toEqual([[], 1]);
});

test('an option that can wait goes with a bare ACK, once: not with text, not beside SACK blocks [RFC 5482 §3.1]', () => {
  const b = bench();
  const { t, tcb } = b;
  tcb.flags |= F_SACK;
  tcb.userTimeout = 5000;
  tcb.flags2 |= F2_UTO_DUE;
  b.send(100);
  expect([b.take()[0]!.options.userTimeout, tcb.flags2 & F2_UTO_DUE]).toEqual([-1, F2_UTO_DUE]);
  holes(b, 1);
  emitAck(t, tcb, 0);
  const [held] = b.take();
  expect([held!.options.sackBlocks, held!.options.userTimeout, tcb.flags2 & F2_UTO_DUE]).toEqual([1, -1, F2_UTO_DUE]);
  tcb.flags &= ~F_SACK;
  emitAck(t, tcb, 0);
  emitAck(t, tcb, 0);
  expect([b.take().map((s) => s.options.userTimeout), tcb.flags2 & F2_UTO_DUE]).toEqual([[5, -1], 0]);
});

test('new text is marked as ECN-capable where ECN was agreed on, unless the user does not want it [RFC 3168 §6.1.1-c] [RFC 3168 §6.1.4] [RFC 3168 §6.1.6]', () => {
  for (const [flags2, sndWnd, ect] of [
    [F2_ECN, 60_000, ECT_0],
    [F2_ACCECN, 60_000, ECT_0],
    [F2_ECN | F2_NO_ECT, 60_000, 0],
    [F2_ECN, 0, 0], // a probe of a closed window
    [0, 60_000, 0],
  ] as const) {
    const b = bench();
    b.tcb.flags2 |= flags2;
    b.tcb.sndWnd = sndWnd;
    b.send(100);
    expect([flags2, sndWnd, b.t.links[0]!.tx[TX_IP]! & 3]).toEqual([flags2, sndWnd, ect]);
    emitAck(b.t, b.tcb, 0);
    expect(b.t.links[0]!.tx[DESC_WORDS + TX_IP]! & 3).toBe(0);
    expect(b.t.counters.outSegs).toBe(2);
  }
});

test('a SEQ beyond the window by less than a step of its field is no shrinking [RFC 7323 §2.4]', () => {
  const b = bench();
  b.send(1000);
  b.take();
  b.tcb.scales = (5 << 8) | 4;
  for (const window of [1000, 985, 984, 500]) {
    b.tcb.sndWnd = window;
    emitAck(b.t, b.tcb, 0);
  }
  // A closed window is none by rounding.
  b.tcb.sndUna = b.tcb.sndNxt - 1;
  b.tcb.sndWnd = 0;
  emitAck(b.t, b.tcb, 0);
  expect(b.take().map(({ seq }) => seq - ISS - 1)).toEqual([1000, 1000, 984, 500, 999]);
});

test('text that lies in two chunks is two pieces of one segment', () => {
  const b = bench();
  const { t, tcb } = b;
  queueText(t, tcb, new Uint8Array(2000).fill(1), 0, 2000);
  queueText(t, tcb, new Uint8Array(1000).fill(2), 0, 1000);
  sendText(t, tcb, 0, 3000, 3000, 1000);
  const { tx } = t.links[0]!;
  expect(b.take()).toMatchObject([{ seq: ISS + 1, len: 3000, gso: 1000 }]);
  const first = tx[TX_OFF]!;
  expect([tx[TX_LEN]! & 0xffff, t.arena.bytes[first], t.arena.bytes[first + 2000]]).toEqual([2048, 1, 2]);
});

test('a window below 64 KiB stands in the SYN as it is; TSecr of a SYN alone is 0 [RFC 7323 §2.2] [RFC 7323 §3.2-g]', () => {
  const b = opening(0);
  b.tcb.rcvBuf = 5000;
  b.tcb.tsRecent = 77;
  emitSyn(b.t, b.tcb, 0, 0);
  const [syn] = b.take();
  expect([syn!.window, syn!.options.tsEcr, b.t.counters.outSegs]).toEqual([5000, 0, 1]);
});

test('a RST has the timestamps that were agreed on; one without room is none [RFC 7323 §3.2]', () => {
  const b = bench({ descriptors: 1 });
  b.tcb.flags |= F_TS;
  b.tcb.tsRecent = 4711;
  emitRst(b.t, b.tcb, 0);
  emitRst(b.t, b.tcb, 0);
  expect(b.take()).toMatchObject([{ flags: RST | ACK, ts: [1000, 4711] }]);
  expect([b.t.counters.outRsts, b.t.counters.outSegs, b.t.counters.txOverflow]).toEqual([1, 1, 1]);
});

test('text that is sent again is not marked as ECN-capable [RFC 3168 §6.1.5]', () => {
  const b = bench();
  b.tcb.flags2 |= F2_ECN;
  b.send(100);
  emitText(b.t, b.tcb, 0, ISS + 1, ACK, b.tcb.sndHead, 0, 100, 1000);
  expect([0, DESC_WORDS].map((at) => b.t.links[0]!.tx[at + TX_IP]! & 3)).toEqual([ECT_0, 0]);
});

test('a duplicate is reported once, but not by an ACK that found no room [RFC 2883 §4]', () => {
  const b = bench({ descriptors: 1 });
  const { t, tcb } = b;
  tcb.flags |= F_SACK;
  noteDuplicate(tcb, tcb.rcvNxt - 200, tcb.rcvNxt - 100);
  emitAck(t, tcb, 0);
  const [first] = b.take();
  expect([first!.options.sackBlocks, ...first!.options.sack.subarray(0, 2)]).toEqual([1, 4800, 4900]);
  expect(tcb.flags2 & F2_DSACK).toBe(0);
  noteDuplicate(tcb, tcb.rcvNxt - 200, tcb.rcvNxt - 100);
  emitAck(t, tcb, 0);
  noteDuplicate(tcb, tcb.rcvNxt - 200, tcb.rcvNxt - 100);
  expect([emitAck(t, tcb, 0), tcb.flags2 & F2_DSACK]).toEqual([false, F2_DSACK]);
});

test('SACK blocks are read from where they were written, behind what other segments of the turn have there [RFC 2018 §4]', () => {
  const b = bench();
  b.tcb.flags |= F_SACK;
  holes(b, 1);
  b.t.arena.scratch(40);
  emitAck(b.t, b.tcb, 0);
  b.t.now++; // written anew
  emitAck(b.t, b.tcb, 0);
  const { rcvNxt } = b.tcb;
  for (const { options } of b.take())
    expect([options.sackBlocks, ...options.sack.subarray(0, 2)]).toEqual([1, rcvNxt + 200, rcvNxt + 300]);
});

test('a pure ACK has the counts of accurate ECN where they were agreed on and are due, and nowhere else [RFC 9768 §3.2.3]', () => {
  for (const [agreed, due, fields] of [
    [true, true, 3],
    [true, false, 0],
    [false, true, 0],
  ] as const) {
    const b = bench();
    beginAccurate(b.tcb, 0, false, 0);
    if (!due) accEcnOption(b.tcb, b.t.arena.bytes, 0);
    if (!agreed) b.tcb.flags2 &= ~F2_ACCECN;
    emitAck(b.t, b.tcb, 0);
    expect([agreed, due, b.take()[0]!.options.accEcnFields]).toEqual([agreed, due, fields]);
  }
});

test('a SYN without a descriptor is none, and the next turn tries again', () => {
  const b = opening(0, { descriptors: 1 });
  expect([emitSyn(b.t, b.tcb, 0, 0), emitSyn(b.t, b.tcb, 0, 0)]).toEqual([true, false]);
  expect([b.take().length, b.t.counters.outSegs, b.t.counters.txOverflow]).toEqual([1, 1, 1]);
});
