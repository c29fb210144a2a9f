/** A Link with a simulated wire at its end: the core cannot tell it from the native one. */
import type { Link, LinkOffload, SharedRegions } from '../../ports.ts';
import { DESC_WORDS, KIND_RAW, TX_GSO, TX_TOTAL } from '../../wire/abi.ts';
import { counter, DROP_NOT_OURS, DROP_VLAN } from '../../wire/drop.ts';
import { FrameEncoder, MAX_HEADERS } from '../../wire/encode.ts';
import { checkVlan, ETHER_HEADER, inVlan, isGroupMac, sameMac, VLAN_TAG } from '../../wire/ethernet.ts';
import { kindOf, pieceDescriptors } from '../../wire/pieces.ts';
import { segmentCount } from '../../wire/segment.ts';
import type { SimFrame } from './frame.ts';
import { plainFrame, superFrame } from './frame.ts';
import { DESCRIPTORS, FrameReceiver } from './frame-receiver.ts';
import { type SimWire, type Station, stationMac } from './wire.ts';

/** Properties of a simulated network card. */
export interface SimLinkOptions {
  /** Default sim0, sim1, … */
  readonly name?: string;
  /** Six bytes. Default made of its number on the wire. */
  readonly mac?: Uint8Array;
  /** Default 1500. */
  readonly mtu?: number;
  /**
   * 'cut' (default): takes super-segments and cuts them, as a device with TSO; 'super': carries them over the wire
   * uncut, as a virtual machine's link; 'none': the core has to cut.
   */
  readonly offload?: 'none' | 'cut' | 'super';
  /** Merges received segments of one flow within a burst. */
  readonly merge?: boolean;
  /** Microseconds from the first frame that arrives to the burst; with 0, a burst is what arrives at one instant. */
  readonly batchWindow?: number;
  /** Frames of this 802.1Q VLAN only, and what is sent gets its tag; 0 (default): untagged ones. */
  readonly vlan?: number;
  /** Bytes of receive memory. */
  readonly ringBytes?: number;
  /**
   * Overwrites receive memory when a burst was handled, so that using it later does not go unnoticed (default true). 'later': after the
   * microtasks of its callback, as a ring of the kernel.
   */
  readonly poison?: boolean | 'later';
}

/** Frames start at multiples of this, as in a ring with aligned slots. */
const SLOT = 64;
const TCPIP4_HEADERS = 40;
/** An IP packet's length is a 16-bit field. */
const MAX_PACKET = 65535;

const RX_BATCHES = counter('rxBatches');
const RX_RING_DROPS = counter('rxRingDrops');
const TX_FRAMES = counter('txFrames');
const TX_BYTES = counter('txBytes');
const TX_BATCHES = counter('txBatches');
const TX_ERRORS = counter('txErrors');

/** A network card on a simulated wire. */
export class SimLink implements Link, Station {
  readonly kind = 'ether';
  readonly name: string;
  readonly mac: Uint8Array;
  readonly #mtu: number;
  #mtuLimit = Number.POSITIVE_INFINITY;
  readonly offload: LinkOffload;
  readonly capacity: number;
  readonly rxMemory: Uint8Array;
  readonly rx: Int32Array;
  readonly tx = new Int32Array(DESCRIPTORS * DESC_WORDS);
  readonly counters: Float64Array;
  readonly #wire: SimWire;
  readonly #uncut: boolean;
  readonly #batchWindow: number;
  readonly #poison: boolean | 'later';
  readonly #vlan: number;
  readonly #receiver: FrameReceiver;
  readonly #scratch = new Uint8Array(MAX_HEADERS + MAX_PACKET);
  #encoder: FrameEncoder | undefined;
  #onBurst: ((n: number) => void) | undefined;
  #onDown: ((error: Error) => void) | undefined;
  #waiting: SimFrame[] = [];
  #waitingBytes = 0;

  constructor(wire: SimWire, options: SimLinkOptions = {}) {
    const number = wire.plug(this);
    this.#wire = wire;
    this.name = options.name ?? `sim${number}`;
    this.mac = options.mac ?? stationMac(number);
    this.#mtu = options.mtu ?? 1500;
    const offload = options.offload ?? 'cut';
    this.offload = { txChecksum: offload !== 'none', maxPacket: offload === 'none' ? this.mtu : MAX_PACKET };
    this.#uncut = offload === 'super';
    this.#batchWindow = options.batchWindow ?? 0;
    this.#poison = options.poison ?? true;
    this.#vlan = checkVlan(options.vlan ?? 0);
    const ringBytes = options.ringBytes ?? 4 << 20;
    this.#receiver = new FrameReceiver(ringBytes, options.merge ?? false);
    this.rxMemory = this.#receiver.memory;
    this.rx = this.#receiver.rx;
    this.counters = this.#receiver.counters;
    this.capacity = Math.floor(ringBytes / slot(this.mtu + ETHER_HEADER + VLAN_TAG)) * (this.mtu - TCPIP4_HEADERS);
  }

  get mtu(): number {
    return Math.min(this.#mtu, this.#mtuLimit);
  }

  limitMtu(mtu: number): void {
    this.#mtuLimit = mtu;
  }

  attach(shared: SharedRegions): void {
    this.#receiver.attach(shared);
    this.#encoder = new FrameEncoder(shared, this.mac, true, this.#vlan);
  }

  start(onBurst: (n: number) => void, onDown: (error: Error) => void): void {
    this.#onBurst = onBurst;
    this.#onDown = onDown;
  }

  flush(n: number): void {
    if (n > 0) this.counters[TX_BATCHES]!++;
    for (let i = 0; i < n; i += 1 + pieceDescriptors(this.tx, i * DESC_WORDS)) this.#transmit(i * DESC_WORDS);
  }

  lend(region: number, bytes: Uint8Array | null): void {
    this.#attached().lend(region, bytes);
  }

  /** The wire delivers a frame. */
  receive(frame: SimFrame): void {
    if (this.#onBurst === undefined) return;
    const size = slot(frame.bytes.length);
    if (this.#waitingBytes + size > this.rxMemory.length) {
      this.counters[RX_RING_DROPS]!++;
      return;
    }
    this.#waitingBytes += size;
    if (this.#waiting.push(frame) === 1) {
      const { clock } = this.#wire;
      clock.schedule(clock.now() + this.#batchWindow, () => this.#deliver());
    }
  }

  /** The device is gone, as when an interface is deleted. */
  fail(error: Error): void {
    this.#wire.setUp(this, false);
    this.#onDown?.(error);
  }

  /** Virtual time keeps no process alive. */
  ref(): void {}
  unref(): void {}

  close(): Promise<void> {
    this.#wire.setUp(this, false);
    this.#onBurst = undefined;
    this.#onDown = undefined;
    return Promise.resolve();
  }

  #transmit(at: number): void {
    const tx = this.tx;
    if (kindOf(tx, at) === KIND_RAW) {
      this.#send(plainFrame(this.#copy(this.#encode(at))));
      return;
    }
    const segments = segmentCount(tx, at);
    if (this.#uncut && segments > 1) {
      this.#send(superFrame(this.#copy(this.#encode(at)), segments, tx[at + TX_GSO]!, tx[at + TX_TOTAL]!));
      return;
    }
    for (let i = 0; i < segments; i++) this.#send(plainFrame(this.#copy(this.#encode(at, i))));
  }

  /** Into the scratch buffer: the whole descriptor, or one segment of it. Returns the length. */
  #encode(at: number, segment?: number): number {
    const encoder = this.#attached();
    return segment === undefined
      ? encoder.frame(this.tx, at, this.#scratch, 0)
      : encoder.segment(this.tx, at, segment, this.#scratch, 0);
  }

  #attached(): FrameEncoder {
    if (this.#encoder === undefined) throw new Error(`${this.name}: not attached yet`);
    return this.#encoder;
  }

  #copy(length: number): Uint8Array {
    return this.#scratch.slice(0, length);
  }

  #send(frame: SimFrame): void {
    if (frame.bytes.length === 0 || frame.packet > this.mtu) {
      this.counters[TX_ERRORS]!++; // nothing can be made of the descriptor; what EMSGSIZE is on a real device
      return;
    }
    this.counters[TX_FRAMES]!++;
    this.counters[TX_BYTES]! += frame.bytes.length;
    this.#wire.send(this, frame);
  }

  /** Everything that waits, in as few bursts as the descriptors allow. */
  #deliver(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let used = 0;
    for (let next = 0; next < frames.length; ) {
      const receiver = this.#receiver;
      receiver.begin();
      for (; next < frames.length && !receiver.full; next++) {
        const frame = frames[next]!;
        if (!isGroupMac(frame.bytes, 0) && !sameMac(frame.bytes, 0, this.mac, 0)) {
          this.counters[DROP_NOT_OURS]!++;
          continue;
        }
        if (!inVlan(frame.bytes, 0, frame.bytes.length, this.#vlan)) {
          this.counters[DROP_VLAN]!++;
          continue;
        }
        this.rxMemory.set(frame.bytes, used);
        receiver.add(used, frame.bytes.length, frame.segments, frame.size, false);
        used += slot(frame.bytes.length);
      }
      if (receiver.count === 0 || this.#onBurst === undefined) continue;
      this.counters[RX_BATCHES]!++;
      this.#onBurst(receiver.count);
      if (this.#poison === true) this.rxMemory.fill(0xdb, 0, used);
    }
    if (this.#poison === 'later' && used > 0) queueMicrotask(() => this.rxMemory.fill(0xdb, 0, used));
  }
}

function slot(bytes: number): number {
  return (bytes + SLOT - 1) & ~(SLOT - 1);
}
