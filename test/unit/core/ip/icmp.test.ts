import { describe, expect, test } from 'vitest';
import { checksum, pseudo6, verifies } from '../../../../src/wire/checksum.ts';
import {
  BROADCAST,
  bytes,
  type Heard,
  Host,
  hex,
  type Ip,
  icmp4,
  icmp6,
  LOOP,
  OUR_MAC,
  optioned,
  PEER_MAC,
  packet,
  tcp,
} from './harness.ts';

const PING = bytes('00112233445566778899');

/** A segment of ours as an error quotes it: our address first. */
const quote4 = (over: Partial<Ip> = {}, payload = tcp(1000, 80, 0x12345678)): Uint8Array =>
  packet({ src: '10.0.0.1', dst: '192.0.2.9', protocol: 6, payload, ...over }).subarray(14);
const quote6 = (over: Partial<Ip> = {}, payload = tcp(1000, 80, 0x12345678)): Uint8Array =>
  packet({ src: '2001:db8::1', dst: '2001:db8:9::9', protocol: 6, payload, ...over }).subarray(14);

const HEARD4: Heard = {
  laddr: '0:0:ffff:a000001',
  lport: 1000,
  raddr: '0:0:ffff:c0000209',
  rport: 80,
  seq: 0x12345678,
  type: 3,
  code: 1,
  version: 4,
  mtu: 0,
};
const HEARD6: Heard = {
  laddr: '20010db8:0:0:1',
  lport: 1000,
  raddr: '20010db8:90000:0:9',
  rport: 80,
  seq: 0x12345678,
  type: 1,
  code: 0,
  version: 6,
  mtu: 0,
};

describe('echo', () => {
  test('IPv4: swapped addresses, the same identifier, number and data, good checksums', () => {
    const host = new Host();
    host.receive(icmp4(8, 0, 0x12340007, PING));
    const [frame, ...more] = host.take();
    expect(more).toEqual([]);
    const b = frame!.bytes;
    expect(frame!.hex.slice(0, 28)).toBe(`${PEER_MAC}${OUR_MAC}0800`);
    expect(checksum(b, 14, 20)).toBe(0);
    expect(hex(b.subarray(26, 34))).toBe('0a0000010a000002');
    expect(b[22]).toBe(64);
    expect(b.length).toBe(14 + 20 + 8 + PING.length);
    expect(verifies(b, 34, 8 + PING.length)).toBe(true);
    expect(hex(b.subarray(34, 36))).toBe('0000');
    expect(hex(b.subarray(38))).toBe(`12340007${hex(PING)}`);
  });

  test('IPv6', () => {
    const host = new Host();
    host.receive(icmp6(128, 0, 0x12340007, PING));
    const [frame] = host.take();
    const b = frame!.bytes;
    expect(hex(b.subarray(22, 54))).toBe('20010db8000000000000000000000001' + '20010db8000000000000000000000002');
    expect(verifies(b, 54, 8 + PING.length, pseudo6(b, 14, 58, 8 + PING.length))).toBe(true);
    expect(hex(b.subarray(54, 56)) + hex(b.subarray(58))).toBe(`810012340007${hex(PING)}`);
  });

  test('no data, odd data, behind a VLAN tag, with IP options', () => {
    const host = new Host();
    host.receive(icmp4(8, 0, 1, new Uint8Array(0)));
    host.receive(icmp4(8, 0, 1, PING.subarray(0, 7)));
    host.receive(icmp4(8, 0, 1, PING, { tag: '8100a00a' }));
    expect(host.take().map((s) => s.bytes.length)).toEqual([42, 49, 56]);
    expect(host.receive(optioned(icmp4(8, 0, 1, PING), '01010100'))).toBe(true);
    expect(hex(host.take()[0]!.bytes.subarray(42))).toBe(hex(PING));
  });

  test.each([
    ['broadcast MAC', icmp4(8, 0, 1, PING, { dstMac: BROADCAST })],
    ['limited broadcast', icmp4(8, 0, 1, PING, { dst: '255.255.255.255' })],
    ['our broadcast', icmp4(8, 0, 1, PING, { dst: '10.0.0.255' })],
    ['a group', icmp4(8, 0, 1, PING, { dst: '224.0.0.1' })],
    ['somebody else', icmp4(8, 0, 1, PING, { dst: '10.0.0.3' })],
    ['loopback from the wire', icmp4(8, 0, 1, PING, { dst: '127.0.0.1' })],
    ['code 1', icmp4(8, 1, 1, PING)],
    ['a group (IPv6)', icmp6(128, 0, 1, PING, { dst: 'ff02::1' })],
  ])('to %s: no answer', (_what, frame) => {
    const host = new Host();
    expect(host.receive(frame)).toBe(true);
    expect(host.take()).toEqual([]);
  });

  test.each([
    ['127.0.0.1'],
    ['224.0.0.5'],
    ['255.255.255.255'],
    ['10.0.0.255'],
    ['0.0.0.0'],
    ['10.0.0.1'],
    ['::1'],
    ['::'],
    ['ff02::1'],
    ['2001:db8::1'],
    ['::ffff:10.0.0.7'],
  ])('from %s: no answer [MUST-63]', (src) => {
    const host = new Host();
    const frame = src.includes(':') ? icmp6(128, 0, 1, PING, { src }) : icmp4(8, 0, 1, PING, { src });
    // A mapped source has to be written by hand: the codecs take it for IPv4.
    if (src.startsWith('::ffff')) frame.set(bytes('00000000000000000000ffff0a000007'), 22);
    host.receive(frame);
    expect(host.take()).toEqual([]);
  });

  test('mapped addresses in an IPv6 packet are no IPv4 addresses', () => {
    const frame = packet({ src: '2001:db8::2', dst: '2001:db8::1', protocol: 17, payload: new Uint8Array(8) });
    frame.set(bytes('00000000000000000000ffff0a000002'), 22);
    frame.set(bytes('00000000000000000000ffff0a000001'), 38);
    // The parser sees to it: the layers above could not tell them apart.
    expect(new Host().receive(frame)).toBe(false);
  });

  test('within the loop link everybody is us', () => {
    const host = new Host();
    host.receive(icmp4(8, 0, 1, PING, { src: '127.0.0.1', dst: '127.0.0.1' }), LOOP);
    host.receive(icmp4(8, 0, 1, PING, { src: '10.0.0.1', dst: '10.0.0.1' }), LOOP);
    expect(host.take().map((s) => s.link)).toEqual([LOOP, LOOP]);
  });

  test('no room: no answer', () => {
    const host = new Host();
    host.raw.full = true;
    host.receive(icmp4(8, 0, 1, PING));
    expect(host.take()).toEqual([]);
  });

  test('replies and unknown types are ignored', () => {
    const host = new Host();
    for (const type of [0, 4, 5, 9, 13, 17, 255]) host.receive(icmp4(type, 0, 1, quote4()));
    for (const type of [129, 130, 133, 200, 255]) host.receive(icmp6(type, 0, 1, quote6()));
    expect(host.take()).toEqual([]);
    expect(host.heard).toEqual([]);
  });

  test('a bad checksum or a cut header never gets here', () => {
    const host = new Host();
    const frame = icmp4(8, 0, 1, PING);
    frame[45]! ^= 1;
    expect(host.receive(frame)).toBe(false);
    expect(host.receive(packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 1, payload: bytes('0800f7ff') }))).toBe(
      false,
    );
  });
});

describe('errors about our connections [MUST-54] [RFC 1122 §3.2.2.1, §3.2.2.4]', () => {
  test.each([
    [3, 0],
    [3, 1],
    [3, 2],
    [3, 3],
    [3, 5],
    [3, 13],
    [11, 0],
    [11, 1],
    [12, 0],
  ])('type %i code %i goes up', (type, code) => {
    const host = new Host();
    host.receive(icmp4(type, code, 0, quote4(), { src: '10.9.9.9' }));
    expect(host.heard).toEqual([{ ...HEARD4, type, code }]);
    expect(host.take()).toEqual([]);
  });

  test.each([
    [1, 0],
    [1, 4],
    [3, 0],
    [4, 1],
    [100, 7],
  ])('ICMPv6 type %i code %i goes up', (type, code) => {
    const host = new Host();
    host.receive(icmp6(type, code, 0, quote6(), { src: '2001:db8:5::5' }));
    expect(host.heard).toEqual([{ ...HEARD6, type, code }]);
  });

  test('source quench does not [MUST-55] [RFC 5927 §6]', () => {
    const host = new Host();
    host.receive(icmp4(4, 0, 0, quote4()));
    expect(host.heard).toEqual([]);
  });

  test('eight bytes of TCP are enough', () => {
    const host = new Host();
    host.receive(icmp4(3, 1, 0, quote4().subarray(0, 28)));
    expect(host.heard).toEqual([HEARD4]);
  });

  test.each([
    ['seven bytes of TCP', quote4().subarray(0, 27)],
    ['no quote', new Uint8Array(0)],
    ['half a header', quote4().subarray(0, 19)],
    ['another protocol', quote4({ protocol: 132 })],
    ['not from us', quote4({ src: '10.0.0.3' })],
    ['IPv6', quote6()],
    ['a header shorter than it can be', Uint8Array.of(0x44, ...quote4().subarray(1))],
    ['a header longer than the quote', Uint8Array.of(0x4f, ...quote4().subarray(1))],
    ['a later fragment', Uint8Array.of(...quote4().subarray(0, 6), 0x00, 0x10, ...quote4().subarray(8))],
    ['version 5', Uint8Array.of(0x55, ...quote4().subarray(1))],
  ])('the quote is bad: %s', (_what, quote) => {
    const host = new Host();
    expect(host.receive(icmp4(3, 1, 0, quote))).toBe(true);
    expect(host.heard).toEqual([]);
    expect(host.ip.counters.icmpIgnored).toBe(1);
  });

  test.each([
    ['cut', quote6().subarray(0, 47)],
    ['another protocol', quote6({ protocol: 132 })],
    ['not from us', quote6({ src: '2001:db8::7' })],
    ['IPv4', quote4()],
  ])('the quote is bad (IPv6): %s', (_what, quote) => {
    const host = new Host();
    expect(host.receive(icmp6(1, 0, 0, quote))).toBe(true);
    expect(host.heard).toEqual([]);
  });

  test('to a group or to another host: ignored, nor is it sent elsewhere [RFC 1122 §3.2.2.2]', () => {
    const host = new Host();
    host.receive(icmp4(3, 1, 0, quote4(), { dstMac: BROADCAST }));
    host.receive(icmp4(3, 1, 0, quote4(), { dst: '10.0.0.9' }));
    expect(host.heard).toEqual([]);
  });

  test.each([
    [1400, 20, 1400],
    [20, 20, 68],
    [0, 1480, 1492],
    [0, 1472, 1006],
    [0, 300, 296],
    [0, 20, 68],
  ])('fragmentation needed, MTU %i, quoting %i bytes of TCP: %i (RFC 1191)', (told, size, mtu) => {
    const host = new Host();
    const payload = new Uint8Array(size);
    payload.set(tcp(1000, 80, 0x12345678));
    host.receive(icmp4(3, 4, told, quote4({}, payload).subarray(0, 48)));
    expect(host.heard).toEqual([{ ...HEARD4, code: 4, mtu }]);
  });

  test.each([
    [1280, 1280],
    [1400, 1400],
    [0x80000000 | 0, 65535],
  ])('packet too big, MTU %i: %i', (told, mtu) => {
    const host = new Host();
    host.receive(icmp6(2, 0, told, quote6()));
    expect(host.heard).toEqual([{ ...HEARD6, type: 2, mtu }]);
  });

  test('packet too big below 1280 is not believed (RFC 8201 §4)', () => {
    const host = new Host();
    host.receive(icmp6(2, 0, 1279, quote6()));
    expect(host.heard).toEqual([]);
  });
});

const patched = (frame: Uint8Array, at: number, value: number): Uint8Array => {
  frame[at] = value;
  return frame;
};

describe('errors of ours', () => {
  const udp = (over: Partial<Ip> = {}, data = 4): Uint8Array => {
    const payload = new Uint8Array(8 + data).fill(0x55);
    payload.set(bytes('03e80007'), 0);
    payload[4] = 0;
    payload[5] = 8 + data;
    return packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 17, payload, checksum: 6, ...over });
  };
  const udp6 = (over: Partial<Ip> = {}): Uint8Array => udp({ src: '2001:db8::2', dst: '2001:db8::1', ...over });

  test('port unreachable quotes the datagram (RFC 1122 §4.1.3.1)', () => {
    const host = new Host();
    const frame = udp();
    host.receive(frame);
    const b = host.take()[0]!.bytes;
    expect(hex(b.subarray(26, 34))).toBe('0a0000010a000002');
    expect(hex(b.subarray(34, 36)) + hex(b.subarray(38))).toBe(`030300000000${hex(frame.subarray(14))}`);
    expect(verifies(b, 34, b.length - 34)).toBe(true);
  });

  test('and in IPv6', () => {
    const host = new Host();
    const frame = udp6();
    host.receive(frame);
    const b = host.take()[0]!.bytes;
    expect(hex(b.subarray(54, 56)) + hex(b.subarray(58))).toBe(`010400000000${hex(frame.subarray(14))}`);
    expect(verifies(b, 54, b.length - 54, pseudo6(b, 14, 58, b.length - 54))).toBe(true);
  });

  test('no more than 576 and 1280 bytes', () => {
    const host = new Host();
    const payload = new Uint8Array(1400);
    payload.set(bytes('03e800070578'));
    host.receive(packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 17, payload, checksum: 6 }));
    host.receive(packet({ src: '2001:db8::2', dst: '2001:db8::1', protocol: 17, payload, checksum: 6 }));
    expect(host.take().map((s) => s.bytes.length - 14)).toEqual([576, 1280]);
  });

  test('protocol unreachable; in IPv6 a parameter problem that points at the field', () => {
    const host = new Host();
    host.receive(packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 132, payload: PING }));
    host.receive(packet({ src: '2001:db8::2', dst: '2001:db8::1', protocol: 132, payload: PING }));
    const [four, six] = host.take();
    expect(hex(four!.bytes.subarray(34, 36))).toBe('0302');
    expect(hex(six!.bytes.subarray(54, 56)) + hex(six!.bytes.subarray(58, 62))).toBe('040100000006');
  });

  test.each([
    ['to the broadcast MAC', udp({ dstMac: BROADCAST })],
    ['to our broadcast', udp({ dst: '10.0.0.255' })],
    ['to a group', udp({ dst: '224.0.0.251' })],
    ['to a group (IPv6)', udp6({ dst: 'ff02::fb' })],
    ['to somebody else', udp({ dst: '10.0.0.77' })],
    ['from a group', udp({ src: '224.0.0.251' })],
    ['from nobody', udp({ src: '0.0.0.0' })],
    ['with a bad checksum', patched(udp(), 45, 0x77)],
    ['without checksum in IPv6', patched(patched(udp6(), 60, 0), 61, 0)],
    ['no next header', packet({ src: '2001:db8::2', dst: '2001:db8::1', protocol: 59, payload: PING })],
  ])('none %s', (_what, frame) => {
    const host = new Host();
    expect(host.receive(frame)).toBe(true);
    expect(host.take()).toEqual([]);
  });

  test('a length of UDP that does not fit: none', () => {
    const host = new Host();
    for (const length of ['0007', '0100']) {
      const payload = bytes(`03e80007${length}000000000000`);
      host.receive(packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 17, payload }));
    }
    expect(host.take()).toEqual([]);
  });

  test('a checksum left for a device to complete is none to complain of', () => {
    const host = new Host();
    const frame = udp();
    const sum = 0x0a00 + 0x0002 + 0x0a00 + 0x0001 + 17 + 12;
    frame.set([sum >>> 8, sum & 255], 40);
    host.receive(frame);
    expect(host.take()).toHaveLength(1);
  });

  test('are limited: fifty at once, a hundred per second', () => {
    const host = new Host();
    for (let i = 0; i < 80; i++) host.receive(udp());
    expect(host.take()).toHaveLength(50);
    expect(host.ip.counters.icmpLimited).toBe(30);
    host.pass(100);
    for (let i = 0; i < 80; i++) host.receive(udp());
    expect(host.take()).toHaveLength(10);
  });
});
