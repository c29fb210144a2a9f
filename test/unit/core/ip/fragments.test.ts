// Datagrams that come in pieces: RFC 791 §3.2, RFC 815, RFC 1122 §3.3.2, RFC 8200 §4.5, RFC 5722, RFC 3168 §5.3.
import { describe, expect, test } from 'vitest';
import { KIND_ICMP4, KIND_ICMP6, KIND_TCP, KIND_UDP } from '../../../../src/wire/abi.ts';
import { get16, get32, put16 } from '../../../../src/wire/bytes.ts';
import { pseudo6, verifies } from '../../../../src/wire/checksum.ts';
import { cuts, echo, fragment, type Piece, sealed } from './fragment-frames.ts';
import { Host, hex, packet, tcp } from './harness.ts';

const BOTH = [
  ['IPv4', false],
  ['IPv6', true],
] as const;

function deliver(host: Host, whole: Uint8Array, six: boolean, pieces: readonly Piece[]): void {
  for (const piece of pieces) expect(host.receive(fragment(whole, six, piece))).toBe(true);
}

/** Type and code of the ICMP errors sent, and the word after them. */
function complaints(host: Host): string[] {
  return host.take().map(({ bytes: b }) => {
    const l4 = get16(b, 12) === 0x86dd ? 54 : 34;
    return `${b[l4]}/${b[l4 + 1]} ${get32(b, l4 + 4)}`;
  });
}

describe.each(BOTH)('%s', (_name, six) => {
  const whole = echo(3000, six);

  test.each([
    ['in order', [0, 1, 2]],
    ['backwards', [2, 1, 0]],
    ['the middle last', [0, 2, 1]],
    ['the middle first', [1, 2, 0]],
    ['one of them twice', [0, 0, 2, 2, 1]],
  ])('three pieces, %s: one datagram [RFC 815] [RFC 8200 §4.5] [RFC 1122 §3.3.2]', (_order, order) => {
    const host = new Host();
    const pieces = cuts(whole.length, 1480, 2960);
    deliver(
      host,
      whole,
      six,
      order.map((n) => pieces[n]!),
    );
    expect(host.whole).toHaveLength(1);
    expect(host.whole[0]!.kind).toBe(six ? KIND_ICMP6 : KIND_ICMP4);
    expect(hex(host.whole[0]!.payload)).toBe(hex(whole));
    expect(host.ip.counters).toMatchObject({ reassembled: 1, reassemblyOverlaps: 0, reassemblyDrops: 0 });
    expect(host.ip.nextDeadline()).toBe(host.now + 60_000_000);
    host.pass(60_001);
    expect(host.ip.nextDeadline()).toBe(Infinity);
  });

  test('an echo request in pieces is answered in pieces that make up its data [RFC 1122 §3.2.2.6] [RFC 4443 §4.2]', () => {
    const host = new Host();
    deliver(host, whole, six, cuts(whole.length, 1480, 2960));
    const sent = host.take().map((s) => s.bytes);
    expect(sent.every((b) => b.length <= 1514)).toBe(true);
    const parts = sent.map((b) => {
      const word = get16(b, six ? 56 : 20);
      return { from: six ? word & 0xfff8 : (word & 0x1fff) * 8, more: six ? word & 1 : word >>> 13, b };
    });
    expect(parts.map(({ more }) => more)).toEqual([1, 1, 0]);
    expect(new Set(parts.map(({ b }) => (six ? get32(b, 58) : get16(b, 18)))).size).toBe(1);
    const reply = new Uint8Array(whole.length);
    for (const { from, b } of parts) reply.set(b.subarray(six ? 62 : 34), from);
    expect(hex(reply.subarray(4))).toBe(hex(whole.subarray(4)));
    expect(reply[0]).toBe(six ? 129 : 0);
    // IPv6 counts the addresses, in whatever order, in the checksum.
    const header = packet({ src: '2001:db8::1', dst: '2001:db8::2', protocol: 58, payload: reply });
    expect(verifies(reply, 0, reply.length, six ? pseudo6(header, 14, 58, reply.length) : 0)).toBe(true);
    if (!six) for (const { b } of parts) expect(verifies(b, 14, 20)).toBe(true);
  });

  test.each([
    ['begins inside', { from: 1472, to: 2960, more: true }],
    ['lies inside', { from: 80, to: 160, more: true }],
    ['covers', { from: 0, to: 2960, more: true }],
    ['has the place but not the bytes', { from: 0, to: 1480, more: true, other: true }],
    ['ends the datagram earlier', { from: 1480, to: 1600, more: false, after: true }],
    ['goes on behind the end', { from: 3008, to: 3016, more: true, after: true }],
  ])(
    'a piece that %s: all is dropped, in silence, and what still comes too [RFC 5722 §4] [RFC 8200 §4.5]',
    (_what, bad) => {
      const host = new Host();
      const [a, b, c] = cuts(whole.length, 1480, 2960);
      deliver(host, whole, six, [a!]);
      if ('after' in bad) deliver(host, whole, six, [c!]);
      const bytes = new Uint8Array(4000);
      if (!('other' in bad)) bytes.set(whole);
      deliver(host, bytes, six, [bad]);
      expect(host.ip.counters.reassemblyOverlaps).toBe(1);
      deliver(host, whole, six, [a!, b!, c!]);
      expect(host.whole).toEqual([]);
      expect(host.take()).toEqual([]);
      host.pass(60_001);
      expect(host.take()).toEqual([]);
      deliver(host, whole, six, [a!, b!, c!]);
      expect(host.whole).toHaveLength(1);
    },
  );

  test('after 60 s it is dropped, and its first fragment sent back in an error [RFC 1122 §3.3.2] [RFC 8200 §4.5]', () => {
    const host = new Host();
    deliver(host, whole, six, [cuts(whole.length, 1480, 2960)[0]!]);
    host.pass(59_999);
    expect(host.take()).toEqual([]);
    host.pass(1);
    const [{ bytes: error } = { bytes: new Uint8Array(0) }] = host.take();
    const l4 = six ? 54 : 34;
    expect([error[l4], error[l4 + 1]]).toEqual(six ? [3, 1] : [11, 1]);
    const quoted = fragment(whole, six, { from: 0, to: 1480, more: true }).subarray(14);
    expect(hex(error.subarray(l4 + 8))).toBe(hex(quoted).slice(0, 2 * (error.length - l4 - 8)));
    expect(host.ip.counters.reassemblyTimeouts).toBe(1);
    // The rest is the beginning of something new.
    deliver(host, whole, six, cuts(whole.length, 1480, 2960).slice(1));
    expect(host.whole).toEqual([]);
  });

  test('without the first fragment there is no error [RFC 1122 §3.2.2] [RFC 8200 §4.5]', () => {
    const host = new Host();
    deliver(host, whole, six, cuts(whole.length, 1480, 2960).slice(1));
    host.pass(60_001);
    expect(host.take()).toEqual([]);
    expect(host.ip.counters.reassemblyTimeouts).toBe(1);
  });

  test('datagrams of different numbers, sources and destinations do not mix', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '10.0.0.9/24', '2001:db8::1/64', '2001:db8::9/64'] });
    const [a, b] = cuts(whole.length, 1480);
    const others: Partial<Piece>[] = [
      { id: 8 },
      { src: six ? '2001:db8::3' : '10.0.0.3' },
      { dst: six ? '2001:db8::9' : '10.0.0.9' },
    ];
    deliver(host, whole, six, [a!, ...others.map((o) => ({ ...b!, ...o }))]);
    expect(host.whole).toEqual([]);
    deliver(host, whole, six, [b!]);
    expect(host.whole).toHaveLength(1);
  });

  test('the fragments of one source are bounded, and others still get through', () => {
    const host = new Host();
    const long = new Uint8Array(1480);
    for (let id = 100; id < 400; id++) deliver(host, long, six, [{ from: 0, to: 1480, more: true, id }]);
    const src = six ? '2001:db8:1::7' : '10.0.0.7';
    const other = cuts(800, 400).map((piece) => ({ ...piece, src, id: 5, protocol: 200 }));
    deliver(host, new Uint8Array(800), six, other);
    expect(host.whole).toHaveLength(1);
    host.pass(60_001);
    expect(host.ip.counters.reassemblyTimeouts).toBe(16);
  });

  test('the fragments of all sources are bounded: the oldest datagrams make room', () => {
    const host = new Host();
    const long = new Uint8Array(1480);
    for (let n = 0; n < 4000; n++) {
      const src = six ? `2001:db8:${(n >> 2).toString(16)}::7` : `10.1.${n >> 6}.${1 + ((n >> 2) & 15)}`;
      deliver(host, long, six, [{ from: (n & 31) * 1480, to: (n & 31) * 1480 + 1480, more: true, src, id: n >> 5 }]);
    }
    deliver(host, whole, six, cuts(whole.length, 1480, 2960));
    expect(host.whole).toHaveLength(1);
    host.pass(60_001);
    expect(host.ip.counters.reassemblyTimeouts).toBeLessThanOrEqual(64);
    expect(host.ip.nextDeadline()).toBe(Infinity);
  });

  test('the largest datagram, and one byte more [RFC 791 §3.2] [RFC 8200 §4.5]', () => {
    const host = new Host();
    const most = six ? 65_535 : 65_515;
    const pieces = cuts(most, ...Array.from({ length: 44 }, (_, i) => (i + 1) * 1480));
    const bytes = new Uint8Array(most + 8).fill(9);
    // More than a chunk of the arena holds is refused; a little less is not.
    deliver(
      host,
      bytes,
      six,
      cuts(65_000, ...pieces.slice(0, 43).map(({ to }) => to)).map((p) => ({ ...p, protocol: 200 })),
    );
    expect(host.whole.map(({ payload }) => payload.length)).toEqual([65_000]);
    const last = { from: 65_120, to: most + 1, more: false, id: 9 };
    deliver(host, bytes, six, [last]);
    expect(complaints(host).slice(-1)).toEqual(six ? ['4/0 42'] : ['3/2 0']);
  });

  test('nothing to a group, to others, or in a frame to a group', () => {
    const host = new Host();
    const [a, b] = cuts(whole.length, 1480);
    const dst = six ? 'ff02::1' : '224.0.0.1';
    deliver(host, whole, six, [
      { ...a!, dst },
      { ...b!, dst },
    ]);
    for (const piece of [a!, b!]) {
      const frame = fragment(whole, six, piece);
      frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
      host.receive(frame);
    }
    expect(host.whole).toEqual([]);
    expect(host.ip.nextDeadline()).toBe(Infinity);
  });

  test.each([
    ['CE on one of two ECT', 2, 3, 3],
    ['CE on both', 3, 3, 3],
    ['no CE', 2, 2, 2],
    ['CE and not-ECT: dropped', 0, 3, undefined],
  ])('ECN: %s [RFC 3168 §5.3]', (_what, first, second, result) => {
    const host = new Host();
    const [a, b] = cuts(whole.length, 1480);
    deliver(host, whole, six, [
      { ...a!, tos: 0xb8 | first },
      { ...b!, tos: 0xb8 | second },
    ]);
    expect(host.whole.map(({ tos }) => tos)).toEqual(result === undefined ? [] : [0xb8 | result]);
  });

  test('a TCP segment in pieces is a segment; with a wrong checksum it is nothing [MUST-3]', () => {
    const host = new Host();
    const text = new Uint8Array(420).fill(5);
    text.set(tcp(80, 4000, 1));
    const good = sealed(text, six, 6, 16);
    deliver(
      host,
      good,
      six,
      cuts(420, 24, 200).map((p) => ({ ...p, protocol: 6 })),
    );
    expect(host.whole).toMatchObject([{ kind: KIND_TCP, payload: { length: 400 } }]);
    const bad = good.slice();
    bad[300]!++;
    deliver(
      host,
      bad,
      six,
      cuts(420, 24, 200).map((p) => ({ ...p, protocol: 6, id: 2 })),
    );
    expect(host.whole).toHaveLength(1);
    expect(host.ip.counters.reassemblyDrops).toBe(1);
  });

  test('a UDP datagram in pieces for a port nobody has: unreachable, with the datagram [RFC 1122 §4.1.3.1]', () => {
    const host = new Host();
    const udp = new Uint8Array(2008);
    put16(udp, 2, 9);
    put16(udp, 4, 2008);
    deliver(
      host,
      sealed(udp, six, 17, 6),
      six,
      cuts(2008, 1480).map((p) => ({ ...p, protocol: 17 })),
    );
    expect(host.whole.map(({ kind }) => kind)).toEqual([KIND_UDP]);
    expect(complaints(host)).toEqual([six ? '1/4 0' : '3/3 0']);
  });
});

describe('what only IPv6 says', () => {
  test('a piece of odd length that is not the last: parameter problem at the payload length [RFC 8200 §4.5]', () => {
    const host = new Host();
    deliver(host, echo(3000, true), true, [{ from: 0, to: 1001, more: true }]);
    expect(complaints(host)).toEqual(['4/0 4']);
    deliver(host, echo(3000, false), false, [{ from: 0, to: 1001, more: true }]);
    expect(complaints(host)).toEqual([]);
  });

  test('a first fragment that does not show the upper header: parameter problem 3 [RFC 8200 §4.5] [RFC 7112 §5]', () => {
    const host = new Host();
    deliver(host, new Uint8Array(400), true, [{ from: 0, to: 16, more: true, protocol: 6 }]);
    expect(complaints(host)).toEqual(['4/3 0']);
  });

  test('neighbour discovery in fragments is dropped [RFC 6980 §5]', () => {
    const host = new Host();
    const ns = new Uint8Array(32);
    ns[0] = 135;
    ns.set(Buffer.from('20010db8000000000000000000000001', 'hex'), 8);
    ns.set([1, 1, 2, 0, 0, 0, 0, 2], 24);
    const good = sealed(ns, true, 58, 2);
    for (const piece of cuts(32, 16)) {
      const frame = fragment(good, true, piece);
      frame[21] = 255;
      host.receive(frame);
    }
    expect(host.whole).toHaveLength(1);
    expect(host.take()).toEqual([]);
  });

  test('the whole carries the headers in front of the fragment header, and what that one announced', () => {
    const host = new Host();
    const whole = echo(1000, true);
    const frames = cuts(whole.length, 800).map((piece) => fragment(whole, true, piece));
    for (const frame of frames) {
      const payload = new Uint8Array(8 + frame.length - 54);
      payload.set([44, 0, 1, 4, 0, 0, 0, 0]);
      payload.set(frame.subarray(54), 8);
      host.receive(packet({ src: '2001:db8::2', dst: '2001:db8::1', protocol: 60, payload }));
    }
    expect(host.whole.map(({ kind, payload }) => [kind, hex(payload) === hex(whole)])).toEqual([[KIND_ICMP6, true]]);
    expect(host.take()).toHaveLength(1);
  });
});
