// What was known of a link is forgotten when it goes down: other hardware may be behind it when it comes back.
import { expect, test } from 'vitest';
import { ADDRESS_EXPIRED } from '../../../../src/core/events.ts';
import { parseCidr } from '../../../../src/wire/address-text.ts';
import { address, BROADCAST, bytes, ETHER, Host, icmp6, LOOP, OUR_MAC, PEER_MAC } from './harness.ts';

const PEER4 = address('10.0.0.2');
const PEER6 = address('2001:db8::2');
const OUTSIDE = address('2001:db8:ffff::1');

const arpReply = (): Uint8Array =>
  bytes(`${OUR_MAC}${PEER_MAC}08060001080006040002${PEER_MAC}0a000002${OUR_MAC}0a000001`);
const advertisement = (): Uint8Array =>
  icmp6(136, 0, 0x60000000, bytes(`20010db80000000000000000000000020201${PEER_MAC}`), { ttl: 255 });
/** A router with an MTU of 1400 and a prefix that is on the link and makes an address. */
const routerAdvertisement = (): Uint8Array =>
  icmp6(
    134,
    0,
    0x63000708,
    bytes(
      `0000000000000000 0101${PEER_MAC} 0501000000000578 030440c0000151800000384000000000 20010db8000100000000000000000000`,
    ),
    { src: 'fe80::ff', dst: 'ff02::1', dstMac: '333300000001', ttl: 255 },
  );

test.each([
  ['IPv4', PEER4, arpReply, BROADCAST],
  ['IPv6', PEER6, advertisement, '3333ff000002'],
])('a neighbour that was reachable is asked for anew, of everybody, %s', (_family, peer, answer, everybody) => {
  const host = new Host();
  const hop = host.ip.routeTo(peer, 0);
  host.receive(answer());
  expect(host.ip.ready(hop)).toBe(true);
  host.take();
  host.ip.linkDown(LOOP);
  expect(host.ip.ready(hop)).toBe(true);
  host.ip.linkDown(ETHER);
  expect(host.ip.routeTo(peer, 0)).toBe(hop);
  expect(host.ip.ready(hop)).toBe(false);
  const asked = host.take();
  expect(asked.map(({ hex }) => hex.slice(0, 12))).toEqual([everybody]);
  host.receive(answer());
  expect([host.ip.ready(hop), host.ready]).toEqual([true, [hop, hop]]);
});

test('one that is stale, or being asked by itself, too; the far end of a loopback stays', () => {
  for (const ms of [60_000, 66_000]) {
    const host = new Host();
    const hop = host.ip.routeTo(PEER4, 0);
    const own = host.ip.routeTo(address('127.0.0.1'), 0);
    host.receive(arpReply());
    host.pass(60_000);
    host.ip.ready(hop);
    host.pass(ms - 60_000);
    host.take();
    for (const link of [ETHER, LOOP]) host.ip.linkDown(link);
    host.ip.ready(hop);
    expect(host.take().map(({ hex }) => hex.slice(0, 12))).toEqual([BROADCAST]);
    expect(host.ip.ready(own)).toBe(true);
  }
});

test('one that is being asked for goes on being asked for: who waits for it hears the end', () => {
  const host = new Host();
  const hop = host.ip.routeTo(PEER4, 0);
  host.ip.linkDown(ETHER);
  for (let n = 0; n < 4; n++) host.pass(1000);
  expect(host.failed).toEqual([hop]);
});

test('a gateway that did not answer before the link went down is the first again', () => {
  const host = new Host({ addresses: ['10.0.0.1/24'] });
  const { address: dst, bits } = parseCidr('0.0.0.0/0');
  for (const gateway of ['10.0.0.254', '10.0.0.253']) host.ip.addRoute(dst, bits, address(gateway), ETHER);
  const first = host.ip.routeTo(address('8.8.8.8'), 0);
  for (let n = 0; n < 4; n++) host.pass(1000);
  expect(host.ip.routeTo(address('8.8.8.8'), 0)).not.toBe(first);
  host.ip.linkDown(ETHER);
  expect(host.ip.routeTo(address('8.8.8.8'), 0)).toBe(first);
});

test('routers, and what they said, are forgotten; when the link is back they are asked for, and believed again', () => {
  const host = new Host({ addresses: [], ip: { slaac: true, linkLocal: true, duplicates: 'background' } });
  host.ip.announce(ETHER);
  host.receive(routerAdvertisement());
  const own = host.changed.at(-1)!.address;
  const hop = host.ip.routeTo(OUTSIDE, 0);
  expect([own.startsWith('2001:db8:1:'), host.ip.mtuOf(hop)]).toEqual([true, 1400]);
  host.ip.linkDown(ETHER);
  expect(host.changed.at(-1)).toMatchObject({ what: ADDRESS_EXPIRED, address: own });
  expect([host.ip.isOurs(address(own), 0), host.ip.routeTo(OUTSIDE, 0)]).toEqual([false, -1]);
  expect(host.ip.routeTo(address('2001:db8:1::77'), 0)).toBe(-1);
  expect(host.ip.mtuOf(hop)).toBe(1500);
  host.pass(1000);
  host.ip.announce(ETHER);
  host.take();
  host.pass(1001);
  expect(host.take().some(({ bytes: b }) => b[54] === 133)).toBe(true);
  host.receive(routerAdvertisement());
  expect([host.ip.isOurs(address(own), 0), host.ip.routeTo(OUTSIDE, 0)]).toEqual([true, hop]);
});
