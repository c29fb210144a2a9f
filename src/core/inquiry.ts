/** What may be asked of a core about its connections, and the cursor that calls find them with. */
import { ROW_WORDS } from '../wire/abi.ts';
import type { Tcp } from './tcp/context.ts';
import { CLOSED } from './tcp/figure5.ts';
import { unfold as unfoldHalfOpen } from './tcp/handshakes.ts';
import type { TcpInfo } from './tcp/info.ts';
import { ANVIL } from './tcp/rows.ts';
import { endpointOf, infoOf } from './tcp/status.ts';
import { blank } from './tcp/syn-ack.ts';
import { GEN, STATE, type Tcb } from './tcp/tcb.ts';
import { unfold } from './tcp/time-waits.ts';

export class Inquiry {
  protected readonly t: Tcp;
  protected readonly tcb: Tcb;

  constructor(t: Tcp) {
    this.t = t;
    this.tcb = t.cursor();
  }

  get connections(): number {
    return this.t.rows.used - this.t.listeners.count;
  }
  get halfOpens(): number {
    return this.t.halfOpens.used;
  }
  get timeWaits(): number {
    return this.t.timeWaits.used;
  }

  find(laddr: Int32Array, lport: number, raddr: Int32Array, rport: number): number {
    const { identity, flows, timeWaits, rows } = this.t;
    identity[0] = (lport << 16) | rport;
    identity.set(laddr, 1);
    identity.set(raddr, 5);
    const row = flows.find(identity, 0);
    if (row >= 0) return row;
    const opening = this.t.halfOpens.find(identity, 0);
    if (opening >= 0) return this.openings + opening;
    const rec = timeWaits.find(identity, 0);
    return rec < 0 ? -1 : rows.limit + rec;
  }

  /** The cursor on a row, or on what stands for a number that `find` gave. */
  protected at(row: number): Tcb {
    const { limit } = this.t.rows;
    if (row < limit) return this.tcb.select(row);
    if (row < this.openings) return unfold(this.t, row - limit);
    return unfoldHalfOpen(this.t, row - this.openings, ANVIL);
  }

  /** For calls: what is half open does not exist for the user yet. */
  protected called(row: number): Tcb {
    return row < this.openings ? this.at(row) : blank(this.t, ANVIL);
  }

  /** Where the numbers of half-open entries begin. */
  private get openings(): number {
    return this.t.rows.limit + this.t.timeWaits.limit + 1;
  }

  state(row: number, gen: number): number {
    const { limit, words } = this.t.rows;
    if (row >= limit) return this.at(row).state;
    return words[row * ROW_WORDS + GEN] === gen ? words[row * ROW_WORDS + STATE]! || CLOSED : CLOSED;
  }

  generation(row: number): number {
    return row >= this.t.rows.limit ? 0 : this.t.rows.words[row * ROW_WORDS + GEN]!;
  }

  endpoint(row: number, which: 0 | 1, out: Int32Array): number {
    return endpointOf(this.at(row), which, out);
  }

  sendQueued(row: number): number {
    return this.at(row).sndQueued;
  }

  acknowledged(row: number): number {
    return this.at(row).bytesOut;
  }

  info(row: number, now = this.t.now): TcpInfo {
    return infoOf(this.t, this.at(row), now);
  }
}
