/** The link to ourselves: what is flushed arrives at the same stack in a later turn. Checksums are not needed. */
import type { Link, LinkOffload, SharedRegions } from '../ports.ts';
import { DESC_WORDS, TX_GSO } from '../wire/abi.ts';
import { counter } from '../wire/drop.ts';
import { FrameEncoder, MAX_HEADERS } from '../wire/encode.ts';
import { payloadBytes, pieceDescriptors } from '../wire/pieces.ts';
import { segmentCount } from '../wire/segment.ts';
import { DESCRIPTORS, FrameReceiver } from './sim/frame-receiver.ts';

export interface LoopbackOptions {
  /** Runs a function in a later turn: setImmediate, queueMicrotask, or a virtual clock's schedule. */
  readonly later: (fn: () => void) => void;
  readonly name?: string;
  /** Bytes that may be under way. */
  readonly ringBytes?: number;
}

/** The largest IPv4 packet; IPv6 could have 40 more. */
const MTU = 65535;
const SLOT = 64;

const RX_BATCHES = counter('rxBatches');
const RX_RING_DROPS = counter('rxRingDrops');
const TX_FRAMES = counter('txFrames');
const TX_BYTES = counter('txBytes');
const TX_BATCHES = counter('txBatches');

interface Packet {
  readonly offset: number;
  readonly length: number;
  readonly segments: number;
  readonly size: number;
}

export class Loopback implements Link {
  readonly kind = 'loop';
  readonly name: string;
  readonly mac = new Uint8Array(6);
  readonly mtu = MTU;
  readonly offload: LinkOffload = { txChecksum: true, maxPacket: MTU };
  readonly capacity: number;
  readonly rxMemory: Uint8Array;
  readonly rx: Int32Array;
  readonly tx = new Int32Array(DESCRIPTORS * DESC_WORDS);
  readonly counters: Float64Array;
  readonly #later: (fn: () => void) => void;
  readonly #receiver: FrameReceiver;
  /** The memory has two halves: one is read by the stack while the other is being written. */
  readonly #half: number;
  #writing = 0;
  #end = 0;
  #packets: Packet[] = [];
  #waiting: (() => void)[] = [];
  #scheduled = false;
  #encoder: FrameEncoder | undefined;
  #onBurst: ((n: number) => void) | undefined;

  constructor(options: LoopbackOptions) {
    this.#later = options.later;
    this.name = options.name ?? 'lo';
    this.#half = (options.ringBytes ?? 4 << 20) >> 1;
    this.capacity = this.#half - MAX_HEADERS;
    this.#receiver = new FrameReceiver(2 * this.#half, false);
    this.rxMemory = this.#receiver.memory;
    this.rx = this.#receiver.rx;
    this.counters = this.#receiver.counters;
  }

  attach(shared: SharedRegions): void {
    this.#receiver.attach(shared);
    this.#encoder = new FrameEncoder(shared, this.mac, false);
  }

  start(onBurst: (n: number) => void): void {
    this.#onBurst = onBurst;
  }

  flush(n: number): void {
    const encoder = this.#attached();
    if (n > 0) this.counters[TX_BATCHES]!++;
    for (let i = 0; i < n; i += 1 + pieceDescriptors(this.tx, i * DESC_WORDS)) this.#take(encoder, i * DESC_WORDS);
  }

  behind(act: () => void): void {
    this.#waiting.push(act);
    this.#schedule();
  }

  lend(region: number, bytes: Uint8Array | null): void {
    this.#attached().lend(region, bytes);
  }

  ref(): void {}
  unref(): void {}

  close(): Promise<void> {
    this.#onBurst = undefined;
    this.#packets = [];
    return Promise.resolve();
  }

  #attached(): FrameEncoder {
    if (this.#encoder === undefined) throw new Error(`${this.name}: not attached yet`);
    return this.#encoder;
  }

  #take(encoder: FrameEncoder, at: number): void {
    const room = MAX_HEADERS + payloadBytes(this.tx, at);
    if (this.#end + room > this.#half) {
      this.counters[RX_RING_DROPS]!++;
      return;
    }
    const offset = this.#writing * this.#half + this.#end;
    const length = encoder.frame(this.tx, at, this.rxMemory, offset);
    this.#end += (length + SLOT - 1) & ~(SLOT - 1);
    this.counters[TX_FRAMES]!++;
    this.counters[TX_BYTES]! += length;
    const packet = { offset, length, segments: segmentCount(this.tx, at), size: this.tx[at + TX_GSO]! };
    this.#packets.push(packet);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => this.#arrive());
  }

  #arrive(): void {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      this.#deliver();
    } finally {
      for (const act of waiting) act();
    }
  }

  #deliver(): void {
    const packets = this.#packets;
    this.#packets = [];
    this.#writing ^= 1;
    this.#end = 0;
    const receiver = this.#receiver;
    for (let next = 0; next < packets.length && this.#onBurst !== undefined; ) {
      receiver.begin();
      for (; next < packets.length && !receiver.full; next++) {
        const { offset, length, segments, size } = packets[next]!;
        receiver.add(offset, length, segments, size, true);
      }
      if (receiver.count === 0) continue;
      this.counters[RX_BATCHES]!++;
      this.#onBurst(receiver.count);
    }
  }
}
