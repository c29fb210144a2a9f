// Clocks have 32 bits of ms: what happened 25 to 49 days ago is past, and is not still to come.
import { describe, expect, test } from 'vitest';
import { challengeAck } from '../../../../src/core/tcp/arrives/challenge.ts';
import { sequence } from '../../../../src/core/tcp/arrives/sequence.ts';
import { CookieCache, REFUSED_FOR } from '../../../../src/core/tcp/cookie-cache.ts';
import { FastOpens } from '../../../../src/core/tcp/fast-opens.ts';
import { PATH_LIFE, PathCache } from '../../../../src/core/tcp/path-cache.ts';
import { pauseSearch, searchIsDue } from '../../../../src/core/tcp/path-mtu.ts';
import { ACK } from '../../../../src/wire/abi.ts';
import { bench } from './bench.ts';

const DAY = 86_400_000;
const PEER = Int32Array.of(0, 0, 0xffff, 0x0a000002);

describe.each([1, 20, 25, 26, 40, 49])('%s days later', (days) => {
  const long = days * DAY;

  test('a probe of keep-alive is answered, however old the last challenge ACK is [RFC 5961 §7] [UNTAGGED-34]', () => {
    const { t, tcb } = bench();
    t.seg.flags = ACK;
    t.seg.len = 0;
    challengeAck(t, tcb, t.seg);
    t.tick = (t.tick + long) | 0;
    challengeAck(t, tcb, t.seg);
    challengeAck(t, tcb, t.seg);
    expect(t.counters.challengeAcks).toBe(2);
  });

  test('text after a silence finds the peer in slow start [RFC 5681 §4.1]', () => {
    const { t, tcb } = bench();
    Object.assign(t.seg, { seq: tcb.rcvNxt, ack: tcb.sndUna, flags: ACK, len: 10 });
    tcb.rto = 200;
    tcb.lastRcvAt = t.tick;
    t.tick = (t.tick + long) | 0;
    sequence(t, tcb, t.seg);
    expect([tcb.ackOften, tcb.lastRcvAt]).toEqual([-16, t.tick]);
  });

  test('what was learned of a path is forgotten, when nobody asked meanwhile, too [RFC 8201 §4]', () => {
    const cache = new PathCache();
    cache.learn(PEER, 0, 1000, 1);
    expect([cache.mtu(PEER, 0, (1 + long) | 0), cache.size]).toEqual([0, 0]);
  });

  test('the search for a larger MTU goes on, ten minutes after it paused and not before [RFC 8201 §4]', () => {
    const { t, tcb } = bench();
    const paused = t.tick;
    pauseSearch(t, tcb);
    t.tick = (paused + PATH_LIFE - 1) | 0;
    expect(searchIsDue(t, tcb)).toBe(false);
    t.tick = (paused + long) | 0;
    expect(searchIsDue(t, tcb)).toBe(true);
  });

  test('a server that refused Fast Open is asked again [RFC 7413 §4.1.3.1]', () => {
    const cache = new CookieCache();
    cache.refuse(PEER, 0, 1);
    expect([cache.mayTry(PEER, 0, REFUSED_FOR), cache.mayTry(PEER, 0, (1 + long) | 0)]).toEqual([false, true]);
  });

  test('a pending Fast Open that was reset counts no more [RFC 7413 §4.2]', () => {
    const opens = new FastOpens(bench().tcb, null);
    opens.begin(7);
    opens.settleLater(7, 1);
    expect([opens.count(7, 2), opens.count(7, (1 + long) | 0)]).toEqual([1, 0]);
  });
});
