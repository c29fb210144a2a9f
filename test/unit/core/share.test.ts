// Which flows are ours where other stacks have the address, too. The segments are frames that the parser read.
import { describe, expect, test } from 'vitest';
import { arrival } from '../../../src/core/arrival.ts';
import { leftBehind } from '../../../src/core/left-behind.ts';
import { PORT_WORDS } from '../../../src/core/share.ts';
import { Udp } from '../../../src/core/udp/udp.ts';
import { ACK, DESC_WORDS, RST, RX_ROW, SYN } from '../../../src/wire/abi.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';
import { addBucket, BUCKET_WORDS, bucketOfPort, hasBucket } from '../../../src/wire/bucket.ts';
import { put16, put32 } from '../../../src/wire/bytes.ts';
import { pseudo, writeChecksum } from '../../../src/wire/checksum.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { writeIpv4 } from '../../../src/wire/ip.ts';
import { FrameParser } from '../../../src/wire/parse.ts';
import { type Bench, bench } from './tcp/bench.ts';

const KEY = [0x12345678, 0x0badcafe] as const;
const [FIRST, LAST] = [49152, 65535];
const US = parseAddress('10.0.0.1');

/** 10.0.0.1 is shared, and nothing of it is ours yet. */
function setup(): Bench {
  const b = bench();
  b.t.ip.addAddress(US, 120, 0);
  b.t.share.begin(KEY[0], KEY[1], FIRST, LAST);
  return b;
}

const identity = (from: string, rport: number, port: number): Int32Array =>
  Int32Array.of((port << 16) | rport, ...US, ...parseAddress(from));

function own(b: Bench, from: string, port: number, set = b.t.share.owned): void {
  addBucket(set, b.t.share.bucketOf(identity(from, 40_000, port), 0));
}

/** A segment from port 40000; the RSTs that it drew. */
function arrive(b: Bench, flags: number, from: string, port = 80): number {
  const memory = new Uint8Array(54);
  memory[12] = 8;
  writeIpv4(memory, 14, 0, 40, 0, 6, parseAddress(from)[3]!, US[3]!);
  put16(memory, 34, 40_000);
  put16(memory, 36, port);
  put32(memory, 38, 5000);
  put32(memory, 42, 1000);
  memory[46] = 0x50;
  memory[47] = flags;
  put16(memory, 48, 999);
  writeChecksum(memory, 50, 34, 20, pseudo(memory, 14, 6, 20));
  const rx = new Int32Array(DESC_WORDS);
  expect(new FrameParser().parse(memory, 0, 54, rx, 0, false)).toBe(PARSED);
  rx[RX_ROW] = -1;
  arrival(b.t, b.t.cursor(), 0, rx, 0, memory);
  return b.take().filter((segment) => segment.flags & RST).length;
}

describe('a segment that nobody here knows', () => {
  test('is refused by the owner of its bucket only', () => {
    const b = setup();
    expect([arrive(b, SYN, '10.0.0.3', 81), arrive(b, ACK, '10.0.0.3', 81)]).toEqual([0, 0]);
    expect(b.t.counters.elsewhere).toBe(2);
    own(b, '10.0.0.3', 81);
    expect([arrive(b, SYN, '10.0.0.3', 81), arrive(b, ACK, '10.0.0.3', 81)]).toEqual([1, 1]);
    expect(b.t.counters.elsewhere).toBe(2);
  });

  test('may be known to another stack: then only a SYN is refused', () => {
    const b = setup();
    own(b, '10.0.0.3', 81);
    b.t.share.agreement = { ...b.t.share.agreement, isKept: () => true };
    expect([arrive(b, ACK, '10.0.0.3', 81), arrive(b, SYN, '10.0.0.3', 81)]).toEqual([0, 1]);
  });

  test('is not ours any more as soon as the kernel gives its bucket to another stack; a SYN that it gave us before is', () => {
    const b = setup();
    own(b, '10.0.0.3', 81);
    b.t.share.agreement = { ...b.t.share.agreement, isOurs: () => false };
    expect([arrive(b, ACK, '10.0.0.3', 81), arrive(b, SYN, '10.0.0.3', 81)]).toEqual([0, 1]);
    expect(b.t.counters.elsewhere).toBe(1);
  });

  test('is a SYN to a port that others serve: it is theirs, and comes again, unless we listen there', () => {
    const b = setup();
    own(b, '10.0.0.3', 81);
    const served: number[] = [];
    b.t.share.agreement = { ...b.t.share.agreement, isServed: (port) => served.push(port) > 0 };
    expect([arrive(b, SYN, '10.0.0.3', 81), arrive(b, ACK, '10.0.0.3', 81)]).toEqual([0, 1]);
    expect(served).toEqual([81]);
  });

  test('is the ACK of an opening that another stack was faster with: it is not refused', () => {
    const b = setup();
    const row = b.t.rows.scratch();
    b.t.listeners.add(row, 81);
    own(b, '10.0.0.3', 81);
    expect(b.t.share.mayRefuse(identity('10.0.0.3', 40_000, 81), 0)).toBe(true);
    b.t.share.agreement = { ...b.t.share.agreement, isOurs: () => false };
    expect(b.t.share.mayRefuse(identity('10.0.0.3', 40_000, 81), 0)).toBe(false);
  });
});

test('a connection that is here stays, whoever has its bucket, and is told of', () => {
  const b = setup(); // 80 → 10.0.0.2:40000
  arrive(b, ACK, '10.0.0.2');
  expect(b.tcb.sndWnd).toBe(999);
  const udp = new Udp(b.t, { u32: () => 0 }, [FIRST, LAST]);
  const buckets = new Int32Array(BUCKET_WORDS);
  const ports = new Int32Array(PORT_WORDS);
  leftBehind(b.t, udp, buckets, ports);
  expect(hasBucket(buckets, b.t.share.bucketOf(identity('10.0.0.2', 40_000, 80), 0))).toBe(true);
  expect([hasBucket(ports, 80), hasBucket(ports, 81)]).toEqual([true, false]);
  own(b, '10.0.0.2', 80);
  buckets.fill(0);
  leftBehind(b.t, udp, buckets, ports);
  expect(buckets.every((word) => word === 0)).toBe(true);
});

test('a port is chosen only when its answers come back here, and no connection of another stack has it', () => {
  const b = setup();
  const probe = b.t.portUse.about(b.tcb);
  expect([probe.inUse(50_000), b.t.portUse.about(b.tcb, true).inUse(50_000)]).toEqual([true, false]);
  own(b, '10.0.0.2', 50_000);
  expect(b.t.portUse.about(b.tcb).inUse(50_000)).toBe(false);
  addBucket(b.t.share.avoided, 50_000);
  expect(b.t.portUse.about(b.tcb).inUse(50_000)).toBe(true);
});

test('a UDP port that is chosen is hashed without its peer', () => {
  const b = setup();
  const udp = new Udp(b.t, { u32: () => 0 }, [FIRST, LAST]);
  expect(typeof udp.bind(new Int32Array(4), 0)).toBe('number');
  addBucket(b.t.share.owned, bucketOfPort(KEY[0], KEY[1], 51_234));
  const socket = udp.bind(new Int32Array(4), 0);
  if (typeof socket === 'number') throw new Error('no port');
  expect(hasBucket(b.t.share.owned, bucketOfPort(KEY[0], KEY[1], socket.port))).toBe(true);
});
