/**
 * Four-tuple → row. Open addressing with linear probing in shared memory (layout in abi.ts); removal shifts the
 * cluster back, so there are no tombstones and a table that lives for years probes as little as a fresh one.
 *
 * It grows without a pause: a new area of twice the size becomes current, and each insertion moves a few slots of the
 * previous one. Areas lie one behind the other in the order of their sizes; memory that is not touched is not committed.
 */
import {
  FLOW_AREA,
  FLOW_COUNT,
  FLOW_HEADER_WORDS,
  FLOW_KEY0,
  FLOW_KEY1,
  FLOW_MASK,
  FLOW_PREV_AREA,
  FLOW_PREV_MASK,
  ROW_WORDS,
} from './abi.ts';
import { isMapped } from './address.ts';
import { KEY_LADDR, KEY_RADDR, KEY_WORDS } from './flow-key.ts';
import { halfSipHash } from './halfsiphash.ts';

const SLOT_WORDS = 2;
const FIRST_SLOTS = 64;
/** Next slot of the previous area to be moved: the writer's own word, readers do not look at it. */
const CURSOR = FLOW_COUNT + 1;
/** An area of n slots is emptied by n + n/2 steps (a moved slot is visited again) and has n/2 insertions to do so. */
const STEPS_PER_INSERT = 4;

/** Slots of the largest area: a power of two, never more than half full. */
function mostSlots(maxConnections: number): number {
  let slots = FIRST_SLOTS;
  while (slots < 2 * maxConnections) slots *= 2;
  return slots;
}

/** Bytes to reserve for a table that will hold `maxConnections` flows at once. */
export function flowTableBytes(maxConnections: number): number {
  return (FLOW_HEADER_WORDS + SLOT_WORDS * (2 * mostSlots(maxConnections) - FIRST_SLOTS)) * 4;
}

/** Looks flows up in a table that somebody else writes. */
export class FlowReader {
  protected readonly flows: Int32Array;
  protected readonly rows: Int32Array;
  /** Words of a row. */
  protected readonly stride: number;
  readonly #short = new Int32Array(3);

  constructor(flows: Int32Array, rows: Int32Array, stride = ROW_WORDS) {
    this.flows = flows;
    this.rows = rows;
    this.stride = stride;
  }

  /** The tag of a key. Two mapped addresses are one word each: what is constant need not be hashed. */
  hash(key: Int32Array, at: number): number {
    const flows = this.flows;
    if (!isMapped(key, at + KEY_LADDR) || !isMapped(key, at + KEY_RADDR)) {
      return halfSipHash(flows[FLOW_KEY0]!, flows[FLOW_KEY1]!, key, at, KEY_WORDS);
    }
    const short = this.#short;
    short[0] = key[at]!;
    short[1] = key[at + KEY_LADDR + 3]!;
    short[2] = key[at + KEY_RADDR + 3]!;
    return halfSipHash(flows[FLOW_KEY0]!, flows[FLOW_KEY1]!, short, 0, 3);
  }

  /** Row whose identity equals the nine words at `at`, or -1. */
  find(key: Int32Array, at = 0): number {
    const flows = this.flows;
    const tag = this.hash(key, at);
    let slot = this.slotOf(tag, key, at, flows[FLOW_AREA]!, flows[FLOW_MASK]!);
    if (slot < 0 && flows[FLOW_PREV_MASK] !== -1) {
      slot = this.slotOf(tag, key, at, flows[FLOW_PREV_AREA]!, flows[FLOW_PREV_MASK]!);
    }
    return slot < 0 ? -1 : flows[slot + 1]! - 1;
  }

  /** Word of the slot that holds the key, or -1. An area always has an empty slot, so the search ends. */
  protected slotOf(tag: number, key: Int32Array, at: number, area: number, mask: number): number {
    const flows = this.flows;
    for (let i = tag & mask; ; i = (i + 1) & mask) {
      const slot = area + SLOT_WORDS * i;
      const row = flows[slot + 1]! - 1;
      if (row < 0) return -1;
      if (flows[slot] === tag && this.#same(row * this.stride, key, at)) return slot;
    }
  }

  #same(row: number, key: Int32Array, at: number): boolean {
    const rows = this.rows;
    for (let i = 0; i < KEY_WORDS; i++) {
      if (rows[row + i] !== key[at + i]) return false;
    }
    return true;
  }
}

export class FlowTable extends FlowReader {
  /** Makes an empty table in `flows`. The key is secret and random. */
  constructor(flows: Int32Array, rows: Int32Array, key0: number, key1: number, stride = ROW_WORDS) {
    super(flows, rows, stride);
    flows[FLOW_KEY0] = key0;
    flows[FLOW_KEY1] = key1;
    flows[FLOW_COUNT] = 0;
    flows[FLOW_AREA] = areaOf(FIRST_SLOTS);
    flows[FLOW_MASK] = FIRST_SLOTS - 1;
    flows[FLOW_PREV_MASK] = -1;
  }

  /** The secret of its hash, for a table that hashes the same. */
  get key(): readonly [number, number] {
    return [this.flows[FLOW_KEY0]!, this.flows[FLOW_KEY1]!];
  }

  get size(): number {
    return this.flows[FLOW_COUNT]!;
  }

  /** Files a row under the identity words it holds. They must not be in the table, and stay until `remove`. */
  insert(row: number): void {
    const flows = this.flows;
    if (2 * (flows[FLOW_COUNT]! + 1) > flows[FLOW_MASK]! + 1) this.#grow();
    if (flows[FLOW_PREV_MASK] !== -1) this.#migrate(STEPS_PER_INSERT);
    this.#put(this.hash(this.rows, row * this.stride), row + 1);
    flows[FLOW_COUNT]!++;
  }

  /** Takes a row out. False when it was not in. */
  remove(row: number): boolean {
    const flows = this.flows;
    const at = row * this.stride;
    const tag = this.hash(this.rows, at);
    if (this.#removeFrom(tag, at, FLOW_AREA, FLOW_MASK)) return true;
    return flows[FLOW_PREV_MASK] !== -1 && this.#removeFrom(tag, at, FLOW_PREV_AREA, FLOW_PREV_MASK);
  }

  #removeFrom(tag: number, at: number, areaWord: number, maskWord: number): boolean {
    const flows = this.flows;
    const area = flows[areaWord]!;
    const slot = this.slotOf(tag, this.rows, at, area, flows[maskWord]!);
    if (slot < 0) return false;
    this.#shiftBack((slot - area) / SLOT_WORDS, area, flows[maskWord]!);
    flows[FLOW_COUNT]!--;
    return true;
  }

  #put(tag: number, value: number): void {
    const flows = this.flows;
    const area = flows[FLOW_AREA]!;
    const mask = flows[FLOW_MASK]!;
    let i = tag & mask;
    while (flows[area + SLOT_WORDS * i + 1] !== 0) i = (i + 1) & mask;
    flows[area + SLOT_WORDS * i] = tag;
    flows[area + SLOT_WORDS * i + 1] = value;
  }

  /** Empties slot `hole`, moving up every later one of the cluster that would no longer be reached from its home. */
  #shiftBack(hole: number, area: number, mask: number): void {
    const flows = this.flows;
    for (let i = (hole + 1) & mask; flows[area + SLOT_WORDS * i + 1] !== 0; i = (i + 1) & mask) {
      const home = flows[area + SLOT_WORDS * i]! & mask;
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      flows.copyWithin(area + SLOT_WORDS * hole, area + SLOT_WORDS * i, area + SLOT_WORDS * (i + 1));
      hole = i;
    }
    flows[area + SLOT_WORDS * hole] = 0;
    flows[area + SLOT_WORDS * hole + 1] = 0;
  }

  #grow(): void {
    const flows = this.flows;
    const slots = 2 * (flows[FLOW_MASK]! + 1);
    if (areaOf(slots) + SLOT_WORDS * slots > flows.length) {
      throw new RangeError(`flow table is full: ${flows[FLOW_COUNT]} flows, reserved for fewer`);
    }
    flows[FLOW_PREV_AREA] = flows[FLOW_AREA]!;
    flows[FLOW_PREV_MASK] = flows[FLOW_MASK]!;
    flows[CURSOR] = 0;
    flows[FLOW_AREA] = areaOf(slots);
    flows[FLOW_MASK] = slots - 1;
  }

  /**
   * Slots below the cursor stay empty: nothing is put into the previous area, and shifting back moves a flow towards
   * its home but never over an empty slot. So what is left there can be found and removed at any time.
   */
  #migrate(steps: number): void {
    const flows = this.flows;
    const area = flows[FLOW_PREV_AREA]!;
    const mask = flows[FLOW_PREV_MASK]!;
    let cursor = flows[CURSOR]!;
    for (let n = 0; n < steps && cursor <= mask; n++) {
      const slot = area + SLOT_WORDS * cursor;
      if (flows[slot + 1] === 0) {
        cursor++;
        continue;
      }
      this.#put(flows[slot]!, flows[slot + 1]!);
      this.#shiftBack(cursor, area, mask);
    }
    flows[CURSOR] = cursor;
    if (cursor > mask) flows[FLOW_PREV_MASK] = -1;
  }
}

/** First word of the area with that many slots: behind all smaller ones. */
function areaOf(slots: number): number {
  return FLOW_HEADER_WORDS + SLOT_WORDS * (slots - FIRST_SLOTS);
}
