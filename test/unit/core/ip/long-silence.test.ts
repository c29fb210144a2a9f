// Clocks have 32 bits of ms: what happened 25 to 49 days ago is past, and is not still to come.
import { describe, expect, test } from 'vitest';
import { address, BROADCAST, ETHER, Host, OUR_MAC, PEER_MAC } from './harness.ts';

const DAY = 86_400_000;
const ZERO_MAC = '000000000000';
const US = '0a000001';
const arp = (op: number, spa: string, tha: string, tpa: string, to = OUR_MAC): string =>
  `${to}${PEER_MAC}0806 000108000604000${op} ${PEER_MAC}${spa} ${tha}${tpa}`;

describe.each([1, 20, 25, 26, 40, 49])('%s days later', (days) => {
  test('a neighbour who was reachable then is checked before he counts as reachable [RFC 4861 §7.3.2] [RFC 1122 §2.3.2.1]', () => {
    const host = new Host();
    const hop = host.ip.routeTo(address('10.0.0.2'), 0);
    host.receive(arp(2, '0a000002', OUR_MAC, US));
    host.pass(10_000);
    host.take();
    host.pass(days * DAY);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(5000);
    expect(host.take()).toHaveLength(1);
  });

  test('an address that was defended then is defended again [RFC 5227 §2.4]', () => {
    const host = new Host({ addresses: ['10.0.0.1/24'], ip: { duplicates: 'background' } });
    host.ip.announce(ETHER);
    for (let ms = 0; ms < 15_000; ms += 100) host.pass(100);
    host.receive(arp(1, US, ZERO_MAC, US, BROADCAST));
    host.take();
    host.changed.splice(0);
    host.pass(days * DAY);
    host.receive(arp(1, US, ZERO_MAC, US, BROADCAST));
    expect([host.take().length, host.changed]).toEqual([1, []]);
  });

  test('of neighbours that nobody holds the one wanted then makes room, not the one wanted now', () => {
    const host = new Host({ hops: 2, loop: false });
    const old = host.ip.routeTo(address('10.0.0.2'), 0);
    host.pass(days * DAY);
    host.ip.release(old);
    const young = host.ip.routeTo(address('10.0.0.3'), 0);
    host.ip.release(young);
    expect(host.ip.routeTo(address('10.0.0.4'), 0)).toBe(old);
    expect(host.ip.routeTo(address('10.0.0.3'), 0)).toBe(young);
  });
});
