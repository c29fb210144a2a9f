// What holds until SND.UNA has passed some place: 2 GiB later that place would lie ahead again.
import { expect, test } from 'vitest';
import { ack } from '../../../../src/core/tcp/arrives/ack.ts';
import { icmpError } from '../../../../src/core/tcp/icmp-errors.ts';
import { pathMtu } from '../../../../src/core/tcp/mss.ts';
import { timeoutMeansMtu } from '../../../../src/core/tcp/path-mtu.ts';
import { growWindow } from '../../../../src/core/tcp/rack.ts';
import { F2_CWR, F2_ECN } from '../../../../src/core/tcp/row.ts';
import { ACK, ECE } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';

/** A little more than half of the sequence space. */
const FAR = 0x8000_0000 + 5000;

/** The peer acknowledges all there is. */
function acked({ t, tcb }: Bench, flags = ACK): void {
  Object.assign(t.seg, { seq: tcb.rcvNxt, ack: tcb.sndNxt, flags, len: 0, opts: 0, rawWnd: 60_000 });
  ack(t, tcb, t.seg);
}

/** As if so much more had gone to and fro. */
function far({ tcb }: Bench): void {
  expect(tcb.sndUna).toBe(tcb.sndNxt);
  tcb.sndUna = tcb.sndNxt = tcb.sndUp = tcb.recover = tcb.sndWl2 = (tcb.sndNxt + FAR) | 0;
}

test('a mark counts, however long ago the last one was [RFC 3168 §6.1.2]', () => {
  const b = bench();
  b.tcb.flags2 |= F2_ECN;
  b.send(5000);
  acked(b, ACK | ECE);
  expect(b.t.counters.ecnReductions).toBe(1);
  b.tcb.flags2 &= ~F2_CWR; // it went with new text
  b.send(1000);
  acked(b);
  far(b);
  b.send(1000);
  acked(b, ACK | ECE);
  expect([b.t.counters.ecnReductions, b.tcb.flags2 & F2_CWR]).toEqual([2, F2_CWR]);
});

test("a router's claim that progress has disproved stays disproved [RFC 5927 §7.2]", () => {
  const b = bench();
  b.tcb.bytesOut = 1e6;
  b.send(1000);
  icmpError(b.t, b.tcb, b.tcb.sndUna, 3, 4, 4, 600);
  expect(b.tcb.mtuClaim).toBe(600);
  acked(b);
  far(b);
  b.send(1000);
  timeoutMeansMtu(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.mtuClaim]).toEqual([1500, 0]);
});

test("RACK's window grows with a duplicate, however long ago the last one was [RFC 8985 §6.2-b]", () => {
  const b = bench();
  b.send(1000);
  growWindow(b.tcb);
  acked(b);
  far(b);
  b.send(1000);
  growWindow(b.tcb);
  expect(b.tcb.reoWnd & 0xff).toBe(2);
});
