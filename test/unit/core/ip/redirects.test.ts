// Redirects: a route is the user's, DHCP's or a router advertisement's, and nobody else's (ADR 12).
import { expect, test } from 'vitest';
import { parseCidr } from '../../../../src/wire/address-text.ts';
import { address, bytes, ETHER, Host, hex, icmp4, icmp6, tcp } from './harness.ts';

const at = (text: string): string => hex(new Uint8Array(Int32Array.from([...address(text)].map(swap)).buffer));
const swap = (w: number): number => (w >>> 24) | ((w >>> 8) & 0xff00) | ((w << 8) & 0xff0000) | (w << 24) | 0;

/** What the host knows of the way, before and after a good redirect from the gateway that it uses. */
function changes(host: Host, far: string, gateway: string, redirect: Uint8Array): unknown[] {
  const { address: dst, bits } = parseCidr(far.includes(':') ? '::/0' : '0.0.0.0/0');
  host.ip.addRoute(dst, bits, address(gateway), ETHER);
  const hop = host.ip.routeTo(address(far), 0);
  host.take();
  const known = host.hops.slice();
  expect(host.receive(redirect)).toBe(true);
  const same = host.hops.every((word, n) => word === known[n]);
  return [same, host.ip.routeTo(address(far), 0) === hop, host.take(), host.heard];
}

const SAME = [true, true, [], []];

test.each([0, 1, 2, 3])('IPv4, code %i: counted, and nothing changes [RFC 1122 §3.3.1.2]', (code) => {
  const host = new Host();
  // Of a packet of ours to 8.8.8.8: "send that to 10.0.0.253".
  const quoted = `45000028000040004006${'0000'}0a00000108080808${hex(tcp(40000, 80, 1))}`;
  const redirect = icmp4(5, code, address('10.0.0.253')[3]!, bytes(quoted), { src: '10.0.0.254' });
  expect(changes(host, '8.8.8.8', '10.0.0.254', redirect)).toEqual(SAME);
  expect(host.ip.counters).toMatchObject({ redirectsIgnored: 1, icmpErrors: 0 });
});

test('IPv6: counted, and nothing changes [RFC 4861 §8.1]', () => {
  const host = new Host();
  const body = bytes(`${at('fe80::253')}${at('2600::1')}0201020000000fd0`);
  const redirect = icmp6(137, 0, 0, body, { ttl: 255, src: 'fe80::254' });
  expect(changes(host, '2600::1', 'fe80::254', redirect)).toEqual(SAME);
  expect(host.ip.counters).toMatchObject({ redirectsIgnored: 1, icmpErrors: 0 });
});
