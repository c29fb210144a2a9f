/**
 * Which rows are in use. A freed row keeps its identity words until the end of the turn, because descriptors that
 * have not left yet point at it; its generation changes at once, so nobody mistakes it for a live one (T300).
 */
import { ROW_WORDS } from '../../wire/abi.ts';
import { CLOSED } from './figure5.ts';
import { F_DIRTY } from './row.ts';
import { DIRTY_NEXT, FLAGS, GEN, HOP, STATE, WHEEL_NEXT } from './tcb.ts';

/** Rows that are never connections: identities of replies sent without a TCB. */
export const SCRATCH_ROWS = 64;

export class Rows {
  readonly words: Int32Array;
  readonly limit: number;
  /** Rows handed out and not freed. */
  used = 0;
  /** Rows from here on were never touched. */
  top = SCRATCH_ROWS;
  private free = -1;
  private buried = -1;
  private scratchUsed = 0;

  constructor(region: ArrayBuffer) {
    this.words = new Int32Array(region);
    this.limit = Math.floor(this.words.length / ROW_WORDS);
  }

  static bytes(connections: number): number {
    return (connections + SCRATCH_ROWS) * ROW_WORDS * 4;
  }

  /** A zeroed row with every link field empty; -1 when all are in use. */
  take(): number {
    let row = this.free;
    if (row >= 0) this.free = this.words[row * ROW_WORDS + WHEEL_NEXT]!;
    else if (this.top < this.limit) row = this.top++;
    else return -1;
    const at = row * ROW_WORDS;
    const gen = this.words[at + GEN]!;
    this.words.fill(0, at, at + ROW_WORDS);
    this.words[at + GEN] = gen;
    this.words[at + STATE] = CLOSED;
    this.words[at + HOP] = -1;
    this.words[at + DIRTY_NEXT] = -1;
    this.used++;
    return row;
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

  /** Identity for a reply without a TCB; -1 when this turn has sent enough of them. */
  scratch(): number {
    return this.scratchUsed < SCRATCH_ROWS ? this.scratchUsed++ : -1;
  }

  endTurn(): void {
    this.scratchUsed = 0;
    while (this.buried >= 0) {
      const row = this.buried;
      this.buried = this.words[row * ROW_WORDS + WHEEL_NEXT]!;
      this.words[row * ROW_WORDS + WHEEL_NEXT] = this.free;
      this.free = row;
    }
  }
}
