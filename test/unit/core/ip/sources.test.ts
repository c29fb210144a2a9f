// Which of our addresses a packet leaves from: the examples of RFC 6724 §10.1 and its rules, one by one.
import { expect, test } from 'vitest';
import { Addresses, DEPRECATED, TENTATIVE } from '../../../../src/core/ip/addresses.ts';
import { formatAddress, parseAddress, parseCidr } from '../../../../src/wire/address-text.ts';

/** '2001:db8::1/64', with ' on 1' for another link, ' old' when deprecated, ' new' when tentative. */
function choose(dst: string, own: readonly string[], hop?: string): string | undefined {
  const addresses = new Addresses(-1);
  for (const text of own) {
    const [cidr, ...marks] = text.split(' ');
    const { address, bits } = parseCidr(cidr!);
    const flags = (marks.includes('old') ? DEPRECATED : 0) | (marks.includes('new') ? TENTATIVE : 0);
    addresses.add(address, bits, marks.includes('1') ? 1 : 0, flags);
  }
  const out = new Int32Array(4);
  const found = addresses.sourceFor(0, parseAddress(dst), out, hop === undefined ? undefined : parseAddress(hop));
  return found ? formatAddress(out) : undefined;
}

test.each([
  // §10.1
  ['2001:db8:1::1', ['2001:db8:3::1/64', 'fe80::1/64'], '2001:db8:3::1'],
  ['ff05::1', ['2001:db8:3::1/64', 'fe80::1/64'], '2001:db8:3::1'],
  ['2001:db8:1::1', ['2001:db8:1::1/64 old', '2001:db8:2::1/64'], '2001:db8:1::1'],
  ['fe80::1', ['fe80::2/64 old', '2001:db8:1::1/64'], 'fe80::2'],
  ['2001:db8:1::1', ['2001:db8:1::2/64', '2001:db8:3::2/64'], '2001:db8:1::2'],
  [
    '2002:c633:6401::1',
    ['2002:c633:6401::d5e3:7953:13eb:22e8/64', '2001:db8:1::2/64'],
    '2002:c633:6401:0:d5e3:7953:13eb:22e8',
  ],
  // rule 2
  ['ff02::1', ['2001:db8::1/64', 'fe80::1/64'], 'fe80::1'],
  ['2001:db8::9', ['fe80::1/64'], 'fe80::1'],
  // rule 3
  ['2001:db8:1::9', ['2001:db8:1::1/64 old', '2001:db8:2::1/64'], '2001:db8:2::1'],
  // rule 5
  ['2001:db8:1::9', ['2001:db8:1::1/64 on 1', '2001:db8:2::1/64'], '2001:db8:2::1'],
  // rule 6
  ['fd00::9', ['2001:db8::1/64', 'fd11::1/64'], 'fd11::1'],
  ['2001:db8:ffff::9', ['fd11::1/64', '2001:db8::1/64'], '2001:db8::1'],
  // rule 8, which counts no further than the prefix
  ['2001:db8:1::9', ['2001:db8:2::1/64', '2001:db8:1::1/64'], '2001:db8:1::1'],
  ['2001:db8::1:9', ['2001:db8::2:1/64', '2001:db8::1:1/64'], '2001:db8::2:1'],
  // not to be used yet, or of the other family
  ['2001:db8:1::9', ['2001:db8:1::1/64 new', '2001:db8:2::1/64'], '2001:db8:2::1'],
  ['2001:db8:1::9', ['10.0.0.1/24'], undefined],
] as const)('to %s out of %j: %s [RFC 6724 §5] [MUST-44]', (dst, own, source) => {
  expect(choose(dst, own)).toBe(source);
});

test.each([
  ['10.0.0.9', undefined, ['192.168.0.1/24', '10.0.0.1/24'], '10.0.0.1'],
  ['8.8.8.8', '10.0.0.254', ['192.168.0.1/24', '10.0.0.1/24'], '10.0.0.1'],
  ['8.8.8.8', '192.168.0.254', ['192.168.0.1/24', '10.0.0.1/24'], '192.168.0.1'],
  ['8.8.8.8', undefined, ['10.0.0.1/24 on 1', '192.168.0.1/24'], '192.168.0.1'],
  ['169.254.1.1', undefined, ['10.0.0.1/24', '169.254.7.7/16'], '169.254.7.7'],
] as const)('IPv4: to %s by %s out of %j: %s [RFC 1122 §3.2.1.3]', (dst, hop, own, source) => {
  expect(choose(dst, own, hop)).toBe(source);
});
