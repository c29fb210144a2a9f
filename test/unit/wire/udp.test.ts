import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/wire/address-text.ts';
import { get16, put16 } from '../../../src/wire/bytes.ts';
import { pseudo, verifies } from '../../../src/wire/checksum.ts';
import { PROTO_UDP, writeIpv4, writeIpv6 } from '../../../src/wire/ip.ts';
import { UDP_HEADER, udpData, udpIntact, writeUdp } from '../../../src/wire/udp.ts';

const AT = 7;

/** A packet at AT with this data; [bytes, offset of the UDP header]. */
function packet(data: Uint8Array, version: 4 | 6): [Uint8Array, number] {
  const header = version === 4 ? 20 : 40;
  const b = new Uint8Array(AT + header + UDP_HEADER + data.length);
  const l4 = AT + header;
  const from = parseAddress(version === 4 ? '10.0.0.1' : 'fd00::1');
  const to = parseAddress(version === 4 ? '10.0.0.2' : 'fd00::2');
  if (version === 4) writeIpv4(b, AT, 0, b.length - AT, 64, PROTO_UDP, from[3]!, to[3]!);
  else writeIpv6(b, AT, 0, b.length - l4, 64, PROTO_UDP, from, 0, to, 0);
  b.set(data, l4 + UDP_HEADER);
  writeUdp(b, AT, l4, 1000, 53, data.length);
  return [b, l4];
}

test.each([4, 6] as const)('IPv%i: the header that is written verifies, odd and even', (version) => {
  for (const length of [0, 1, 2, 999, 1000]) {
    const [b, l4] = packet(new Uint8Array(length).fill(0xa5), version);
    expect([get16(b, l4), get16(b, l4 + 2), get16(b, l4 + 4)]).toEqual([1000, 53, 8 + length]);
    expect(verifies(b, l4, 8 + length, pseudo(b, AT, PROTO_UDP, 8 + length))).toBe(true);
    expect([udpData(b, l4, b.length), udpIntact(b, AT, l4)]).toEqual([length, true]);
  }
});

test('a sum of zero is sent as all ones, for zero means none (RFC 768) [RFC 1122 §4.1.3.4]', () => {
  const [b, l4] = packet(new Uint8Array(2), 4);
  const [c] = packet(Uint8Array.of(b[l4 + 6]!, b[l4 + 7]!), 4);
  expect(get16(c, l4 + 6)).toBe(0xffff);
  expect(udpIntact(c, AT, l4)).toBe(true);
});

test('a wrong checksum is noticed [RFC 1122 §4.1.3.4]; none at all is fine on IPv4 and not on IPv6 [RFC 8200 §8.1]', () => {
  for (const version of [4, 6] as const) {
    const [b, l4] = packet(new Uint8Array(40).fill(1), version);
    b[l4 + 20]! ^= 4;
    expect(udpIntact(b, AT, l4)).toBe(false);
    put16(b, l4 + 6, 0);
    expect(udpIntact(b, AT, l4)).toBe(version === 4);
  }
});

test('the sum of the pseudo header alone is one that a device would have completed', () => {
  const [b, l4] = packet(new Uint8Array(40).fill(1), 6);
  put16(b, l4 + 6, pseudo(b, AT, PROTO_UDP, 48));
  expect(udpIntact(b, AT, l4)).toBe(true);
});

test('lengths that cannot be: too short for the header, longer than the packet', () => {
  const [b, l4] = packet(new Uint8Array(10), 4);
  expect(udpData(b, l4, l4 + 7)).toBe(-1);
  expect(udpData(b, l4, b.length - 1)).toBe(-1);
  put16(b, l4 + 4, 7);
  expect(udpData(b, l4, b.length)).toBe(-1);
  put16(b, l4 + 4, 12);
  expect(udpData(b, l4, b.length)).toBe(4); // what follows is padding
});
