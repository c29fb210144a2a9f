/** A simulated Ethernet that joins two or more stations; what each of them sends is impaired on its own. */
import type { Micros } from '../../ports.ts';
import { isGroupMac, macHi, macLo } from '../../wire/ethernet.ts';
import type { DirectionStats, Fate, Impairments } from './direction.ts';
import { Direction } from './direction.ts';
import type { SimFrame } from './frame.ts';
import { plainFrame } from './frame.ts';
import { tooBig } from './too-big.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Whatever has a plug: a SimLink or a ScriptPort. */
export interface Station {
  /** For people. */
  readonly name: string;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** A frame arrives. */
  receive(frame: SimFrame): void;
}

/** A frame that comes later. */
export interface Late {
  /** By so many µs. */
  readonly delay: Micros;
}

/** Another frame in place of the one sent, or one more delay in microseconds, or what its name says. */
export type Verdict = 'pass' | 'drop' | 'duplicate' | Uint8Array | Late;

/** Sees each frame first. `direction` is the number of the sending station, in the order they were plugged in. */
export type Hook = (frame: Uint8Array, direction: number, time: Micros) => Verdict;

/** Sees each frame that was sent and what became of it. */
export type FrameListener = (frame: Uint8Array, direction: number, time: Micros, fate: Fate) => void;

/** A wire of a simulation. */
export interface WireOptions {
  /** Whose time it is. */
  readonly clock: VirtualClock;
  /** Decides what is lost. Default 1. */
  readonly seed?: number;
  /** For every direction. */
  readonly impair?: Partial<Impairments>;
  /** 'hub': every station gets every frame; 'switch' (default): only the one with the MAC, once it has sent something. */
  readonly mode?: 'hub' | 'switch';
}

/** The MAC address of a station that names none, by its number on the wire, from 0. */
export function stationMac(number: number): Uint8Array {
  const n = number + 1;
  return Uint8Array.of(2, 0, 0, n >> 16, n >> 8, n);
}

interface Plug {
  readonly station: Station;
  readonly direction: Direction;
  up: boolean;
}

/** A simulated Ethernet that joins any number of stations; what each of them sends is impaired on its own. */
export class SimWire {
  /** Whose time it is. */
  readonly clock: VirtualClock;
  /** Asked about every frame before the impairments. */
  hook: Hook | undefined;
  readonly #plugs: Plug[] = [];
  readonly #seed: number;
  readonly #impair: Partial<Impairments>;
  readonly #hub: boolean;
  readonly #learned = new Map<number, Plug>();
  readonly #listeners = new Set<FrameListener>();

  constructor(options: WireOptions) {
    this.clock = options.clock;
    this.#seed = options.seed ?? 1;
    this.#impair = options.impair ?? {};
    this.#hub = options.mode === 'hub';
  }

  /** Plugs a station in; returns its number. */
  plug(station: Station): number {
    const direction = new Direction(this.#seed * 1000 + this.#plugs.length);
    direction.impair(this.#impair);
    return this.#plugs.push({ station, direction, up: true }) - 1;
  }

  /** Impairs what `from` sends; without it, every direction. */
  impair(how: Partial<Impairments>, from?: Station): void {
    for (const plug of this.#plugs) {
      if (from === undefined || plug.station === from) plug.direction.impair(how);
    }
  }

  /** Whether what `from` sends vanishes; without it, what anybody sends. */
  blackhole(on: boolean, from?: Station): void {
    this.impair({ blackhole: on }, from);
  }

  /** A station that is down neither sends nor receives; frames under way to it are lost. */
  setUp(station: Station, up: boolean): void {
    this.#plugOf(station).up = up;
  }

  /** What became of the frames a station sent. */
  stats(from: Station): DirectionStats {
    return this.#plugOf(from).direction.stats;
  }

  /** Returns a function that ends it. */
  onFrame(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A frame from nowhere arrives at `to` now, past every impairment. */
  inject(to: Station, bytes: Uint8Array): void {
    const frame = plainFrame(bytes.slice());
    this.clock.schedule(this.clock.now(), () => to.receive(frame));
  }

  /** `from` sends. The wire owns the frame from here on. */
  send(from: Station, frame: SimFrame): void {
    const number = this.#plugs.findIndex((plug) => plug.station === from);
    const plug = this.#plugOf(from);
    plug.direction.stats.frames++;
    plug.direction.stats.bytes += frame.wireBytes;
    this.#learned.set(macKey(frame.bytes, 6), plug);
    const now = this.clock.now();
    const fate = plug.up ? this.#decide(plug, number, frame, now) : 'down';
    plug.direction.stats.fates[fate]++;
    if (fate === 'tooBig') this.#tell(plug, frame);
    for (const listener of this.#listeners) listener(frame.bytes, number, now, fate);
  }

  #decide(plug: Plug, number: number, frame: SimFrame, now: Micros): Fate {
    const verdict = this.hook?.(frame.bytes, number, now) ?? 'pass';
    if (verdict === 'drop') return 'hook';
    const carried = verdict instanceof Uint8Array ? plainFrame(verdict.slice()) : frame;
    const late = typeof verdict === 'object' && 'delay' in verdict ? verdict.delay : 0;
    const deliver = (arriving: SimFrame, at: Micros): void => {
      this.clock.schedule(at + late, () => this.#arrive(plug, arriving));
    };
    const fate = plug.direction.carry(carried, now, deliver);
    if (verdict === 'duplicate') plug.direction.carry(carried, now, deliver);
    return fate;
  }

  #tell(plug: Plug, frame: SimFrame): void {
    const { tellsMtu, mtu, delay } = plug.direction.impairments;
    const news = tellsMtu ? tooBig(frame.bytes, mtu) : undefined;
    if (news === undefined) return;
    this.clock.schedule(this.clock.now() + delay, () => plug.station.receive(plainFrame(news)));
  }

  #arrive(from: Plug, frame: SimFrame): void {
    const known = this.#hub || isGroupMac(frame.bytes, 0) ? undefined : this.#learned.get(macKey(frame.bytes, 0));
    for (const plug of this.#plugs) {
      if (plug !== from && plug.up && (known === undefined || known === plug)) plug.station.receive(frame);
    }
  }

  #plugOf(station: Station): Plug {
    const plug = this.#plugs.find((candidate) => candidate.station === station);
    if (plug === undefined) throw new Error(`${station.name} is not plugged into this wire`);
    return plug;
  }
}

/** 48 bits are exact in a float64. */
function macKey(b: Uint8Array, o: number): number {
  return (macHi(b, o) >>> 0) * 0x10000 + macLo(b, o);
}
