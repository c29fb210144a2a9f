// SEND's bytes against a plain array: what goes in comes out, in order, and every chunk goes back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena, LARGE_CHUNK } from '../../../../src/core/arena.ts';
import { LentRegions } from '../../../../src/core/lent-regions.ts';
import {
  advanceNew,
  dequeue,
  discard,
  enqueue,
  enqueueLent,
  seekNew,
  truncate,
} from '../../../../src/core/tcp/send-queue.ts';
import type { Link } from '../../../../src/ports.ts';
import { byteAt } from '../../../property/pair/end.ts';
import { type Tables, tables } from './bench-of-tables.ts';

function held({ t, tcb }: Tables): number[] {
  const found: number[] = [];
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
    const at = t.arena.offset(chunk);
    found.push(...t.arena.bytes.subarray(at + t.arena.start(chunk), at + t.arena.end(chunk)));
  }
  return found;
}

test('any writes and acknowledgments', () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 6000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const box = tables();
      const { t, tcb } = box;
      let model: number[] = [];
      let written = 0;
      for (const [write, n] of steps) {
        if (write) {
          const text = Uint8Array.from({ length: n + 3 }, (_, k) => byteAt(written + k - 3, 0));
          expect(enqueue(t.arena, tcb, text, 3, n)).toBe(n);
          model.push(...text.subarray(3));
          written += n;
        } else {
          const acked = Math.min(n, model.length);
          if (acked > 0) dequeue(t.arena, tcb, acked);
          model = model.slice(acked);
        }
        expect(tcb.sndQueued).toBe(model.length);
        expect(held(box)).toEqual(model);
      }
      seekNew(t.arena, tcb);
      if (model.length > 0) expect(t.arena.bytes[t.arena.offset(tcb.sndChunk) + tcb.sndOffset]).toBe(model[0]);
      discard(t.arena, tcb);
      expect([t.arena.used, tcb.sndQueued, tcb.sndHead, tcb.sndTail]).toEqual([0, 0, -1, -1]);
    }),
    { seed: 793 },
  );
});

test('a full arena takes what fits and says how much', () => {
  const { t, tcb } = tables(512 * 1024 + 4 * 65536);
  const text = new Uint8Array(1 << 20);
  const taken = enqueue(t.arena, tcb, text, 0, text.length);
  expect(taken).toBe(tcb.sndQueued);
  expect(taken).toBeGreaterThanOrEqual(3 * 65536);
  expect(taken).toBeLessThan(text.length);
  discard(t.arena, tcb);
  expect(t.arena.used).toBe(0);
});

/** `chunks` of 64 KiB, the last half full; the cursor `at` bytes in. */
function queued(chunks: number, at: number): Tables & { size: number } {
  const box = tables();
  const { t, tcb } = box;
  const size = (chunks - 0.5) * LARGE_CHUNK;
  const text = Uint8Array.from({ length: size }, (_, n) => byteAt(n, 0));
  enqueue(t.arena, tcb, text, 0, size);
  seekNew(t.arena, tcb);
  if (at > 0) advanceNew(t.arena, tcb, at);
  return { ...box, size };
}

/** The last bytes, and how many there are. */
function ending({ t, tcb }: Tables): [number[], number] {
  const parts: Uint8Array[] = [];
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk))
    parts.push(t.arena.view(chunk, t.arena.start(chunk), t.arena.end(chunk)));
  const all = Buffer.concat(parts);
  return [[...all.subarray(-3)], all.length];
}

/** How far from the head the cursor stands. */
function cursor({ t, tcb }: Tables): number {
  let before = 0;
  for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
    if (chunk === tcb.sndChunk) return before + tcb.sndOffset - t.arena.start(chunk);
    before += t.arena.end(chunk) - t.arena.start(chunk);
  }
  return -1;
}

describe('what is queued and not sent is thrown away', () => {
  test.each([1, LARGE_CHUNK - 1, LARGE_CHUNK, LARGE_CHUNK + 1, 2 * LARGE_CHUNK, 2.5 * LARGE_CHUNK])(
    'all but %i bytes',
    (keep) => {
      for (const sent of [0, 1, keep - 1, keep]) {
        const box = queued(3, sent);
        const { t, tcb } = box;
        truncate(t.arena, tcb, keep);
        const chunks = Math.ceil(keep / LARGE_CHUNK);
        expect([tcb.sndQueued, t.arena.used / LARGE_CHUNK]).toEqual([keep, chunks]);
        expect([t.arena.next(tcb.sndTail), cursor(box)]).toEqual([-1, sent]);
        // What is written now follows what was kept.
        enqueue(t.arena, tcb, Uint8Array.of(1, 2, 3), 0, 3);
        expect(ending(box)).toEqual([[1, 2, 3], keep + 3]);
        seekNew(t.arena, tcb);
        if (sent === keep) expect(t.arena.bytes[t.arena.offset(tcb.sndChunk) + tcb.sndOffset]).toBe(1);
        discard(t.arena, tcb);
        expect(t.arena.used).toBe(0);
      }
    },
  );

  test('everything, when nothing was sent', () => {
    const box = queued(2, 0);
    truncate(box.t.arena, box.tcb, 0);
    expect([box.tcb.sndHead, box.tcb.sndTail, box.tcb.sndChunk, box.tcb.sndQueued, box.t.arena.used]).toEqual([
      -1, -1, -1, 0, 0,
    ]);
  });

  test('what was acknowledged is not counted among them', () => {
    const box = queued(3, LARGE_CHUNK + 7);
    const { t, tcb } = box;
    dequeue(t.arena, tcb, 100);
    truncate(t.arena, tcb, LARGE_CHUNK);
    expect([tcb.sndQueued, ending(box)[1], t.arena.end(tcb.sndTail)]).toEqual([LARGE_CHUNK, LARGE_CHUNK, 100]);
    dequeue(t.arena, tcb, LARGE_CHUNK - 100);
    truncate(t.arena, tcb, 60);
    expect([tcb.sndQueued, ending(box)[1], t.arena.end(tcb.sndTail)]).toEqual([60, 60, 60]);
  });

  test('the cursor in a chunk that goes stands at the end of what stays', () => {
    const box = queued(3, LARGE_CHUNK);
    // As seekNew leaves it when the last octet of a chunk was sent and there is more.
    seekNew(box.t.arena, box.tcb);
    truncate(box.t.arena, box.tcb, LARGE_CHUNK);
    expect(cursor(box)).toBe(LARGE_CHUNK);
  });
});

test('a chunk that is acknowledged takes the cursor along only when that stood there', () => {
  const box = queued(3, LARGE_CHUNK + 7);
  dequeue(box.t.arena, box.tcb, LARGE_CHUNK);
  expect(cursor(box)).toBe(7);
});

test('the cursor goes over the borders of chunks, and stays where the text ends', () => {
  const box = queued(3, 0);
  const { t, tcb } = box;
  for (const [step, at] of [
    [10, 10],
    [LARGE_CHUNK - 10, LARGE_CHUNK],
    [LARGE_CHUNK + 5, 2 * LARGE_CHUNK + 5],
    [LARGE_CHUNK / 2 - 5, 2.5 * LARGE_CHUNK],
  ] as const) {
    seekNew(t.arena, tcb);
    advanceNew(t.arena, tcb, step);
    expect(cursor(box)).toBe(at);
  }
  const [chunk, offset] = [tcb.sndChunk, tcb.sndOffset];
  seekNew(t.arena, tcb);
  expect([tcb.sndChunk, tcb.sndOffset]).toEqual([chunk, offset]);
  // All of it acknowledged: no cursor, and none to find.
  dequeue(t.arena, tcb, box.size);
  expect(tcb.sndChunk).toBe(-1);
  seekNew(t.arena, tcb);
  expect([tcb.sndChunk, tcb.sndOffset, t.arena.used]).toEqual([-1, 0, 0]);
});

describe('bytes of the user stay where they are', () => {
  const lending = (): Tables & { told: number[] } => {
    const box = tables();
    const told: number[] = [];
    const link = { rxMemory: new Uint8Array(1), lend: (region: number) => void told.push(region) } as unknown as Link;
    const regions = new LentRegions([link], box.t.arena.bytes.buffer);
    const arena = new Arena(new ArrayBuffer(4 << 20), new ArrayBuffer(Arena.recordBytes(4 << 20)), regions);
    return Object.assign(box, { t: Object.assign(box.t, { arena }), told });
  };

  test('between copied ones, in order; fewer than 4096 are copied', () => {
    const { t, tcb, told } = lending();
    const text = new Uint8Array(20_000);
    enqueue(t.arena, tcb, text, 0, 100);
    expect(enqueueLent(t.arena, tcb, 0, text, 5, 4096)).toBe(4096);
    expect([t.arena.lentBytes, t.arena.offset(tcb.sndTail), told.length]).toEqual([4096, 5, 1]);
    expect(t.arena.region(tcb.sndTail)).toBe(told[0]);
    expect(enqueueLent(t.arena, tcb, 0, text, 5, 4095)).toBe(4095);
    expect([t.arena.lentBytes, tcb.sndQueued]).toEqual([4096, 8291]);
    dequeue(t.arena, tcb, 8291);
    expect([t.arena.lentBytes, t.arena.used, tcb.sndHead]).toEqual([0, 0, -1]);
  });

  test('a link that cannot lend has a copy', () => {
    const box = tables();
    const { t, tcb } = box;
    const regions = new LentRegions([{ rxMemory: new Uint8Array(1) } as unknown as Link], t.arena.bytes.buffer);
    Object.assign(t, {
      arena: new Arena(new ArrayBuffer(4 << 20), new ArrayBuffer(Arena.recordBytes(4 << 20)), regions),
    });
    expect(
      enqueueLent(
        t.arena,
        tcb,
        0,
        Uint8Array.from({ length: 9000 }, (_, n) => n),
        1,
        5000,
      ),
    ).toBe(5000);
    expect([t.arena.lentBytes, tcb.sndQueued, held(box).slice(0, 3)]).toEqual([0, 5000, [1, 2, 3]]);
  });

  test('a view into a buffer, first in the queue', () => {
    const { t, tcb } = lending();
    const view = new Uint8Array(new ArrayBuffer(20_000), 1000, 9000);
    enqueueLent(t.arena, tcb, 0, view, 50, 5000);
    expect([tcb.sndHead, t.arena.offset(tcb.sndHead), t.arena.end(tcb.sndHead)]).toEqual([tcb.sndTail, 1050, 5000]);
    discard(t.arena, tcb);
    expect(t.arena.lentBytes).toBe(0);
  });

  test('what of them is thrown away unsent is lent no more', () => {
    const { t, tcb } = lending();
    const text = new Uint8Array(10_000);
    enqueueLent(t.arena, tcb, 0, text, 0, 10_000);
    enqueueLent(t.arena, tcb, 0, text, 0, 10_000);
    truncate(t.arena, tcb, 4000);
    expect([t.arena.lentBytes, tcb.sndQueued]).toEqual([4000, 4000]);
    dequeue(t.arena, tcb, 4000);
    expect(t.arena.lentBytes).toBe(0);
  });
});
