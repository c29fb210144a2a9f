/** A link without a wire: what is flushed waits in `sent`, and frames arrive one at a time, when the checker says so. */
import { FrameReceiver } from '../../src/link/sim/frame-receiver.ts';
import type { Link, LinkOffload, SharedRegions } from '../../src/ports.ts';
import { DESC_WORDS } from '../../src/wire/abi.ts';
import { FrameEncoder } from '../../src/wire/encode.ts';
import { pieceDescriptors } from '../../src/wire/pieces.ts';
import { segmentCount } from '../../src/wire/segment.ts';

const MTU = 1500;
const TX_DESCRIPTORS = 256;

export class ModelLink implements Link {
  readonly name = 'model';
  /** Neighbours need no resolution: ARP has tests of its own. */
  readonly kind = 'loop';
  readonly mac = new Uint8Array(6);
  readonly mtu = MTU;
  readonly offload: LinkOffload = { txChecksum: true, maxPacket: MTU };
  readonly capacity = 1 << 20;
  readonly tx = new Int32Array(TX_DESCRIPTORS * DESC_WORDS);
  readonly rx: Int32Array;
  readonly rxMemory: Uint8Array;
  readonly counters: Float64Array;
  sent: Uint8Array[] = [];
  readonly #receiver = new FrameReceiver(2048, false);
  readonly #scratch = new Uint8Array(2048);
  #encoder: FrameEncoder | undefined;

  constructor() {
    this.rx = this.#receiver.rx;
    this.rxMemory = this.#receiver.memory;
    this.counters = this.#receiver.counters;
  }

  attach(shared: SharedRegions): void {
    this.#receiver.attach(shared);
    this.#encoder = new FrameEncoder(shared, this.mac, false);
  }

  start(): void {}

  flush(n: number): void {
    const tx = this.tx;
    for (let i = 0; i < n; i += 1 + pieceDescriptors(tx, i * DESC_WORDS)) {
      const at = i * DESC_WORDS;
      const segments = segmentCount(tx, at);
      for (let part = 0; part < segments; part++) {
        const length = this.#encoder!.segment(tx, at, part, this.#scratch, 0);
        this.sent.push(this.#scratch.slice(0, length));
      }
    }
  }

  /** The frame becomes the next burst; the number of its descriptors. */
  receive(frame: Uint8Array): number {
    this.#receiver.begin();
    this.rxMemory.set(frame, 0);
    this.#receiver.add(0, frame.length, 1, 0, true);
    return this.#receiver.count;
  }

  ref(): void {}
  unref(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
