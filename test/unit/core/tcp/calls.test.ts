// Calls at the edges of what they take. What they do on the wire stands in test/conformance/calls-*.test.ts.
import { expect, test } from 'vitest';
import { EDESTADDRREQ, EINVAL, ENOBUFS, EPIPE, OK } from '../../../../src/core/events.ts';
import { diff } from '../../../../src/core/seq.ts';
import {
  COPY,
  close,
  LEND,
  openActive,
  openExisting,
  openPassive,
  send,
  URGENT,
} from '../../../../src/core/tcp/calls.ts';
import { CLOSED, EV, FIN_WAIT_1, LISTEN, SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { end } from '../../../../src/core/tcp/lifecycle.ts';
import { F_COUNTED, F_SHORT_SEND, F_SND_URG, TIMER_PERSIST } from '../../../../src/core/tcp/row.ts';
import { RST, SYN } from '../../../../src/wire/abi.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { type Bench, bench } from './bench.ts';

const any = new Int32Array(4);
const them = parseAddress('10.0.0.2');
const us = parseAddress('10.0.0.1');

/** With an address, and a way to everybody. */
function host(): Bench {
  const b = bench();
  Object.assign(b.t.ip, {
    isOurs: () => true,
    routeTo: () => 0,
    sourceFor: (_to: Int32Array, out: Int32Array) => out.set(us) ?? true,
  });
  return b;
}

test.each([-1, 0, 65_536])('no port %i, ours or theirs', (port) => {
  const { t } = host();
  const tcb = t.cursor();
  const rows = t.rows.used;
  expect(openPassive(t, tcb, any, port, 5, {})).toBe(EINVAL);
  expect(openActive(t, tcb, any, 0, them, port, {})).toBe(port === 0 ? EDESTADDRREQ : EINVAL);
  if (port !== 0) expect(openActive(t, tcb, any, port, them, 80, {})).toBe(EINVAL);
  expect(t.rows.used).toBe(rows);
});

test.each([1, 65_535])('port %i, ours and theirs [MUST-43]', (port) => {
  const { t } = host();
  const tcb = t.cursor();
  expect(openPassive(t, tcb, any, port, 5, {})).toBeGreaterThan(0);
  expect(openActive(t, tcb, any, 40_001, them, port, {})).toBeGreaterThan(0);
  expect(tcb.ports >>> 0).toBe(((40_001 << 16) | port) >>> 0);
  expect(openActive(t, tcb, any, port, parseAddress('10.0.0.3'), 80, {})).toBeGreaterThan(0);
  expect(t.counters.activeOpens).toBe(2);
});

test('an active open takes its ISS and its timestamps from its four-tuple and the clock [MUST-8] [RFC 7323 §5.4]', () => {
  const { t } = host();
  const tcb = t.cursor();
  openActive(t, tcb, any, 40_001, them, 80, {});
  const { iss } = tcb;
  expect([iss, tcb.tsOffset]).toEqual([t.isn.isn(tcb.i32, tcb.at, t.now), t.isn.timestampOffset(tcb.i32, tcb.at)]);
  expect([tcb.sndUna, tcb.sndUp]).toEqual([iss, iss]);
  end(t, tcb, EV.abort, OK);
  t.now += 1e6;
  openActive(t, tcb, any, 40_001, them, 80, {});
  expect(diff(tcb.iss, iss)).toBe(250_000);
});

test('without a row: ENOBUFS, and nothing of it stays', () => {
  const { t } = host();
  const tcb = t.cursor();
  for (let n = 0; t.rows.used < 8; n++) openPassive(t, tcb, any, 1000 + n, 5, {});
  expect(openPassive(t, tcb, any, 2000, 5, {})).toBe(ENOBUFS);
  expect(openActive(t, tcb, any, 0, them, 80, {})).toBe(ENOBUFS);
  expect([t.listeners.exact(any, 0, 2000), t.counters.noRows, t.counters.activeOpens]).toEqual([-1, 2, 0]);
});

test('a listener turns active only toward an address and a port', () => {
  const { t } = host();
  const tcb = t.cursor();
  openPassive(t, tcb, any, 80, 5, {});
  for (const [to, port] of [
    [null, 80],
    [them, 0],
    [any, 80],
  ] as const) {
    expect(openExisting(t, tcb, to, port)).toBe(EDESTADDRREQ);
    expect([tcb.state, t.listeners.exact(any, 0, 80)]).toEqual([LISTEN, tcb.row]);
  }
  expect(openExisting(t, tcb, them, 81)).toBe(OK);
  expect(t.listeners.exact(any, 0, 80)).toBe(-1);
});

test('a listener that turns active resets whom nobody has accepted, as one that closes does [T013] [T298]', () => {
  const { t, tcb: child, take } = host();
  const listener = t.cursor();
  openPassive(t, listener, any, 80, 5, {});
  child.listener = listener.row;
  child.flags |= F_COUNTED;
  listener.backlog += 1 << 16;
  expect(openExisting(t, listener, them, 81)).toBe(OK);
  expect([child.state, child.flags & F_COUNTED, listener.state]).toEqual([CLOSED, 0, SYN_SENT]);
  expect(take().map(({ flags }) => flags & (RST | SYN))).toEqual([RST]);
});

test('urgent needs an octet, and one that is taken [UNTAGGED-17] [MUST-30]', () => {
  const { t, tcb } = bench();
  const bytes = new Uint8Array(8);
  expect(send(t, tcb, bytes, 0, 0, URGENT)).toBe(EINVAL);
  expect(send(t, tcb, bytes, 0, 0, COPY)).toBe(0);
  expect(send(t, tcb, bytes, 0, 0, LEND)).toBe(0);
  tcb.sndBuf = 0;
  const before = tcb.sndUp;
  expect(send(t, tcb, bytes, 0, 8, URGENT)).toBe(0);
  expect([tcb.sndUp, tcb.flags & F_SND_URG]).toEqual([before, 0]);
  expect(tcb.flags & F_SHORT_SEND).toBe(F_SHORT_SEND); // EV_DRAIN is owed
  tcb.sndBuf = 1000;
  expect(send(t, tcb, bytes, 0, 8, URGENT)).toBe(8);
  expect([tcb.sndUp, tcb.flags & F_SND_URG]).toEqual([before + 8, F_SND_URG]);
});

test('what was taken whole owes no EV_DRAIN; the arena without room is asked again by a timer', () => {
  const { t, tcb } = bench();
  expect(send(t, tcb, new Uint8Array(8), 0, 8, COPY)).toBe(8);
  expect([tcb.flags & F_SHORT_SEND, tcb.timer(TIMER_PERSIST), t.counters.noMemory]).toEqual([0, 0, 0]);
  tcb.sndBuf = 12;
  expect(send(t, tcb, new Uint8Array(8), 0, 8, COPY)).toBe(4); // EV_DRAIN comes with the next ACK
  expect([tcb.flags & F_SHORT_SEND, tcb.timer(TIMER_PERSIST), t.counters.noMemory]).toEqual([F_SHORT_SEND, 0, 0]);
  tcb.sndBuf = 8 << 20;
  const large = new Uint8Array(4 << 20); // more than the arena of the bench
  expect(send(t, tcb, large, 0, large.length, COPY)).toBeLessThan(large.length);
  expect([tcb.flags & F_SHORT_SEND, t.counters.noMemory]).toEqual([F_SHORT_SEND, 1]);
  expect(tcb.timer(TIMER_PERSIST) - t.tick).toBe(200);
});

test('after CLOSE nothing more is sent [T026]', () => {
  const { t, tcb } = bench();
  expect(close(t, tcb)).toBe(OK);
  expect([tcb.state, send(t, tcb, new Uint8Array(1), 0, 1, COPY)]).toEqual([FIN_WAIT_1, EPIPE]);
  expect(close(t, tcb)).toBe(OK); // T053
});
