// The TypeScript codec in wire/ and the C++ one in native/core read and write the same bytes, word for word.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTERS, HOP_WORDS, KIND_RAW, ROW_WORDS, RX_ROUTED, TX_REGION_SHIFT } from '../../src/wire/abi.ts';
import { checksum } from '../../src/wire/checksum.ts';
import { PARSED } from '../../src/wire/drop.ts';
import { FrameEncoder } from '../../src/wire/encode.ts';
import { inVlan } from '../../src/wire/ethernet.ts';
import { KEY_WORDS } from '../../src/wire/flow-key.ts';
import { halfSipHash } from '../../src/wire/halfsiphash.ts';
import { FrameParser } from '../../src/wire/parse.ts';
import { segmentCount } from '../../src/wire/segment.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from '../unit/wire/regions.ts';
import { frames, int32, some, u8, u16 } from './frames.ts';

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
        const routed = (ours[0]! >> 16) & RX_ROUTED ? ' by a source route' : '';
        const fate = drop === PARSED ? `kind ${ours[0]! & 0xff}${routed}` : reason;
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
      'kind 1 by a source route',
      'kind 5 by a source route',
      'kind 7 by a source route',
      'dropShort',
      'dropIpHeader',
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
        fc.record({
          tci: fc.oneof(fc.constantFrom(0, 0xe000), u16),
          vlan: fc.constantFrom(0, 0, 1, 4094),
          route: fc.constantFrom(0, 0, 3, 3, 3, 4),
          size: fc.oneof(
            fc.integer({ min: 1, max: 10 }).map((n) => 4 * n),
            fc.constantFrom(0, 3, 44, -4),
          ),
        }),
        descriptors,
        fc.uint8Array({ minLength: 4200, maxLength: 4200 }),
        ([local, remote], lport, rport, { tci, vlan, route, size }, { ts, ...rest }, data) => {
          r.arena.set(data);
          setRow(r, 1, local!, lport, remote!, rport);
          setHop(r, 2, MAC_B, tci);
          const tx = new Int32Array(64 * 16);
          r.hops.set(new Int32Array(data.slice(0, 4 * HOP_WORDS).buffer), 3 * HOP_WORDS);
          r.hops[3 * HOP_WORDS] = size;
          const used = fill(tx, 0, { ...rest, row: 1, hop: 2 | (route << 16), ...(ts === undefined ? {} : { ts }) });
          const encoder = new FrameEncoder(r, MAC_A, true, vlan);
          for (const [region, memory] of lent.entries()) encoder.lend(region, memory);
          const out = new Uint8Array(70000);
          const ours: Uint8Array[] = [];
          for (let i = 0; i < segmentCount(tx, 0); i++) {
            const length = encoder.segment(tx, 0, i, out, 0);
            if (length > 0) ours.push(out.slice(0, length));
          }
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
