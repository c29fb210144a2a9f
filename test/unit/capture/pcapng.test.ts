import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureError } from '../../../src/capture/capture-error.ts';
import { readCapture } from '../../../src/capture/capture-reader.ts';
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import { exchange } from './conversation.ts';

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

/** A file with two interfaces, one in microseconds. */
function sample(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk));
  const nano = writer.addInterface({ name: 'eth0', snaplen: 200 });
  const micro = writer.addInterface({ name: 'eth1', resolution: 'us' });
  for (const [i, frame] of exchange(2).entries()) {
    const comment = i === 1 ? { comment: 'LISTEN → SYN_RECEIVED' } : {};
    writer.packet(i % 2 === 0 ? nano : micro, 1_700_000_000_000_000 + i * 1000.5, frame, {
      ...comment,
      direction: i % 2 === 0 ? 'out' : 'in',
    });
  }
  return concat(chunks);
}

function hasTshark(): boolean {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('what was written is read: bytes, times, lengths, names, comments', () => {
  const packets = [...readCapture(sample())];
  const frames = exchange(2);
  expect(packets.length).toBe(frames.length);
  for (const [i, packet] of packets.entries()) {
    const kept = i % 2 === 0 ? 200 : 100000;
    expect(packet.bytes).toEqual(frames[i]!.slice(0, kept));
    expect(packet.originalLength).toBe(frames[i]!.length);
    expect(packet.time).toBeCloseTo(1_700_000_000_000_000 + (i % 2 === 0 ? i * 1000.5 : Math.floor(i * 1000.5)), 0);
    expect([packet.linkType, packet.interfaceName]).toEqual([1, i % 2 === 0 ? 'eth0' : 'eth1']);
  }
  expect(packets[1]!.comments).toEqual(['LISTEN → SYN_RECEIVED']);
});

test('any packet and comment survive the round trip', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.integer({ min: 0, max: 2 ** 51 }),
      (bytes, comment, time) => {
        const chunks: Uint8Array[] = [];
        const writer = new PcapngWriter((chunk) => chunks.push(chunk));
        writer.packet(writer.addInterface(), time, bytes, { comment });
        const [packet] = [...readCapture(concat(chunks))];
        expect([packet!.bytes, packet!.comments, packet!.time]).toEqual([bytes, [comment], time]);
      },
    ),
  );
});

test('classic pcap, both byte orders, both resolutions', () => {
  for (const little of [true, false]) {
    for (const [magic, unit] of [
      [0xa1b2c3d4, 1],
      [0xa1b23c4d, 1000],
    ] as const) {
      const file = new Uint8Array(24 + 16 + 5);
      const view = new DataView(file.buffer);
      view.setUint32(0, magic, little);
      view.setUint32(20, 101, little);
      view.setUint32(24, 10, little);
      view.setUint32(28, 250 * unit, little);
      view.setUint32(32, 5, little);
      view.setUint32(36, 60, little);
      file.set([1, 2, 3, 4, 5], 40);
      const [packet] = [...readCapture(file)];
      expect([packet!.linkType, packet!.time, [...packet!.bytes], packet!.originalLength]).toEqual([
        101,
        10_000_250,
        [1, 2, 3, 4, 5],
        60,
      ]);
    }
  }
});

test('big-endian pcapng', () => {
  const file = new Uint8Array(28 + 20 + 36);
  const view = new DataView(file.buffer);
  const words = [
    0x0a0d0d0a,
    28,
    0x1a2b3c4d,
    0x00010000,
    -1,
    -1,
    28,
    1,
    20,
    101 << 16,
    0,
    20,
    6,
    36,
    0,
    0,
    7,
    4,
    9,
    0x45000000,
    36,
  ];
  for (const [i, word] of words.entries()) view.setInt32(4 * i, word);
  const [packet] = [...readCapture(file)];
  expect([packet!.linkType, packet!.time, packet!.bytes[0], packet!.originalLength]).toEqual([101, 7, 0x45, 9]);
});

test('a broken file says what and where; packets in front of it were read', () => {
  const whole = sample();
  const seen: number[] = [];
  const read = (): void => {
    for (const packet of readCapture(whole.subarray(0, whole.length - 10))) seen.push(packet.bytes.length);
  };
  expect(read).toThrow(/block at byte \d+ says it has \d+ bytes/);
  expect(seen.length).toBe(exchange(2).length - 1);
  expect(() => [...readCapture(new Uint8Array(40))]).toThrow(
    'neither pcapng nor pcap: the file starts with 0x00000000',
  );
  expect(() => [...readCapture(new Uint8Array(3))]).toThrow('not a capture: 3 bytes');
});

test('mutated files give packets or a CaptureError, nothing else', () => {
  const whole = sample();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      (changes, cut) => {
        const file = whole.slice(0, cut % 4 === 0 ? cut % whole.length : whole.length);
        for (const [where, value] of changes) file[where % Math.min(file.length || 1, 400)] = value;
        try {
          for (const packet of readCapture(file)) expect(packet.bytes.length).toBeLessThanOrEqual(file.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test.skipIf(!hasTshark())(
  'tshark reads the file: comments, names, checksums, analysis (skipped without tshark)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'usertcp-'));
    try {
      const path = join(dir, 'sample.pcapng');
      writeFileSync(path, sample());
      const out = execFileSync(
        'tshark',
        [
          '-r',
          path,
          '-o',
          'tcp.check_checksum:TRUE',
          '-o',
          'ip.check_checksum:TRUE',
          '-T',
          'fields',
          '-e',
          'frame.time_epoch',
          '-e',
          'frame.interface_name',
          '-e',
          'frame.comment',
          '-e',
          'tcp.checksum.status',
          '-e',
          'ip.checksum.status',
          '-e',
          '_ws.malformed',
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      const rows = out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
      expect(rows.length).toBe(exchange(2).length);
      expect(Number(rows[2]![0])).toBeCloseTo(1_700_000_000.002001, 5);
      expect(rows.map((row) => row[1])).toEqual(rows.map((_, i) => (i % 2 === 0 ? 'eth0' : 'eth1')));
      expect(rows[1]![2]).toBe('LISTEN → SYN_RECEIVED');
      for (const row of rows) {
        expect(['1', '2']).toContain(row[3]); // good, or not checkable because it was cut
        expect([row[4], row[5] ?? '']).toEqual(['1', '']);
      }
      expect(rows.filter((row) => row[3] === '1').length).toBeGreaterThanOrEqual(rows.length - 2);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);
