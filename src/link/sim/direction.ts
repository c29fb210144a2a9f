/** One direction of a simulated wire: what it does to the frames one station sends. */
import type { Micros } from '../../ports.ts';
import type { SimFrame } from './frame.ts';
import { SeededRng } from './rng.ts';

/** What one direction of a wire does to frames. Times in µs. */
export interface Impairments {
  /** Probability that a frame is lost, 0 to 1. */
  readonly loss: number;
  /** Probability that a frame arrives twice. */
  readonly duplicate: number;
  /** Probability that a bit of it is wrong. */
  readonly corrupt: number;
  /** Probability that a frame is held back by `reorderBy` while later ones pass. */
  readonly reorder: number;
  /** By how long, µs. */
  readonly reorderBy: Micros;
  /** One way, µs. */
  readonly delay: Micros;
  /** Added to the delay, uniform in [0, jitter); frames do not overtake for it. */
  readonly jitter: Micros;
  /** bit/s; Infinity = serialisation takes no time. */
  readonly rate: number;
  /** Frames that wait for their turn at `rate`; beyond either limit the newest is dropped. */
  readonly queueBytes: number;
  /** As `queueBytes`, counted in frames. */
  readonly queuePackets: number;
  /** Larger IP packets are dropped. */
  readonly mtu: number;
  /** Their sender is told, as by a router; else they vanish without a word, as behind a filter for ICMP. */
  readonly tellsMtu: boolean;
  /** Nothing arrives. */
  readonly blackhole: boolean;
}

export const PERFECT: Impairments = {
  loss: 0,
  duplicate: 0,
  corrupt: 0,
  reorder: 0,
  reorderBy: 0,
  delay: 0,
  jitter: 0,
  rate: Number.POSITIVE_INFINITY,
  queueBytes: Number.POSITIVE_INFINITY,
  queuePackets: Number.POSITIVE_INFINITY,
  mtu: Number.POSITIVE_INFINITY,
  tellsMtu: false,
  blackhole: false,
};

/** What became of a frame; only a 'passed' one arrives. */
export type Fate = 'passed' | 'lost' | 'queueFull' | 'tooBig' | 'blackhole' | 'down' | 'hook';

/** What became of the frames of one direction. */
export interface DirectionStats {
  /** Frames sent. */
  frames: number;
  /** Bytes of these. */
  bytes: number;
  /** How many met each fate. */
  readonly fates: Record<Fate, number>;
  /** Arrived twice. */
  duplicated: number;
  /** Arrived with a wrong bit. */
  corrupted: number;
  /** Were overtaken. */
  reordered: number;
}

export class Direction {
  readonly stats: DirectionStats = {
    frames: 0,
    bytes: 0,
    fates: { passed: 0, lost: 0, queueFull: 0, tooBig: 0, blackhole: 0, down: 0, hook: 0 },
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
  };
  #how: Impairments = PERFECT;
  readonly #rng: SeededRng;
  /** Departure times and sizes of the frames that wait or are being sent, oldest first. */
  readonly #queue: { readonly leaves: Micros; readonly bytes: number }[] = [];
  #queuedBytes = 0;
  #lastLeaves: Micros = 0;
  #lastArrives: Micros = 0;

  constructor(seed: number) {
    this.#rng = new SeededRng(seed);
  }

  get impairments(): Impairments {
    return this.#how;
  }

  /** Changes what is named, for frames sent from now on. What is undefined is not named: no time can be counted with it. */
  impair(how: Partial<Impairments>): void {
    const named = Object.entries(how).filter(([, value]) => value !== undefined);
    this.#how = { ...this.#how, ...Object.fromEntries(named) };
  }

  /** Decides about a frame and calls `deliver` with what arrives, and when. */
  carry(frame: SimFrame, now: Micros, deliver: (frame: SimFrame, at: Micros) => void): Fate {
    const how = this.#how;
    if (how.blackhole) return 'blackhole';
    if (frame.packet > how.mtu) return 'tooBig';
    if (this.#rng.chance(how.loss)) return 'lost';
    const leaves = this.#enqueue(frame, now);
    if (leaves === undefined) return 'queueFull';
    const arriving = this.#rng.chance(how.corrupt) ? this.#corrupt(frame) : frame;
    deliver(arriving, this.#arrival(leaves));
    if (this.#rng.chance(how.duplicate)) {
      this.stats.duplicated++;
      deliver(arriving, this.#arrival(leaves));
    }
    return 'passed';
  }

  /** When the last bit has left; undefined when the queue is full. */
  #enqueue(frame: SimFrame, now: Micros): Micros | undefined {
    const how = this.#how;
    if (how.rate === Number.POSITIVE_INFINITY) return now;
    const queue = this.#queue;
    while (queue.length > 0 && queue[0]!.leaves <= now) this.#queuedBytes -= queue.shift()!.bytes;
    // The first of them is on the line already and does not count as waiting.
    const waiting = queue.length - 1;
    const waitingBytes = this.#queuedBytes - (queue[0]?.bytes ?? 0);
    if (waiting >= how.queuePackets || (waiting >= 0 && waitingBytes + frame.wireBytes > how.queueBytes))
      return undefined;
    const leaves = Math.max(now, this.#lastLeaves) + (frame.wireBytes * 8e6) / how.rate;
    queue.push({ leaves, bytes: frame.wireBytes });
    this.#queuedBytes += frame.wireBytes;
    this.#lastLeaves = leaves;
    return leaves;
  }

  #arrival(leaves: Micros): Micros {
    const how = this.#how;
    const jitter = how.jitter > 0 ? this.#rng.float() * how.jitter : 0;
    const at = Math.max(leaves + how.delay + jitter, this.#lastArrives);
    if (this.#rng.chance(how.reorder)) {
      this.stats.reordered++;
      return at + how.reorderBy;
    }
    this.#lastArrives = at;
    return at;
  }

  /** One bit is flipped. */
  #corrupt(frame: SimFrame): SimFrame {
    this.stats.corrupted++;
    const bytes = frame.bytes.slice();
    const bit = this.#rng.below(bytes.length * 8);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    return { ...frame, bytes };
  }
}
