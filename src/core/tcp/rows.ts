/**
 * Which rows are in use. A freed row keeps its identity words until the end of the turn, because descriptors that
 * have not left yet point at it; its generation changes at once, so nobody mistakes it for a live one (T300).
 */
import { ROW_WORDS } from '../../wire/abi.ts';
import { CLOSED } from './figure5.ts';
import { F_DIRTY } from './row.ts';
import { DIRTY_NEXT, FLAGS, GEN, HOP, LISTENER, STATE, WHEEL_NEXT } from './tcb.ts';

/** Words in which 0 would name something. */
const LINKS = [HOP, DIRTY_NEXT, LISTENER] as const;

/** Rows that are never connections: identities of what is sent without a row of its own, for one turn. */
export const SCRATCH_ROWS = 64;
/** More of them lie behind the rows of connections. */
const MORE_SCRATCH = 448;
/** All of them. */
export const ALL_SCRATCH = SCRATCH_ROWS + MORE_SCRATCH;
/** The first of them is worked on when a turn has used up the others: nothing can be sent from it. */
export const ANVIL = 0;
/** Of those, as many as resets may use in one turn. */
export const RESETS = SCRATCH_ROWS;

export class Rows {
  readonly words: Int32Array;
  readonly limit: number;
  /** Rows handed out and not freed. */
  used = 0;
  /** Rows from here on were never touched. */
  top = SCRATCH_ROWS;
  private free = -1;
  private buried = -1;
  private scratchUsed = 1;

  constructor(region: ArrayBuffer) {
    this.words = new Int32Array(region);
    this.limit = Math.floor(this.words.length / ROW_WORDS) - MORE_SCRATCH;
  }

  static bytes(connections: number): number {
    return (connections + ALL_SCRATCH) * ROW_WORDS * 4;
  }

  /** A zeroed row with every link field empty; -1 when all are in use. */
  take(): number {
    let row = this.free;
    if (row >= 0) this.free = this.words[row * ROW_WORDS + WHEEL_NEXT]!;
    else if (this.top < this.limit) row = this.top++;
    else return -1;
    this.blank(row);
    this.used++;
    return row;
  }

  /** Zero, every link field empty; the generation stays. */
  blank(row: number): void {
    const at = row * ROW_WORDS;
    const gen = this.words[at + GEN]!;
    this.words.fill(0, at, at + ROW_WORDS);
    this.words[at + GEN] = gen;
    this.words[at + STATE] = CLOSED;
    for (const link of LINKS) this.words[at + link] = -1;
  }

  /**
   * The row is dead from now on and may be taken again after `endTurn`. One that is still on an output list waits until
   * it is found there: `release`.
   */
  bury(row: number): void {
    const at = row * ROW_WORDS;
    this.words[at + GEN] = (this.words[at + GEN]! + 1) | 0;
    this.words[at + STATE] = CLOSED;
    this.used--;
    if ((this.words[at + FLAGS]! & F_DIRTY) === 0) this.release(row);
  }

  /** The dead row is on no list any more. */
  release(row: number): void {
    this.words[row * ROW_WORDS + WHEEL_NEXT] = this.buried;
    this.buried = row;
  }

  /** Identity for a reply without a TCB; -1 when this turn has sent enough of them. `most`: for replies that have their own limit. */
  scratch(most = ALL_SCRATCH): number {
    if (this.scratchUsed >= most) return -1;
    const n = this.scratchUsed++;
    return n < SCRATCH_ROWS ? n : n - SCRATCH_ROWS + this.limit;
  }

  isScratch(row: number): boolean {
    return row < SCRATCH_ROWS || row >= this.limit;
  }

  /** Which of the scratch rows it is, from 0 on. */
  ordinal(scratch: number): number {
    return scratch < SCRATCH_ROWS ? scratch : scratch - this.limit + SCRATCH_ROWS;
  }

  /** The scratch row taken last was not needed. */
  unscratch(row: number): void {
    if (this.ordinal(row) === this.scratchUsed - 1) this.scratchUsed--;
  }

  endTurn(): void {
    this.scratchUsed = 1;
    while (this.buried >= 0) {
      const row = this.buried;
      this.buried = this.words[row * ROW_WORDS + WHEEL_NEXT]!;
      this.words[row * ROW_WORDS + WHEEL_NEXT] = this.free;
      this.free = row;
    }
  }
}
