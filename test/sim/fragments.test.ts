// A router on the way cuts every large segment into fragments: TCP does not notice (RFC 791 §3.2, RFC 8200 §4.5).
import { expect, test } from 'vitest';
import { SeededRng, type SimLink, World } from '../../src/sim.ts';
import { get16, put16, put32 } from '../../src/wire/bytes.ts';
import { writeChecksum } from '../../src/wire/checksum.ts';

let id = 0;

/** The frame of an IP packet as fragments of at most `most` bytes of payload. */
function cut(frame: Uint8Array, most: number): Uint8Array[] {
  const six = get16(frame, 12) === 0x86dd;
  const header = six ? 54 : 34;
  const total = (six ? 40 + get16(frame, 18) : get16(frame, 16)) + 14;
  const pieces: Uint8Array[] = [];
  id++;
  for (let from = header; from < total; from += most) {
    const to = Math.min(total, from + most);
    const more = to < total;
    const extra = six ? 8 : 0;
    const piece = new Uint8Array(header + extra + to - from);
    piece.set(frame.subarray(0, header));
    piece.set(frame.subarray(from, to), header + extra);
    if (six) {
      put16(piece, 18, 8 + to - from);
      piece[54] = frame[20]!;
      piece[20] = 44;
      put16(piece, 56, (from - header) | (more ? 1 : 0));
      put32(piece, 58, id);
    } else {
      put16(piece, 16, 20 + to - from);
      put16(piece, 18, id);
      put16(piece, 20, ((from - header) >>> 3) | (more ? 0x2000 : 0));
      writeChecksum(piece, 24, 14, 20);
    }
    pieces.push(piece);
  }
  return pieces;
}

/** From here on data frames arrive as fragments, in any order, some of them twice, and some not at all. */
function fragmenting(world: World, hosts: readonly SimLink[], seed: number, loss: number): void {
  const rng = new SeededRng(seed);
  const dice = (n: number): number => (rng.u32() >>> 0) % n;
  world.wire.hook = (frame, direction) => {
    if (frame.length < 600 || get16(frame, 12) === 0x0806) return 'pass';
    const pieces = cut(frame, 8 * (20 + dice(60)));
    pieces.sort(() => dice(3) - 1);
    for (const piece of pieces) {
      for (let copies = dice(10) === 0 ? 2 : 1; copies > 0; copies--) {
        if (dice(1000) >= loss) world.wire.inject(hosts[1 - direction]!, piece);
      }
    }
    return 'drop';
  };
}

test.each([
  ['10.0.0.2', 1, 0],
  ['fd00::2', 2, 0],
  ['10.0.0.2', 3, 2],
  ['fd00::2', 4, 2],
])(
  '200 kB each way to %s, seed %i, %i of 1000 fragments lost: every byte [RFC 815] [RFC 8200 §4.5]',
  async (host, seed, loss) => {
    const world = new World({ seed, impair: { delay: 1000 } });
    const a = world.host(['10.0.0.1/24', 'fd00::1/64'], { card: { offload: 'none' } });
    const b = world.host(['10.0.0.2/24', 'fd00::2/64'], { card: { offload: 'none' } });
    fragmenting(world, [world.card(a), world.card(b)], seed, loss);
    b.createServer((socket) => void socket.pipe(socket)).listen(80);
    const text = Buffer.alloc(200_000);
    for (let i = 0; i < text.length; i++) text[i] = i * 31;
    const got: Buffer[] = [];
    let ended = false;
    const socket = a.connect({ host, port: 80 });
    socket.on('data', (chunk: Buffer) => got.push(Buffer.from(chunk)));
    socket.on('end', () => {
      ended = true;
    });
    socket.end(text);
    await world.runUntil(() => ended, 600_000);
    expect(Buffer.concat(got).equals(text)).toBe(true);
    await world.close();
  },
);
