/**
 * Room for those who hold little, when a limit is reached (budget.ts): a connection that holds more than its fair share and
 * gives nothing back is reset. Peers who take their text keep what they have, however much that is.
 */
import { ALL, LISTENERS, PEER } from '../budget.ts';
import { ENOBUFS } from '../events.ts';
import { since } from '../seq.ts';
import { abort } from './close.ts';
import type { Tcp } from './context.ts';
import { SCRATCH_ROWS } from './rows.ts';
import type { Tcb } from './tcb.ts';

/** ms without giving anything back after which a connection may have to go. */
export const PATIENCE = 2000;
/** Rows looked at per call. */
const SEARCH = 4096;

/** A search over the rows, a stretch per turn, for the one to be reset. */
export class Eviction {
  /** The limit that was reached, and whose it is. */
  private scope = ALL;
  private account = 0;
  /** Who share it, the one who asks included. */
  private parties = 1;
  private at = -1;
  private asker = -1;
  private askerGen = 0;
  private worst = -1;
  private worstGen = 0;
  private score = 0;

  get searching(): boolean {
    return this.at >= 0;
  }

  /** Somebody was refused: looks on, and at the end of the table resets the worst. */
  relieve(t: Tcp, tcb: Tcb): void {
    if (this.at < 0 && !this.begin(t, tcb)) return;
    const end = Math.min(t.rows.top, this.at + SEARCH);
    for (; this.at < end; this.at++) this.consider(t, this.at);
    if (this.at < t.rows.top) return;
    this.at = -1;
    if (this.worst >= 0) this.evict(t, tcb);
  }

  /** Only for one who has less than his share: who has more waits for himself. */
  private begin(t: Tcp, tcb: Tcb): boolean {
    const { budget } = t;
    const row = budget.refused;
    budget.refused = -1;
    this.scope = budget.scarcest(row);
    this.account = this.scope === PEER ? budget.peerOf(row) : this.scope === LISTENERS ? budget.listenerOf(row) : 0;
    const peerHolds = budget.heldByPeer(row) > 0;
    this.parties =
      this.scope === ALL
        ? budget.peers + (peerHolds ? 0 : 1)
        : budget.holders(this.account) + (budget.heldBy(row) > 0 ? 0 : 1);
    if (this.shares(t, row) >= 1) return false;
    this.asker = row;
    this.askerGen = tcb.select(row).gen;
    this.worst = -1;
    this.score = 0;
    this.at = SCRATCH_ROWS;
    return true;
  }

  private consider(t: Tcp, row: number): void {
    const { budget } = t;
    const held = budget.heldBy(row);
    if (held === 0) return;
    const idle = since(t.tick, budget.movedAt(row));
    const score = held * idle;
    if (idle < PATIENCE || score <= this.score || this.shares(t, row) <= 1) return;
    this.score = score;
    this.worst = row;
    this.worstGen = t.other.select(row).gen;
  }

  /**
   * What the row has, in fair shares of what is held under the scarce limit: of all there is each peer has the same share, of
   * what one peer or one listener may hold each connection.
   */
  private shares(t: Tcp, row: number): number {
    const { budget } = t;
    if (this.scope === ALL) return (budget.heldByPeer(row) * this.parties) / budget.held;
    const own = this.scope === PEER ? budget.peerOf(row) : budget.listenerOf(row);
    if (own !== this.account) return 0;
    return (budget.heldBy(row) * this.parties) / budget.heldOn(own);
  }

  /** Much may have happened since it was looked at. */
  private evict(t: Tcp, tcb: Tcb): void {
    if (tcb.select(this.asker).gen !== this.askerGen) return;
    if (tcb.select(this.worst).gen !== this.worstGen || t.budget.heldBy(this.worst) === 0) return;
    if (since(t.tick, t.budget.movedAt(this.worst)) < PATIENCE) return;
    t.counters.budgetEvictions++;
    abort(t, tcb, ENOBUFS);
  }
}
