/** A plug on a simulated wire for a script instead of a stack: it gets frames as bytes and sends frames as bytes. */
import type { Micros } from '../../ports.ts';
import type { SimFrame } from './frame.ts';
import { plainFrame } from './frame.ts';
import { type SimWire, type Station, stationMac } from './wire.ts';

export interface ScriptPortOptions {
  readonly name?: string;
  readonly mac?: Uint8Array;
  /** Called for each frame, in place of keeping it in `received`. */
  readonly onFrame?: (frame: Uint8Array, time: Micros) => void;
}

export interface ReceivedFrame {
  readonly bytes: Uint8Array;
  readonly time: Micros;
}

export class ScriptPort implements Station {
  readonly name: string;
  readonly mac: Uint8Array;
  /** Frames not looked at yet; the script shifts them out. It gets every frame on its plug, whatever the MAC. */
  readonly received: ReceivedFrame[] = [];
  readonly #wire: SimWire;
  readonly #onFrame: ((frame: Uint8Array, time: Micros) => void) | undefined;

  constructor(wire: SimWire, options: ScriptPortOptions = {}) {
    const number = wire.plug(this);
    this.#wire = wire;
    this.name = options.name ?? `script${number}`;
    this.mac = options.mac ?? stationMac(number);
    this.#onFrame = options.onFrame;
  }

  receive(frame: SimFrame): void {
    const time = this.#wire.clock.now();
    const bytes = frame.bytes.slice();
    if (this.#onFrame === undefined) this.received.push({ bytes, time });
    else this.#onFrame(bytes, time);
  }

  /** The frame is copied. */
  send(bytes: Uint8Array): void {
    this.#wire.send(this, plainFrame(bytes.slice()));
  }
}
