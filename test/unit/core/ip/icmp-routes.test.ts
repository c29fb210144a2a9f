// ICMP along source routes: what answers a packet that came by one goes back by its reverse (ADR 52).
import { expect, test } from 'vitest';
import { checksum, verifies } from '../../../../src/wire/checksum.ts';
import { bytes, Host, hex, icmp4, OUR_MAC, optioned, PEER_MAC, packet, type Sent, seal } from './harness.ts';

const PING = bytes('00112233445566778899');
// Recorded from 10.0.0.2 over two gateways to us; the pointer is behind the last address (RFC 1122 §3.2.1.8).
const LOOSE = '830b0c0a0000080a00000900';
test.each([
  ['loose', LOOSE, '0a000009', '01830b040a0000080a000002'],
  ['strict', '8907080a00000900', '0a000009', '018907040a000002'],
  ['behind other options', `0101${LOOSE}0000`, '0a000009', '01830b040a0000080a000002'],
  ['that begins with its sender', '830b0c0a0000020a00000900', '0a000009', '018307040a000002'],
])('by a source route, %s: the answer goes by its reverse [RFC 1122 §3.2.2.6]', (_what, options, first, back) => {
  const host = new Host();
  host.receive(optioned(icmp4(8, 0, 0x12340007, PING), options));
  const [{ bytes: b, hex: text }] = host.take() as [Sent];
  const l4 = 34 + back.length / 2;
  expect(text.slice(0, 28)).toBe(`${PEER_MAC}${OUR_MAC}0800`);
  expect([b[14], b.length]).toEqual([0x40 + (l4 - 14) / 4, l4 + 8 + PING.length]);
  expect([hex(b.subarray(16, 18)), checksum(b, 14, l4 - 14)]).toEqual([
    (b.length - 14).toString(16).padStart(4, '0'),
    0,
  ]);
  expect([hex(b.subarray(26, 30)), hex(b.subarray(30, 34)), hex(b.subarray(34, l4))]).toEqual([
    '0a000001',
    first,
    back,
  ]);
  expect([hex(b.subarray(l4, l4 + 2)), hex(b.subarray(l4 + 4))]).toEqual(['0000', `12340007${hex(PING)}`]);
  expect(verifies(b, l4, 8 + PING.length)).toBe(true);
});

test('by a source route, and larger than a frame: each piece of the answer has it [RFC 791 §3.1]', () => {
  const host = new Host();
  const [data, ping] = [new Uint8Array(2000).fill(7), optioned(icmp4(8, 0, 1, new Uint8Array(0)), LOOSE)];
  const whole = new Uint8Array(ping.length + data.length);
  whole.set(ping);
  whole.set(data, ping.length);
  seal(whole, 46);
  expect(host.receive(whole)).toBe(true);
  const pieces = host.take().map(({ bytes: b }) => ({
    head: hex(b.subarray(34, 46)),
    ok: checksum(b, 14, 32) === 0 && b[14] === 0x48 && b.length <= 1514,
    length: b.length - 46,
  }));
  const head = '01830b040a0000080a000002';
  expect(pieces).toEqual([
    { head, ok: true, length: 1464 },
    { head, ok: true, length: 8 + 2000 - 1464 },
  ]);
});

test('an error about what came by a source route goes back along it, and is no larger than 576 bytes [RFC 1122 §3.2.2]', () => {
  const host = new Host();
  host.receive(
    optioned(packet({ src: '10.0.0.2', dst: '10.0.0.1', protocol: 200, payload: new Uint8Array(700) }), LOOSE),
  );
  const [{ bytes: b }] = host.take() as [Sent];
  expect([b.length - 14, hex(b.subarray(30, 46)), hex(b.subarray(46, 48))]).toEqual([
    576,
    '0a00000901830b040a0000080a000002',
    '0302',
  ]);
});
