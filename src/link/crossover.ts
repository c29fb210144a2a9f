/**
 * A cable between two links in memory, in place of the addon below `NativeDevice`: what one end flushes is parsed into
 * descriptors at the other. For the rehearsal of a stack (src/stack-rehearsal.ts).
 */
import type { SharedRegions } from '../ports.ts';
import { DESC_WORDS, KIND_RAW, TX_GSO } from '../wire/abi.ts';
import { FrameEncoder, MAX_HEADERS } from '../wire/encode.ts';
import { kindOf, payloadBytes, pieceDescriptors } from '../wire/pieces.ts';
import { segmentCount } from '../wire/segment.ts';
import { NativeDevice } from './afpacket.ts';
import type { NativeFacts, NativeLink } from './native.ts';
import { DESCRIPTORS, FrameReceiver } from './sim/frame-receiver.ts';

const HALF = 2 << 20;
const SLOT = 64;
const MTU = 1500;

interface Frame {
  readonly offset: number;
  readonly length: number;
  readonly segments: number;
  readonly size: number;
}

/** One end: what the addon would be. */
export class End implements NativeLink {
  readonly rxMemory: ArrayBuffer;
  readonly rx: ArrayBuffer;
  readonly tx = new ArrayBuffer(DESCRIPTORS * DESC_WORDS * 4);
  readonly counters: ArrayBuffer;
  peer: End = this;
  /** What is sent in segments arrives in segments, and is merged there. */
  cuts = false;
  /** Every how many frames one is lost; 0 = none. */
  loses = 0;
  readonly #number: number;
  readonly #descriptors = new Int32Array(this.tx);
  readonly #receiver = new FrameReceiver(2 * HALF, true);
  #encoder: FrameEncoder | undefined;
  #onBurst: ((n: number) => void) | undefined;
  /** One half of the memory is read while the other is written. */
  #writing = 0;
  #end = 0;
  #frames: Frame[] = [];
  #carried = 0;

  constructor(number: number) {
    this.#number = number;
    this.rxMemory = this.#receiver.memory.buffer as ArrayBuffer;
    this.rx = this.#receiver.rx.buffer as ArrayBuffer;
    this.counters = this.#receiver.counters.buffer as ArrayBuffer;
  }

  facts(): NativeFacts {
    // Property by property, as the addon does: V8 tells objects apart by how they came to be.
    const facts: { -readonly [K in keyof NativeFacts]?: NativeFacts[K] } = {};
    facts.name = `rehearsal${this.#number}`;
    facts.mac = Uint8Array.of(2, 0, 0, 0, 0, this.#number);
    facts.mtu = MTU;
    facts.index = 0;
    facts.checksum = true;
    facts.segmentation = true;
    facts.capacity = HALF >> 1;
    facts.nearRefused = 0;
    return facts as NativeFacts;
  }

  /** There are none but short ones. */
  readLong(): boolean {
    return false;
  }

  attach(rows: Int32Array, flows: Int32Array, hops: Int32Array, arena: Uint8Array): void {
    const shared: SharedRegions = { rows, flows, hops, arena };
    this.#receiver.attach(shared);
    this.#encoder = new FrameEncoder(shared, this.facts().mac, false);
  }

  lend(region: number, bytes: Uint8Array | null): void {
    this.#encoder?.lend(region, bytes);
  }

  start(onBurst: (n: number) => void): void {
    this.#onBurst = onBurst;
  }

  flush(n: number): number {
    const tx = this.#descriptors;
    for (let i = 0; i < n; i += 1 + pieceDescriptors(tx, i * DESC_WORDS)) this.#send(tx, i * DESC_WORDS);
    return 0;
  }

  setFilter(): void {}
  join(): number[] {
    return [];
  }
  steer(): void {}
  reopen(): number {
    return 0;
  }
  changed(): boolean {
    return false;
  }
  ref(): void {}
  unref(): void {}
  close(): Promise<void> {
    this.#onBurst = undefined;
    return Promise.resolve();
  }

  /** Hands over what came. False = nothing did. */
  deliver(): boolean {
    const frames = this.#frames;
    if (frames.length === 0) return false;
    this.#frames = [];
    this.#writing ^= 1;
    this.#end = 0;
    const receiver = this.#receiver;
    for (let next = 0; next < frames.length; ) {
      receiver.begin();
      for (; next < frames.length && !receiver.full; next++) {
        const { offset, length, segments, size } = frames[next]!;
        receiver.add(offset, length, segments, size, true);
      }
      if (receiver.count > 0) this.#onBurst?.(receiver.count);
    }
    return true;
  }

  #send(tx: Int32Array, at: number): void {
    const segments = kindOf(tx, at) === KIND_RAW ? 1 : segmentCount(tx, at);
    if (!this.cuts || segments === 1) {
      this.peer.#take(payloadBytes(tx, at), segments, tx[at + TX_GSO]!, (out, o) =>
        this.#encoder!.frame(tx, at, out, o),
      );
      return;
    }
    for (let i = 0; i < segments; i++) {
      this.peer.#take(MTU, 1, 0, (out, o) => this.#encoder!.segment(tx, at, i, out, o));
    }
  }

  #take(payload: number, segments: number, size: number, write: (out: Uint8Array, o: number) => number): void {
    if (this.#end + MAX_HEADERS + payload > HALF) return;
    if (this.loses > 0 && ++this.#carried % this.loses === 0) return;
    const offset = this.#writing * HALF + this.#end;
    const length = write(this.#receiver.memory, offset);
    this.#end += (length + SLOT - 1) & ~(SLOT - 1);
    this.#frames.push({ offset, length, segments, size: segments > 1 ? size : 0 });
  }
}

export class Crossover {
  readonly #ends = [new End(1), new End(2)] as const;
  readonly links: readonly [NativeDevice, NativeDevice];

  constructor() {
    const [a, b] = this.#ends;
    a.peer = b;
    b.peer = a;
    this.links = [new NativeDevice(a, {}), new NativeDevice(b, {})];
  }

  /** Whether super-segments are cut on the way. */
  set cut(on: boolean) {
    for (const end of this.#ends) end.cuts = on;
  }

  /** Every how many frames one is lost; 0 = none. */
  set loses(every: number) {
    for (const end of this.#ends) end.loses = every;
  }

  /** Carries frames until nobody sends, or `enough` says so. */
  carry(enough: () => boolean): void {
    const [a, b] = this.#ends;
    for (let quiet = 0; quiet < 2 && !enough(); ) quiet = a.deliver() || b.deliver() ? 0 : quiet + 1;
  }
}
