// Another gateway takes over, on a link of its own (RFC 1122 §3.3.1.4): segments have the size that this one carries.
import { expect, test } from 'vitest';
import { FromBelow } from '../../../src/core/from-below.ts';
import { ESTABLISHED, SYN_SENT } from '../../../src/core/tcp/figure5.ts';
import { takeRow } from '../../../src/core/tcp/lifecycle.ts';
import { setSendMss } from '../../../src/core/tcp/mss.ts';
import { F_ACK_NOW, F_DIRTY, F_SYN_ACKED, F2_MTU_PROBE } from '../../../src/core/tcp/row.ts';
import type { Udp } from '../../../src/core/udp/udp.ts';
import { type Bench, bench } from './tcp/bench.ts';

/** Hop 0 by a link of `mtus[0]`, hop 1 by one of `mtus[1]`; three segments are in flight by hop 0. */
function sending(...mtus: [number, number]): Bench & { mtus: number[]; below: FromBelow; lose(): void } {
  const b = bench();
  const { t, tcb } = b;
  Object.assign(t.ip, { mtuOf: (hop: number) => mtus[hop], wayAround: () => 1 });
  tcb.peerMss = 8960;
  setSendMss(t, tcb);
  b.send(3 * tcb.sndMss);
  b.take();
  const below = new FromBelow();
  below.attach(t, { hopFailed() {}, hopReady() {} } as unknown as Udp);
  return { ...b, mtus, below, lose: () => below.hopFailed(0, 1) };
}

test('a smaller one: what is in flight is cut anew and sent again, beginning with one segment', () => {
  const { tcb, lose } = sending(9000, 1500);
  lose();
  expect([tcb.hop, tcb.sndMss, tcb.lostOut, tcb.cwnd]).toEqual([1, 1460, 3 * 8960, 1460]);
});

test('a larger one, or the same: what follows is as large as it allows, nothing is taken for lost', () => {
  for (const [from, to] of [
    [1500, 9000],
    [1500, 1500],
  ] as const) {
    const { tcb, lose } = sending(from, to);
    const { cwnd } = tcb;
    lose();
    expect([tcb.hop, tcb.sndMss, tcb.lostOut, tcb.cwnd]).toEqual([1, to - 40, 0, cwnd]);
  }
});

test('a router that routes no more: another one takes over; without one it is gone on by, and nobody hears', () => {
  for (const [way, mss] of [
    [1, 1460],
    [-1, 8960],
  ] as const) {
    const { t, tcb, below, events } = sending(9000, 1500);
    Object.assign(t.ip, { wayAround: () => way });
    events();
    below.routerGone(0, 1);
    expect([tcb.hop, tcb.sndMss, events()]).toEqual([Math.max(way, 0), mss, []]);
    expect(below.searching).toBe(false);
  }
});

test('an opening learns its size at the end of the handshake', () => {
  const { tcb, lose } = sending(9000, 1500);
  tcb.state = SYN_SENT;
  lose();
  expect([tcb.hop, tcb.sndMss]).toEqual([1, 8960]);
});

test('what a router on the way before claimed is forgotten', () => {
  const { tcb, lose } = sending(1500, 1500);
  tcb.mtuClaim = 1300;
  lose();
  expect(tcb.mtuClaim).toBe(0);
});

test('a device that carries less: so do its connections, and no others', () => {
  const { t, tcb, below, mtus } = sending(1500, 1500);
  Object.assign(t.ip, { linkOf: () => 1 });
  mtus[0] = 1300;
  below.linkChanged(0);
  expect(tcb.sndMss).toBe(1460);
  below.linkChanged(1);
  expect([tcb.sndMss, tcb.lostOut, tcb.cwnd]).toEqual([1260, 3 * 1460, 1260]);
  mtus[0] = 1400;
  below.linkChanged(1);
  expect(tcb.sndMss).toBe(1360);
});

test('a device that carries as much as before, or more, takes nothing from a claim or a probe', () => {
  const { t, tcb, below } = sending(1500, 1500);
  tcb.flags2 |= F2_MTU_PROBE;
  tcb.mtuClaim = 1300;
  below.linkChanged(t.ip.linkOf(0));
  expect([tcb.flags2 & F2_MTU_PROBE, tcb.mtuClaim]).toEqual([F2_MTU_PROBE, 1300]);
});

test('a router that says another MTU: new segments over IPv6 have it, what has left is not taken for lost', () => {
  for (const [v6, mss] of [
    [true, 1240],
    [false, 1460],
  ] as const) {
    const mtus = [1500];
    const b = bench({ v6 });
    const { t, tcb } = b;
    Object.assign(t.ip, { mtuOf: () => mtus[0] });
    tcb.peerMss = 8960;
    setSendMss(t, tcb);
    b.send(3000);
    tcb.flags2 |= F2_MTU_PROBE;
    const { cwnd } = tcb;
    const below = new FromBelow();
    below.attach(t, {} as unknown as Udp);
    mtus[0] = 1300;
    below.mtuChanged(0);
    expect(below.searching).toBe(true);
    below.lookOn();
    const { sndMss, lostOut, flags2 } = tcb;
    expect([v6, sndMss, lostOut, tcb.cwnd, flags2 & F2_MTU_PROBE]).toEqual([v6, mss, 0, cwnd, F2_MTU_PROBE]);
    expect(below.searching).toBe(false);
  }
});

test('two neighbours that fail in the same moment: who owes an ACK alone waits for neither', () => {
  const { t, tcb } = bench();
  const second = t.cursor();
  takeRow(t, second, {});
  second.flight = t.flights.take();
  Object.assign(second, { hop: 1, state: ESTABLISHED });
  const below = new FromBelow();
  below.attach(t, { hopFailed() {}, hopReady() {} } as unknown as Udp);
  for (const row of [tcb, second]) {
    row.flags |= F_DIRTY | F_ACK_NOW | F_SYN_ACKED;
    below.park(row.row);
  }
  for (const hop of [0, 1]) below.hopFailed(hop, 1);
  below.unpark();
  expect([tcb, second].map(({ flags }) => flags & (F_DIRTY | F_ACK_NOW))).toEqual([0, 0]);
  expect(t.dirty.shift()).toBe(-1);
});
