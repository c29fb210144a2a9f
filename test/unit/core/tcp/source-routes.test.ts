// The table of source routes, beside what scripts show (test/conformance/source-routes.test.ts).
import { expect, test } from 'vitest';
import { OK } from '../../../../src/core/events.ts';
import { HOP_ADDRESS } from '../../../../src/core/ip/neighbours.ts';
import { ESTABLISHED } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { remove } from '../../../../src/core/tcp/lifecycle.ts';
import { mostText, pathMtu, setSendMss } from '../../../../src/core/tcp/mss.ts';
import { probeMtu } from '../../../../src/core/tcp/mtu-search.ts';
import { F_PASSIVE, F_TS, F2_MTU_PROBE, F2_ROUTED } from '../../../../src/core/tcp/row.ts';
import { exportRow, importRow } from '../../../../src/core/tcp/snapshot.ts';
import { SOURCE_ROUTES } from '../../../../src/core/tcp/source-routes.ts';
import { hopAlong, hopOf, laterRoute, wayAround, wayBack } from '../../../../src/core/tcp/way-back.ts';
import { HOP_WORDS, ROUTE_FIRST, TX_HOP } from '../../../../src/wire/abi.ts';
import { mapIpv4 } from '../../../../src/wire/address.ts';
import { type Bench, bench, endTurn } from './bench.ts';

const NAMED = { strict: false, hops: [0x0a000009, 0x0a000008] };

/** Identity of a connection that is not there. */
function stranger(port: number): Int32Array {
  const key = new Int32Array(9);
  key[0] = (80 << 16) | port;
  mapIpv4(0x0a000001, key, 1);
  mapIpv4(0x0a000002, key, 5);
  return key;
}

function routed(b: Bench): number {
  const r = b.t.sourceRoutes;
  b.tcb.flags2 |= F2_ROUTED;
  return r.keep(b.t, r.draft(NAMED, 0x0a000002), b.tcb.i32, b.tcb.at);
}

test('those of connections that are gone make room, those of the living and of this turn stay', () => {
  const b = bench();
  const { t } = b;
  const r = t.sourceRoutes;
  const mine = routed(b);
  const draft = r.draft(NAMED, 0x0a000002);
  for (let n = 1; n < SOURCE_ROUTES; n++) expect(r.keep(t, draft, stranger(n), 0)).toBe(mine + n);
  expect(r.keep(t, draft, stranger(5), 0)).toBe(mine + 5);
  t.tick += 5; // a turn may last
  expect(r.keep(t, draft, stranger(1000), 0)).toBe(0); // descriptors of this turn name the others
  r.endTurn();
  expect(r.keep(t, draft, stranger(1000), 0)).toBe(mine + 1);
  expect([r.of(b.tcb.i32, b.tcb.at), r.of(stranger(1000), 0), r.of(stranger(5), 0)]).toEqual([mine, mine + 1, 0]);
  expect([draft, r.arrivedEntry]).toEqual([mine + SOURCE_ROUTES + 1, mine + SOURCE_ROUTES]); // nobody's
});

test('a connection in the SYN queue is living, and one in TIME_WAIT', () => {
  const { t } = bench();
  const r = t.sourceRoutes;
  const draft = r.draft(NAMED, 0x0a000002);
  for (let n = 0; n < SOURCE_ROUTES; n++) r.keep(t, draft, stranger(n), 0);
  const only = (port: number) => (w: Int32Array) => (w[0] === stranger(port)[0] ? 0 : -1);
  t.flows.find = only(3);
  t.halfOpens.find = only(5);
  t.timeWaits.find = only(7);
  r.endTurn();
  expect(r.keep(t, draft, stranger(1000), 0)).toBeGreaterThan(0);
  const kept = [3, 5, 7, 9].map((n) => r.of(stranger(n), 0) > 0);
  expect(kept).toEqual([true, true, true, false]);
});

test('where no entry is free the SYN is not answered and a later route is not taken; the neighbours stay as they are', () => {
  const b = bench();
  const { t, tcb } = b;
  const r = t.sourceRoutes;
  const draft = r.draft(NAMED, 0x0a000002);
  for (let n = 0; n < SOURCE_ROUTES; n++) r.keep(t, draft, stranger(n), 0);
  const released: number[] = [];
  Object.assign(t.ip, { routeTo: () => 0, release: (hop: number) => void released.push(hop) });
  const neighbours = t.hops.slice(0, HOP_WORDS * r.of(stranger(0), 0));
  r.words(r.arrivedEntry).set(r.words(draft));
  r.arrived = true;
  expect(wayBack(t, stranger(1000))).toBe(-1);
  tcb.flags |= F_PASSIVE;
  t.seg.ack = tcb.sndUna;
  laterRoute(t, tcb, t.seg);
  expect([tcb.hop, tcb.flags2 & F2_ROUTED, released]).toEqual([0, 0, [0]]);
  expect(t.hops.slice(0, neighbours.length)).toEqual(neighbours);
});

test('no entry takes no bytes, whatever stands in the first words of the table', () => {
  const { t } = bench();
  t.hops.fill(40, 0, HOP_WORDS);
  expect(t.sourceRoutes.bytes(0)).toBe(0);
});

test('what a descriptor of this turn names stays, although its connection has ended', () => {
  const b = bench();
  const { t } = b;
  const r = t.sourceRoutes;
  const mine = routed(b);
  const draft = r.draft(NAMED, 0x0a000002);
  for (let n = 1; n < SOURCE_ROUTES; n++) r.keep(t, draft, stranger(n), 0);
  r.endTurn();
  b.send(10);
  remove(t, b.tcb, OK, ESTABLISHED);
  t.tick++;
  expect(r.keep(t, draft, stranger(1000), 0)).toBe(mine + 1);
  expect(r.of(b.tcb.i32, b.tcb.at)).toBe(mine);
});

test('a connection whose entry is gone leaves the neighbours alone', () => {
  const b = bench();
  b.tcb.flags2 |= F2_ROUTED;
  const neighbour = b.t.hops.slice(0, HOP_WORDS);
  b.send(10);
  expect([b.t.links[0]!.tx[TX_HOP], b.t.hops.slice(0, HOP_WORDS)]).toEqual([b.tcb.hop, neighbour]);
});

test('a path too narrow for the headers of a route is not probed for a wider one', () => {
  const b = bench();
  b.tcb.pmtu = 68;
  b.tcb.flags |= F_TS;
  b.tcb.peerMss = 48;
  const r = b.t.sourceRoutes;
  b.tcb.flags2 |= F2_ROUTED;
  r.keep(b.t, r.draft({ strict: false, hops: new Array(9).fill(0x0a000009) }, 0x0a000002), b.tcb.i32, b.tcb.at);
  setSendMss(b.t, b.tcb);
  expect(b.tcb.sndMss).toBe(36);
  queueText(b.t, b.tcb, new Uint8Array(1000), 0, 1000);
  expect([probeMtu(b.t, b.tcb, 0, 1000), b.take()]).toEqual([false, []]);
});

test('a later route makes an end of the probe in flight: its size was reckoned with other headers [SHLD-24]', () => {
  const b = bench();
  const { t, tcb } = b;
  const r = t.sourceRoutes;
  tcb.flags |= F_PASSIVE;
  tcb.flags2 |= F2_MTU_PROBE;
  Object.assign(t.ip, { routeTo: () => 0 });
  r.words(r.arrivedEntry).set(r.words(r.draft(NAMED, 0x0a000002)));
  r.arrived = true;
  t.seg.ack = tcb.sndUna;
  laterRoute(t, tcb, t.seg);
  expect(tcb.flags2 & (F2_ROUTED | F2_MTU_PROBE)).toBe(F2_ROUTED);
});

test('the same route again is no later one; one that differs in anything is [SHLD-24]', () => {
  const other = (strict: boolean, ...hops: number[]) => ({ strict, hops });
  for (const [route, later] of [
    [NAMED, false],
    [other(true, ...NAMED.hops), true],
    [other(false, 0x0a000009), true],
    [other(false, 0x0a000009, 0x0a000007), true],
    [other(false, 0x0a000007, 0x0a000008), true],
    [other(false, ...NAMED.hops, 0x0a000007), true],
  ] as const) {
    const b = bench();
    const { t, tcb } = b;
    const r = t.sourceRoutes;
    r.keep(t, r.draft(NAMED, 0x0a000003), stranger(1), 0);
    routed(b);
    tcb.flags |= F_PASSIVE;
    tcb.flags2 |= F2_MTU_PROBE;
    const released: number[] = [];
    Object.assign(t.ip, { routeTo: () => 3, release: (hop: number) => void released.push(hop) });
    t.hops[HOP_WORDS * 3 + HOP_ADDRESS + 3] = route.hops[0]!;
    r.words(r.arrivedEntry).set(r.words(r.draft(route, 0x0a000002)));
    r.arrived = true;
    t.seg.ack = tcb.sndUna;
    laterRoute(t, tcb, t.seg);
    expect([route, tcb.hop, (tcb.flags2 & F2_MTU_PROBE) === 0, released]).toEqual([
      route,
      later ? 3 : 0,
      later,
      later ? [0] : [],
    ]);
    expect(r.words(r.of(tcb.i32, tcb.at)).slice(0, 8)).toEqual(r.words(r.arrivedEntry).slice(0, 8));
  }
});

test('a later route that leads nowhere is not taken [SHLD-24]', () => {
  const b = bench();
  const { t, tcb } = b;
  const r = t.sourceRoutes;
  tcb.flags |= F_PASSIVE;
  Object.assign(t.ip, { routeTo: () => -1 });
  r.words(r.arrivedEntry).set(r.words(r.draft(NAMED, 0x0a000002)));
  r.arrived = true;
  t.seg.ack = tcb.sndUna;
  laterRoute(t, tcb, t.seg);
  expect([tcb.hop, tcb.flags2 & F2_ROUTED, r.of(tcb.i32, tcb.at)]).toEqual([0, 0, 0]);
});

test('a strict route begins at a neighbour, or is none', () => {
  const b = bench();
  const { t } = b;
  const r = t.sourceRoutes;
  const released: number[] = [];
  const found = [0, 0, -1];
  Object.assign(t.ip, { routeTo: () => found.shift(), release: (hop: number) => void released.push(hop) });
  const strict = r.draft({ ...NAMED, strict: true }, 0x0a000002);
  expect(hopAlong(t, strict)).toBe(-1);
  t.hops[HOP_ADDRESS + 3] = NAMED.hops[0]!;
  expect([hopAlong(t, strict), hopAlong(t, strict), released]).toEqual([0, -1, [0]]);
});

test('a connection that lost its hop takes that of a later route [SHLD-24]', () => {
  const b = bench();
  const { t, tcb } = b;
  const r = t.sourceRoutes;
  tcb.flags |= F_PASSIVE;
  tcb.hop = -1;
  const released: number[] = [];
  Object.assign(t.ip, { routeTo: () => 0, release: (hop: number) => void released.push(hop) });
  r.words(r.arrivedEntry).set(r.words(r.draft(NAMED, 0x0a000002)));
  r.arrived = true;
  t.seg.ack = tcb.sndUna;
  laterRoute(t, tcb, t.seg);
  expect([tcb.hop, released]).toEqual([0, []]);
});

test('the hop of a connection is that of its route, else that of its peer', () => {
  const b = bench();
  const asked: number[] = [];
  Object.assign(b.t.ip, { routeTo: (w: Int32Array, at: number) => asked.push(w[at + 3]!) });
  hopOf(b.t, b.tcb);
  b.tcb.flags2 |= F2_ROUTED; // its entry is gone
  hopOf(b.t, b.tcb);
  routed(b);
  hopOf(b.t, b.tcb);
  expect(asked).toEqual([0x0a000002, 0x0a000002, 0x0a000009]);
});

test('the identity is the whole one', () => {
  const b = bench();
  const r = b.t.sourceRoutes;
  const entry = r.keep(b.t, r.draft(NAMED, 0x0a000002), stranger(7), 0);
  for (const [word, value] of [
    [0, (81 << 16) | 7],
    [4, 0x0a000003],
    [8, 0x0a000003],
    [7, 0],
  ] as const) {
    const other = stranger(7);
    other[word] = value;
    expect(r.of(other, 0)).toBe(0);
  }
  expect(r.of(stranger(7), 0)).toBe(entry);
});

test('every descriptor names the route beside the hop, text has less room, and no device cuts it [MUST-16]', () => {
  const b = bench({ mtu: 1500, maxPacket: 65535 });
  b.tcb.peerMss = 1460;
  const entry = routed(b);
  setSendMss(b.t, b.tcb);
  expect([pathMtu(b.t, b.tcb), b.tcb.sndMss]).toEqual([1500, 1460 - 12]);
  expect(mostText(b.t, b.tcb, 0, b.tcb.sndMss)).toBe(1448);
  b.send(1448);
  expect(b.t.links[0]!.tx[TX_HOP]).toBe(b.tcb.hop | (entry << 16));
});

test('it is handed over with its connection', () => {
  const [from, to] = [bench(), bench()];
  routed(from);
  exportRow(to.t, to.tcb);
  endTurn(to);
  const asked: number[] = [];
  Object.assign(to.t.ip, { routeTo: (w: Int32Array, at: number) => (asked.push(w[at + 3]!), 0) });
  expect(importRow(to.t, to.tcb, exportRow(from.t, from.tcb))).toBeGreaterThan(0);
  const entry = to.t.sourceRoutes.of(to.tcb.i32, to.tcb.at);
  expect([asked, to.t.hops[entry * HOP_WORDS + ROUTE_FIRST], to.tcb.flags2 & F2_ROUTED]).toEqual([
    [0x0a000009],
    0x0a000009,
    F2_ROUTED,
  ]);
});

test('a way around the hop that failed leads to the same first address; a strict route has none', () => {
  const b = bench();
  const asked: number[][] = [];
  Object.assign(b.t.ip, { wayAround: (hop: number, w: Int32Array, at: number) => asked.push([hop, w[at + 3]!]) });
  wayAround(b.t, b.tcb);
  routed(b);
  wayAround(b.t, b.tcb);
  const r = b.t.sourceRoutes;
  r.keep(b.t, r.draft({ ...NAMED, strict: true }, 0x0a000002), b.tcb.i32, b.tcb.at);
  expect(wayAround(b.t, b.tcb)).toBe(-1);
  expect(asked).toEqual([
    [b.tcb.hop, b.tcb.i32[b.tcb.at + 8]],
    [b.tcb.hop, 0x0a000009],
  ]);
});
