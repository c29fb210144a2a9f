/**
 * Small records by four-tuple: what remains of a connection, or is there of it yet, when it needs no row. The first nine
 * words are the identity, as in a row. Records lie in lists; each list is in the order of its deadlines, because all that
 * is appended to it waits equally long. So the oldest is its head, and no wheel is needed.
 */

import { ROW_LADDR } from '../../wire/abi.ts';
import { sameAddress } from '../../wire/address.ts';
import { KEY_WORDS } from '../../wire/flow-key.ts';
import { FlowTable, flowTableBytes } from '../../wire/flow-table.ts';
import { diff } from '../seq.ts';

/** Tick at which the record is due. */
export const DUE = KEY_WORDS;
const NEXT = KEY_WORDS + 1;
const PREV = KEY_WORDS + 2;
/** First word that the owner gives a meaning. */
export const FIRST_WORD = KEY_WORDS + 3;

export class Tuples {
  readonly words: Int32Array;
  readonly stride: number;
  /** Records there may be. */
  readonly limit: number;
  used = 0;
  private readonly flows: FlowTable;
  /** The first records are the heads of the lists, which are rings: a record is taken out without knowing where it lies. */
  readonly lists: number;
  private free = -1;
  private top: number;

  constructor(region: ArrayBuffer, table: ArrayBuffer, stride: number, lists: number, key: readonly [number, number]) {
    this.words = new Int32Array(region);
    this.stride = stride;
    this.lists = lists;
    this.top = lists;
    this.limit = Math.floor(this.words.length / stride) - lists;
    this.flows = new FlowTable(new Int32Array(table), this.words, key[0], key[1], stride);
    for (let list = 0; list < lists; list++) {
      this.words[list * stride + NEXT] = list;
      this.words[list * stride + PREV] = list;
    }
  }

  static bytes(records: number, stride: number, lists: number): number {
    return (records + lists) * stride * 4;
  }

  static tableBytes(records: number): number {
    return flowTableBytes(records);
  }

  get usedBytes(): number {
    return this.used * this.stride * 4;
  }

  /** Bytes of records that were ever in use. */
  get touchedBytes(): number {
    return (this.top - this.lists) * this.stride * 4;
  }

  get full(): boolean {
    return this.used === this.limit;
  }

  /** The record of the nine identity words at `at`, or -1. */
  find(identity: Int32Array, at: number): number {
    return this.used === 0 ? -1 : this.flows.find(identity, at);
  }

  /** Whether the address is its local one. */
  isAt(rec: number, address: Int32Array): boolean {
    return sameAddress(this.words, rec * this.stride + ROW_LADDR, address, 0);
  }

  /** A record of this identity, which has none yet, in no list; the owner's words are those of its last use. Never when full. */
  take(identity: Int32Array, at: number): number {
    let rec = this.free;
    if (rec >= 0) this.free = this.words[rec * this.stride + NEXT]!;
    else rec = this.top++;
    const word = rec * this.stride;
    for (let n = 0; n < KEY_WORDS; n++) this.words[word + n] = identity[at + n]!;
    this.words[word + NEXT] = this.words[word + PREV] = rec;
    this.flows.insert(rec);
    this.used++;
    return rec;
  }

  give(rec: number): void {
    this.unlink(rec);
    this.flows.remove(rec);
    this.words[rec * this.stride + NEXT] = this.free;
    this.free = rec;
    this.used--;
  }

  /** Puts the record at the end of a list, out of the one it is in. */
  append(rec: number, list: number, due: number): void {
    this.unlink(rec);
    const { words, stride } = this;
    const tail = words[list * stride + PREV]!;
    words[rec * stride + NEXT] = list;
    words[rec * stride + PREV] = tail;
    words[tail * stride + NEXT] = rec;
    words[list * stride + PREV] = rec;
    words[rec * stride + DUE] = due | 0 || 1;
  }

  private unlink(rec: number): void {
    const { words, stride } = this;
    const next = words[rec * stride + NEXT]!;
    const prev = words[rec * stride + PREV]!;
    words[prev * stride + NEXT] = next;
    words[next * stride + PREV] = prev;
    words[rec * stride + NEXT] = words[rec * stride + PREV] = rec;
  }

  /** The oldest record of a list, or -1. */
  first(list: number): number {
    const rec = this.words[list * this.stride + NEXT]!;
    return rec === list ? -1 : rec;
  }

  /** The newest record of a list, or -1. */
  last(list: number): number {
    const rec = this.words[list * this.stride + PREV]!;
    return rec === list ? -1 : rec;
  }

  /** The record behind this one in its list, or -1. */
  after(rec: number): number {
    const next = this.words[rec * this.stride + NEXT]!;
    return next < this.lists ? -1 : next;
  }

  /** The oldest record of a list when it is due, else -1. */
  due(list: number, tick: number): number {
    const rec = this.first(list);
    return rec >= 0 && diff(this.words[rec * this.stride + DUE]!, tick) <= 0 ? rec : -1;
  }

  /** When the next record is due; 0 = never. */
  next(): number {
    let next = 0;
    if (this.used === 0) return next;
    for (let list = 0; list < this.lists; list++) {
      const rec = this.first(list);
      if (rec < 0) continue;
      const due = this.words[rec * this.stride + DUE]!;
      if (next === 0 || diff(due, next) < 0) next = due;
    }
    return next;
  }
}
