// The SYN queue under load: bounded, silent when full, and empty in the end.
import { expect, test } from 'vitest';
import { CASE, Pair } from '../property/pair/run.ts';

const S = 1_000_000;

test('a third ACK that finds the accept queue full is dropped; its SYN,ACK comes again when there is room', () => {
  const pair = new Pair(CASE, { record: false, maxConnections: 64, checkEvery: 1 });
  const [a, b] = pair.hosts;
  pair.warm();
  b.listen(80, 2);
  const rows: number[] = [];
  b.accept = (row) => {
    rows.push(row);
    return undefined;
  };
  a.connect(pair.addresses[1], 80, {}, 5000);
  pair.clock.advance(S);
  a.turn(() => {
    for (const port of [5001, 5002]) a.core.callConnect(new Int32Array(4), port, PEER, 80, {}, a.now);
  });
  pair.clock.advance(S / 2);
  expect([rows.length, b.core.halfOpens, b.core.counters.listenOverflows, b.core.counters.outRsts]).toEqual([
    2, 1, 1, 0,
  ]);
  b.turn(() => b.core.callAccepted(rows[0]!));
  pair.clock.advance(2 * S);
  expect([rows.length, b.core.halfOpens, b.core.counters.outRsts]).toEqual([3, 0, 0]);
});
const PEER = Int32Array.of(0, 0, 0xffff, 0x0a000002);

test('1000 connections at once: entries in one turn exceed the scratch rows, and all get through', () => {
  const pair = new Pair(CASE, { record: false, maxConnections: 1200, checkEvery: 0 });
  const [a, b] = pair.hosts;
  pair.warm();
  b.listen(80, 1000);
  let accepted = 0;
  b.accept = (row) => {
    accepted++;
    b.core.callAccepted(row);
    return { event: () => {} };
  };
  a.turn(() => {
    for (let n = 0; n < 1000; n++) a.core.callConnect(new Int32Array(4), 2000 + n, PEER, 80, {}, a.now);
  });
  pair.clock.advance(S);
  expect([accepted, b.core.halfOpens, b.core.counters.listenOverflows]).toEqual([1000, 0, 0]);
  for (const host of pair.hosts) host.invariants.check();
});
