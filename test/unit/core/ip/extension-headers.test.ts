// What RFC 8200 §4 says of headers nobody understands, and RFC 4443 §2.4 of telling.
import { describe, expect, test } from 'vitest';
import { get32 } from '../../../../src/wire/bytes.ts';
import { pseudo6, verifies } from '../../../../src/wire/checksum.ts';
import { bytes, Host, hex, icmp6, packet } from './harness.ts';

const US = '2001:db8::1';
const THEM = '2001:db8::2';
/** Eight bytes of the data of a ping with its header; the checksum is filled in where it is alone. */
const PING = '8000000012340001';

/** `protocol` is the first header behind the fixed one. */
function send(host: Host, protocol: number, payload: string, dst = US): string[] {
  const dstMac = dst === US ? '020000000001' : '3333ff000001';
  host.receive(packet({ src: THEM, dst, dstMac, protocol, payload: bytes(payload) }));
  return host.take().map(({ bytes: b }) => {
    expect(verifies(b, 54, b.length - 54, pseudo6(b, 14, 58, b.length - 54))).toBe(true);
    return `${b[54]}/${b[55]} at ${get32(b, 58)}`;
  });
}

describe('unknown next header: parameter problem 1 at the field that names it [RFC 8200 §4]', () => {
  test.each([
    ['behind the fixed header', 132, '00'.repeat(16), '4/1 at 6'],
    ['behind destination options', 60, `8400010400000000${'00'.repeat(8)}`, '4/1 at 40'],
    ['behind two of them', 60, `3c00010400000000 8400010400000000${'00'.repeat(8)}`, '4/1 at 48'],
    ['hop-by-hop options elsewhere', 60, `0000010400000000 3a00010400000000${PING}`, '4/1 at 40'],
  ])('%s', (_what, protocol, payload, answer) => {
    expect(send(new Host(), protocol, payload)).toEqual([answer]);
  });

  test('"no next header" means just that (RFC 8200 §4.7)', () => {
    expect(send(new Host(), 59, '00'.repeat(16))).toEqual([]);
    expect(send(new Host(), 60, `3b00010400000000${'00'.repeat(8)}`)).toEqual([]);
  });
});

describe('unknown options [RFC 8200 §4.2]', () => {
  const options = (type: string): string => `3a00${type}0200000100`;
  test.each([
    ['11', 'skip', US, []],
    ['51', 'drop', US, []],
    ['91', 'tell', US, ['4/2 at 42']],
    ['d1', 'tell, unless to a group', US, ['4/2 at 42']],
    ['91', 'tell', 'ff02::1:ff00:1', ['4/2 at 42']],
    ['d1', 'tell, unless to a group', 'ff02::1:ff00:1', []],
  ])('type 0x%s (%s) to %s', (type, _what, dst, answers) => {
    for (const protocol of [0, 60]) expect(send(new Host(), protocol, options(type) + PING, dst)).toEqual(answers);
  });

  test('an answer about a packet to a group comes from an address of ours [RFC 4443 §2.2]', () => {
    const host = new Host();
    host.receive(
      packet({
        src: THEM,
        dst: 'ff02::1:ff00:1',
        dstMac: '3333ff000001',
        protocol: 60,
        payload: bytes(options('91') + PING),
      }),
    );
    expect(host.take()[0]!.hex.slice(44, 108)).toBe('20010db800000000000000000000000120010db8000000000000000000000002');
  });

  test('what may be skipped is: the ping behind it is answered', () => {
    const host = new Host();
    const ping = icmp6(128, 0, 0x12340001, bytes('0102'));
    const payload = new Uint8Array(8 + 10);
    payload.set(bytes(options('11')));
    payload.set(ping.subarray(54), 8);
    host.receive(packet({ src: THEM, dst: US, protocol: 60, payload }));
    expect(host.take().map((s) => s.bytes[54])).toEqual([129]);
  });
});

test.each([
  ['0', 0, []],
  ['9', 9, []],
  ['0, segments left', 0, ['4/0 at 42'], 1],
  ['9, segments left', 9, ['4/0 at 42'], 1],
])('routing header of type %s [RFC 8200 §4.4]', (_what, type, answers, left = 0) => {
  const header = `3a00${hex(Uint8Array.of(type, left))}00000000`;
  expect(send(new Host(), 43, header + PING)).toEqual(answers);
});

test('nothing about an ICMPv6 error or a redirect, whatever is wrong with its headers [RFC 4443 §2.4 e]', () => {
  const host = new Host();
  for (const type of ['01', '04', '7f', '89']) {
    const fragment = '3a000001 00000007';
    // A first fragment of odd length, which else draws a parameter problem.
    expect(send(host, 44, `${fragment}${type}00000000000000aabb`)).toEqual([]);
  }
  expect(send(host, 44, `3a00000100000007${PING}aabb`)).toEqual(['4/0 at 4']);
});

test.each([
  ['TTL 0', 0],
  ['TTL 1', 1],
])('%s is no reason to drop what is for us [RFC 1122 §3.2.1.7] [RFC 8200 §3]', (_what, ttl) => {
  const host = new Host();
  const six = packet({ src: THEM, dst: US, protocol: 132, payload: bytes(PING), ttl: 1 });
  six[21] = ttl;
  host.receive(six);
  expect(host.take()).toHaveLength(1);
});
