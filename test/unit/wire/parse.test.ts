// What each malformed frame is dropped for, and what the odd but legal ones become.
import { describe, expect, test } from 'vitest';
import {
  COUNTERS,
  KIND_ARP,
  KIND_FRAGMENT,
  KIND_ICMP4,
  KIND_ICMP6,
  KIND_OTHER,
  KIND_TCP,
  KIND_UDP,
  OPT_BAD,
  OPT_TS,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_MULTICAST,
  RX_OFF,
  RX_OPTS,
  RX_ROW,
} from '../../../src/wire/abi.ts';
import { ARP_REQUEST, writeArp } from '../../../src/wire/arp.ts';
import { put16 } from '../../../src/wire/bytes.ts';
import { checksum, pseudo, writeChecksum } from '../../../src/wire/checksum.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { FrameEncoder } from '../../../src/wire/encode.ts';
import { writeEthernet } from '../../../src/wire/ethernet.ts';
import { writeIcmp4 } from '../../../src/wire/icmp.ts';
import { writeIcmp6 } from '../../../src/wire/icmp6.ts';
import { FrameParser } from '../../../src/wire/parse.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from './regions.ts';

const rx = new Int32Array(16);

function fate(frame: Uint8Array, trusted = false): string {
  const drop = new FrameParser().parse(frame, 0, frame.length, rx, 0, trusted);
  return drop === PARSED ? '' : COUNTERS[drop]!;
}

function tcp(version: 4 | 6, length = 10, tci = 0): Uint8Array {
  const r = regions();
  if (version === 4) setRow(r, 0, '10.0.0.1', 1, '10.0.0.2', 2);
  else setRow(r, 0, 'fd00::1', 1, 'fd00::2', 2);
  setHop(r, 0, MAC_B, tci);
  const tx = new Int32Array(16);
  fill(tx, 0, { pieces: [[0, length]], ts: [1, 2], tos: 3 });
  const out = new Uint8Array(2000);
  return out.slice(0, new FrameEncoder(r, MAC_A).frame(tx, 0, out, 0));
}

/** Changes bytes, then makes the IPv4 header checksum right again. */
function patched(at: number, ...bytes: number[]): Uint8Array {
  const frame = tcp(4);
  frame.set(bytes, at);
  writeChecksum(frame, 24, 14, (frame[14]! & 15) * 4 || 20);
  return frame;
}

/** IPv6 TCP with extension headers put in front: [kind, bytes without the next header field]. */
function chained(...chain: [number, number[]][]): Uint8Array {
  const plain = tcp(6);
  const kinds = [...chain.map(([kind]) => kind), 6];
  const headers = chain.flatMap(([, rest], i) => [kinds[i + 1]!, ...rest]);
  const frame = Uint8Array.from([...plain.subarray(0, 54), ...headers, ...plain.subarray(54)]);
  frame[20] = kinds[0]!;
  put16(frame, 18, frame.length - 54);
  return frame;
}

describe('drops', () => {
  const byReason: [string, Uint8Array][] = [
    ['dropShort', new Uint8Array(13)],
    ['dropShort', tcp(4).subarray(0, 30)],
    ['dropShort', tcp(6).subarray(0, 50)],
    ['dropShort', tcp(4, 10, 5).subarray(0, 16)],
    ['dropEthertype', new Uint8Array(60)],
    ['dropIpVersion', patched(14, 0x65)],
    ['dropIpHeader', patched(14, 0x44)],
    [
      'dropIpHeader',
      tcp(4)
        .slice(0, 34)
        .map((b, i) => (i === 14 ? 0x4f : b)),
    ],
    ['dropIpLength', patched(16, 0, 19)],
    ['dropIpLength', patched(16, 1, 0)],
    ['dropIpLength', tcp(6).subarray(0, 80)],
    ['dropIpChecksum', tcp(4).map((b, i) => (i === 22 ? b - 1 : b))],
    ['dropTcpHeader', patched(16, 0, 39)],
    ['dropTcpHeader', patched(46, 0x40)],
    ['dropTcpHeader', patched(46, 0xf0)],
    ['dropTcpChecksum', tcp(4).map((b, i) => (i === 70 ? b ^ 1 : b))],
    ['dropTcpChecksum', tcp(6).map((b, i) => (i === 90 ? b ^ 1 : b))],
    ['dropExtension', chained([0, [1, 5, 99, 0, 0, 0, 0, 0]])], // says 16 bytes, the option runs out of them
    ['dropExtension', chained([60, [200, 0, 0, 0, 0, 0, 0]])],
    ['dropExtension', chained(...Array.from({ length: 9 }, (): [number, number[]] => [60, [0, 1, 4, 0, 0, 0, 0]]))],
  ];
  test.each(byReason)('%s [RFC 1122 §2.3.3, §3.2.1.1, §3.2.1.2]', (reason, frame) => {
    expect(fate(frame)).toBe(reason);
  });

  test('a third VLAN tag', () => {
    const plain = tcp(4);
    const tagged = (n: number): Uint8Array =>
      Uint8Array.from([
        ...plain.subarray(0, 12),
        ...Array.from({ length: n }, () => [0x81, 0, 0, 5]).flat(),
        ...plain.subarray(12),
      ]);
    expect([fate(tagged(2)), fate(tagged(3))]).toEqual(['', 'dropEthertype']);
  });

  test('never mind the TCP checksum when the device has seen to it', () => {
    expect(
      fate(
        tcp(4).map((b, i) => (i === 70 ? b ^ 1 : b)),
        true,
      ),
    ).toBe('');
  });

  test('an IPv6 packet that poses as IPv4', () => {
    const frame = tcp(6);
    frame.fill(0, 22, 32);
    put16(frame, 32, 0xffff);
    expect(fate(frame)).toBe('dropNotOurs');
  });
});

test('padding of the link is not payload', () => {
  const frame = new Uint8Array(100);
  frame.set(tcp(4, 2));
  expect(fate(frame)).toBe('');
  expect([rx[RX_LEN], rx[RX_GSO], rx[RX_ROW], rx[RX_L3L4], rx[RX_IP]]).toEqual([
    2,
    1 << 16,
    -1,
    14 | (34 << 16),
    3 | (64 << 8) | (1 << 16) | (4 << 24),
  ]);
});

describe('IPv6 extension headers', () => {
  const hopByHop: [number, number[]] = [0, [0, 5, 2, 0, 0, 1, 0]]; // router alert, PadN
  const destination: [number, number[]] = [60, [0, 1, 4, 0, 0, 0, 0]];
  const routing: [number, number[]] = [43, [0, 4, 0, 0, 0, 0, 0]];
  const auth: [number, number[]] = [51, [4, ...new Array<number>(22).fill(0)]];
  const atomic: [number, number[]] = [44, [0, 0, 0, 0, 0, 0, 1]];

  test('are skipped, in any number up to seven, an atomic fragment header among them', () => {
    expect(fate(chained(hopByHop, destination, routing, auth, atomic, destination))).toBe('');
    expect([rx[RX_KIND], rx[RX_L3L4]! >>> 16]).toEqual([KIND_TCP, 54 + 8 + 8 + 8 + 24 + 8 + 8]);
  });

  test('make a fragment, of which the payload is what follows the header', () => {
    expect(fate(chained(destination, [44, [0, 0, 1, 0, 0, 0, 1]]))).toBe('');
    expect([rx[RX_KIND], rx[RX_OFF], rx[RX_LEN]]).toEqual([KIND_FRAGMENT, 54 + 16, 20 + 12 + 10]);
  });

  test('that may want an answer are left to the core', () => {
    for (const chain of [
      [43, [0, 4, 1, 0, 0, 0, 0]],
      [60, [0, 0x9e, 4, 0, 0, 0, 0]],
    ] as [number, number[]][]) {
      expect(fate(chained(chain))).toBe('');
      expect([rx[RX_KIND], rx[RX_OFF]]).toEqual([KIND_OTHER, 54]);
    }
    expect(fate(chained(destination, hopByHop))).toBe('');
    expect([rx[RX_KIND], rx[RX_OFF]]).toEqual([KIND_OTHER, 62]);
  });
});

test('an IPv4 fragment', () => {
  expect(fate(patched(20, 0x20, 0))).toBe('');
  expect([rx[RX_KIND], rx[RX_OFF], rx[RX_LEN]]).toEqual([KIND_FRAGMENT, 34, 42]);
});

test('options behind an illegal length are not read, what was in front counts [MUST-7]', () => {
  const frame = tcp(4);
  frame.set([8, 10, 0, 0, 0, 9, 0, 0, 0, 8, 254, 0], 54);
  expect(fate(frame, true)).toBe('');
  expect(rx[RX_OPTS]! & 0xff).toBe(OPT_TS | OPT_BAD);
});

test('ARP, ICMP, ICMPv6, UDP', () => {
  const frame = new Uint8Array(80);
  const l3 = writeEthernet(frame, 0, -1, 0xffff, MAC_A, 0x0806);
  writeArp(frame, l3, ARP_REQUEST, MAC_A, 0x0a000001, 0, 0, 0x0a000002);
  expect([fate(frame), rx[RX_KIND], rx[RX_OFF], rx[RX_LEN]]).toEqual(['', KIND_ARP | (RX_MULTICAST << 16), 14, 28]);
  expect(fate(frame.subarray(0, 41))).toBe('dropArp');
  frame[15] = 6; // not Ethernet
  expect(fate(frame)).toBe('dropArp');

  const echo = patched(23, 1);
  writeIcmp4(echo, 34, 8, 0, 7, new Uint8Array(34), 0, 34);
  expect([fate(echo), rx[RX_KIND], rx[RX_OFF], rx[RX_LEN]]).toEqual(['', KIND_ICMP4, 34, 42]);
  echo[40]! ^= 1;
  expect(fate(echo)).toBe('dropIcmp');

  const echo6 = tcp(6);
  echo6[20] = 58;
  writeIcmp6(echo6, 14, 54, 128, 0, 7, new Uint8Array(34), 0, 34);
  expect([fate(echo6), rx[RX_KIND], rx[RX_LEN]]).toEqual(['', KIND_ICMP6, 42]);
  expect(checksum(echo6, 54, 42, pseudo(echo6, 14, 58, 42))).toBe(0);
  echo6[23]! ^= 1; // the address is under the checksum too
  expect(fate(echo6)).toBe('dropIcmp');

  expect([fate(patched(23, 17)), rx[RX_KIND]]).toEqual(['', KIND_UDP]);
  expect([fate(patched(23, 132)), rx[RX_KIND]]).toEqual(['', KIND_OTHER]);
  expect([fate(patched(23, 58)), rx[RX_KIND]]).toEqual(['', KIND_OTHER]); // ICMPv6 has no place in IPv4
});
