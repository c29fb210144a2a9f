// The TypeScript codec in wire/ and the C++ one in native/core read and write the same bytes, word for word.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTERS, KIND_RAW, ROW_WORDS, TX_REGION_SHIFT } from '../../src/wire/abi.ts';
import { put16, put32 } from '../../src/wire/bytes.ts';
import { checksum, pseudo, writeChecksum } from '../../src/wire/checksum.ts';
import { PARSED } from '../../src/wire/drop.ts';
import { FrameEncoder } from '../../src/wire/encode.ts';
import { inVlan } from '../../src/wire/ethernet.ts';
import { KEY_WORDS } from '../../src/wire/flow-key.ts';
import { halfSipHash } from '../../src/wire/halfsiphash.ts';
import { FrameParser } from '../../src/wire/parse.ts';
import { segmentCount } from '../../src/wire/segment.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from '../unit/wire/regions.ts';

interface Addon {
  checksum(kernel: string, bytes: Uint8Array): number;
  checksumKernels(): string[];
  parse(frame: Uint8Array, vnetFlags: number): { readonly desc: Int32Array; readonly drop: string };
  encode(
    descriptors: Int32Array,
    arena: Uint8Array,
    rows: Int32Array,
    hops: Int32Array,
    mac: Uint8Array,
    offload: number,
    lent?: readonly (Uint8Array | null)[],
    vlan?: number,
  ): Uint8Array[];
  inVlan(frame: Uint8Array, vlan: number): boolean;
  flowLookup(table: Int32Array, rows: Int32Array, key: Int32Array): number;
  halfSipHash(key0: number, key1: number, words: Int32Array): number;
}

const path = fileURLToPath(new URL('../../build/Release/usertcp.node', import.meta.url));
const addon = existsSync(path) ? (createRequire(import.meta.url)(path) as Addon) : undefined;
if (addon === undefined) console.log(`skipped: ${path} is not built (npm run build)`);

/** USERTCP_SHARE: a part of them, for a machine that is slow. */
const runs = (all: number): number => Math.ceil(all * Math.min(1, Number(process.env.USERTCP_SHARE ?? 1)));

/** Checksums are still to be filled in by a device (virtio-net VIRTIO_NET_HDR_F_NEEDS_CSUM). */
const NEEDS_CHECKSUM = 1;

const u8 = fc.integer({ min: 0, max: 255 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const some = (n: number) => fc.uint8Array({ maxLength: n });

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

const ipv4 = fc
  .record({
    transport,
    words: fc.integer({ min: 0, max: 10 }),
    fragment: fc.oneof(fc.constantFrom(0, 0x4000, 0x8000), u16),
    tos: u8,
    wrong: fc.integer({ min: 0, max: 30 }),
    sealed: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  })
  .map(({ transport: { protocol, bytes }, words, fragment, tos, wrong, sealed }) => {
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

const frames = fc
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

describe.skipIf(addon === undefined)('native and TypeScript', () => {
  const native = addon!;

  test('parse: the same words, or dropped for the same reason', () => {
    const parser = new FrameParser();
    const reasons = new Map<string, number>();
    fc.assert(
      fc.property(frames, fc.boolean(), (frame, trusted) => {
        const ours = new Int32Array(16);
        const drop = parser.parse(frame, 0, frame.length, ours, 0, trusted);
        const theirs = native.parse(frame, trusted ? NEEDS_CHECKSUM : 0);
        const reason = drop === PARSED ? '' : COUNTERS[drop]!;
        const fate = drop === PARSED ? `kind ${ours[0]! & 0xff}` : reason;
        reasons.set(fate, (reasons.get(fate) ?? 0) + 1);
        expect(theirs.drop).toBe(reason);
        if (drop === PARSED) expect([...theirs.desc]).toEqual([...ours]);
      }),
      { numRuns: runs(20_000) },
    );
    // The frames above are no good unless each kind of fate is among them.
    const wanted = [
      'kind 1',
      'kind 2',
      'kind 3',
      'kind 4',
      'kind 5',
      'kind 6',
      'kind 7',
      'dropShort',
      'dropIpLength',
      'dropIpChecksum',
      'dropExtension',
      'dropTcpHeader',
      'dropArp',
      'dropIcmp',
      'dropNotOurs',
      'dropEthertype',
    ];
    expect(wanted.filter((fate) => !reasons.has(fate))).toEqual([]);
  }, 240_000);

  test('parse: bytes without any sense', () => {
    const parser = new FrameParser();
    fc.assert(
      fc.property(some(120), fc.boolean(), (frame, trusted) => {
        const ours = new Int32Array(16);
        const drop = parser.parse(frame, 0, frame.length, ours, 0, trusted);
        expect(native.parse(frame, trusted ? NEEDS_CHECKSUM : 0).drop).toBe(drop === PARSED ? '' : COUNTERS[drop]);
      }),
      { numRuns: runs(5000) },
    );
  });

  test('VLAN: the same frames are in it, and whole frames get the same tag', () => {
    const vlans = fc.constantFrom(0, 7, 10, 4094);
    const tags = fc.array(
      fc.tuple(fc.constantFrom(0x8100, 0x88a8), fc.constantFrom(0, 7, 10, 0xe000, 0xe007), fc.constantFrom(0, 0x8100)),
      { maxLength: 4 },
    );
    const bytes = fc.record({ tags, rest: some(60), cut: fc.nat(40) }).map(({ tags, rest, cut }) => {
      const head = tags.flatMap(([type, tci]) => [type >> 8, type & 255, tci >> 8, tci & 255]);
      const frame = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...head, ...rest]);
      return cut < 30 ? frame.slice(0, cut) : frame;
    });
    const r = regions();
    const seen = { in: 0, out: 0 };
    fc.assert(
      fc.property(bytes, vlans, (frame, vlan) => {
        const ours = inVlan(frame, 0, frame.length, vlan);
        seen[ours ? 'in' : 'out']++;
        expect(native.inVlan(frame, vlan)).toBe(ours);
        r.arena.set(frame);
        const tx = Int32Array.from({ length: 16 }, () => 0);
        tx.set([KIND_RAW, 0, 0, 0, 0, 0, frame.length, frame.length]);
        const out = new Uint8Array(200);
        const length = new FrameEncoder(r, MAC_A, true, vlan).frame(tx, 0, out, 0);
        expect(native.encode(tx, r.arena, r.rows, r.hops, MAC_A, 0, [], vlan)).toEqual([out.slice(0, length)]);
      }),
      { numRuns: runs(3000) },
    );
    expect(Math.min(seen.in, seen.out)).toBeGreaterThan(runs(300));
  });

  test('encode: the same frames, cut or not', () => {
    const r = regions();
    const lent = [null, ...[1, 2, 3].map((n) => Uint8Array.from({ length: 4000 }, (_, i) => i * n + (i >> 8)))];
    lent[2] = null; // taken back
    const addresses = fc.constantFrom(
      ['10.0.0.1', '10.0.0.2'],
      ['255.1.2.3', '1.2.3.4'],
      ['2001:db8::1', 'fe80::ffff:ffff'],
      ['::1', 'fd00::2'],
    );
    const descriptors = fc.record({
      seq: int32,
      ack: int32,
      flags: fc.integer({ min: 0, max: 0xfff }),
      window: u16,
      pieces: fc.array(
        fc
          .tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 900 }), fc.constantFrom(0, 0, 1, 3))
          .map(([offset, length, region]): [number, number] => [offset, length | (region << TX_REGION_SHIFT)]),
        { maxLength: 20 },
      ),
      gso: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 3000 })),
      ts: fc.option(fc.tuple(int32, int32), { nil: undefined }),
      urgent: u16,
      options: fc.integer({ min: 0, max: 7 }).map((words): [number, number] => [4096, 4 * words]),
      tos: u8,
      ttl: u8,
    });
    fc.assert(
      fc.property(
        addresses,
        u16,
        u16,
        fc.record({ tci: fc.oneof(fc.constantFrom(0, 0xe000), u16), vlan: fc.constantFrom(0, 0, 1, 4094) }),
        descriptors,
        fc.uint8Array({ minLength: 4200, maxLength: 4200 }),
        ([local, remote], lport, rport, { tci, vlan }, { ts, ...rest }, data) => {
          r.arena.set(data);
          setRow(r, 1, local!, lport, remote!, rport);
          setHop(r, 2, MAC_B, tci);
          const tx = new Int32Array(64 * 16);
          const used = fill(tx, 0, { ...rest, row: 1, hop: 2, ...(ts === undefined ? {} : { ts }) });
          const encoder = new FrameEncoder(r, MAC_A, true, vlan);
          for (const [region, memory] of lent.entries()) encoder.lend(region, memory);
          const out = new Uint8Array(70000);
          const ours: Uint8Array[] = [];
          for (let i = 0; i < segmentCount(tx, 0); i++) ours.push(out.slice(0, encoder.segment(tx, 0, i, out, 0)));
          const theirs = native.encode(tx.slice(0, 16 * used), r.arena, r.rows, r.hops, MAC_A, 0, lent, vlan);
          expect(theirs.length).toBe(ours.length);
          for (const [i, frame] of ours.entries()) expect(theirs[i]).toEqual(frame);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('encode: no frame for a hop that is not there, nor for a piece that was taken back', () => {
    const r = regions();
    setRow(r, 0, '10.0.0.1', 1, '10.0.0.2', 2);
    const tx = new Int32Array(32);
    const theirs = (lent: (Uint8Array | null)[]): Uint8Array[] =>
      native.encode(tx.slice(0, 16), r.arena, r.rows, r.hops, MAC_A, 0, lent);
    const encoder = new FrameEncoder(r, MAC_A);
    const out = new Uint8Array(2000);
    for (const hop of [-1, -(2 ** 31), 4, 2 ** 31 - 1]) {
      fill(tx, 0, { pieces: [[0, 10]], hop });
      expect([encoder.frame(tx, 0, out, 0), encoder.segment(tx, 0, 0, out, 0), theirs([])]).toEqual([0, 0, []]);
    }
    fill(tx, 0, { pieces: [[5, 10 | (2 << TX_REGION_SHIFT)]] });
    for (const lent of [[], [null, null, null], [null, null, new Uint8Array(14)]]) {
      for (const [region, memory] of lent.entries()) encoder.lend(region, memory);
      expect(theirs(lent)).toEqual([]);
      expect(() => encoder.frame(tx, 0, out, 0)).toThrow('outside of region 2');
    }
    encoder.lend(2, new Uint8Array(15));
    expect(theirs([null, null, new Uint8Array(15)])).toEqual([out.slice(0, encoder.frame(tx, 0, out, 0))]);
  });

  test('checksum: every kernel, any length and alignment', () => {
    for (const kernel of native.checksumKernels()) {
      fc.assert(
        fc.property(some(3000), fc.integer({ min: 0, max: 7 }), (data, skip) => {
          const bytes = data.subarray(Math.min(skip, data.length));
          expect(native.checksum(kernel, bytes)).toBe(checksum(bytes, 0, bytes.length));
        }),
      );
    }
  });

  test('flow hash and flow table', () => {
    fc.assert(
      fc.property(int32, int32, fc.array(int32, { maxLength: 12 }), (k0, k1, words) => {
        expect(native.halfSipHash(k0, k1, Int32Array.from(words))).toBe(
          halfSipHash(k0, k1, Int32Array.from(words), 0, words.length),
        );
      }),
    );
    const n = 300;
    const r = regions(n);
    for (let row = 0; row < n; row++) {
      setRow(
        r,
        row,
        row % 2 ? '10.0.0.1' : 'fd00::1',
        80,
        row % 2 ? `10.1.${row >> 8}.${row & 255}` : `fd00::${row.toString(16)}`,
        row,
      );
    }
    for (let row = 0; row < n; row++) {
      if (row % 5 !== 4) r.table.insert(row);
      // At each step, also in the middle of a migration, both find the same.
      for (const probe of [row, row >> 1, (row * 7) % n]) {
        const key = r.rows.slice(probe * ROW_WORDS, probe * ROW_WORDS + KEY_WORDS);
        expect(native.flowLookup(r.flows, r.rows, key)).toBe(r.table.find(key));
      }
    }
  });
});
