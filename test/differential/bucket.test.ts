// Stacks that share an address: the kernel's program, C++ and TypeScript say the same of every frame.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BERTHS,
  BUCKET_WORDS,
  BUCKETS,
  bucketInBerth,
  bucketOfFlow,
  bucketOfPort,
  COMMON_BUCKETS,
} from '../../src/wire/bucket.ts';
import { put16, put32 } from '../../src/wire/bytes.ts';
import { readFlowKey } from '../../src/wire/flow-key.ts';
import { runBpf } from './bpf.ts';

interface Addon {
  flowBucket(options: object, identity: Int32Array): number;
  portBucket(options: object, port: number): number;
  steeringProgram(options: object, positions: Uint8Array): Uint32Array;
  filterProgram(filter: object, part: '' | 'steered' | 'aside'): Uint32Array;
}

const path = fileURLToPath(new URL('../../build/Release/usertcp.node', import.meta.url));
const addon = existsSync(path) ? (createRequire(import.meta.url)(path) as Addon) : undefined;
if (addon === undefined) console.log(`skipped: ${path} is not built (npm run build)`);

const [TCP, UDP] = [6, 17];
const [FIRST, LAST] = [49152, 65535];
const ETHER = 14;
/** Ports that have berths, the first and the last one among them; 0 is none. */
const PORTS = Int32Array.from({ length: BERTHS }, (_, n) =>
  n === 0 || n === BERTHS - 1 || n % 3 === 1 ? 8000 + n : 0,
);
const steeringOf = (key0: number, key1: number) => ({ key0, key1, first: FIRST, last: LAST, ports: PORTS });

/** What the test decides about a frame; everything else in it is noise. */
interface Shape {
  readonly noise: Uint8Array;
  readonly six: boolean;
  readonly protocol: number;
  readonly header: number;
  readonly fragment: number;
  readonly port: number;
  readonly flags: number;
}

const shape = fc.record({
  noise: fc.uint8Array({ minLength: 100, maxLength: 100 }),
  six: fc.boolean(),
  protocol: fc.constantFrom(TCP, TCP, UDP, UDP, 1, 44, 58),
  header: fc.constantFrom(0x45, 0x45, 0x45, 0x46),
  fragment: fc.constantFrom(0, 0, 0x4000, 0x2000, 0x00b9),
  port: fc.oneof(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 8000, max: 8000 + BERTHS }), fc.constant(0)),
  flags: fc.constantFrom(0x02, 0x12, 0x10, 0xc2),
});

function frameOf({ noise, six, protocol, header, fragment, port, flags }: Shape): Uint8Array {
  const frame = Uint8Array.from(noise);
  put16(frame, 12, six ? 0x86dd : 0x0800);
  const l4 = ETHER + (six ? 40 : 20);
  if (six) {
    frame[ETHER] = 0x60;
    frame[ETHER + 6] = protocol;
    put32(frame, ETHER + 24, 0xfd000001); // ours
  } else {
    frame[ETHER] = header;
    put16(frame, ETHER + 6, fragment);
    frame[ETHER + 9] = protocol;
    put32(frame, ETHER + 16, 0x0a000002);
  }
  put16(frame, l4 + 2, port);
  frame[l4 + 13] = flags;
  return frame;
}

const isPlain = ({ six, protocol, header, fragment }: Shape): boolean =>
  (protocol === TCP || protocol === UDP) && (six || (header === 0x45 && (fragment & 0x3fff) === 0));

const key = fc.integer({ min: 0, max: 0xffffffff });

describe.skipIf(addon === undefined)('buckets', () => {
  const native = addon!;
  const table = Uint8Array.from({ length: BUCKETS }, (_, n) => (n * 7) % 61);

  function expected(s: Shape, frame: Uint8Array, key0: number, key1: number): number {
    const identity = new Int32Array(9);
    readFlowKey(frame, ETHER, ETHER + (s.six ? 40 : 20), identity);
    const alone = s.protocol === UDP && s.port >= FIRST && s.port <= LAST;
    const common = alone ? bucketOfPort(key0, key1, s.port) : bucketOfFlow(key0, key1, identity, 0);
    const berth = s.protocol === TCP && s.port !== 0 ? PORTS.indexOf(s.port) : -1;
    const bucket = berth < 0 ? common : bucketInBerth(berth, common);
    const steering = { steering: steeringOf(key0, key1) };
    if (alone) expect(native.portBucket(steering, s.port)).toBe(bucket);
    if (s.protocol === TCP) expect(native.flowBucket(steering, identity)).toBe(bucket);
    return bucket;
  }

  test('the kernel, C++ and TypeScript find the same bucket, and its position', () => {
    fc.assert(
      fc.property(shape, key, key, (s, key0, key1) => {
        const frame = frameOf(s);
        const program = native.steeringProgram({ steering: steeringOf(key0, key1) }, table);
        const position = runBpf(program, frame.subarray(ETHER), s.six ? 0x86dd : 0x0800);
        expect(position).toBe(isPlain(s) ? table[expected(s, frame, key0, key1)] : 0);
      }),
      { numRuns: 500 },
    );
  });

  test('a frame is either steered or seen aside, unless its bucket was kept', () => {
    const addresses = Int32Array.of(0, 0, 0xffff, 0x0a000002);
    fc.assert(
      fc.property(shape, key, key, fc.infiniteStream(fc.boolean()), fc.boolean(), (s, key0, key1, dice, keptSyns) => {
        const frame = frameOf({ ...s, six: false });
        const plain = isPlain({ ...s, six: false });
        const kept = new Int32Array(BUCKET_WORDS);
        for (let n = 0; n < BUCKETS; n++) if (dice.next().value) kept[n >>> 5]! |= 1 << (n & 31);
        const filter = { addresses, kept, keptSyns, steering: steeringOf(key0, key1) };
        expect(runBpf(native.filterProgram(filter, 'steered'), frame) !== 0).toBe(plain);
        const bare = { ...filter, kept: new Int32Array(BUCKET_WORDS) };
        expect(runBpf(native.filterProgram(bare, 'aside'), frame) !== 0).toBe(!plain);
        const bucket = plain ? expected({ ...s, six: false }, frame, key0, key1) : 0;
        const held = ((kept[bucket >>> 5]! >>> (bucket & 31)) & 1) !== 0;
        const alone = s.protocol === UDP && s.port >= FIRST && s.port <= LAST;
        const opens = s.protocol === TCP && (s.flags & 0x12) === 0x02;
        const comes = held && (s.protocol === TCP ? keptSyns || !opens : alone);
        expect(runBpf(native.filterProgram(filter, 'aside'), frame) !== 0).toBe(!plain || comes);
      }),
      { numRuns: 300 },
    );
  });

  test('the longest programs fit: BPF_MAXINSNS of the kernel', () => {
    const ports = Int32Array.from({ length: BERTHS }, (_, n) => n + 1);
    const steering = { ...steeringOf(1, 2), ports };
    const worst = Uint8Array.from({ length: BUCKETS }, (_, n) => (n * 7) % 61);
    expect(native.steeringProgram({ steering }, worst).length / 2).toBeLessThan(4096);
    const kept = Int32Array.from({ length: BUCKET_WORDS }, (_, n) => n + 1);
    const addresses = Int32Array.from({ length: 8 * 4 }, (_, n) => n);
    expect(native.filterProgram({ addresses, kept, steering }, 'aside').length / 2).toBeLessThan(2048);
  });

  test('flows of one client spread evenly', () => {
    const counts = new Int32Array(COMMON_BUCKETS);
    const identity = Int32Array.of(0, 0, 0, 0xffff, 0x0a000002, 0, 0, 0xffff, 0x0a000001);
    for (let port = 1024; port < 65536; port++) {
      identity[0] = (80 << 16) | port;
      counts[bucketOfFlow(0x12345678, 0x9abcdef0 | 0, identity, 0)]!++;
    }
    const mean = (65536 - 1024) / COMMON_BUCKETS;
    for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });
});
