import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../../src/wire/address-text.ts';
import { put16, put32 } from '../../../src/wire/bytes.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR } from '../../../src/wire/flow-key.ts';
import { IcmpQuote } from '../../../src/wire/icmp-quote.ts';
import { PROTO_TCP, writeIpv4, writeIpv6 } from '../../../src/wire/ip.ts';

const AT = 5;

/** A packet of ours as an ICMP error quotes it: IP header and the eight bytes that RFC 792 promises. */
function quoted(v6 = false): Uint8Array {
  const header = v6 ? 40 : 20;
  const b = new Uint8Array(AT + header + 8);
  if (v6) writeIpv6(b, AT, 0, 1400, 0, PROTO_TCP, parseAddress('fd00::1'), 0, parseAddress('fd00::2'), 0);
  else writeIpv4(b, AT, 0, 1500, 0, PROTO_TCP, parseAddress('10.0.0.1')[3]!, parseAddress('10.0.0.2')[3]!);
  put16(b, AT + header, 40_000);
  put16(b, AT + header + 2, 443);
  put32(b, AT + header + 4, 0x89abcdef);
  return b;
}

const shown = (q: IcmpQuote): unknown[] => [
  formatAddress(q.key.subarray(KEY_LADDR)),
  q.key[KEY_PORTS]! >>> 16,
  formatAddress(q.key.subarray(KEY_RADDR)),
  q.key[KEY_PORTS]! & 0xffff,
  q.seq >>> 0,
  q.packet,
];

test('the source of the quoted packet is our end (RFC 5927 §4.1 wants the sequence number, RFC 1191 §5 the length)', () => {
  const q = new IcmpQuote();
  const [four, six] = [quoted(), quoted(true)];
  expect(q.read(four, AT, four.length)).toBe(true);
  expect(shown(q)).toEqual(['10.0.0.1', 40_000, '10.0.0.2', 443, 0x89abcdef, 1500]);
  expect(q.read(six, AT, six.length)).toBe(true);
  expect(shown(q)).toEqual(['fd00::1', 40_000, 'fd00::2', 443, 0x89abcdef, 1440]);
});

test('IP options before the TCP header are skipped', () => {
  const plain = quoted();
  const b = new Uint8Array(plain.length + 4);
  b.set(plain.subarray(0, AT + 20));
  b.set(plain.subarray(AT + 20), AT + 24);
  b[AT] = 0x46;
  const q = new IcmpQuote();
  expect([q.read(b, AT, b.length), shown(q)[1], q.read(b, AT, b.length - 1)]).toEqual([true, 40_000, false]);
});

test.each([
  ['nothing', 0],
  ['half an IP header', 19],
  ['no TCP', 20],
  ['a byte too few of TCP', 27],
])('%s is not enough', (_what, length) => {
  expect(new IcmpQuote().read(quoted(), AT, AT + length)).toBe(false);
  expect(new IcmpQuote().read(quoted(true), AT, AT + length + (length > 19 ? 20 : 0))).toBe(false);
});

test.each<[string, boolean, number, number]>([
  ['ICMP', false, 9, 1],
  ['a later fragment', false, 7, 1],
  ['a header of 16 bytes', false, 0, 0x44],
  ['version 5', false, 0, 0x55],
  ['an extension header of IPv6', true, 6, 0],
])('%s is not a segment of ours', (_what, v6, offset, value) => {
  const b = quoted(v6);
  b[AT + offset] = value;
  expect(new IcmpQuote().read(b, AT, b.length)).toBe(false);
});
