import { describe, expect, test } from 'vitest';
import { Addresses } from '../../../../src/core/ip/addresses.ts';
import { Routes } from '../../../../src/core/ip/routes.ts';
import { formatAddress, parseAddress, parseCidr } from '../../../../src/wire/address-text.ts';

const own = (loop: number, ...list: readonly (readonly [string, number])[]): Addresses => {
  const a = new Addresses(loop);
  for (const [text, link] of list) a.add(parseCidr(text).address, parseCidr(text).bits, link);
  return a;
};
const listed = (words: Int32Array): string[] =>
  Array.from({ length: words.length / 4 }, (_, i) => formatAddress(words, i * 4));

describe('Addresses', () => {
  const a = own(
    2,
    ['10.0.0.1/24', 0],
    ['192.168.7.1/30', 1],
    ['2001:db8::1/64', 0],
    ['fe80::1/64', 0],
    ['10.9.0.1/31', 1],
  );
  const at = (f: (w: Int32Array, at: number) => boolean, text: string): boolean => {
    const w = new Int32Array(6);
    w.set(parseAddress(text), 2);
    return f.call(a, w, 2);
  };

  test('isOurs: exact, and loopback where there is a loop link', () => {
    for (const text of ['10.0.0.1', '2001:db8::1', '127.0.0.1', '127.9.9.9', '::1'])
      expect(at(a.isOurs, text)).toBe(true);
    for (const text of ['10.0.0.2', '2001:db8::2', '::', '0.0.0.0']) expect(at(a.isOurs, text)).toBe(false);
    expect(own(-1, ['10.0.0.1/24', 0]).isOurs(parseAddress('127.0.0.1'), 0)).toBe(false);
  });

  test('broadcast of our networks and of all (RFC 1122 §3.3.6)', () => {
    for (const text of ['255.255.255.255', '10.0.0.255', '192.168.7.3']) expect(at(a.isBroadcastFor, text)).toBe(true);
    for (const text of ['10.0.1.255', '10.0.0.254', '10.9.0.1', '2001:db8::ffff', '192.168.7.2'])
      expect(at(a.isBroadcastFor, text)).toBe(false);
  });

  test('an address is taken once', () => {
    const b = new Addresses(-1);
    expect(b.add(parseAddress('10.0.0.1'), 120, 0)).toBe(true);
    expect(b.add(parseAddress('10.0.0.1'), 104, 1)).toBe(false);
  });

  test('the list grows', () => {
    const b = new Addresses(-1);
    for (let i = 0; i < 50; i++) b.add(Int32Array.of(0, 0, 0xffff, i + 1), 128, i);
    for (let i = 0; i < 50; i++) expect(b.isOn(i, Int32Array.of(0, 0, 0xffff, i + 1), 0)).toBe(true);
    expect(b.entry(50, new Int32Array(4))).toBe(-1);
  });

  test.each([
    [0, '10.0.0.1', '10.0.0.1'],
    [2, '127.0.0.5', '127.0.0.1'],
    [2, '::1', '::1'],
    [0, '10.0.0.77', '10.0.0.1'],
    [1, '10.0.0.77', '192.168.7.1'],
    [1, '8.8.8.8', '192.168.7.1'],
    [0, '8.8.8.8', '10.0.0.1'],
    [1, '10.9.0.0', '10.9.0.1'],
    [0, 'fe80::99', 'fe80::1'],
    [0, '2001:db8::99', '2001:db8::1'],
    [0, '2600::1', '2001:db8::1'],
    [1, '2600::1', '2001:db8::1'],
  ])('by link %i to %s from %s [MUST-44]', (link, dst, src) => {
    const out = new Int32Array(4);
    expect(a.sourceFor(link, parseAddress(dst), out)).toBe(true);
    expect(formatAddress(out)).toBe(src);
  });

  test('none of the family: no source', () => {
    expect(own(-1, ['10.0.0.1/24', 0]).sourceFor(0, parseAddress('2001:db8::2'), new Int32Array(4))).toBe(false);
  });

  test('what a link accepts', () => {
    expect(listed(a.listFor(0))).toEqual([
      '10.0.0.1',
      '2001:db8::1',
      'ff02::1:ff00:1',
      'fe80::1',
      'ff02::1:ff00:1',
      'ff02::1',
      '10.0.0.255',
    ]);
    expect(listed(a.listFor(1))).toEqual(['192.168.7.1', '10.9.0.1', '192.168.7.3']);
    expect(listed(a.listFor(2))).toEqual([
      '10.0.0.1',
      '192.168.7.1',
      '2001:db8::1',
      'fe80::1',
      '10.9.0.1',
      '127.0.0.1',
      '::1',
    ]);
  });

  test('the broadcast of each network of a wire, once, and not where the host has the address (RFC 1122 §3.3.6)', () => {
    const b = own(-1, ['10.0.0.1/24', 0], ['10.0.0.2/24', 0], ['10.0.0.3/16', 0], ['10.1.0.1/32', 0]);
    expect(listed(b.listFor(0)).filter((text) => text.endsWith('255'))).toEqual(['10.0.0.255', '10.0.255.255']);
    b.leaveTo('host', 0);
    expect(listed(b.listFor(0))).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.1.0.1']);
  });
});

describe('Routes', () => {
  const routes = new Routes();
  const add = (cidr: string, gateway: string | null, link: number): void => {
    const { address, bits } = parseCidr(cidr);
    routes.add(address, bits, gateway === null ? null : parseAddress(gateway), link);
  };
  add('0.0.0.0/0', '10.0.0.254', 0);
  add('10.0.0.0/24', null, 1);
  add('10.0.0.128/25', '10.0.0.2', 2);
  add('::/0', 'fe80::1', 3);
  add('2001:db8::/64', null, 4);
  add('10.0.0.0/24', '10.0.0.3', 9);

  test.each([
    ['8.8.8.8', 0, '10.0.0.254'],
    ['10.0.0.5', 1, '10.0.0.5'],
    ['10.0.0.200', 2, '10.0.0.2'],
    ['2600::1', 3, 'fe80::1'],
    ['2001:db8::7', 4, '2001:db8::7'],
  ])('%s: link %i, next hop %s', (dst, link, hop) => {
    const route = routes.lookup(parseAddress(dst), 0);
    expect(routes.linkOf(route)).toBe(link);
    const out = new Int32Array(4);
    routes.nextHop(route, parseAddress(dst), 0, out);
    expect(formatAddress(out)).toBe(hop);
  });

  test('::/0 is no route for IPv4', () => {
    const six = new Routes();
    six.add(new Int32Array(4), 0, null, 0);
    expect(six.lookup(parseAddress('10.0.0.1'), 0)).toBe(-1);
    expect(six.lookup(parseAddress('2600::1'), 0)).toBe(0);
  });
});
