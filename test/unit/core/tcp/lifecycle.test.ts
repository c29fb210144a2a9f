// Birth and death of a row: what it is filled with, and that nothing of it stays.
import { expect, test } from 'vitest';
import { ECONNRESET, EV_CLOSED, OK } from '../../../../src/core/events.ts';
import { arm } from '../../../../src/core/tcp/context.ts';
import { CLOSED, ESTABLISHED, LISTEN, TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { beginTimeWait, inherit, remove, takeRow, uncount } from '../../../../src/core/tcp/lifecycle.ts';
import { hold } from '../../../../src/core/tcp/reassembly.ts';
import { F_COUNTED, F_KEEPALIVE, F_NODELAY, TIMER_REXMIT, TIMER_STATE } from '../../../../src/core/tcp/row.ts';
import type { Tcb } from '../../../../src/core/tcp/tcb.ts';
import { type Bench, bench, endTurn } from './bench.ts';
import { segment } from './bench-of-tables.ts';

const cursor = ({ t }: Bench): Tcb => t.cursor();

test('a row has the defaults of the stack, and what the user chose instead', () => {
  const b = bench({ tcp: { noDelay: true, receiveBuffer: 1 << 20, ttl: 33 } });
  const tcb = cursor(b);
  takeRow(b.t, tcb, {});
  expect([tcb.rcvBuf, tcb.rto, tcb.ip >> 8, tcb.flags & F_NODELAY, tcb.scales >> 8]).toEqual([
    65_536,
    1000,
    33,
    F_NODELAY,
    5,
  ]);
  takeRow(b.t, tcb, {
    noDelay: false,
    receiveBuffer: 4 << 20,
    ttl: 5,
    tos: 9, // the ECN bits are not the user's
    keepAlive: { idle: 1, interval: 2, count: 3 },
  });
  expect([tcb.rcvBuf, tcb.ip, tcb.flags & F_NODELAY, tcb.scales >> 8, tcb.keepCount]).toEqual([
    4 << 20,
    8 | (5 << 8),
    0,
    7,
    3,
  ]);
  const plain = bench({ tcp: { windowScaling: false } });
  takeRow(plain.t, plain.tcb, {});
  expect([plain.tcb.rcvBuf, plain.tcb.scales]).toEqual([0xffff, 0]);
});

test('a full table is counted', () => {
  const b = bench();
  const tcb = cursor(b);
  for (let n = 0; n < 7; n++) expect(takeRow(b.t, tcb, {})).toBeGreaterThan(0);
  expect([takeRow(b.t, tcb, {}), b.t.counters.noRows]).toEqual([-1, 1]);
});

test('a connection that ends gives everything back and tells its user once', () => {
  const b = bench();
  for (let n = 0; n < 3; n++) b.send(3000);
  hold(b.t, b.tcb, segment(5100, new Uint8Array(500)));
  remove(b.t, b.tcb, ECONNRESET, ESTABLISHED);
  endTurn(b);
  const { t, tcb } = b;
  expect([t.rows.used, t.arena.used, t.records.count, t.wheel.count, t.windowGranted, tcb.state]).toEqual([
    0,
    0,
    0,
    0,
    0,
    CLOSED,
  ]);
  expect([t.flows.find(tcb.i32, tcb.at), b.events()]).toEqual([-1, [[EV_CLOSED, ECONNRESET, ESTABLISHED]]]);
});

test('TIME_WAIT: 2 MSL and no other timer, memory given back, over for the user, still in the flow table', () => {
  const b = bench();
  const { t, tcb } = b;
  b.send(1000);
  arm(t, tcb, TIMER_REXMIT, 1000);
  tcb.state = TIME_WAIT;
  beginTimeWait(t, tcb);
  expect([tcb.timer(TIMER_REXMIT), tcb.timer(TIMER_STATE) - t.tick]).toEqual([0, 2 * t.defaults.msl]);
  expect([t.arena.used, t.records.count, t.rows.used, t.flows.find(tcb.i32, tcb.at)]).toEqual([0, 0, 1, tcb.row]);
  remove(t, tcb, OK, TIME_WAIT);
  expect(b.events()).toEqual([[EV_CLOSED, OK, TIME_WAIT]]);
});

test('a child takes what was set on its listener, and gives its place in the backlog back once', () => {
  const b = bench();
  const [listener, child] = [cursor(b), cursor(b)];
  takeRow(b.t, listener, { noDelay: true, userTimeout: 5000, tos: 8, keepAlive: { idle: 1, interval: 2, count: 3 } });
  listener.state = LISTEN;
  listener.backlog = 5 | (2 << 16);
  takeRow(b.t, child, {});
  inherit(b.t, child, listener);
  expect([
    child.userTimeout,
    child.ip & 0xff,
    child.flags,
    child.keepIdle,
    child.keepInterval,
    child.keepCount,
    child.listener,
  ]).toEqual([5000, 8, F_NODELAY | F_KEEPALIVE, 1, 2, 3, listener.row]);
  child.flags |= F_COUNTED;
  uncount(b.t, child);
  uncount(b.t, child);
  expect(listener.backlog).toBe(5 | (1 << 16));
});
