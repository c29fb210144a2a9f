// Whether an address is somebody else's: RFC 5227, RFC 4862 §5.4.
import { describe, expect, test } from 'vitest';
import { ADDRESS_ADDED, ADDRESS_SETTLED, ADDRESS_TAKEN } from '../../../../src/core/events.ts';
import type { IpSettings } from '../../../../src/core/ip/settings.ts';
import { address, BROADCAST, bytes, ETHER, Host, hex, icmp6, OUR_MAC, PEER_MAC, type Sent } from './harness.ts';

const US4 = '0a000001';
const US6 = '20010db8000000000000000000000001';
const GROUP = 'ff02::1:ff00:1';
const GROUP_MAC = '3333ff000001';

const host = (duplicates: IpSettings['duplicates'], addresses: string[], linkLocal = false): Host =>
  new Host({ addresses, ip: { duplicates, linkLocal } });

/** An ARP packet of the peer's. */
function arp(operation: number, sender: string, target: string, mac = PEER_MAC): Uint8Array {
  return bytes(`${BROADCAST}${mac}0806000108000604000${operation}${mac}${sender}000000000000${target}`);
}

/** What an ARP frame says: sender and target address; of IPv6 the type and its source and destination. */
const said = ({ hex: h }: Sent): string =>
  h.slice(24, 28) === '0806' ? `${h.slice(56, 64)}>${h.slice(76, 84)}` : `${Number.parseInt(h.slice(108, 110), 16)}`;

/** Lets `ms` pass a little at a time; when what was sent. */
function timeline(h: Host, ms: number): [number, string][] {
  const sent: [number, string][] = [];
  for (let at = 0; at <= ms; at += 10) {
    for (const frame of h.take()) sent.push([at, said(frame)]);
    h.pass(10);
  }
  return sent;
}

describe('IPv4', () => {
  test('three probes from 0.0.0.0, 1 to 2 s apart, two announcements 2 s apart [RFC 5227 §2.1.1] [RFC 5227 §2.3]', () => {
    const h = host('wait', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    const sent = timeline(h, 15_000);
    expect(sent.map(([, what]) => what)).toEqual([
      ...Array(3).fill(`00000000>${US4}`),
      ...Array(2).fill(`${US4}>${US4}`),
    ]);
    const [a, b, c, d, e] = sent.map(([at]) => at) as [number, number, number, number, number];
    expect(a).toBeLessThanOrEqual(1010);
    for (const gap of [b - a, c - b]) {
      expect(gap).toBeGreaterThanOrEqual(1000);
      expect(gap).toBeLessThanOrEqual(2010);
    }
    expect(d - c).toBeLessThanOrEqual(2010);
    expect(d - c).toBeGreaterThanOrEqual(2000);
    expect(e - d).toBe(2000);
    expect(h.changed.map(({ what }) => what)).toEqual([ADDRESS_SETTLED]);
    expect(h.ip.nextDeadline()).toBe(Infinity);
  });

  test('while it waits the address is not used: no answer, no source [RFC 5227 §2.1.1]', () => {
    const h = host('wait', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    h.pass(1);
    h.take();
    h.receive(arp(1, '0a000002', US4));
    expect(h.take().filter((s) => said(s) !== `00000000>${US4}`)).toEqual([]);
    expect(h.ip.isOurs(address('10.0.0.1'), 0)).toBe(false);
    expect(h.ip.sourceFor(address('10.0.0.2'), new Int32Array(4))).toBe(false);
    h.pass(9000);
    expect(h.ip.isOurs(address('10.0.0.1'), 0)).toBe(false);
    timeline(h, 9000);
    expect(h.ip.isOurs(address('10.0.0.1'), 0)).toBe(true);
  });

  test('in the background it is used at once', () => {
    const h = host('background', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    h.receive(arp(1, '0a000002', US4));
    expect(h.take().map(said)).toEqual([`00000000>${US4}`, `${US4}>0a000002`]);
    expect(timeline(h, 10_000)).toEqual([
      [200, `00000000>${US4}`],
      [400, `00000000>${US4}`],
      [600, `${US4}>${US4}`],
      [2600, `${US4}>${US4}`],
    ]);
  });

  test.each([
    ['a reply from the address', arp(2, US4, '0a000009')],
    ['a request from the address', arp(1, US4, '0a000009')],
    ['a probe for the address', arp(1, '00000000', US4)],
  ])('%s while we probe: it is given up [RFC 5227 §2.1.1]', (_what, frame) => {
    for (const mode of ['wait', 'background'] as const) {
      const h = host(mode, ['10.0.0.1/24']);
      h.ip.announce(ETHER);
      h.pass(mode === 'wait' ? 1100 : 100);
      h.receive(frame);
      expect(h.changed).toEqual([{ what: ADDRESS_TAKEN, link: ETHER, address: '10.0.0.1', mac: PEER_MAC }]);
      expect(h.ip.isOurs(address('10.0.0.1'), 0)).toBe(false);
      expect(h.ip.counters.addressConflicts).toBe(1);
      h.take();
      expect(timeline(h, 10_000)).toEqual([]);
    }
  });

  test('given up before it was used, its network is no neighbourhood of ours any more [RFC 5227 §2.1.1]', () => {
    for (const mode of ['wait', 'background'] as const) {
      const h = host(mode, ['10.0.0.1/24']);
      h.ip.announce(ETHER);
      h.pass(1100);
      h.receive(arp(2, US4, '0a000009'));
      expect(h.changed.map(({ what }) => what)).toContain(ADDRESS_TAKEN);
      expect(h.ip.routeTo(address('10.0.0.2'), 0)).toBe(-1);
    }
  });

  test('our own packets, sent back by the network, are no conflict [RFC 5227 §2.1.1]', () => {
    const h = host('background', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    h.receive(arp(1, '00000000', US4, OUR_MAC));
    h.receive(arp(1, US4, US4, OUR_MAC));
    expect(h.changed).toEqual([]);
  });

  test('a settled address is defended, once in 10 s; then given up [RFC 5227 §2.4]', () => {
    const h = host('background', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    timeline(h, 15_000);
    h.receive(arp(1, '00000000', US4));
    expect(h.take().map(said)).toEqual([`${US4}>00000000`]);
    h.receive(arp(1, US4, US4));
    expect(h.take().map(said)).toEqual([`${US4}>${US4}`]);
    h.pass(10_001);
    h.receive(arp(1, US4, US4));
    expect(h.take().map(said)).toEqual([`${US4}>${US4}`]);
    h.pass(9000);
    h.receive(arp(1, US4, US4));
    expect(h.take()).toEqual([]);
    expect(h.changed.map(({ what }) => what)).toEqual([ADDRESS_SETTLED, ADDRESS_TAKEN]);
  });

  test('when it is off nothing is asked and nothing is given up', () => {
    const h = host('off', ['10.0.0.1/24']);
    h.ip.announce(ETHER);
    h.receive(arp(1, US4, US4));
    expect(timeline(h, 10_000)).toEqual([[0, `${US4}>${US4}`]]);
    expect(h.ip.isOurs(address('10.0.0.1'), 0)).toBe(true);
  });
});

describe('IPv6', () => {
  const ns = (source = '::', options = ''): Uint8Array =>
    icmp6(135, 0, 0, bytes(US6 + options), { ttl: 255, src: source, dst: GROUP, dstMac: GROUP_MAC });
  const na = (flags: number): Uint8Array =>
    icmp6(136, 0, flags << 24, bytes(`${US6}0201${PEER_MAC}`), {
      ttl: 255,
      src: '2001:db8::1',
      dst: 'ff02::1',
      dstMac: '333300000001',
    });

  test('one solicitation from nobody without a MAC, a second of silence, one advertisement [RFC 4862 §5.4]', () => {
    const h = host('background', ['2001:db8::1/64']);
    h.ip.announce(ETHER);
    h.pass(0);
    const [probe] = h.take();
    expect(probe!.hex.slice(0, 12)).toBe(GROUP_MAC);
    expect(probe!.hex.slice(44, 108)).toBe(`${'0'.repeat(32)}ff0200000000000000000001ff000001`);
    expect(hex(probe!.bytes.subarray(54))).toMatch(new RegExp(`^8700....00000000${US6}$`));
    h.pass(999);
    expect(h.take()).toEqual([]);
    h.pass(1);
    expect(h.take().map(said)).toEqual(['136']);
    expect(h.changed.map(({ what }) => what)).toEqual([ADDRESS_SETTLED]);
    expect(h.ip.nextDeadline()).toBe(Infinity);
  });

  test('while it waits nobody is answered, and packets for it are not ours [RFC 4862 §5.4]', () => {
    const h = host('wait', ['2001:db8::1/64']);
    h.ip.announce(ETHER);
    h.receive(ns('2001:db8::2', `0101${PEER_MAC}`));
    h.receive(icmp6(128, 0, 1, bytes('0102')));
    expect(h.take().filter((s) => said(s) !== '135')).toEqual([]);
    expect(h.changed).toEqual([]);
    timeline(h, 3000);
    h.receive(icmp6(128, 0, 1, bytes('0102')));
    expect(h.take().map(said)).toEqual(['129']);
  });

  test.each([
    ['an advertisement of it', na(0x20)],
    ['a solicited one', na(0)],
    ['somebody else asking the same', ns()],
  ])('%s: it is given up [RFC 4862 §5.4.3] [RFC 4862 §5.4.4]', (_what, frame) => {
    for (const mode of ['wait', 'background'] as const) {
      const h = host(mode, ['2001:db8::1/64']);
      h.ip.announce(ETHER);
      h.pass(0);
      h.receive(frame);
      expect(h.changed).toEqual([{ what: ADDRESS_TAKEN, link: ETHER, address: '2001:db8::1', mac: PEER_MAC }]);
      expect(h.ip.isOurs(address('2001:db8::1'), 0)).toBe(false);
    }
  });

  test('an interface with IPv6 gets a link-local address, the same at each start, and asks for it too [RFC 4291 §2.1]', () => {
    const [a, b] = [0, 1].map(() => {
      const h = host('background', ['2001:db8::1/64'], true);
      h.ip.announce(ETHER);
      timeline(h, 3000);
      return h.changed;
    });
    expect(a!.map(({ what }) => what)).toEqual([ADDRESS_ADDED, ADDRESS_SETTLED, ADDRESS_SETTLED]);
    expect(a![0]!.address).toMatch(/^fe80::[0-9a-f]+:[0-9a-f]+:[0-9a-f]+:[0-9a-f]+$/);
    expect(a).toEqual(b);
    const four = host('background', ['10.0.0.1/24'], true);
    four.ip.announce(ETHER);
    expect(four.changed).toEqual([]);
  });
});

test('another MAC address is told to the neighbours at once, of addresses that are ours for sure', () => {
  const h = host('off', ['10.0.0.1/24', '2001:db8::1/64']);
  h.ip.moved(ETHER);
  const sent = h.take();
  expect(sent.map(said)).toEqual([`${US4}>${US4}`, '136']);
  expect(sent[0]!.hex.slice(12, 24)).toBe(OUR_MAC);
  const unsure = host('wait', ['10.0.0.1/24']);
  unsure.ip.moved(ETHER);
  expect(unsure.take()).toEqual([]);
});
