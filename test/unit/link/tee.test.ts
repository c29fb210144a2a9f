import { expect, test } from 'vitest';
import type { CapturedPacket } from '../../../src/capture/capture-reader.ts';
import { readCapture } from '../../../src/capture/capture-reader.ts';
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import { SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import type { TeeOptions } from '../../../src/link/tee.ts';
import { Tee } from '../../../src/link/tee.ts';
import { RX_LEN, RX_SEQ } from '../../../src/wire/abi.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { FrameParser } from '../../../src/wire/parse.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from '../wire/regions.ts';

/** A plain link a and a merging link b behind a tee; what b gets, it answers with one segment. */
function setup(options: TeeOptions = {}) {
  const clock = new VirtualClock();
  const wire = new SimWire({ clock, impair: { delay: 1000 } });
  const a = new SimLink(wire, { mac: MAC_A });
  const chunks: number[] = [];
  const inner = new SimLink(wire, { mac: MAC_B, merge: true, name: 'b' });
  const tee = new Tee(inner, new PcapngWriter((c) => chunks.push(...c)), clock, options);
  const ra = regions();
  const rb = regions();
  setRow(ra, 0, 'fd00::1', 1, 'fd00::2', 2);
  setRow(rb, 0, 'fd00::2', 2, 'fd00::1', 1);
  rb.table.insert(0);
  setHop(ra, 0, MAC_B);
  setHop(rb, 0, MAC_A);
  for (let i = 0; i < ra.arena.length; i++) ra.arena[i] = i * 31;
  a.attach(ra);
  tee.attach(rb);
  a.start(
    () => {},
    () => {},
  );
  tee.start(
    (n) => {
      expect(n).toBe(2); // a head and its pieces
      tee.commentRx(0, 'state ESTABLISHED');
      tee.commentRx(0, 'twice');
      tee.commentTx(0, 'answer');
      tee.flush(fill(tee.tx, 0, { seq: 900, pieces: [[0, 3000]], gso: 1000 }));
    },
    () => {},
  );
  const packets = (): CapturedPacket[] => [...readCapture(Uint8Array.from(chunks))];
  return { clock, a, inner, tee, ra, packets };
}

test('received and sent frames are written in the order of cause, with comments; what was merged is one frame', () => {
  const { clock, a, ra, packets } = setup({ epoch: 5e6 });
  a.flush(fill(a.tx, 0, { seq: 100, pieces: [[7, 5000]], gso: 1400, flags: 0x18, window: 77, ts: [1, 2] }));
  clock.run();
  const [got, answer, ...none] = packets();
  expect(none).toEqual([]);
  expect([got!.time, got!.comments, got!.interfaceName]).toEqual([5e6 + 1000, ['state ESTABLISHED\ntwice'], 'b']);
  expect(answer!.comments).toEqual(['answer']);
  const rx = new Int32Array(16);
  expect(new FrameParser().parse(got!.bytes, 0, got!.bytes.length, rx, 0, false)).toBe(PARSED); // checksums are right
  expect([rx[RX_SEQ], rx[RX_LEN]]).toEqual([100, 5000]);
  expect(got!.bytes.slice(-5000)).toEqual(ra.arena.slice(7, 5007));
  expect(answer!.bytes.length).toBe(14 + 40 + 20 + 3000);
});

test('a link that has got another MAC sends from it in the file, too', () => {
  const { inner, tee, packets } = setup();
  Object.assign(inner, { mac: Uint8Array.of(2, 0, 0, 0, 0, 9) });
  tee.flush(fill(tee.tx, 0, { seq: 900, pieces: [[0, 100]] }));
  expect([...packets()[0]!.bytes.slice(6, 12)]).toEqual([2, 0, 0, 0, 0, 9]);
});

test('super-segments cut, frames snapped', () => {
  const { clock, a, packets } = setup({ cut: true, snaplen: 100 });
  a.flush(fill(a.tx, 0, { seq: 100, pieces: [[0, 2000]], gso: 1000 }));
  clock.run();
  expect(packets().map((p) => [p.bytes.length, p.originalLength, p.comments.length])).toEqual([
    [100, 2074, 1],
    [100, 1074, 1],
    [100, 1074, 0],
    [100, 1074, 0],
  ]);
});

test('everything else is the inner link', () => {
  const { tee } = setup();
  expect([tee.name, tee.kind, tee.mtu, tee.mac, tee.offload.maxPacket]).toEqual(['b', 'ether', 1500, MAC_B, 65535]);
});
