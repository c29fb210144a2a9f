/** What users of other stacks wrote about (docs/complaints.md), as far as it can be played through between two hosts here. */
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { type HostOptions, SeededRng, World } from '../../src/sim.ts';
import { pseudo, writeChecksum } from '../../src/wire/checksum.ts';

const L3 = 14;
const L4 = L3 + 20;
const TCP = 6;

const isTcp = (f: Uint8Array): boolean => f[12] === 8 && f[13] === 0 && f[L3 + 9] === TCP;
const size = (f: Uint8Array): number => ((f[L3 + 2]! << 8) | f[L3 + 3]!) - 20;
const window = (f: Uint8Array): number => (f[L4 + 14]! << 8) | f[L4 + 15]!;
const bare = (f: Uint8Array): boolean => isTcp(f) && size(f) === (f[L4 + 12]! >> 4) * 4 && f[L4 + 13] === 16;

interface Run {
  readonly w: World;
  readonly bytes: number;
  readonly options?: HostOptions;
}

/** Octets that repeat nowhere soon: what is lost, doubled or out of order shows. */
function text(bytes: number): Buffer {
  const rng = new SeededRng(bytes);
  const words = Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => rng.u32());
  return Buffer.from(words.buffer, 0, bytes);
}

/** Sends from a to b and returns the virtual ms until all of it was read; the reader pauses now and then when asked to. */
async function transfer({ w, bytes, options = {} }: Run, pausing = false): Promise<number> {
  const a = w.host('10.0.0.1/24', options);
  const b = w.host('10.0.0.2/24', options);
  const sent = text(bytes);
  const wrong: number[] = [];
  let got = 0;
  b.serve(80, {
    data: (c, chunk) => {
      if (!sent.subarray(got, got + chunk.length).equals(chunk)) wrong.push(got);
      got += chunk.length;
      if (!pausing) return;
      c.pause();
      w.clock.schedule(w.clock.now() + 3000, () => c.resume());
    },
  });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  const from = w.now;
  void conn.write(sent);
  await w.runUntil(() => got >= bytes, 3_600_000);
  const took = w.now - from;
  await w.close();
  expect([got, wrong]).toEqual([bytes, []]);
  return took;
}

const SMALL: HostOptions = { tcp: { receiveBuffer: 8192, initialWindow: 8192, windowScaling: false } };

test('the peer moves the right edge of its window back and forth: the transfer ends (google/gvisor#10312)', async () => {
  for (const seed of [1, 2, 3]) {
    const w = new World({ seed, impair: { delay: 2000 } });
    const rng = new SeededRng(seed);
    w.wire.hook = (frame, direction) => {
      if (direction === 0 || !bare(frame)) return 'pass';
      const shrunk = frame.slice();
      const less = (rng.u32() >>> 0) % (window(frame) + 1);
      shrunk[L4 + 14] = less >> 8;
      shrunk[L4 + 15] = less & 0xff;
      shrunk[L4 + 16] = shrunk[L4 + 17] = 0;
      writeChecksum(shrunk, L4 + 16, L4, size(shrunk), pseudo(shrunk, L3, TCP, size(shrunk)));
      return shrunk;
    };
    await transfer({ w, bytes: 300_000, options: SMALL });
  }
});

test('every update of the window is lost: probes find it open (mirage/mirage-tcpip#340)', async () => {
  const w = new World({ seed: 4, impair: { delay: 1000 } });
  let last = -1;
  let dropped = 0;
  w.wire.hook = (frame, direction) => {
    if (direction === 0 || !bare(frame)) return 'pass';
    const ack = new DataView(frame.buffer, frame.byteOffset).getUint32(L4 + 8);
    const again = ack === last;
    last = ack;
    if (!again || window(frame) === 0) return 'pass';
    dropped++;
    // An answer to a probe looks the same, so every other one passes.
    return dropped % 2 === 1 ? 'drop' : 'pass';
  };
  await transfer({ w, bytes: 60_000, options: SMALL }, true);
  expect(dropped).toBeGreaterThan(0);
});

test('an echo of 1 MB through windows of 8 KB, both directions at once (genodelabs/genode#4056)', async () => {
  const w = new World({ seed: 5, impair: { delay: 500 } });
  const a = w.host('10.0.0.1/24', SMALL);
  const b = w.host('10.0.0.2/24', SMALL);
  b.serve(7, {
    data: (c, chunk) => {
      if (!c.write(chunk)) c.pause();
    },
    drain: (c) => c.resume(),
  });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 7 }));
  const sent = text(1 << 20);
  void conn.write(sent);
  conn.closeWrite();
  const chunks: Buffer[] = [];
  for (let chunk = await w.settle(conn.read()); chunk !== null; chunk = await w.settle(conn.read())) {
    chunks.push(Buffer.from(chunk));
  }
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  await w.close();
});

test('64 KB without window scaling fill the pipe: a window each round trip (google/gvisor#1398)', async () => {
  const w = new World({ seed: 6, impair: { delay: 5000 } });
  const took = await transfer({ w, bytes: 1 << 20, options: { tcp: { windowScaling: false } } });
  // 16 windows of 64 KB at 10 ms each, and slow start.
  expect(took).toBeLessThan(16 * 10 * 2);
});

test('a larger buffer never makes it slower (smoltcp-rs/smoltcp#949)', async () => {
  const times: number[] = [];
  for (const buffer of [16_384, 65_536, 262_144, 1 << 20]) {
    const w = new World({ seed: 7, impair: { delay: 5000 } });
    const tcp = { sendBuffer: buffer, receiveBuffer: buffer, initialWindow: Math.min(buffer, 65_536) };
    times.push(await transfer({ w, bytes: 1 << 20, options: { tcp } }));
  }
  for (let n = 1; n < times.length; n++) expect(times[n]).toBeLessThanOrEqual(times[n - 1]! * 1.05);
});

test('one chunk larger than the high-water mark passes through a stream (chipmk/tcpip.js#6)', async () => {
  const w = new World({ seed: 8 });
  const a = w.host('10.0.0.1/24', SMALL);
  const b = w.host('10.0.0.2/24', SMALL);
  let got = 0;
  b.serve(80, { data: (_c, chunk) => void (got += chunk.length) });
  const socket = a.connect({ host: '10.0.0.2', port: 80 });
  socket.end(Buffer.alloc(3 << 20));
  await w.settle(finished(socket, { readable: false }));
  await w.runUntil(() => got === 3 << 20);
  await w.close();
});

test('an ACK that acknowledges nothing new does not put the retransmission off (smoltcp-rs/smoltcp#62)', async () => {
  const w = new World({ seed: 9 });
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  let got = 0;
  b.serve(80, { data: (_c, chunk) => void (got += chunk.length), open: (c) => void (theirs = c) });
  let theirs: { write(bytes: string): boolean } | undefined;
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.run(100);
  let lost = 0;
  w.wire.hook = (frame, direction) =>
    direction === 0 && isTcp(frame) && !bare(frame) && lost++ === 0 ? 'drop' : 'pass';
  void conn.write('lost once');
  // The peer talks all the time; each of its segments carries the same old ACK.
  for (let n = 0; n < 20 && got === 0; n++) {
    theirs!.write('x');
    await w.run(50);
  }
  expect(got).toBe(9);
  await w.close();
});

test('a request that crosses the FIN of an idle close is read, and nobody is reset (nodejs/node#17749)', async () => {
  const w = new World({ seed: 10, impair: { delay: 10_000 } });
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  const heard: string[] = [];
  let server: { end(): void } | undefined;
  b.serve(80, {
    open: (c) => void (server = c),
    data: (_c, chunk) => void heard.push(Buffer.from(chunk).toString()),
    close: (_c, error) => void heard.push(error === null || error === undefined ? 'closed in order' : error.message),
  });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.run(100);
  server!.end();
  await w.run(2);
  void conn.write('GET / HTTP/1.1');
  expect(await w.settle(conn.read())).toBeNull(); // the FIN, and no reset
  await w.settle(conn.end());
  await w.run(100);
  expect(heard).toEqual(['GET / HTTP/1.1', 'closed in order']);
  await w.close();
});

test('write() and drain pass the back-pressure of a peer that does not read on (oven-sh/bun#43464)', async () => {
  const w = new World({ seed: 11, impair: { delay: 1000 } });
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  let [got, written] = [0, 0];
  let reader: { resume(): void } | undefined;
  b.serve(80, {
    open: (c) => {
      reader = c;
      c.pause();
    },
    data: (_c, chunk) => void (got += chunk.length),
  });
  const ALL = 16 << 20;
  const socket = a.connect({ host: '10.0.0.2', port: 80 });
  const pump = (): void => {
    while (written < ALL) {
      written += 65_536;
      if (!socket.write(Buffer.alloc(65_536))) return void socket.once('drain', pump);
    }
    socket.end();
  };
  pump();
  await w.run(10_000);
  const held = written;
  expect(held).toBeLessThan(ALL / 2);
  await w.run(60_000);
  expect(written).toBe(held);
  reader!.resume();
  await w.settle(finished(socket, { readable: false }));
  await w.runUntil(() => got === ALL);
  await w.close();
});

test('an early response survives the upload it answers (nodejs/node#27916)', async () => {
  const w = new World({ seed: 12, impair: { delay: 5000 } });
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  let discarded = 0;
  b.serve(80, {
    open: (c) => void c.end('413 Content Too Large'),
    data: (_c, chunk) => void (discarded += chunk.length),
  });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.settle(conn.write(Buffer.alloc(1 << 20)));
  conn.closeWrite();
  expect(String(await w.settle(conn.read()))).toBe('413 Content Too Large');
  expect(await w.settle(conn.read())).toBeNull();
  await w.runUntil(() => discarded === 1 << 20);
  await w.close();
});
