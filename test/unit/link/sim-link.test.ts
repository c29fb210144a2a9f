import { describe, expect, test } from 'vitest';
import type { SimLinkOptions } from '../../../src/link/sim.ts';
import { ScriptPort, SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import type { CounterName } from '../../../src/wire/abi.ts';
import {
  COUNTERS,
  DESC_WORDS,
  KIND_RAW,
  KIND_TCP,
  RX_FLAGS,
  RX_GSO,
  RX_KIND,
  RX_LEN,
  RX_OFF,
  RX_ROW,
  RX_SEQ,
  RX_TOTAL,
  TX_KIND,
  TX_LEN,
  TX_REGION_SHIFT,
} from '../../../src/wire/abi.ts';
import { gather, pieceDescriptors } from '../../../src/wire/pieces.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from '../wire/regions.ts';

interface Got {
  readonly row: number;
  readonly seq: number;
  readonly flags: number;
  readonly gso: number;
  readonly text: Uint8Array;
}

/** Two links on a wire: a sends row 0, for b this is row 3. */
function pair(options: SimLinkOptions = {}, impair = {}) {
  const clock = new VirtualClock();
  const wire = new SimWire({ clock, seed: 7, impair });
  const a = new SimLink(wire, { mac: MAC_A, ...options });
  const b = new SimLink(wire, { mac: MAC_B, ...options });
  const ra = regions();
  const rb = regions();
  setRow(ra, 0, '10.0.0.1', 1000, '10.0.0.2', 80);
  setRow(rb, 3, '10.0.0.2', 80, '10.0.0.1', 1000);
  rb.table.insert(3);
  setHop(ra, 0, MAC_B);
  a.attach(ra);
  b.attach(rb);
  for (let i = 0; i < ra.arena.length; i++) ra.arena[i] = i * 7 + (i >> 8);
  const bursts: Got[][] = [];
  a.start(
    () => {},
    () => {},
  );
  b.start(
    (n) => {
      const burst: Got[] = [];
      for (let i = 0; i < n; i += 1 + pieceDescriptors(b.rx, i * DESC_WORDS)) {
        const at = i * DESC_WORDS;
        const text = new Uint8Array(b.rx[at + RX_TOTAL]!);
        gather(b.rx, at, b.rxMemory, 0, text.length, text, 0);
        burst.push({
          row: b.rx[at + RX_ROW]!,
          seq: b.rx[at + RX_SEQ]!,
          flags: b.rx[at + RX_FLAGS]!,
          gso: b.rx[at + RX_GSO]!,
          text,
        });
      }
      bursts.push(burst);
    },
    () => {},
  );
  return { clock, wire, a, b, ra, rb, bursts };
}

const count = (link: SimLink, name: CounterName): number => link.counters[COUNTERS.indexOf(name)]!;

describe('a super-segment', () => {
  let p: ReturnType<typeof pair>;
  const send = (): void =>
    p.a.flush(
      fill(p.a.tx, 0, {
        seq: 100,
        pieces: [
          [5, 3000],
          [9000, 2000],
        ],
        gso: 1448,
        flags: 0x18,
      }),
    );
  const expected = (): Uint8Array =>
    Uint8Array.from([...p.ra.arena.subarray(5, 3005), ...p.ra.arena.subarray(9000, 11000)]);

  test('is cut into segments that arrive in one burst', () => {
    p = pair();
    send();
    p.clock.run();
    expect(p.bursts.length).toBe(1);
    expect(p.bursts[0]!.map((g) => [g.row, g.seq, g.flags & 0xff, g.text.length])).toEqual([
      [3, 100, 0x10, 1448],
      [3, 1548, 0x10, 1448],
      [3, 2996, 0x10, 1448],
      [3, 4444, 0x18, 656],
    ]);
    expect(Uint8Array.from(p.bursts[0]!.flatMap((g) => [...g.text]))).toEqual(expected());
    expect([count(p.a, 'txFrames'), count(p.b, 'rxFrames'), count(p.b, 'rxBatches')]).toEqual([4, 4, 1]);
  });

  test('is carried uncut when the link can, and says of how many segments it consists', () => {
    p = pair({ offload: 'super' });
    send();
    p.clock.run();
    expect(p.bursts[0]).toEqual([{ row: 3, seq: 100, flags: 0x18, gso: 1448 | (4 << 16), text: expected() }]);
  });

  test('comes together again on a link that merges', () => {
    p = pair({ merge: true });
    send();
    p.clock.run();
    expect(p.bursts[0]).toEqual([{ row: 3, seq: 100, flags: 0x18, gso: 1448 | (4 << 16), text: expected() }]);
    expect(count(p.b, 'rxMerged')).toBe(3);
  });

  test('of many segments takes more than one PIECE descriptor', () => {
    p = pair({ merge: true });
    p.a.flush(fill(p.a.tx, 0, { seq: 1, pieces: [[0, 28500]], gso: 1000 }));
    p.clock.run();
    expect(p.bursts[0]!.length).toBe(1);
    expect(p.bursts[0]![0]!.text).toEqual(p.ra.arena.slice(0, 28500));
  });
});

test('pieces of a lent region are sent from where they are, until it is taken back', () => {
  const p = pair();
  const lent = Uint8Array.from({ length: 3000 }, (_, i) => i * 11);
  p.a.lend(9, lent);
  const send = (): void => {
    p.a.flush(
      fill(p.a.tx, 0, {
        pieces: [
          [0, 10],
          [5, 2000 | (9 << TX_REGION_SHIFT)],
        ],
        gso: 1000,
      }),
    );
  };
  send();
  p.clock.run();
  const text = Uint8Array.from(p.bursts[0]!.flatMap((g) => [...g.text]));
  expect(text).toEqual(Uint8Array.from([...p.ra.arena.subarray(0, 10), ...lent.subarray(5, 2005)]));
  p.a.lend(9, null);
  expect(send).toThrow('piece of 2000 bytes at 5 is outside of region 9');
});

describe('impairments', () => {
  const burst = (p: ReturnType<typeof pair>, n: number): void => {
    for (let i = 0; i < n; i++) p.a.flush(fill(p.a.tx, 0, { seq: i, pieces: [[0, 1000]] }));
  };
  const seqs = (p: ReturnType<typeof pair>): number[] => p.bursts.flat().map((g) => g.seq);

  test('loss is as frequent as told, and the same for the same seed', () => {
    const runs = [0, 1].map(() => {
      const p = pair({}, { loss: 0.2 });
      burst(p, 500);
      p.clock.run();
      return seqs(p);
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]!.length).toBeGreaterThan(350);
    expect(runs[0]!.length).toBeLessThan(450);
  });

  test('rate serialises and the queue drops its tail', () => {
    const p = pair({}, { rate: 8e6, queuePackets: 4, delay: 10_000 }); // 1 µs a byte
    burst(p, 10);
    p.clock.run();
    expect(seqs(p)).toEqual([0, 1, 2, 3, 4]); // one on the line and four waiting
    expect(p.clock.now()).toBe(10_000 + 5 * 1054);
    expect(p.wire.stats(p.a).fates.queueFull).toBe(5);
  });

  test('a reordered frame is overtaken; jitter alone keeps the order', () => {
    const p = pair({}, { jitter: 500 });
    burst(p, 100);
    p.clock.run();
    expect(seqs(p)).toEqual([...Array(100).keys()]);
    const q = pair({}, { reorder: 0.1, reorderBy: 300, rate: 8e7 });
    burst(q, 100);
    q.clock.run();
    expect(seqs(q)).not.toEqual([...Array(100).keys()]);
    expect([...seqs(q)].sort((x, y) => x - y)).toEqual([...Array(100).keys()]);
  });

  test('a corrupted frame is counted where it was found out, never delivered', () => {
    const p = pair({}, { corrupt: 1 });
    burst(p, 300);
    p.clock.run();
    expect(seqs(p).length).toBeLessThan(60); // a bit of the MAC's source or of the priority is nobody's business
    expect(count(p.b, 'dropTcpChecksum')).toBeGreaterThan(200);
  });

  test('duplicates, MTU, blackhole and a pulled plug', () => {
    const p = pair({}, { duplicate: 1 });
    burst(p, 2);
    p.clock.run();
    expect(seqs(p)).toEqual([0, 0, 1, 1]);
    p.wire.impair({ duplicate: 0, mtu: 1000 });
    burst(p, 1);
    p.wire.impair({ mtu: 1500 });
    p.wire.blackhole(true, p.a);
    burst(p, 1);
    p.wire.blackhole(false);
    p.wire.setUp(p.b, false);
    burst(p, 1);
    p.clock.run();
    expect(seqs(p).length).toBe(4);
    const { fates } = p.wire.stats(p.a);
    expect([fates.tooBig, fates.blackhole, fates.passed]).toEqual([1, 1, 3]);
  });
});

test('a hook drops, delays, replaces; a listener sees each frame and its fate', () => {
  const p = pair();
  const fates: string[] = [];
  p.wire.onFrame((frame, direction, time, fate) => fates.push(`${direction} ${time} ${frame.length} ${fate}`));
  p.wire.hook = (_frame, direction, time) => (direction === 0 && time === 0 ? 'drop' : { delay: 5 });
  p.a.flush(fill(p.a.tx, 0, { seq: 1 }));
  p.clock.run(10);
  p.a.flush(fill(p.a.tx, 0, { seq: 2 }));
  p.clock.run();
  expect(p.bursts.flat().map((g) => g.seq)).toEqual([2]);
  expect(p.clock.now()).toBe(15);
  expect(fates).toEqual(['0 0 54 hook', '0 10 54 passed']);
});

test('a script port is the other end: bytes in, bytes out; a link takes only what is addressed to it', () => {
  const clock = new VirtualClock();
  const wire = new SimWire({ clock });
  const link = new SimLink(wire, { mac: MAC_A });
  const port = new ScriptPort(wire, { mac: MAC_B });
  const r = regions();
  setRow(r, 0, 'fd00::1', 7, 'fd00::2', 8);
  setHop(r, 0, MAC_B);
  link.attach(r);
  const kinds: number[] = [];
  link.start(
    (n) => kinds.push(n, link.rx[RX_KIND]!),
    () => {},
  );
  link.flush(fill(link.tx, 0, { seq: 5 }));
  clock.run();
  const frame = port.received[0]!.bytes;
  expect(frame.length).toBe(74);
  port.send(frame); // still addressed to the port
  clock.run();
  expect(count(link, 'dropNotOurs')).toBe(1);
  frame.copyWithin(0, 6, 12);
  wire.inject(link, frame);
  clock.run();
  expect(kinds).toEqual([1, KIND_TCP]);
  r.arena.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], 64);
  link.tx.fill(0, 0, DESC_WORDS);
  link.tx[TX_KIND] = KIND_RAW;
  link.tx[5] = 64;
  link.tx[TX_LEN] = 14;
  link.flush(1);
  clock.run();
  expect(port.received[1]!.bytes).toEqual(r.arena.slice(64, 78));
});

test('memory of a burst is overwritten when it was handled, and too many bytes do not fit the ring', () => {
  const p = pair({ ringBytes: 4096 });
  let first = -1;
  p.b.start(
    () => {
      first = p.b.rx[RX_OFF]!;
      expect(p.b.rx[RX_LEN]).toBe(1000);
    },
    () => {},
  );
  for (let i = 0; i < 10; i++) p.a.flush(fill(p.a.tx, 0, { seq: i, pieces: [[0, 1000]] }));
  p.clock.run();
  expect(p.b.rxMemory[first]).toBe(0xdb);
  expect(count(p.b, 'rxRingDrops')).toBe(7);
});

test('memory of a burst may be kept until the microtasks of its callback are over, as with a ring of the kernel', async () => {
  const p = pair({ poison: 'later' });
  let first = -1;
  p.b.start(
    () => {
      first = p.b.rx[RX_OFF]!;
    },
    () => {},
  );
  p.a.flush(fill(p.a.tx, 0, { seq: 1, pieces: [[0, 1000]] }));
  p.clock.run();
  expect(p.b.rxMemory[first]).not.toBe(0xdb);
  await Promise.resolve();
  expect(p.b.rxMemory[first]).toBe(0xdb);
});

test('a descriptor without a next hop is an error that is counted, and nothing is sent', () => {
  const p = pair();
  for (const hop of [-1, 4]) p.a.flush(fill(p.a.tx, 0, { pieces: [[0, 3000]], gso: 1448, hop }));
  p.clock.run();
  expect(count(p.a, 'txErrors')).toBeGreaterThanOrEqual(2);
  expect([count(p.a, 'txFrames'), count(p.b, 'rxFrames')]).toEqual([0, 0]);
});

describe('802.1Q', () => {
  test.each(['cut', 'super'] as const)('a link of a VLAN tags and takes what has its tag (offload %s)', (offload) => {
    const p = pair({ vlan: 10, offload });
    const other = new SimLink(p.wire, { mac: MAC_B, vlan: 20 });
    const untagged = new SimLink(p.wire, { mac: MAC_B });
    for (const link of [other, untagged]) {
      link.attach(regions());
      link.start(
        () => expect.unreachable('a frame of another VLAN'),
        () => {},
      );
    }
    const tags: number[][] = [];
    p.wire.onFrame((frame) => tags.push([...frame.subarray(12, 18)]));
    p.a.flush(fill(p.a.tx, 0, { pieces: [[0, 2 * 1448]], gso: 1448 }));
    p.clock.run();
    const frames = offload === 'cut' ? 2 : 1;
    expect(tags).toEqual(Array(frames).fill([0x81, 0, 0, 10, 8, 0]));
    expect(Uint8Array.from(p.bursts.flat().flatMap((g) => [...g.text]))).toEqual(p.ra.arena.slice(0, 2 * 1448));
    expect([count(other, 'dropVlan'), count(untagged, 'dropVlan')]).toEqual([frames, frames]);
    expect(count(p.b, 'dropVlan')).toBe(0);
  });

  /** Sends a whole ARP frame with these tags; what is on the wire behind the MACs. */
  function raw(p: ReturnType<typeof pair>, ...tags: number[]): number[] {
    const frame = [...MAC_B, ...MAC_A, ...tags, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...Array<number>(20).fill(0)];
    p.ra.arena.set(frame, 0);
    p.a.tx.fill(0, 0, DESC_WORDS);
    p.a.tx[TX_KIND] = KIND_RAW;
    p.a.tx[TX_LEN] = frame.length;
    let sent: number[] = [];
    p.wire.onFrame((bytes) => {
      sent = [...bytes.subarray(12, 12 + bytes.length - 12 - 28)];
    });
    p.a.flush(1);
    p.clock.run();
    return sent;
  }

  test('a whole frame gets the tag unless it names a VLAN', () => {
    const p = pair({ vlan: 10 });
    expect(raw(p)).toEqual([0x81, 0, 0, 10, 8, 6]);
    expect(raw(p, 0x81, 0, 0, 10)).toEqual([0x81, 0, 0, 10, 8, 6]);
    expect(raw(p, 0x81, 0, 0xe0, 0)).toEqual([0x81, 0, 0, 10, 0x81, 0, 0xe0, 0, 8, 6]);
    expect(p.bursts.flat().length).toBe(3);
    expect(raw(p, 0x81, 0, 0, 20)).toEqual([0x81, 0, 0, 20, 8, 6]);
    expect(p.bursts.flat().length).toBe(3);
    expect(count(p.b, 'dropVlan')).toBe(1);
  });

  test('a priority tag is no VLAN; one within another, and a service tag, are not ours', () => {
    const p = pair();
    raw(p, 0x81, 0, 0xe0, 0);
    expect(p.bursts.flat().length).toBe(1);
    for (const tags of [
      [0x81, 0, 0, 10],
      [0x81, 0, 0, 0, 0x81, 0, 0, 10],
      [0x88, 0xa8, 0, 10],
    ])
      raw(p, ...tags);
    expect(p.bursts.flat().length).toBe(1);
    const q = pair({ vlan: 10 });
    for (const tags of [
      [0x81, 0, 0, 10, 0x81, 0, 0, 20],
      [0x88, 0xa8, 0, 10],
    ])
      raw(q, ...tags);
    expect(q.bursts.flat().length).toBe(0);
    expect([count(p.b, 'dropVlan'), count(q.b, 'dropVlan')]).toEqual([3, 2]);
  });

  test.each([-1, 4095, 1.5])('%s is no VLAN', (vlan) => {
    expect(() => pair({ vlan })).toThrow('vlan is one of 1 to 4094, or 0 for untagged frames');
  });
});
