// Router advertisements and what follows from them: RFC 4861 §6.3, RFC 4862 §5.5.
import { describe, expect, test } from 'vitest';
import { ADDRESS_ADDED, ADDRESS_EXPIRED, ADDRESS_SETTLED } from '../../../../src/core/events.ts';
import type { Link } from '../../../../src/ports.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { address, bytes, ETHER, Host, icmp4, icmp6, OUR_MAC, PEER_MAC } from './harness.ts';

const ROUTER = 'fe80::ff';
const OUTSIDE = address('2001:db8:ffff::1');
const HOUR = 3_600_000;

const word = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');

interface Prefix {
  readonly prefix?: string;
  readonly bits?: number;
  readonly flags?: number;
  readonly valid?: number;
  readonly preferred?: number;
}

function prefixOption({
  prefix = '2001:db8:1::',
  bits = 64,
  flags = 0xc0,
  valid = 86_400,
  preferred = 14_400,
}: Prefix): string {
  const words = [...parseAddress(prefix)].map(word).join('');
  return `0304${bits.toString(16).padStart(2, '0')}${flags.toString(16).padStart(2, '0')}${word(valid)}${word(preferred)}00000000${words}`;
}

interface Ra {
  readonly lifetime?: number;
  readonly reachable?: number;
  readonly retrans?: number;
  readonly mtu?: number;
  readonly prefixes?: readonly Prefix[];
  readonly mac?: string;
  readonly ip?: object;
}

function ra({
  lifetime = 1800,
  reachable = 0,
  retrans = 0,
  mtu,
  prefixes = [],
  mac = PEER_MAC,
  ip = {},
}: Ra = {}): Uint8Array {
  const options = [`0101${mac}`, ...(mtu === undefined ? [] : [`05010000${word(mtu)}`]), ...prefixes.map(prefixOption)];
  return icmp6(134, 0, lifetime, bytes(word(reachable) + word(retrans) + options.join('')), {
    src: ROUTER,
    dst: 'ff02::1',
    dstMac: '333300000001',
    ttl: 255,
    ...ip,
  });
}

function started(addresses: string[] = [], slaac = true): Host {
  const host = new Host({ addresses, ip: { slaac, linkLocal: true, duplicates: 'background' } });
  host.ip.announce(ETHER);
  host.pass(0);
  host.take();
  return host;
}

const types = (host: Host): number[] => host.take().map(({ bytes: b }) => b[54]!);
const solicitations = (host: Host): number => types(host).filter((type) => type === 133).length;

describe('router solicitations', () => {
  test('up to three, 4 s apart, after a wait of at most 1 s; to all routers with our MAC [RFC 4861 §6.3.7]', () => {
    const host = started();
    const at: number[] = [];
    for (let ms = 0; ms < 20_000; ms += 50) {
      host.pass(50);
      for (const { bytes: b, hex } of host.take()) {
        if (b[54] !== 133) continue;
        at.push(ms);
        expect(hex.slice(0, 12)).toBe('333300000002');
        expect(b[21]).toBe(255);
        if (ms > 1500) expect(hex.slice(-16)).toBe(`0101${OUR_MAC}`);
      }
    }
    expect(at).toHaveLength(3);
    expect(at[0]).toBeLessThanOrEqual(1000);
    expect([at[1]! - at[0]!, at[2]! - at[1]!]).toEqual([4000, 4000]);
    expect(host.ip.nextDeadline()).toBe(Infinity);
  });

  test('none after an advertisement, and none when they were not asked for [RFC 4861 §6.3.7]', () => {
    const host = started();
    host.receive(ra());
    host.pass(20_000);
    expect(solicitations(host)).toBe(0);
    const off = started(['2001:db8::1/64'], false);
    off.pass(20_000);
    expect(solicitations(off)).toBe(0);
    off.receive(ra({ prefixes: [{}] }));
    expect(off.ip.routeTo(OUTSIDE, 0)).toBe(-1);
  });
});

describe('default routers', () => {
  test('used while their lifetime lasts; 0 ends it [RFC 4861 §6.3.4]', () => {
    const host = started();
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(-1);
    host.receive(ra({ lifetime: 1800 }));
    const hop = host.ip.routeTo(OUTSIDE, 0);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(1_799_000);
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(hop);
    host.pass(1001);
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(-1);
    host.receive(ra());
    host.receive(ra({ lifetime: 0 }));
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(-1);
  });

  test.each([
    ['from an address that is not link-local', { ip: { src: '2001:db8:1::ff' } }],
    ['that was forwarded', { ip: { ttl: 254 } }],
  ])('an advertisement %s is dropped [RFC 4861 §6.1.2]', (_what, how) => {
    const host = started();
    host.receive(ra({ ...how, prefixes: [{}] }));
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(-1);
    expect(host.changed.filter(({ address: a }) => a.startsWith('2001'))).toEqual([]);
  });

  test("a group is nobody's hardware address: the router is asked for its own", () => {
    const host = started();
    host.receive(ra({ mac: `03${PEER_MAC.slice(2)}` }));
    const hop = host.ip.routeTo(OUTSIDE, 0);
    expect(host.ip.ready(hop)).toBe(false);
    expect(types(host)).toContain(135);
  });

  const OTHER = 'fe80::fe';
  /** An advertisement of the first router's address; `flags` in its first byte: router, solicited, override. */
  const na = (flags: number, mac = PEER_MAC): Uint8Array =>
    icmp6(136, 0, flags << 24, bytes(`fe8000000000000000000000000000ff${mac === '' ? '' : `0201${mac}`}`), {
      src: ROUTER,
      dst: 'fe80::1',
      ttl: 255,
    });

  test.each([
    ['solicited', na(0x60)],
    ['unsolicited', na(0x20)],
    ['without its MAC', na(0x40, '')],
  ])('one that says it routes no more is none, %s [RFC 4861 §7.2.5]', (_what, advertisement) => {
    const host = started();
    host.receive(ra());
    host.receive(ra({ ip: { src: OTHER } }));
    const first = host.ip.routeTo(OUTSIDE, 0);
    host.receive(advertisement);
    expect(host.gone).toEqual([{ hop: first, holders: 1 }]);
    const second = host.ip.routeTo(OUTSIDE, 0);
    expect(second).toBe(host.ip.routeTo(address(OTHER), 0));
    expect(host.ip.wayAround(first, OUTSIDE, 0)).toBe(second);
    host.receive(ra());
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(second);
    host.receive(ra({ lifetime: 0, ip: { src: OTHER } }));
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(first);
    expect(host.gone.map(({ hop }) => hop)).toEqual([first, second]);
  });

  test.each([
    ['that routes', na(0xe0)],
    ['of whom another MAC is not to be believed', na(0x40, '020000000009')],
  ])('one %s stays one [RFC 4861 §7.2.5]', (_what, advertisement) => {
    const host = started();
    host.receive(ra());
    host.receive(ra({ ip: { src: OTHER } }));
    const first = host.ip.routeTo(OUTSIDE, 0);
    host.receive(advertisement);
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(first);
    expect(host.gone).toEqual([]);
  });

  test('no more than eight', () => {
    const host = started();
    for (let n = 0; n < 200; n++) host.receive(ra({ ip: { src: `fe80::1:${(n + 1).toString(16)}` } }));
    for (let n = 0; n < 8; n++) host.receive(ra({ lifetime: 0, ip: { src: `fe80::1:${(n + 1).toString(16)}` } }));
    expect(host.ip.routeTo(OUTSIDE, 0)).toBe(-1);
  });
});

test('MTU within bounds, times of neighbours; 0 says nothing [RFC 4861 §6.3.4] [RFC 8200 §5]', () => {
  const host = started();
  host.receive(ra({ mtu: 1400 }));
  const hop = host.ip.routeTo(OUTSIDE, 0);
  expect(host.ip.mtuOf(hop)).toBe(1400);
  for (const mtu of [0, 1279, 1501, 0xffffffff]) host.receive(ra({ mtu }));
  expect(host.ip.mtuOf(hop)).toBe(1400);
  expect(host.narrowed).toEqual([0]);
  host.receive(ra({ mtu: 1300 }));
  expect([host.ip.mtuOf(hop), host.narrowed]).toEqual([1300, [0, 0]]);
  Object.assign((host.ip as unknown as { mtus: { links: Link[] } }).mtus.links[0]!, { mtu: 1290 }); // the device carries less since
  expect(host.ip.mtuOf(hop)).toBe(1290);
  host.receive(ra({ retrans: 200 }));
  const other = host.ip.routeTo(address('fe80::77'), 0);
  host.take();
  host.pass(201);
  expect(types(host)).toContain(135);
  host.pass(201);
  host.pass(201);
  expect(host.failed).toEqual([other]);
});

test('what the layer sends itself has the MTU of the routers, too; IPv4 has not [RFC 4861 §6.3.4]', () => {
  const host = started(['10.0.0.1/24', '2001:db8::1/64']);
  host.receive(ra({ mtu: 1400 }));
  host.receive(icmp6(128, 0, 0, new Uint8Array(1400)));
  expect(host.take().map(({ bytes: b }) => [b[20], b.length - 14])).toEqual([
    [44, 1400],
    [44, 104],
  ]);
  host.receive(icmp4(8, 0, 0, new Uint8Array(1400)));
  expect(host.take().map(({ bytes: b }) => b.length - 14)).toEqual([1428]);
  expect([true, false].map((ipv6) => host.ip.mtuOn(ETHER, ipv6))).toEqual([1400, 1500]);
});

test('the times of neighbours are IPv6 ones, and at most a few seconds pass between questions [RFC 4861 §6.3.4] [RFC 1122 §2.3.2.1]', () => {
  const host = started(['10.0.0.1/24']);
  host.receive(ra({ retrans: HOUR }));
  const four = host.ip.routeTo(address('10.0.0.2'), 0);
  const six = host.ip.routeTo(address('fe80::77'), 0);
  for (let ms = 0; ms < 3000; ms += 100) host.pass(100);
  expect(host.failed).toEqual([four]);
  for (let ms = 0; ms < 12_000; ms += 100) host.pass(100);
  expect(host.failed).toEqual([four, six]);
});

describe('prefixes', () => {
  test('on the link: neighbours, while it lasts [RFC 4861 §6.3.4]', () => {
    const host = started();
    const there = address('2001:db8:1::77');
    host.receive(ra({ prefixes: [{ flags: 0x80, valid: 100 }] }));
    const hop = host.ip.routeTo(there, 0);
    expect(hop).not.toBe(host.ip.routeTo(OUTSIDE, 0));
    host.pass(100_001);
    expect(host.ip.routeTo(there, 0)).toBe(host.ip.routeTo(OUTSIDE, 0));
    host.receive(ra({ prefixes: [{ flags: 0x80, valid: 0xffffffff }] }));
    host.pass(60 * 24 * HOUR);
    expect(host.ip.routeTo(there, 0)).toBe(hop);
    host.receive(ra({ prefixes: [{ flags: 0x80, valid: 0 }] }));
    expect(host.ip.routeTo(there, 0)).toBe(host.ip.routeTo(OUTSIDE, 0));
  });

  /** The addresses made of 2001:db8:1::/64. */
  const made = (host: Host): string[] =>
    host.changed
      .filter(({ what, address: a }) => what === ADDRESS_ADDED && a.startsWith('2001:db8:1:'))
      .map((c) => c.address);

  test('of 64 bits and autonomous: an address, looked for elsewhere first; once [RFC 4862 §5.5.3]', () => {
    const host = started();
    host.receive(ra({ prefixes: [{}] }));
    host.receive(ra({ prefixes: [{}] }));
    host.pass(0);
    expect(types(host)).toContain(135);
    const [own, ...more] = made(host);
    expect(more).toEqual([]);
    host.pass(1000);
    expect(host.changed.filter(({ what, address: a }) => what === ADDRESS_SETTLED && a === own)).toHaveLength(1);
    const source = new Int32Array(4);
    expect(host.ip.sourceFor(OUTSIDE, source)).toBe(true);
    expect(source).toEqual(parseAddress(own!));
  });

  test.each([
    ['not autonomous', { flags: 0x80 }],
    ['not of 64 bits', { bits: 63 }],
    ['link-local', { prefix: 'fe80::' }],
    ['multicast', { prefix: 'ff02::' }],
    ['IPv4', { prefix: '10.0.0.0' }],
    ['preferred longer than valid', { valid: 100, preferred: 101 }],
    ['valid for no time', { valid: 0, preferred: 0 }],
  ])('%s: none [RFC 4862 §5.5.3]', (_what, prefix) => {
    const host = started();
    const before = host.changed.length;
    host.receive(ra({ prefixes: [prefix] }));
    expect(host.changed.slice(before)).toEqual([]);
  });

  test.each([
    ['one address', { prefix: '8.8.8.8', bits: 128 }],
    ['half of all', { prefix: '0.0.0.0', bits: 97 }],
    ['all', { prefix: '0.0.0.0', bits: 96 }],
    ['all, and what cannot be told from them by its length', { prefix: '0.0.0.0', bits: 64 }],
    ['all, and the rest', { prefix: '::', bits: 0 }],
  ])('say nothing of IPv4: %s [RFC 4861 §6.3.4]', (_what, prefix) => {
    const host = started(['10.0.0.1/24']);
    host.ip.addRoute(address('0.0.0.0'), 96, address('10.0.0.254'), ETHER);
    const gateway = host.ip.routeTo(address('8.8.8.8'), 0);
    host.receive(ra({ prefixes: [{ ...prefix, flags: 0x80 }] }));
    expect(host.ip.routeTo(address('8.8.8.8'), 0)).toBe(gateway);
  });

  test('deprecated, then gone [RFC 4862 §5.5.4]', () => {
    const host = started(['2001:db8:2::1/64']);
    host.receive(ra({ prefixes: [{ valid: 8000, preferred: 7300 }], lifetime: 9000 }));
    const [own] = made(host);
    host.pass(1000);
    const near = address('2001:db8:1::77');
    const source = new Int32Array(4);
    host.ip.sourceFor(near, source);
    expect(source).toEqual(parseAddress(own!));
    host.pass(7_300_000);
    host.ip.sourceFor(near, source);
    expect(source).toEqual(parseAddress('2001:db8:2::1'));
    expect(host.ip.isOurs(parseAddress(own!), 0)).toBe(true);
    host.pass(700_000);
    expect(host.ip.isOurs(parseAddress(own!), 0)).toBe(false);
    expect(host.changed.at(-1)).toMatchObject({ what: ADDRESS_EXPIRED, address: own });
  });

  test.each([
    ['longer than now: taken', 20_000, 30_000, 30_000],
    ['above two hours: taken', 20_000, 7201, 7201],
    ['below, with more left: two hours', 20_000, 60, 7200],
    ['below, with less left: ignored', 5000, 60, 5000],
    ['below, but longer than what is left: taken', 1000, 2000, 2000],
  ])('lifetimes, %s [RFC 4862 §5.5.3]', (_what, first, second, lasts) => {
    const host = started();
    host.receive(ra({ prefixes: [{ valid: first, preferred: 10 }] }));
    const own = parseAddress(made(host)[0]!);
    host.receive(ra({ prefixes: [{ valid: second, preferred: 10 }] }));
    host.pass(lasts * 1000 - 1000);
    expect(host.ip.isOurs(own, 0)).toBe(true);
    host.pass(1001);
    expect(host.ip.isOurs(own, 0)).toBe(false);
  });
});
