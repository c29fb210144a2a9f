/** A Link around a Link that writes what passes into a capture, with the stack's comments on single packets. */
import type { PcapngWriter } from '../capture/pcapng-writer.ts';
import type { Clock, Link, LinkOffload, Micros, SharedRegions } from '../ports.ts';
import { DESC_WORDS } from '../wire/abi.ts';
import { FrameEncoder, MAX_HEADERS } from '../wire/encode.ts';
import { payloadBytes, pieceDescriptors } from '../wire/pieces.ts';
import { segmentCount } from '../wire/segment.ts';
import { BurstGate } from './burst-gate.ts';
import { receivedFrame } from './tee-received.ts';

export interface TeeOptions {
  /** Most bytes kept of a frame; 0 = all. */
  readonly snaplen?: number;
  /** Writes super-segments as the segments they become; otherwise as one frame, as tcpdump shows them. */
  readonly cut?: boolean;
  /** Microseconds since 1970 at time 0 of the clock. */
  readonly epoch?: Micros;
}

interface Held {
  readonly time: Micros;
  readonly bytes: Uint8Array;
  readonly comment: string | undefined;
}

export class Tee implements Link {
  /** Only there when the inner link has them. */
  readonly lend?: (region: number, bytes: Uint8Array | null) => void;
  readonly behind?: (act: () => void) => void;
  readonly #inner: Link;
  readonly #writer: PcapngWriter;
  readonly #clock: Clock;
  readonly #interface: number;
  readonly #cut: boolean;
  readonly #epoch: Micros;
  #encoder: FrameEncoder | undefined;
  /** Descriptor index → comment, for the burst being handled and for the next flush. */
  readonly #rxComments = new Map<number, string>();
  readonly #txComments = new Map<number, string>();
  /** Frames sent while a burst is handled: what they answer has to come first in the file. */
  readonly #held: Held[] = [];
  readonly #gate = new BurstGate();
  #closed = false;

  constructor(inner: Link, writer: PcapngWriter, clock: Clock, options: TeeOptions = {}) {
    this.#inner = inner;
    this.#writer = writer;
    this.#clock = clock;
    this.#cut = options.cut ?? false;
    this.#epoch = options.epoch ?? 0;
    this.#interface = writer.addInterface({ name: inner.name, snaplen: options.snaplen ?? 0 });
    // What is told in which order must not depend on who listens.
    if (inner.behind !== undefined) this.behind = (act) => inner.behind?.(act);
    if (inner.lend === undefined) return;
    this.lend = (region, bytes) => {
      this.#encoder?.lend(region, bytes);
      inner.lend?.(region, bytes);
    };
  }

  get name(): string {
    return this.#inner.name;
  }
  get kind(): 'ether' | 'loop' {
    return this.#inner.kind;
  }
  get mac(): Uint8Array {
    return this.#inner.mac;
  }
  get mtu(): number {
    return this.#inner.mtu;
  }
  limitMtu(mtu: number): void {
    this.#inner.limitMtu?.(mtu);
  }
  readLong(on: boolean): boolean {
    return this.#inner.readLong?.(on) ?? false;
  }
  get offload(): LinkOffload {
    return this.#inner.offload;
  }
  get capacity(): number {
    return this.#inner.capacity;
  }
  get rxMemory(): Uint8Array {
    return this.#inner.rxMemory;
  }
  get rx(): Int32Array {
    return this.#inner.rx;
  }
  get tx(): Int32Array {
    return this.#inner.tx;
  }
  get counters(): Float64Array {
    return this.#inner.counters;
  }

  attach(shared: SharedRegions): void {
    this.#encoder = new FrameEncoder(shared, this.#inner.mac);
    this.#inner.attach(shared);
  }

  start(onBurst: (n: number) => void, onDown: (error: Error) => void): void {
    this.#inner.start((n) => this.#burst(n, onBurst), onDown);
  }

  /** Puts a comment on the received descriptor `index`; to be called while its burst is handled. */
  commentRx(index: number, text: string): void {
    append(this.#rxComments, index, text);
  }

  /** Puts a comment on the transmit descriptor `index`; to be called before the flush. */
  commentTx(index: number, text: string): void {
    append(this.#txComments, index, text);
  }

  flush(n: number): void {
    // First: the inner link gives payload and descriptors back when it returns.
    for (let i = 0; i < n; i += 1 + pieceDescriptors(this.tx, i * DESC_WORDS)) this.#sent(i);
    this.#txComments.clear();
    this.#inner.flush(n);
  }

  setAddresses(addresses: Int32Array): void {
    this.#inner.setAddresses?.(addresses);
  }

  ref(): void {
    this.#inner.ref();
  }

  unref(): void {
    this.#inner.unref();
  }

  /** Promises may run within a burst (`usertcp/net`), and what came in it is written when it is over: the file ends after that. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#gate.within) await this.#gate.over();
    await this.#inner.close();
  }

  /** The stack first, for its comments; the memory is still lent when it is done. */
  #burst(n: number, onBurst: (n: number) => void): void {
    if (this.#closed) return;
    const time = this.#clock.now() + this.#epoch;
    this.#gate.enter();
    try {
      onBurst(n);
    } finally {
      this.#gate.leave(); // who waits goes on behind the lines below
      for (let i = 0; i < n; i += 1 + pieceDescriptors(this.rx, i * DESC_WORDS)) {
        const bytes = receivedFrame(this.rx, i * DESC_WORDS, this.rxMemory);
        this.#write({ time, bytes, comment: this.#rxComments.get(i) }, 'in');
      }
      this.#rxComments.clear();
      for (const held of this.#held) this.#write(held, 'out');
      this.#held.length = 0;
    }
  }

  #sent(index: number): void {
    if (this.#encoder === undefined) throw new Error(`${this.name}: flush before attach`);
    this.#encoder.mac = this.#inner.mac;
    const at = index * DESC_WORDS;
    const time = this.#clock.now() + this.#epoch;
    const comment = this.#txComments.get(index);
    const scratch = new Uint8Array(MAX_HEADERS + payloadBytes(this.tx, at));
    const frames = this.#cut ? segmentCount(this.tx, at) : 1;
    for (let i = 0; i < frames; i++) {
      const length = this.#cut
        ? this.#encoder.segment(this.tx, at, i, scratch, 0)
        : this.#encoder.frame(this.tx, at, scratch, 0);
      if (length === 0) continue; // the link counts it and sends nothing
      const held = { time, bytes: scratch.slice(0, length), comment: i === 0 ? comment : undefined };
      if (this.#gate.within) this.#held.push(held);
      else this.#write(held, 'out');
    }
  }

  #write({ time, bytes, comment }: Held, direction: 'in' | 'out'): void {
    this.#writer.packet(this.#interface, time, bytes, comment === undefined ? { direction } : { direction, comment });
  }
}

function append(comments: Map<number, string>, index: number, text: string): void {
  const before = comments.get(index);
  comments.set(index, before === undefined ? text : `${before}\n${text}`);
}
