import { expect, test } from 'vitest';
import { Routes } from '../../../../src/core/ip/routes.ts';
import { formatAddress, parseAddress, parseCidr } from '../../../../src/wire/address-text.ts';

function table(...entries: [cidr: string, link: number, via?: string][]): (to: string) => string {
  const routes = new Routes();
  for (const [cidr, link, via] of entries) {
    const { address, bits } = parseCidr(cidr);
    routes.add(address, bits, via === undefined ? null : parseAddress(via), link);
  }
  return (to) => {
    const dst = parseAddress(to);
    const route = routes.lookup(dst, 0);
    if (route < 0) return 'none';
    const out = new Int32Array(4);
    routes.nextHop(route, dst, 0, out);
    return `${routes.linkOf(route)} ${formatAddress(out)}`;
  };
}

test('longest prefix first, in whatever order they were added (RFC 1122 §3.3.1)', () => {
  const entries: [string, number, string?][] = [
    ['0.0.0.0/0', 0, '10.0.0.1'],
    ['10.0.0.0/8', 1],
    ['10.1.0.0/16', 2, '10.0.0.2'],
    ['10.1.2.3/32', 3],
  ];
  for (const order of [entries, [...entries].reverse()]) {
    const to = table(...order);
    expect(['10.1.2.3', '10.1.2.4', '10.9.9.9', '8.8.8.8'].map(to)).toEqual([
      '3 10.1.2.3',
      '2 10.0.0.2',
      '1 10.9.9.9',
      '0 10.0.0.1',
    ]);
  }
});

test('of equal prefixes the one added first wins', () => {
  expect(table(['10.0.0.0/24', 5], ['10.0.0.0/24', 6])('10.0.0.9')).toBe('5 10.0.0.9');
});

test('::/0 is the default of IPv6 alone, 0.0.0.0/0 of IPv4 alone', () => {
  const six = table(['::/0', 0, 'fe80::1']);
  expect([six('2001:db8::1'), six('8.8.8.8')]).toEqual(['0 fe80::1', 'none']);
  const four = table(['0.0.0.0/0', 0, '10.0.0.1']);
  expect([four('8.8.8.8'), four('2001:db8::1')]).toEqual(['0 10.0.0.1', 'none']);
});

test('an empty table knows nothing', () => {
  expect(table()('10.0.0.1')).toBe('none');
});
