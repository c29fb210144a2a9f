/**
 * Deadlines of all connections: a hierarchical timer wheel whose entries are the TCB rows themselves (words wheelNext,
 * wheelPrev, wheelAt), so filing allocates nothing and a million rows cost three words each.
 *
 * Ticks are int32 milliseconds compared by difference. A level holds 64 slots of 64^level ticks; a row lies on the level
 * of the highest digit (base 64) in which its tick differs from the wheel's own. Five levels take 30 bits; the two left
 * make a top level of four slots. Hence a row is never clamped, wrap of the tick needs no special case (only the top
 * level is circular), and the earliest row is on the lowest occupied level, in its lowest occupied slot.
 *
 * A row is filed under the earliest of its timers. Timers that move later are not refiled: the row expires early, its
 * owner sees that nothing is due and files it again (RFC 6298 §5.3 restarts the timer on every ACK; this makes it free).
 */
import { ROW_WORDS } from '../wire/abi.ts';
import { diff } from './seq.ts';
import { WHEEL_AT, WHEEL_NEXT, WHEEL_PREV } from './tcp/tcb.ts';

const BITS = 6;
const SLOTS = 1 << BITS;
const TOP = 5;
const TOP_SLOTS = 4;
/** Two lists besides the slots: rows filed when already due, one collecting while the other is emptied. */
const DUE = TOP * SLOTS + TOP_SLOTS;
const LISTS = DUE + 2;
const NONE = -1;

export interface Expiry {
  /** The row is not filed any more. May file, remove and free any row. */
  expire(row: number): void;
}

export class TimerWheel {
  /** Rows filed. */
  count = 0;
  private readonly rows: Int32Array;
  private readonly heads = new Int32Array(LISTS).fill(NONE);
  /** Two words of 32 slots per level. */
  private readonly occupied = new Int32Array((TOP + 1) * 2);
  /** The tick that slots are relative to: no row in a slot is earlier than this. */
  private base = 0;
  /** Where the running `advance` goes to; `base` otherwise. */
  private target = 0;
  private due = DUE;

  constructor(rows: Int32Array) {
    this.rows = rows;
  }

  /**
   * Sees to it that the row expires at `tick` or before. 0 stands for "not filed" in the row, so that tick is taken as 1.
   * What is filed at or before the present waits for the next `advance`: an `expire` that files again cannot loop.
   */
  file(row: number, tick: number): void {
    const at = tick | 0 || 1;
    const filed = this.rows[row * ROW_WORDS + WHEEL_AT]!;
    if (filed !== 0) {
      if (diff(at, filed) >= 0) return;
      this.unlink(row);
    }
    this.link(row, at, diff(at, this.target) <= 0 ? this.due : this.slotOf(at));
  }

  remove(row: number): void {
    if (this.rows[row * ROW_WORDS + WHEEL_AT] !== 0) this.unlink(row);
  }

  /**
   * Expires every row filed at or before `nowTick`, in the order of ticks. To be called before anything is filed after a
   * pause: ticks are compared by difference, and an empty wheel, which never asks to be called, must not fall 2^31 behind.
   */
  advance(nowTick: number, to: Expiry): void {
    if (this.count === 0) {
      this.base = this.target = nowTick;
      return;
    }
    if (diff(nowTick, this.target) < 0) return;
    this.target = nowTick;
    const overdue = this.due;
    this.due = overdue ^ DUE ^ (DUE + 1);
    this.expireList(overdue, to);
    for (;;) {
      const list = this.earliest();
      if (list === NONE) break;
      const start = this.startOf(list);
      if (diff(start, nowTick) > 0) break;
      this.base = start;
      if (list < SLOTS) this.expireList(list, to);
      else this.cascade(list);
    }
    this.base = nowTick;
  }

  /**
   * When `advance` must be called next; 0 = nothing is filed. Not later than the earliest row; it may be the start of that
   * row's slot on a higher level, so a far deadline costs at most one early wake per level.
   */
  next(nowTick: number): number {
    if (this.heads[this.due] !== NONE) return nowTick | 0 || -1;
    const list = this.earliest();
    // No row is filed under 0, so a slot that starts there is not due before 1.
    return list === NONE ? 0 : this.startOf(list) || 1;
  }

  private expireList(list: number, to: Expiry): void {
    // Rows filed meanwhile are later than `target` or go to the other due list: they never join this one.
    for (let row = this.heads[list]!; row !== NONE; row = this.heads[list]!) {
      this.unlink(row);
      to.expire(row);
    }
  }

  /** Spreads a slot that the wheel has reached over the levels below it; rows at `base` itself end on level 0, due now. */
  private cascade(list: number): void {
    for (let row = this.heads[list]!; row !== NONE; row = this.heads[list]!) {
      const at = this.rows[row * ROW_WORDS + WHEEL_AT]!;
      this.unlink(row);
      this.link(row, at, this.slotOf(at));
    }
  }

  /** The slot of the highest base-64 digit in which `at` differs from `base`. */
  private slotOf(at: number): number {
    const changed = at ^ this.base;
    const level = changed === 0 ? 0 : ((31 - Math.clz32(changed)) / BITS) | 0;
    return level * SLOTS + ((at >>> (level * BITS)) & (SLOTS - 1));
  }

  /** First tick of a slot: `base` with the slot's digit, lower digits zero. */
  private startOf(list: number): number {
    const level = (list / SLOTS) | 0;
    if (level === TOP) return (list & (TOP_SLOTS - 1)) << (TOP * BITS);
    const shift = level * BITS;
    const above = (this.base >>> (shift + BITS)) << (shift + BITS);
    return above | ((list & (SLOTS - 1)) << shift);
  }

  private earliest(): number {
    const bits = this.occupied;
    for (let level = 0; level < TOP; level++) {
      const low = bits[level * 2]!;
      if (low !== 0) return level * SLOTS + lowestBit(low);
      const high = bits[level * 2 + 1]!;
      if (high !== 0) return level * SLOTS + 32 + lowestBit(high);
    }
    const top = bits[TOP * 2]!;
    if (top === 0) return NONE;
    // Four slots in a circle, seen from the one `base` is in (which is empty).
    const here = this.base >>> (TOP * BITS);
    const ahead = lowestBit((top | (top << TOP_SLOTS)) >>> here);
    return TOP * SLOTS + ((here + ahead) & (TOP_SLOTS - 1));
  }

  private link(row: number, at: number, list: number): void {
    const rows = this.rows;
    const word = row * ROW_WORDS;
    const head = this.heads[list]!;
    rows[word + WHEEL_AT] = at;
    rows[word + WHEEL_NEXT] = head;
    rows[word + WHEEL_PREV] = -(list + 2);
    if (head !== NONE) rows[head * ROW_WORDS + WHEEL_PREV] = row;
    else if (list < DUE) this.occupied[list >> 5] = this.occupied[list >> 5]! | (1 << (list & 31));
    this.heads[list] = row;
    this.count++;
  }

  private unlink(row: number): void {
    const rows = this.rows;
    const word = row * ROW_WORDS;
    const next = rows[word + WHEEL_NEXT]!;
    const prev = rows[word + WHEEL_PREV]!;
    rows[word + WHEEL_AT] = 0;
    if (next !== NONE) rows[next * ROW_WORDS + WHEEL_PREV] = prev;
    if (prev >= 0) {
      rows[prev * ROW_WORDS + WHEEL_NEXT] = next;
    } else {
      const list = -prev - 2;
      this.heads[list] = next;
      if (next === NONE && list < DUE) this.occupied[list >> 5] = this.occupied[list >> 5]! & ~(1 << (list & 31));
    }
    this.count--;
  }
}

const lowestBit = (x: number): number => 31 - Math.clz32(x & -x);
