// What an ICMP error may do to the path MTU, and what it may not (RFC 1191, RFC 8201, RFC 5927 §7.2).
import { expect, test } from 'vitest';
import { stir } from '../../../../src/core/tcp/flights.ts';
import { icmpError } from '../../../../src/core/tcp/icmp-errors.ts';
import { passMilestones } from '../../../../src/core/tcp/milestones.ts';
import { pathMtu, setSendMss } from '../../../../src/core/tcp/mss.ts';
import { PATH_LIFE, PathCache } from '../../../../src/core/tcp/path-cache.ts';
import { timeoutMeansMtu } from '../../../../src/core/tcp/path-mtu.ts';
import { markLost, noteResent } from '../../../../src/core/tcp/retransmission.ts';
import { F2_BLACK_HOLE, F2_PTO, TIMER_REXMIT } from '../../../../src/core/tcp/row.ts';
import { RADDR } from '../../../../src/core/tcp/tcb.ts';
import { expire } from '../../../../src/core/tcp/timeouts.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { type Bench, type BenchOptions, bench, ISS } from './bench.ts';

function sending(o: BenchOptions = {}, peerMss = 1460): Bench {
  const b = bench(o);
  stir(b.t, b.tcb);
  b.tcb.peerMss = peerMss;
  setSendMss(b.t, b.tcb);
  b.send(5000);
  b.take();
  return b;
}
const say = (b: Bench, mtu: number, seq = ISS + 1, v6 = false): void =>
  v6 ? icmpError(b.t, b.tcb, seq, 2, 0, 6, mtu) : icmpError(b.t, b.tcb, seq, 3, 4, 4, mtu);

test('a smaller MTU than the path had is taken, a larger one never [RFC 1191 §3] [SHLD-26] [UNTAGGED-29]', () => {
  const b = sending();
  say(b, 1400);
  expect([pathMtu(b.t, b.tcb), b.tcb.sndMss]).toEqual([1400, 1360]);
  say(b, 1480);
  expect(pathMtu(b.t, b.tcb)).toBe(1400);
  expect([b.t.counters.packetsTooBig, b.events()]).toEqual([1, []]);
});

test('what was in flight is sent again, beginning with one segment, and ssthresh remembers the window [RFC 1191 §6.4]', () => {
  const b = sending();
  b.tcb.ssthresh = 3000;
  say(b, 1400);
  expect([b.tcb.lostOut, b.tcb.cwnd, b.tcb.ssthresh]).toEqual([5000, 1360, 20_000]);
});

test.each([
  ['IPv4: not below 68', false, 20, 68],
  ['IPv6: not below 1280', true, 1000, 1280],
])('%s [RFC 1191 §3] [RFC 8201 §4]', (_what, v6, told, taken) => {
  const b = sending({ v6 });
  say(b, told, ISS + 1, v6);
  expect(pathMtu(b.t, b.tcb)).toBe(taken);
});

test('an error about nothing in flight changes nothing [RFC 5927 §4.1]', () => {
  const b = sending();
  say(b, 1300, ISS);
  say(b, 1300, ISS + 1 + 5000);
  expect([pathMtu(b.t, b.tcb), b.t.counters.packetsTooBig]).toEqual([1500, 0]);
});

test('when segments of this size have got through, a claim waits for a timeout [RFC 5927 §7.2]', () => {
  const b = sending();
  b.tcb.bytesOut = 1e6;
  say(b, 1300);
  expect([pathMtu(b.t, b.tcb), b.tcb.mtuClaim]).toEqual([1500, 1300]);
  timeoutMeansMtu(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.mtuClaim]).toEqual([1300, 0]);
});

test('the timeout that confirms it halves the flight there was, all of which is sent again [RFC 1191 §6.4] [RFC 5681 §3.1-h]', () => {
  const b = sending();
  b.send(5000);
  b.take();
  b.tcb.bytesOut = 1e6;
  b.tcb.flags2 &= ~F2_PTO;
  say(b, 1300);
  b.t.tick = (b.tcb.timer(TIMER_REXMIT) + 1) | 0;
  expire(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.lostOut, b.tcb.cwnd]).toEqual([1300, 10_000, b.tcb.sndMss]);
  expect(b.tcb.ssthresh).toBe(5000);
});

test('or for the same claim about the same segment, sent again [RFC 5927 §7.2]', () => {
  const b = sending();
  const { t, tcb } = b;
  tcb.bytesOut = 1e6;
  say(b, 1300);
  say(b, 1300); // it was not sent again: a word repeated
  expect([pathMtu(t, tcb), tcb.mtuClaim]).toEqual([1500, 1300]);
  markLost(t, tcb, tcb.rtxHead);
  noteResent(t, tcb, tcb.rtxHead);
  say(b, 1300, ISS + 1 + 1460); // another one
  expect([pathMtu(t, tcb), tcb.mtuClaim]).toEqual([1500, 1300]);
  say(b, 1200);
  say(b, 1300); // not the same
  expect(pathMtu(t, tcb)).toBe(1500);
  say(b, 1300);
  expect([pathMtu(t, tcb), tcb.mtuClaim, tcb.sndMss]).toEqual([1300, 0, 1260]);
});

test('progress disproves the claim [RFC 5927 §7.2]', () => {
  const b = sending();
  b.tcb.bytesOut = 1e6;
  say(b, 1300);
  b.tcb.sndUna = ISS + 1 + 1460;
  passMilestones(b.tcb);
  timeoutMeansMtu(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.mtuClaim]).toEqual([1500, 0]);
});

test('a base that nearly every path carries, when full segments vanish twice; small ones say nothing [RFC 4821 §7.7]', () => {
  const b = sending();
  b.tcb.rexmits = 1;
  timeoutMeansMtu(b.t, b.tcb);
  expect(pathMtu(b.t, b.tcb)).toBe(1500);
  b.tcb.rexmits = 2;
  timeoutMeansMtu(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.flags2 & F2_BLACK_HOLE, b.t.counters.blackHoles]).toEqual([
    1024,
    F2_BLACK_HOLE,
    1,
  ]);
  const six = sending({ v6: true }, 1440);
  six.tcb.rexmits = 2;
  timeoutMeansMtu(six.t, six.tcb);
  expect(pathMtu(six.t, six.tcb)).toBe(1280);
  const small = bench();
  stir(small.t, small.tcb);
  small.send(100);
  small.tcb.rexmits = 2;
  timeoutMeansMtu(small.t, small.tcb);
  expect(pathMtu(small.t, small.tcb)).toBe(1500);
});

test('what was learned of a path is forgotten after ten minutes, and the oldest of many first [RFC 8201 §4]', () => {
  const cache = new PathCache();
  const to = (n: number): Int32Array => parseAddress(`10.1.${n >> 8}.${n & 255}`);
  cache.learn(to(1), 0, 1400, 10);
  expect([cache.mtu(to(1), 0, 10 + PATH_LIFE), cache.mtu(to(2), 0, 10)]).toEqual([1400, 0]);
  expect([cache.mtu(to(1), 0, 11 + PATH_LIFE), cache.size]).toEqual([0, 0]);
  for (let n = 0; n < 1025; n++) cache.learn(to(n), 0, 1300, n);
  expect([cache.size, cache.mtu(to(0), 0, 1025), cache.mtu(to(1), 0, 1025)]).toEqual([1024, 0, 1300]);
});

test('the next connection to the address begins with it [RFC 8201 §5.2]', () => {
  const b = sending();
  say(b, 1400);
  expect(b.t.paths.mtu(b.tcb.i32, b.tcb.at + RADDR, b.t.tick)).toBe(1400);
});
