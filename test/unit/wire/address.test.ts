import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  groupMacHi,
  groupMacLo,
  isBroadcast,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMapped,
  isMulticast,
  isSolicitedNode,
  isUnspecified,
  readIpv6Address,
  sameAddress,
  samePrefix,
  solicitedNode,
  writeIpv6Address,
} from '../../../src/wire/address.ts';
import {
  formatAddress,
  formatMac,
  parseAddress,
  parseCidr,
  parseMac,
  tryParseAddress,
} from '../../../src/wire/address-text.ts';

describe('text', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['fe80::1', 'fe80::1'],
  ])('%s is %s', (text, canonical) => {
    expect(formatAddress(parseAddress(text))).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'fe80::1%eth0',
    '0x7f.1',
  ])('%j is none', (text) => {
    expect(tryParseAddress(text)).toBeUndefined();
    expect(() => parseAddress(text)).toThrow(`not an IP address: ${JSON.stringify(text)}`);
  });

  test('any words survive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 1, -1, 0x20010db8, 0xffff, 0x10000), { minLength: 4, maxLength: 4 }),
        (words) => {
          expect([...parseAddress(formatAddress(Int32Array.from(words)))]).toEqual(words);
        },
      ),
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(formatAddress(parseAddress(text))).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(tryParseAddress(text)).toBeDefined();
      }),
    );
  });

  test('prefixes and MACs', () => {
    expect(parseCidr('10.0.0.2/24')).toMatchObject({ bits: 120 });
    expect(formatAddress(parseCidr('fd00::2/64').address)).toBe('fd00::2');
    expect(parseCidr('fd00::2/64').bits).toBe(64);
    expect(() => parseCidr('10.0.0.2/33')).toThrow('"10.0.0.2/33"; prefix length is 0 to 32');
    expect(() => parseCidr('10.0.0.2')).toThrow('use "10.0.0.2/24"');
    expect(formatMac(parseMac('02-00-5E-10-00-FF'))).toBe('02:00:5e:10:00:ff');
    expect(() => parseMac('02:00')).toThrow('not a MAC address: "02:00"');
  });
});

describe('classes', () => {
  const is = (predicate: (w: Int32Array, at: number) => boolean, text: string): boolean =>
    predicate(Int32Array.from([5, ...parseAddress(text)]), 1);

  test.each([
    [isUnspecified, ['0.0.0.0', '::'], ['0.0.0.1', '::1', '1::']],
    [isLoopback, ['127.0.0.1', '127.9.9.9', '::1'], ['128.0.0.1', '::2', '::']],
    [isMulticast, ['224.0.0.1', '239.255.255.255', 'ff02::1'], ['223.0.0.1', '240.0.0.1', 'fe80::1']],
    [isLimitedBroadcast, ['255.255.255.255'], ['255.255.255.254', 'ffff::ffff:ffff']],
    [isLinkLocal, ['169.254.1.1', 'fe80::1', 'febf::1'], ['169.253.0.0', 'fec0::1', 'fd00::']],
    [isSolicitedNode, ['ff02::1:ff12:3456'], ['ff02::1:fe12:3456', 'ff02::1']],
    [isMapped, ['1.2.3.4'], ['::1.2.3.4', '::fffe:1.2.3.4']],
  ] as const)('%o', (predicate, yes, no) => {
    expect(yes.filter((text) => !is(predicate, text))).toEqual([]);
    expect(no.filter((text) => is(predicate, text))).toEqual([]);
  });

  test('broadcast of a network', () => {
    const broadcast = (text: string, net: string): boolean => {
      const { address, bits } = parseCidr(net);
      return isBroadcast(parseAddress(text), 0, address, 0, bits);
    };
    expect([
      broadcast('10.0.0.255', '10.0.0.2/24'),
      broadcast('10.0.1.255', '10.0.0.2/24'),
      broadcast('10.0.0.254', '10.0.0.2/24'),
      broadcast('255.255.255.255', '10.0.0.2/24'),
      broadcast('10.0.0.3', '10.0.0.2/31'),
      broadcast('10.255.255.255', '10.1.1.1/8'),
    ]).toEqual([true, false, false, true, false, true]);
    expect(isBroadcast(parseAddress('fd00::ffff'), 0, parseAddress('fd00::1'), 0, 112)).toBe(false);
  });

  test('prefixes bit by bit', () => {
    const a = parseAddress('2001:db8:ffff:ffff::');
    for (let bit = 0; bit < 128; bit++) {
      const b = a.slice();
      b[bit >> 5]! ^= 1 << (31 - (bit & 31));
      expect([samePrefix(a, 0, b, 0, bit), samePrefix(a, 0, b, 0, bit + 1)]).toEqual([true, false]);
    }
    expect(samePrefix(a, 0, a, 0, 128)).toBe(true);
  });

  test('groups and their MACs', () => {
    const group = new Int32Array(4);
    solicitedNode(parseAddress('fd00::12:3456'), 0, group, 0);
    expect(formatAddress(group)).toBe('ff02::1:ff12:3456');
    expect([groupMacHi(group) >>> 0, groupMacLo(group)]).toEqual([0x3333ff12, 0x3456]);
    const four = parseAddress('239.255.1.2');
    expect([groupMacHi(four), groupMacLo(four)]).toEqual([0x01005e7f, 0x0102]);
  });

  test('bytes', () => {
    const words = parseAddress('1:2:3:4:5:6:7:fffe');
    const bytes = new Uint8Array(18);
    writeIpv6Address(bytes, 1, words);
    const back = new Int32Array(5);
    readIpv6Address(bytes, 1, back, 1);
    expect(sameAddress(words, 0, back, 1)).toBe(true);
  });
});
