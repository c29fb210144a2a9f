// Frames to read, good and bad: what both codecs are given.
import fc from 'fast-check';
import { put16, put32 } from '../../src/wire/bytes.ts';
import { checksum, pseudo, writeChecksum } from '../../src/wire/checksum.ts';

export const u8 = fc.integer({ min: 0, max: 255 });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const some = (n: number) => fc.uint8Array({ maxLength: n });

/** Mostly well-formed headers, so that the depths are reached. */
const transport = fc.oneof(
  some(60).map((bytes) => ({ protocol: 17, bytes })),
  fc.record({ protocol: fc.constantFrom(1, 6, 58, 59, 132), bytes: some(80) }),
  fc.record({ protocol: fc.constantFrom(1, 58), bytes: fc.uint8Array({ minLength: 8, maxLength: 80 }) }),
  fc
    .record({
      header: fc.uint8Array({ minLength: 20, maxLength: 20 }),
      words: fc.integer({ min: 0, max: 10 }),
      options: optionBytes(),
      text: some(50),
    })
    .map(({ header, words, options, text }) => {
      const bytes = new Uint8Array(20 + 4 * words + text.length);
      bytes.set(header);
      bytes[12] = ((5 + words) << 4) | (header[12]! & 15);
      bytes.set(options.subarray(0, 4 * words), 20);
      bytes.set(text, 20 + 4 * words);
      return { protocol: 6, bytes };
    }),
);

/** Makes the checksum of the transport at `at` right, where there is one. */
function seal(packet: Uint8Array, at: number, protocol: number): void {
  const length = packet.length - at;
  if (protocol === 6 && length >= 20) writeChecksum(packet, at + 16, at, length, pseudo(packet, 0, 6, length));
  if (protocol === 58 && length >= 8) writeChecksum(packet, at + 2, at, length, pseudo(packet, 0, 58, length));
  if (protocol === 1 && length >= 8) writeChecksum(packet, at + 2, at, length);
}

function optionBytes() {
  const one = fc.oneof(
    fc.constantFrom(
      [0],
      [1],
      [1, 1],
      [2, 4, 5, 180],
      [3, 3, 7],
      [4, 2],
      [8, 10, 1, 2, 3, 4, 255, 6, 7, 8],
      [8, 10],
      [2, 3, 1],
      [254, 0],
    ),
    fc.integer({ min: 1, max: 4 }).map((n) => [5, 2 + 8 * n, ...new Array<number>(8 * n).fill(9)]),
    fc.tuple(u8, u8).map((pair) => [...pair]),
  );
  return fc
    .array(one, { maxLength: 8 })
    .map((parts) => Uint8Array.from([...parts.flat(), ...new Array<number>(40).fill(0)]).slice(0, 40));
}

/** IPv4 options: none, source routes of any kind, nonsense. */
const ipOptions = fc.oneof(
  fc.constant(new Uint8Array(40)),
  fc
    .tuple(
      fc.constantFrom([], [1, 1], [148, 4, 0, 0], [148, 1], [0], [7, 39], [130, 2]),
      fc.constantFrom(131, 137, 131, 7),
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 16 }),
    )
    .map(([before, type, size, pointer]) => {
      const route = [...before, type, size, pointer, 10, 0, 0, 9, 10, 0, 0, 8];
      return Uint8Array.from([...route, ...new Array<number>(40).fill(0)]).slice(0, 40);
    }),
  some(40),
);

const ipv4 = fc
  .record({
    transport,
    options: ipOptions,
    words: fc.integer({ min: 0, max: 10 }),
    fragment: fc.oneof(fc.constantFrom(0, 0x4000, 0x8000), u16),
    tos: u8,
    wrong: fc.integer({ min: 0, max: 30 }),
    sealed: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  })
  .map(({ transport: { protocol, bytes }, options, words, fragment, tos, wrong, sealed }) => {
    const header = 20 + 4 * words;
    const out = new Uint8Array(header + bytes.length);
    out[0] = 0x40 | (5 + words);
    out[1] = tos;
    put16(out, 2, out.length + (wrong === 1 ? 1 : wrong === 2 ? -5 : 0));
    put16(out, 6, fragment);
    out[8] = 64;
    out[9] = protocol;
    put32(out, 12, 0x0a000001);
    put32(out, 16, 0x0a000002);
    out.set(options.subarray(0, 4 * words), 20);
    out.set(bytes, header);
    if (sealed) seal(out, header, protocol);
    put16(out, 10, checksum(out, 0, header) ^ (wrong === 3 ? 1 : 0));
    return { type: 0x0800, bytes: out };
  });

const extension = fc.record({
  kind: fc.constantFrom(0, 43, 44, 51, 60),
  units: fc.integer({ min: 0, max: 3 }),
  body: fc.oneof(fc.constant(new Uint8Array(40)), some(40)),
  extra: u8,
});
const ipv6 = fc
  .record({
    transport,
    chain: fc.array(extension, { maxLength: 9 }).map((all) => (all.length % 3 === 1 ? [] : all)),
    first: u16,
    mapped: fc.integer({ min: 0, max: 20 }),
    sealed: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  })
  .map(({ transport: { protocol, bytes }, chain, first, mapped, sealed }) => {
    const kinds = [...chain.map((e) => e.kind), protocol];
    const parts = chain.map(({ kind, units, body, extra }, i) => {
      const part = new Uint8Array(kind === 44 ? 8 : kind === 51 ? (units + 2) * 4 : (units + 1) * 8);
      part.set(body.subarray(0, part.length));
      part[0] = kinds[i + 1]!;
      part[1] = units;
      if (kind === 43 || kind === 44) part[3] = extra % 3 === 0 ? extra : 0;
      if (kind === 44) part[2] = 0;
      return part;
    });
    const rest = Uint8Array.from([...parts.flatMap((part) => [...part]), ...bytes]);
    const out = new Uint8Array(40 + rest.length);
    put16(out, 0, 0x6000 | (first & 0xfff));
    put16(out, 4, rest.length);
    out[6] = kinds[0]!;
    out[7] = 64;
    if (mapped === 0) put16(out, 18, 0xffff);
    else out.set([0xfd, 0, 0, 1], 8);
    out.set([0xfd, 0, 0, 2], 24);
    out.set(rest, 40);
    if (sealed) seal(out, out.length - bytes.length, protocol);
    return { type: 0x86dd, bytes: out };
  });

const arp = fc
  .record({ bytes: fc.uint8Array({ minLength: 20, maxLength: 50 }), good: fc.boolean() })
  .map(({ bytes, good }) => {
    if (good) bytes.set([0, 1, 8, 0, 6, 4]);
    return { type: 0x0806, bytes };
  });
const other = fc.record({ type: fc.oneof(u16, fc.constantFrom(0x0800, 0x86dd)), bytes: some(60) });

/** Of every kind, whole or not. */
export const frames = fc
  .record({
    packet: fc.oneof(ipv4, ipv6, arp, other),
    tags: fc.array(fc.constantFrom(0x8100, 0x88a8), { maxLength: 3 }),
    group: fc.boolean(),
    padding: fc.integer({ min: 0, max: 12 }),
    cut: fc.oneof(fc.constant(0), fc.nat()),
  })
  .map(({ packet, tags, group, padding, cut }) => {
    const head = [group ? 1 : 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    for (const tag of tags) head.push(tag >> 8, tag & 255, 0, 7);
    head.push(packet.type >> 8, packet.type & 255);
    const frame = Uint8Array.from([...head, ...packet.bytes, ...new Array<number>(padding).fill(0x55)]);
    return cut % 5 === 1 ? frame.slice(0, cut % frame.length) : frame;
  });
