/** Frames in a link's receive memory → descriptors of one burst, as the native engine makes them from its ring. */
import { markAsUntransferable } from 'node:worker_threads';
import type { SharedRegions } from '../../ports.ts';
import { COUNTERS, DESC_WORDS, KIND_TCP, RX_GSO, RX_KIND, RX_L3L4, RX_ROW } from '../../wire/abi.ts';
import { counter, PARSED } from '../../wire/drop.ts';
import { KEY_WORDS, readFlowKey } from '../../wire/flow-key.ts';
import { FlowReader } from '../../wire/flow-table.ts';
import { FrameParser } from '../../wire/parse.ts';
import { absorb, continues } from './merge.ts';

export const DESCRIPTORS = 1024;

const RX_FRAMES = counter('rxFrames');
const RX_BYTES = counter('rxBytes');
const RX_MERGED = counter('rxMerged');

export class FrameReceiver {
  readonly memory: Uint8Array;
  readonly rx = new Int32Array(DESCRIPTORS * DESC_WORDS);
  readonly counters = new Float64Array(COUNTERS.length);
  /** Descriptors filled, pieces included. */
  count = 0;
  readonly #parser = new FrameParser();
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #merge: boolean;
  #flows: FlowReader | undefined;
  /** Word of the last descriptor that is not a piece; -1 = none in this burst. */
  #head = -1;

  constructor(bytes: number, merge: boolean) {
    this.memory = new Uint8Array(bytes);
    markAsUntransferable(this.memory.buffer); // as memory of the addon: handlers see views of it
    this.#merge = merge;
  }

  attach(shared: SharedRegions): void {
    this.#flows = new FlowReader(shared.flows, shared.rows);
  }

  begin(): void {
    this.count = 0;
    this.#head = -1;
  }

  get full(): boolean {
    return this.count === DESCRIPTORS;
  }

  /**
   * Adds the frame at `offset` of the memory to the burst. `segments` of `size` payload bytes each were sent as this one
   * frame (1, 0 for a plain one).
   */
  add(offset: number, length: number, segments: number, size: number, trusted: boolean): void {
    const rx = this.rx;
    const at = this.count * DESC_WORDS;
    this.counters[RX_FRAMES]!++;
    this.counters[RX_BYTES]! += length;
    const drop = this.#parser.parse(this.memory, offset, length, rx, at, trusted);
    if (drop !== PARSED) {
      this.counters[drop]!++;
      return;
    }
    if ((rx[at + RX_KIND]! & 0xff) === KIND_TCP) {
      const where = rx[at + RX_L3L4]!;
      readFlowKey(this.memory, offset + (where & 0xffff), offset + (where >>> 16), this.#key);
      rx[at + RX_ROW] = this.#flows?.find(this.#key) ?? -1;
      if (segments > 1) rx[at + RX_GSO] = size | (segments << 16);
      if (this.#merge && this.#head >= 0 && continues(rx, this.#head, at)) {
        this.count = this.#head / DESC_WORDS + absorb(rx, this.#head, at);
        this.counters[RX_MERGED]!++;
        return;
      }
    }
    this.#head = at;
    this.count++;
  }
}
