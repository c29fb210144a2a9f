// ARP, ICMP, ICMPv6 and Neighbor Discovery: what the writers write, the readers read.
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress, parseMac } from '../../../src/wire/address-text.ts';
import {
  ARP_BYTES,
  ARP_REPLY,
  arpOperation,
  arpSenderAddress,
  arpSenderMacHi,
  arpSenderMacLo,
  arpTargetAddress,
  isArp,
  writeArp,
} from '../../../src/wire/arp.ts';
import { checksum, pseudo6, verifies } from '../../../src/wire/checksum.ts';
import { FrameEncoder } from '../../../src/wire/encode.ts';
import { icmp4Mtu, icmpCode, icmpType, icmpWord, writeIcmp4 } from '../../../src/wire/icmp.ts';
import { IcmpQuote } from '../../../src/wire/icmp-quote.ts';
import { sealIcmp6, writeIcmp6 } from '../../../src/wire/icmp6.ts';
import { writeIpv6 } from '../../../src/wire/ip.ts';
import {
  NA_OVERRIDE,
  NA_SOLICITED,
  ND_SOURCE_MAC,
  NdOptions,
  NS_BYTES,
  naFlags,
  RA_BYTES,
  RS_BYTES,
  raLifetime,
  raReachableTime,
  raRetransTimer,
  readNdTarget,
  writeMacOption,
  writeNeighborAdvertisement,
  writeNeighborSolicitation,
  writeRouterSolicitation,
} from '../../../src/wire/nd.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from './regions.ts';

const mac = parseMac('02:11:22:33:44:55');

test('ARP', () => {
  const b = new Uint8Array(40);
  expect(writeArp(b, 3, ARP_REPLY, mac, 0x0a000001, 0x02aabbcc, 0xddee, 0x0a000002)).toBe(ARP_BYTES);
  expect([
    isArp(b, 3),
    arpOperation(b, 3),
    arpSenderMacHi(b, 3),
    arpSenderMacLo(b, 3),
    arpSenderAddress(b, 3),
    arpTargetAddress(b, 3),
  ]).toEqual([true, ARP_REPLY, 0x02112233, 0x4455, 0x0a000001, 0x0a000002]);
  expect([...b.subarray(3 + 18, 3 + 24)]).toEqual([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee]);
  b[4] = 7;
  expect(isArp(b, 3)).toBe(false);
});

test('ICMP of both versions', () => {
  const body = Uint8Array.of(9, 8, 7);
  const b = new Uint8Array(80);
  const length = writeIcmp4(b, 5, 3, 4, 1280, body, 0, 3);
  expect([length, icmpType(b, 5), icmpCode(b, 5), icmpWord(b, 5), icmp4Mtu(b, 5), verifies(b, 5, length)]).toEqual([
    11,
    3,
    4,
    1280,
    1280,
    true,
  ]);
  writeIpv6(b, 0, 0, 11, 0, 58, parseAddress('fd00::1'), 0, parseAddress('fd00::2'), 0);
  expect(writeIcmp6(b, 0, 40, 2, 0, 1400, body, 0, 3)).toBe(11);
  expect([icmpType(b, 40), icmpWord(b, 40), checksum(b, 40, 11, pseudo6(b, 0, 58, 11)), b[7]]).toEqual([
    2, 1400, 0, 64,
  ]);
});

describe('the quoted packet of an error', () => {
  const segment = (local: string, remote: string): Uint8Array => {
    const r = regions();
    setRow(r, 0, local, 1000, remote, 80);
    setHop(r, 0, MAC_B);
    const tx = new Int32Array(16);
    fill(tx, 0, { seq: 77, pieces: [[0, 100]] });
    const out = new Uint8Array(300);
    return out.slice(14, new FrameEncoder(r, MAC_A).frame(tx, 0, out, 0));
  };

  test.each([
    ['10.0.0.1', '10.0.0.2', 20],
    ['fd00::1', 'fd00::2', 40],
  ])('names our connection: %s', (local, remote, header) => {
    const packet = segment(local, remote);
    const quote = new IcmpQuote();
    expect(quote.read(packet, 0, header + 8)).toBe(true); // 8 bytes are all RFC 792 promises
    expect([quote.key[0], quote.seq, quote.packet]).toEqual([(1000 << 16) | 80, 77, packet.length]);
    expect([formatAddress(quote.key, 1), formatAddress(quote.key, 5)]).toEqual([local, remote]);
    expect(quote.read(packet, 0, header + 7)).toBe(false);
    packet[0] = 0x35;
    expect(quote.read(packet, 0, packet.length)).toBe(false);
  });

  test('of another protocol, of a later fragment, with a header too short: no', () => {
    for (const [at, value] of [
      [9, 132],
      [7, 5],
      [0, 0x44],
    ] as const) {
      const packet = segment('10.0.0.1', '10.0.0.2');
      packet[at] = value;
      expect(new IcmpQuote().read(packet, 0, packet.length)).toBe(false);
    }
  });
});

describe('Neighbor Discovery', () => {
  const b = new Uint8Array(200);
  const target = parseAddress('fe80::1234');
  const options = new NdOptions();

  test('solicitation, with and without MAC', () => {
    expect(writeNeighborSolicitation(b, 2, target, 0, mac)).toBe(NS_BYTES + 8);
    const seen = new Int32Array(4);
    readNdTarget(b, 2, seen);
    expect([icmpType(b, 2), formatAddress(seen)]).toEqual([135, 'fe80::1234']);
    expect(options.read(b, 2 + NS_BYTES, 2 + NS_BYTES + 8)).toBe(true);
    expect([options.hasSourceMac, options.sourceMacHi, options.sourceMacLo, options.hasTargetMac]).toEqual([
      true,
      0x02112233,
      0x4455,
      false,
    ]);
    expect(writeNeighborSolicitation(b, 2, target, 0, null)).toBe(NS_BYTES);
  });

  test('advertisement', () => {
    const length = writeNeighborAdvertisement(b, 0, NA_SOLICITED | NA_OVERRIDE, target, 0, mac);
    expect([naFlags(b, 0), icmpType(b, 0)]).toEqual([0x60, 136]);
    expect(options.read(b, NS_BYTES, length)).toBe(true);
    expect([options.hasTargetMac, options.targetMacHi, options.targetMacLo, options.hasSourceMac]).toEqual([
      true,
      0x02112233,
      0x4455,
      false,
    ]);
  });

  test('router messages with MTU, prefixes and name servers', () => {
    expect([writeRouterSolicitation(b, 0, mac), writeRouterSolicitation(b, 0, null), RS_BYTES]).toEqual([16, 8, 8]);
    // RFC 4861 §4.2: type 134, hop limit 64, lifetime 1800 s, reachable 30000 ms, retransmission 1000 ms.
    b.set([134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0x75, 0x30, 0, 0, 0x03, 0xe8]);
    let end = RA_BYTES;
    expect([raLifetime(b, 0), raReachableTime(b, 0), raRetransTimer(b, 0)]).toEqual([1800, 30000, 1000]);
    end += writeMacOption(b, end, ND_SOURCE_MAC, mac);
    b.set([5, 1, 0, 0, 0, 0, 0x05, 0x78], end); // §4.6.4: 1400
    end += 8;
    // §4.6.2: 2001:db8::/64, on link and autonomous, valid for a day, preferred for ever.
    b.set([3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8], end);
    end += 32;
    b.set([25, 3, 0, 0, 0, 0, 0, 60], end);
    b.fill(0, end + 8, end + 24).set([0xfd], end + 8);
    end += 24;
    expect(options.read(b, RA_BYTES, end)).toBe(true);
    expect([options.mtu, options.prefixes, options.dnsServers, options.dnsLifetime]).toEqual([1400, 1, 1, 60]);
    expect([...options.prefix.subarray(4, 8)]).toEqual([64, 0xc0, 86400, -1]);
    expect([formatAddress(options.prefix), formatAddress(options.dns)]).toEqual(['2001:db8::', 'fd00::']);
    sealIcmp6(b, 100, 0, end);
  });

  test('an option of length 0, or one that sticks out, spoils the message (RFC 4861 §4.6)', () => {
    expect(options.read(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 0, 8)).toBe(false);
    expect(options.read(Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 0), 0, 8)).toBe(false);
    expect(options.read(Uint8Array.of(1), 0, 1)).toBe(false);
    expect(options.read(Uint8Array.of(200, 1, 0, 0, 0, 0, 0, 0), 0, 8)).toBe(true);
  });
});
