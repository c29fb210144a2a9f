// Buffers find their size: what a path can carry, and no more than a reader or a writer makes use of.
import { expect, test } from 'vitest';
import { EV_ACCEPT, EV_CONNECT, EV_DATA, EV_DRAIN } from '../../src/core/events.ts';
import type { TcpDefaults } from '../../src/core/stack-core.ts';
import type { Impairments } from '../../src/link/sim.ts';
import type { Host, Listener } from '../property/pair/host.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const S = 1_000_000;
const MIB = 1 << 20;
const TCP: Partial<TcpDefaults> = { sendBuffer: 32 * MIB, receiveBuffer: 32 * MIB };

/** Writes as much as SEND takes until `size` bytes went. */
class Writer implements Listener {
  readonly host: Host;
  readonly row: number;
  left: number;
  readonly #piece = new Uint8Array(65536);

  constructor(host: Host, row: number, size: number) {
    this.host = host;
    this.row = row;
    this.left = size;
  }

  event(type: number): void {
    if (type === EV_CONNECT || type === EV_DRAIN) this.write();
  }

  write(): void {
    while (this.left > 0) {
      const length = Math.min(this.left, this.#piece.length);
      const taken = this.host.core.callSend(this.row, this.#piece, 0, length, this.host.now);
      if (taken <= 0) return;
      this.left -= taken;
      if (taken < length) return;
    }
  }
}

/** Reads at once, or all there is every `pause` µs. */
class Reader implements Listener {
  readonly host: Host;
  readonly row: number;
  received = 0;
  #unread = 0;
  readonly #pause: number;

  constructor(host: Host, row: number, pause: number) {
    this.host = host;
    this.row = row;
    this.#pause = pause;
    if (pause > 0) this.#later();
  }

  event(type: number, _a: number, _b: number, length: number): void {
    if (type === EV_ACCEPT) this.host.core.callAccepted(this.row);
    if (type !== EV_DATA) return;
    this.received += length;
    this.#unread += length;
    if (this.#pause === 0) this.#read();
  }

  #read(): void {
    this.host.core.callConsumed(this.row, this.#unread, this.host.now);
    this.#unread = 0;
  }

  #later(): void {
    this.host.clock.schedule(this.host.clock.now() + this.#pause, () => {
      this.host.turn(() => this.#read());
      this.#later();
    });
  }
}

interface Flow {
  readonly pair: Pair;
  readonly writer: Writer;
  readonly reader: () => Reader;
}

/** A connection from host 0 to host 1, established, over that path. */
function flow(path: Partial<Impairments>, size: number, pause = 0, tcp: Partial<TcpDefaults> = {}): Flow {
  const card = { ringBytes: 96 * MIB, poison: false };
  const pair = new Pair(
    { ...CASE, cards: [card, card], tcp: [TCP, { ...TCP, ...tcp }] },
    { record: false, checkEvery: 500, arenaBytes: 64 * MIB },
  );
  const [a, b] = pair.hosts;
  pair.warm();
  pair.wire.impair(path);
  b.listen(80);
  let reader: Reader | undefined;
  b.accept = (row) => {
    reader = new Reader(b, row, pause);
    return reader;
  };
  const row = a.connect(pair.addresses[1], 80);
  const writer = new Writer(a, row, size);
  a.listeners.set(row, writer);
  pair.clock.runWhile(() => reader === undefined, pair.clock.now() + 10 * S);
  return { pair, writer, reader: () => reader! };
}

/** Virtual µs until all of it was read. */
function time(f: Flow, size: number): number {
  const from = f.pair.clock.now();
  f.pair.clock.runWhile(() => f.reader().received < size, from + 600 * S);
  expect(f.reader().received).toBe(size);
  return f.pair.clock.now() - from;
}

for (const [name, rate, size] of [
  ['100 Mbit/s', 100e6, 16 * MIB],
  ['1 Gbit/s', 1e9, 64 * MIB],
] as const) {
  test(`100 ms at ${name}: windows that start small cost less than a round trip against windows that start large`, {
    timeout: 120_000,
  }, () => {
    const path = { rate, delay: 50_000 };
    const grown = flow(path, size);
    const tuned = time(grown, size);
    const large = flow(path, size, 0, { initialWindow: 32 * MIB });
    large.pair.hosts[0].core.callSetBuffer(large.writer.row, 'send', 32 * MIB);
    const given = time(large, size);
    const { rcvBuf } = grown.pair.hosts[1].tcb(grown.reader().row);
    const { sndBuf } = grown.pair.hosts[0].tcb(grown.writer.row);
    console.log(
      `buffers | 100 ms, ${name} | ${((size * 8) / tuned).toFixed(0)} Mbit/s tuned, ${((size * 8) / given).toFixed(0)} given | RCV.BUFF ${rcvBuf >> 10} KiB, SND.BUF ${sndBuf >> 10} KiB`,
    );
    expect(tuned - given).toBeLessThan(100_000);
    expect(rcvBuf).toBeGreaterThanOrEqual(Math.min(32 * MIB, (rate / 8) * 0.1));
  });
}

test('a path that got longer after the handshake: the echoes tell the reader, who sends nothing that he could time', {
  timeout: 60_000,
}, () => {
  const size = 16 * MIB;
  const f = flow({ rate: 1e9, delay: 500 }, size);
  f.pair.wire.impair({ rate: 1e9, delay: 50_000 });
  // Windows of 64 KB would take 26 s. The echoes before count for five to ten.
  expect(time(f, size)).toBeLessThan(15 * S);
});

test('a reader who comes once in a while gets no larger window, however fast the path is', { timeout: 60_000 }, () => {
  const f = flow({ rate: 1e9, delay: 500 }, 64 * MIB, 300_000);
  f.pair.clock.run(f.pair.clock.now() + 20 * S);
  expect(f.reader().received).toBeGreaterThan(2 * MIB);
  expect(f.pair.hosts[1].tcb(f.reader().row).rcvBuf).toBe(65536);
});

test('a writer to a slow reader holds little of the arena', { timeout: 60_000 }, () => {
  const f = flow({ rate: 1e9, delay: 500 }, 64 * MIB, 300_000);
  f.pair.clock.run(f.pair.clock.now() + 20 * S);
  expect(f.pair.hosts[0].tcb(f.writer.row).sndBuf).toBeLessThanOrEqual(256 * 1024);
  expect(f.pair.hosts[0].t.budget.send).toBeLessThanOrEqual(256 * 1024);
});
