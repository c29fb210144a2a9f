import { describe, expect, test } from 'vitest';
import { pseudo6, verifies } from '../../../../src/wire/checksum.ts';
import { address, bytes, ETHER, Host, hex, icmp6, OUR_MAC, PEER_MAC, packet } from './harness.ts';

const PEER = address('2001:db8::2');
const US = '20010db8000000000000000000000001';
const THEM = '20010db8000000000000000000000002';
const OUR_GROUP = 'ff02::1:ff00:1';
const OUR_GROUP_MAC = '3333ff000001';
const mac = (kind: number, text: string): string => `0${kind}01${text}`;

const ns = (options: string, ip: object = {}): Uint8Array =>
  icmp6(135, 0, 0, bytes(US + options), { ttl: 255, dst: OUR_GROUP, dstMac: OUR_GROUP_MAC, ...ip });
const na = (flags: number, options: string, ip: object = {}): Uint8Array =>
  icmp6(136, 0, flags << 24, bytes(THEM + options), { ttl: 255, ...ip });

/** From the ICMPv6 header on, after checking that the IPv6 header and the checksum are right. */
function body(frame: Uint8Array): string {
  expect(hex(frame.subarray(12, 14))).toBe('86dd');
  const length = frame.length - 54;
  expect((frame[18]! << 8) | frame[19]!).toBe(length);
  expect(frame[20]).toBe(58);
  expect(verifies(frame, 54, length, pseudo6(frame, 14, 58, length))).toBe(true);
  return `${hex(frame.subarray(54, 56))}....${hex(frame.subarray(58))}`;
}

describe('questions', () => {
  test('a route to an unknown neighbour solicits its group, with hop limit 255', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    expect(host.ip.ready(hop)).toBe(false);
    const [frame, ...more] = host.take();
    expect(more).toEqual([]);
    expect(frame!.hex.slice(0, 24)).toBe(`3333ff000002${OUR_MAC}`);
    expect(frame!.bytes[21]).toBe(255);
    expect(frame!.hex.slice(44, 108)).toBe(`${US}ff0200000000000000000001ff000002`);
    expect(body(frame!.bytes)).toBe(`8700....00000000${THEM}${mac(1, OUR_MAC)}`);
  });

  test('three solicitations, one second apart, then the hop has failed [RFC 4861 §7.2.2]', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    for (let i = 0; i < 3; i++) host.pass(1000);
    expect(host.take()).toHaveLength(3);
    expect(host.failed).toEqual([hop]);
  });

  test('probes go to the neighbour alone [RFC 4861 §7.3]', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.receive(na(0x60, mac(2, PEER_MAC)));
    host.pass(46_000);
    host.take();
    host.ip.ready(hop);
    host.pass(5000);
    const [frame] = host.take();
    expect(frame!.hex.slice(0, 24)).toBe(PEER_MAC + OUR_MAC);
    expect(frame!.hex.slice(76, 108)).toBe(THEM);
    body(frame!.bytes);
  });

  test('announce: an unsolicited advertisement to all nodes', () => {
    const host = new Host({ addresses: ['2001:db8::1/64'] });
    host.ip.announce(ETHER);
    const [frame] = host.take();
    expect(frame!.hex.slice(0, 24)).toBe(`333300000001${OUR_MAC}`);
    expect(frame!.hex.slice(44, 108)).toBe(`${US}ff020000000000000000000000000001`);
    expect(body(frame!.bytes)).toBe(`8800....20000000${US}${mac(2, OUR_MAC)}`);
  });
});

describe('advertisements, RFC 4861 §7.2.5', () => {
  const asking = (): { host: Host; hop: number } => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.take();
    return { host, hop };
  };

  test('a solicited one makes the hop ready', () => {
    const { host, hop } = asking();
    expect(host.receive(na(0x60, mac(2, PEER_MAC)))).toBe(true);
    expect(host.ready).toEqual([hop]);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(10_000);
    expect(host.take()).toEqual([]);
  });

  test('an unsolicited one too, but it is asked about once used', () => {
    const { host, hop } = asking();
    host.receive(na(0x20, mac(2, PEER_MAC)));
    expect(host.ready).toEqual([hop]);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(5000);
    expect(host.take()).toHaveLength(1);
  });

  test('without override another MAC is not taken, but doubt remains [RFC 4861 §7.2.5]', () => {
    const { host, hop } = asking();
    host.receive(na(0x60, mac(2, PEER_MAC)));
    const before = [...host.hops];
    host.receive(na(0x40, mac(2, '020000000009')));
    expect([...host.hops].slice(hop * 16, hop * 16 + 2)).toEqual(before.slice(hop * 16, hop * 16 + 2));
    host.ip.ready(hop);
    host.pass(5000);
    expect(host.take()).toHaveLength(1);
  });

  test('with override it is [RFC 4861 §7.2.5]', () => {
    const { host, hop } = asking();
    host.receive(na(0x60, mac(2, PEER_MAC)));
    host.receive(na(0x20, mac(2, '020000000009')));
    expect(host.hops[hop * 16 + 1]! >>> 16).toBe(9);
  });

  test('without an address it confirms what is known, and nothing else', () => {
    const { host, hop } = asking();
    host.receive(na(0x40, ''));
    expect(host.ip.ready(hop)).toBe(false);
    host.receive(na(0x20, mac(2, PEER_MAC)));
    host.ip.ready(hop);
    host.receive(na(0x40, ''));
    host.pass(10_000);
    expect(host.take()).toEqual([]);
  });

  test.each([
    ['hop limit 254', na(0x60, mac(2, PEER_MAC), { ttl: 254 })],
    ['code 1', icmp6(136, 1, 0x60000000, bytes(THEM + mac(2, PEER_MAC)), { ttl: 255 })],
    ['too short', icmp6(136, 0, 0x60000000, bytes(THEM.slice(0, 30)), { ttl: 255 })],
    ['an option of length 0', na(0x60, '0200020000000002')],
    ['an option past the end', na(0x60, '0202020000000002')],
    ['half an option', na(0x60, '02')],
    [
      'a target that is a group',
      icmp6(136, 0, 0x60000000, bytes(`ff020000000000000000000000000002${mac(2, PEER_MAC)}`), { ttl: 255 }),
    ],
    ['solicited, yet to a group', na(0x60, mac(2, PEER_MAC), { dst: 'ff02::1', dstMac: '333300000001' })],
    ['a group as MAC', na(0x60, mac(2, '330000000001'))],
    ['our own address as source', na(0x60, mac(2, PEER_MAC), { src: '2001:db8::1' })],
    ['the unspecified address as source', na(0x60, mac(2, PEER_MAC), { src: '::' })],
  ])('%s: dropped', (_what, frame) => {
    const { host, hop } = asking();
    expect(host.receive(frame)).toBe(true);
    expect(host.ip.ready(hop)).toBe(false);
    expect(host.ready).toEqual([]);
  });

  test('nobody asked: no entry is made', () => {
    const host = new Host({ hops: 1 });
    host.receive(na(0x20, mac(2, PEER_MAC)));
    expect(host.ip.ready(host.ip.routeTo(PEER, 0))).toBe(false);
  });
});

describe('solicitations, RFC 4861 §7.2.3', () => {
  test('to our group: answered by unicast, solicited and override set, and the asker is learned [RFC 4861 §7.2.4]', () => {
    const host = new Host();
    expect(host.receive(ns(mac(1, PEER_MAC)))).toBe(true);
    const [frame, ...more] = host.take();
    expect(more).toEqual([]);
    expect(frame!.hex.slice(0, 24)).toBe(PEER_MAC + OUR_MAC);
    expect(frame!.bytes[21]).toBe(255);
    expect(frame!.hex.slice(44, 108)).toBe(US + THEM);
    expect(body(frame!.bytes)).toBe(`8800....60000000${US}${mac(2, OUR_MAC)}`);
    expect(host.ip.ready(host.ip.routeTo(PEER, 0))).toBe(true);
  });

  test('unicast, as a neighbour does to confirm us, also without an option', () => {
    const host = new Host();
    host.receive(ns('', { dst: '2001:db8::1', dstMac: OUR_MAC }));
    expect(host.take()).toHaveLength(1);
  });

  test('duplicate detection is answered to all nodes, not solicited', () => {
    const host = new Host();
    host.receive(ns('', { src: '::' }));
    const [frame] = host.take();
    expect(frame!.hex.slice(0, 12)).toBe('333300000001');
    expect(body(frame!.bytes)).toBe(`8800....20000000${US}${mac(2, OUR_MAC)}`);
  });

  test.each([
    ['hop limit 64', ns(mac(1, PEER_MAC), { ttl: 64 })],
    [
      'another target',
      icmp6(135, 0, 0, bytes(THEM + mac(1, PEER_MAC)), { ttl: 255, dst: OUR_GROUP, dstMac: OUR_GROUP_MAC }),
    ],
    ['detection with a MAC', ns(mac(1, PEER_MAC), { src: '::' })],
    ['detection by unicast', ns('', { src: '::', dst: '2001:db8::1' })],
    ['a source that is a group', ns(mac(1, PEER_MAC), { src: 'ff02::5' })],
    ['a loopback source', ns(mac(1, PEER_MAC), { src: '::1' })],
    ['another destination', ns(mac(1, PEER_MAC), { dst: 'ff02::1' })],
    ['a group as MAC', ns(mac(1, '010000000001'))],
    ['an option of length 0', ns('0100020000000002')],
    [
      'a router advertisement',
      icmp6(134, 0, 0x40000708, bytes('0000000000000000'), { ttl: 255, src: 'fe80::1', dst: 'ff02::1' }),
    ],
    [
      'a router advertisement that ends early',
      icmp6(134, 0, 0, bytes('00'), { ttl: 255, src: 'fe80::1', dst: 'ff02::1' }),
    ],
    ['a redirect', icmp6(137, 0, 0, bytes(THEM + THEM), { ttl: 255, src: 'fe80::1' })],
  ])('%s: no answer [RFC 4861 §6, §7, §8.1] [RFC 1122 §3.3.1.2]', (_what, frame) => {
    const host = new Host();
    expect(host.receive(frame)).toBe(true);
    expect(host.take()).toEqual([]);
  });

  test('inside a fragment it is dropped with the fragment (RFC 6980)', () => {
    const host = new Host();
    host.receive(
      packet({
        src: '2001:db8::2',
        dst: OUR_GROUP,
        protocol: 44,
        ttl: 255,
        payload: bytes(`3a00000100000000${'00'.repeat(32)}`),
      }),
    );
    expect(host.take()).toEqual([]);
    expect(host.ip.counters.fragments).toBe(1);
  });
});
