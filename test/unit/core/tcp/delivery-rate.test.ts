// draft-ietf-ccwg-bbr §4.1: what an ACK says of the rate at which data arrives.
import { describe, expect, test } from 'vitest';
import type { AckSample } from '../../../../src/core/tcp/congestion/ack-sample.ts';
import { ackTaken, markAppLimited, noteAppLimited } from '../../../../src/core/tcp/delivery-rate.ts';
import { markLost, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F2_APP_LIMITED } from '../../../../src/core/tcp/row.ts';
import { acknowledge, applyBlock } from '../../../../src/core/tcp/scoreboard.ts';
import { type Bench, bench, ISS } from './bench.ts';

const MS = 1000;
const FIRST = ISS + 1;

interface Seen {
  readonly b: Bench;
  readonly samples: AckSample[];
  /** An ACK up to byte `n` after `ms`, with a SACK block. */
  ack(ms: number, n: number, block?: [number, number]): AckSample;
  send(ms: number, bytes: number): void;
}

function watched(): Seen {
  const b = bench();
  const samples: AckSample[] = [];
  const { t, tcb } = b;
  t.congestion.change(
    tcb,
    {
      name: 'watch',
      ownRecovery: true,
      open: () => {},
      onAck: (_view, ack) => samples.push({ ...ack } as AckSample),
      onLossEvent: () => {},
      onRto: () => {},
    },
    t.now,
  );
  const pass = (ms: number): void => {
    t.now += ms * MS;
  };
  return {
    b,
    samples,
    send(ms, bytes) {
      pass(ms);
      b.send(bytes);
    },
    ack(ms, n, block) {
      pass(ms);
      const before = tcb.sndUna;
      if (block !== undefined) applyBlock(t, tcb, FIRST + block[0], FIRST + block[1]);
      acknowledge(t, tcb, FIRST + n);
      tcb.sndUna = FIRST + n;
      ackTaken(t, tcb, tcb.sndUna - before);
      return samples.at(-1)!;
    },
  };
}

test('bytes delivered since the newest acknowledged segment was sent, over the time that took', () => {
  const { ack, send } = watched();
  send(0, 4000);
  const first = ack(40, 4000);
  expect([first.delivered, first.ackedBytes, first.rttUs]).toEqual([4000, 4000, 40 * MS]);
  expect([first.sampledBytes, first.intervalUs, first.deliveryRate]).toEqual([4000, 40 * MS, 100_000]);
  expect([first.roundStart, first.inFlight, first.txInFlight]).toEqual([true, 0, 4000]);
});

test('a super-segment that is acknowledged in parts gives a sample for each', () => {
  const { ack, send } = watched();
  send(0, 10_000);
  expect(ack(40, 2000)).toMatchObject({ delivered: 2000, sampledBytes: 2000, rttUs: 40 * MS, roundStart: true });
  // The same round: what it reports was sent when nothing had been delivered.
  expect(ack(8, 10_000)).toMatchObject({ delivered: 8000, sampledBytes: 10_000, rttUs: 48 * MS, roundStart: false });
});

test('compressed ACKs: the time in which it was sent counts when that is longer', () => {
  const { ack, send } = watched();
  send(0, 1000);
  for (let n = 0; n < 9; n++) send(10, 1000);
  // All arrive at once, 20 ms after the last one left: 10000 bytes took 110 ms to send and be acknowledged.
  const all = ack(20, 10_000);
  expect([all.sampledBytes, all.intervalUs]).toEqual([10_000, 110 * MS]);
  send(0, 1000);
  for (let n = 0; n < 9; n++) send(10, 1000);
  ack(0, 11_000);
  const rest = ack(1, 20_000);
  // From the first ACK to this one it is 1 ms; the sending took 90 ms.
  expect(rest.intervalUs).toBeGreaterThanOrEqual(90 * MS);
});

test('ACKs that come faster than what they report was sent: the time of sending counts', () => {
  const { ack, send } = watched();
  send(0, 1000);
  send(10, 1000);
  ack(90, 1000);
  // Sent when the ACK came, 100 ms after the segment that it reported; acknowledged 50 ms later.
  send(0, 1000);
  expect(ack(50, 3000)).toMatchObject({ sampledBytes: 2000, intervalUs: 100 * MS });
});

test('the sample of the connection before is none of this one', () => {
  const { ack, b, send } = watched();
  Object.assign(b.t.congestion.ack, { priorDelivered: 1 << 30, sentAt: (b.t.now + 1e6) | 0 });
  send(0, 1000);
  expect(ack(40, 1000)).toMatchObject({ sampledBytes: 1000, rttUs: 40 * MS });
});

test('what was selectively acknowledged counts once, when it was', () => {
  const { ack, send } = watched();
  for (let n = 0; n < 4; n++) send(0, 1000);
  expect(ack(40, 0, [2000, 3000])).toMatchObject({ delivered: 1000, ackedBytes: 0 });
  expect(ack(1, 4000)).toMatchObject({ delivered: 3000, ackedBytes: 4000 });
});

test('[RFC 6298 §3] a segment that was sent twice gives no round trip', () => {
  const { ack, b, send } = watched();
  send(0, 1000);
  markLost(b.t, b.tcb, b.tcb.rtxHead);
  b.t.now += 10 * MS;
  noteResent(b.t, b.tcb, b.tcb.rtxHead);
  expect(ack(40, 1000)).toMatchObject({ delivered: 1000, rttUs: 0, newlyLost: 1000 });
});

test('losses: those since the last ACK, and those since the segment reported was sent', () => {
  const { ack, b, send } = watched();
  for (let n = 0; n < 3; n++) send(0, 1000);
  markLost(b.t, b.tcb, b.tcb.rtxHead);
  expect(ack(40, 0, [1000, 2000])).toMatchObject({ newlyLost: 1000, lost: 1000 });
  expect(ack(0, 0, [2000, 3000])).toMatchObject({ newlyLost: 0, lost: 1000 });
  send(0, 1000);
  expect(ack(40, 4000)).toMatchObject({ lost: 0 });
});

test('what was sent while the application had no more is marked, until that is delivered', () => {
  const { ack, b, send } = watched();
  send(0, 1000);
  noteAppLimited(b.tcb);
  expect(b.tcb.flags2 & F2_APP_LIMITED).not.toBe(0);
  send(1, 1000);
  expect(ack(40, 1000).appLimited).toBe(false);
  expect(ack(1, 2000).appLimited).toBe(true);
  expect(b.tcb.flags2 & F2_APP_LIMITED).toBe(0);
  send(0, 1000);
  expect(ack(40, 3000).appLimited).toBe(false);
});

test('a full window is not an application that is slow', () => {
  const { b, send } = watched();
  b.tcb.cwnd = 4000;
  send(0, 4000);
  noteAppLimited(b.tcb);
  expect(b.tcb.flags2 & F2_APP_LIMITED).toBe(0);
});

test('an interval below the shortest round trip is no sample: the ACK is of the first transmission', () => {
  const { ack, b, send } = watched();
  b.tcb.minRtt = 30 * MS;
  send(0, 1000);
  noteResent(b.t, b.tcb, b.tcb.rtxHead);
  expect(ack(20, 1000)).toMatchObject({ delivered: 1000, deliveryRate: 0, intervalUs: 0 });
});

test('after a silence the sample begins with what is sent then', () => {
  const { ack, send } = watched();
  send(0, 1000);
  ack(40, 1000);
  send(10_000, 2000);
  expect(ack(40, 3000)).toMatchObject({ sampledBytes: 2000, intervalUs: 40 * MS });
});

describe('one ACK that reports several segments', () => {
  test('the one sent last counts, though another stands before it', () => {
    const { ack, b, send } = watched();
    send(0, 1000);
    send(0, 1000);
    markLost(b.t, b.tcb, b.tcb.rtxHead);
    b.t.now += 10 * MS;
    noteResent(b.t, b.tcb, b.tcb.rtxHead);
    // Of the first, sent again after 10 ms; the second would say 40 ms.
    expect(ack(30, 2000)).toMatchObject({ delivered: 2000, rttUs: 0, intervalUs: 40 * MS });
  });

  test('one sent after something arrived is newer than those before', () => {
    const { ack, b, send } = watched();
    for (let n = 0; n < 3; n++) send(0, 1000);
    markLost(b.t, b.tcb, b.tcb.rtxHead);
    ack(40, 0, [1000, 2000]);
    noteResent(b.t, b.tcb, b.tcb.rtxHead);
    // Sent when 1000 octets had arrived: 2000 more did since.
    expect(ack(50, 3000)).toMatchObject({ delivered: 2000, sampledBytes: 2000, intervalUs: 50 * MS, rttUs: 0 });
  });

  test('of those sent at once, the last', () => {
    const { ack, send } = watched();
    for (let n = 0; n < 3; n++) send(0, 1000);
    expect(ack(40, 3000).txInFlight).toBe(3000);
  });
});

test('an ACK that brings nothing is none for the controller; one of octets that SACK reported before is', () => {
  const { ack, b, samples, send } = watched();
  send(0, 1000);
  send(0, 1000);
  ackTaken(b.t, b.tcb, 0);
  expect(samples).toHaveLength(0);
  ack(40, 0, [1000, 2000]);
  ack(1, 0);
  expect(samples).toHaveLength(1);
  ack(1, 1000);
  expect(ack(1, 2000)).toMatchObject({ ackedBytes: 1000, delivered: 0, deliveryRate: 0, roundStart: false });
  expect(samples).toHaveLength(3);
});

test('an ACK in the same microsecond: one of round trip, none of rate', () => {
  const { ack, send } = watched();
  send(0, 1000);
  expect(ack(0, 1000)).toMatchObject({ rttUs: 1, deliveryRate: 0, intervalUs: 0, sampledBytes: 0 });
});

test('an interval as long as the shortest round trip is a sample', () => {
  const { ack, b, send } = watched();
  b.tcb.minRtt = 30 * MS;
  send(0, 3000);
  expect(ack(30, 3000)).toMatchObject({ deliveryRate: 100_000, intervalUs: 30 * MS });
});

test('[RFC 3168 §6.1] octets that met a mark, each once', () => {
  const { ack, b, send } = watched();
  send(0, 3000);
  b.tcb.deliveredCe = 700;
  expect(ack(40, 1000).ceBytes).toBe(700);
  expect(ack(1, 2000).ceBytes).toBe(0);
  b.tcb.deliveredCe = 1000;
  expect(ack(1, 3000).ceBytes).toBe(300);
});

describe('an application that is slow', () => {
  test('not while something lost was not sent again', () => {
    const { b, send } = watched();
    send(0, 1000);
    send(0, 1000);
    markLost(b.t, b.tcb, b.tcb.rtxHead);
    noteAppLimited(b.tcb);
    expect(b.tcb.flags2 & F2_APP_LIMITED).toBe(0);
  });

  test('the mark goes with the first octet beyond what was in flight', () => {
    const { ack, b, send } = watched();
    send(0, 1000);
    noteAppLimited(b.tcb);
    ack(40, 1000);
    expect(b.tcb.flags2 & F2_APP_LIMITED).not.toBe(0);
    send(0, 1000);
    expect(ack(40, 2000).appLimited).toBe(true);
    expect(b.tcb.flags2 & F2_APP_LIMITED).toBe(0);
  });

  test('a controller that holds itself back marks what is in flight, a full window or not', () => {
    const { b, send } = watched();
    b.tcb.cwnd = 4000;
    send(0, 4000);
    markAppLimited(b.tcb);
    expect([b.tcb.flags2 & F2_APP_LIMITED, b.tcb.appLimited]).toEqual([F2_APP_LIMITED, 4000]);
  });

  test('what is sent again without the mark has none', () => {
    const { ack, b, send } = watched();
    send(0, 1000);
    noteAppLimited(b.tcb);
    send(0, 1000);
    b.tcb.flags2 &= ~F2_APP_LIMITED;
    ack(40, 1000);
    markLost(b.t, b.tcb, b.tcb.rtxHead);
    noteResent(b.t, b.tcb, b.tcb.rtxHead);
    expect(ack(40, 2000).appLimited).toBe(false);
  });
});
