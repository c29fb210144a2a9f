/** What must hold of every row and of all tables together whenever a turn has ended. */
import { add, diff, geq, gt, leq } from '../../../src/core/seq.ts';
import type { StackCore } from '../../../src/core/stack-core.ts';
import type { Tcp } from '../../../src/core/tcp/context.ts';
import {
  CLOSED,
  LISTEN,
  RECEIVING,
  SYN_RECEIVED,
  SYN_SENT,
  stateName,
  TIME_WAIT,
} from '../../../src/core/tcp/figure5.ts';
import { R_LOST, R_SACKED } from '../../../src/core/tcp/records.ts';
import {
  F_ACK_LATER,
  F_ACK_NOW,
  F_COUNTED,
  F_DIRTY,
  F_FIN_QUEUED,
  F_FIN_SENT,
  F_FIXED_BUFFER,
  F_IN_FLOWS,
  F_SACK,
  F_SYN_ACKED,
  F_WS,
  TIMER_DELACK,
  TIMER_PACE,
  TIMER_PERSIST,
  TIMER_REXMIT,
  TIMER_STATE,
} from '../../../src/core/tcp/row.ts';
import { SCRATCH_ROWS } from '../../../src/core/tcp/rows.ts';
import { unsent } from '../../../src/core/tcp/send-text.ts';
import { FLIGHT_WORDS, type Tcb } from '../../../src/core/tcp/tcb.ts';
import { FLOW_COUNT } from '../../../src/wire/abi.ts';

interface Totals {
  live: number;
  records: number;
  arena: number;
  send: number;
  outOfOrder: number;
  flows: number;
  granted: number;
  filed: number;
  readonly counted: Map<number, number>;
  readonly backlogs: Map<number, number>;
}

export class Invariants {
  readonly #core: StackCore;
  readonly #t: Tcp;
  readonly #tcb: Tcb;
  readonly #nobodys: Int32Array;
  /** rcvAdv, sndUna and rcvNxt seen last, by row and generation. */
  readonly #seen = new Map<number, { gen: number; adv: number; una: number; nxt: number }>();

  constructor(core: StackCore, t: Tcp) {
    this.#core = core;
    this.#t = t;
    this.#tcb = t.cursor();
    this.#nobodys = t.flights.words.slice(0, FLIGHT_WORDS);
  }

  flows(): number {
    return (this.#t.flows as unknown as { flows: Int32Array }).flows[FLOW_COUNT]!;
  }

  check(): void {
    const t = this.#t;
    const sum: Totals = {
      live: 0,
      records: 0,
      arena: 0,
      send: 0,
      outOfOrder: 0,
      flows: 0,
      granted: 0,
      filed: 0,
      counted: new Map(),
      backlogs: new Map(),
    };
    for (let row = SCRATCH_ROWS; row < t.rows.top; row++) {
      const tcb = this.#tcb.select(row);
      if (tcb.state === CLOSED || tcb.state === 0) continue;
      sum.live++;
      if (tcb.state === LISTEN) sum.backlogs.set(row, tcb.backlog >>> 16);
      else this.#row(tcb, sum);
    }
    const claim = (name: string, is: number, should: number): void => {
      if (is !== should) throw new Error(`invariant: ${name} is ${is}, the rows say ${should}`);
    };
    claim('rows.used', t.rows.used, sum.live);
    const strayed = this.#nobodys.findIndex((word, at) => word !== t.flights.words[at]);
    claim('the first word written in the flight block of nobody', strayed, -1);
    claim('listeners', t.listeners.count, sum.backlogs.size);
    claim('records.count', t.records.count, sum.records);
    claim('arena.used', t.arena.used, sum.arena);
    claim('budget.send', t.budget.send, sum.send);
    claim('budget.outOfOrder', t.budget.outOfOrder, sum.outOfOrder);
    const { rows, folded, flights, records, arena, touched } = this.#core.memory;
    const { send, outOfOrder, passing, free, scratch, untouched } = arena;
    const halves = [rows, folded, flights, records].reduce((all, { used, free }) => all + used + free, 0);
    claim('memory.touched', touched + untouched, halves + send + outOfOrder + passing + free + scratch);
    claim('flows', this.flows(), sum.flows);
    claim('windowGranted', t.windowGranted, sum.granted);
    claim('wheel.count', t.wheel.count, sum.filed);
    claim('lent', t.lent.length, 0);
    for (const [row, n] of sum.backlogs) claim(`backlog of ${row}`, n, sum.counted.get(row) ?? 0);
  }

  #row(tcb: Tcb, sum: Totals): void {
    const t = this.#t;
    const bad = (what: string): never => {
      const info = JSON.stringify(this.#core.info(tcb.row));
      throw new Error(
        `invariant: row ${tcb.row} ${stateName(tcb.state)}: ${what}; flags ${(tcb.flags >>> 0).toString(16)} ${info}`,
      );
    };
    if (tcb.flags & F_IN_FLOWS) sum.flows++;
    else bad('not in the flow table');
    if (tcb.wheelAt !== 0) sum.filed++;
    if ((tcb.flags & F_FIXED_BUFFER) === 0) sum.granted += Math.max(0, tcb.rcvBuf - t.defaults.initialWindow);
    if (tcb.flags & F_COUNTED) sum.counted.set(tcb.listener, (sum.counted.get(tcb.listener) ?? 0) + 1);
    const before = sum.arena;
    this.#sendSide(tcb, sum, bad);
    sum.send += sum.arena - before;
    const sent = sum.arena;
    this.#receiveSide(tcb, sum, bad);
    sum.outOfOrder += sum.arena - sent;
    if (t.budget.heldBy(tcb.row) !== sum.arena - before)
      bad(`the budget says it holds ${t.budget.heldBy(tcb.row)} bytes, its chunks are ${sum.arena - before}`);
    this.#timers(tcb, bad);
    this.#progress(tcb, bad);
  }

  #sendSide(tcb: Tcb, sum: Totals, bad: (what: string) => never): void {
    const t = this.#t;
    if (!leq(tcb.sndUna, tcb.sndNxt)) bad('not SND.UNA <= SND.NXT');
    let queued = 0;
    for (let chunk = tcb.sndHead; chunk >= 0; chunk = t.arena.next(chunk)) {
      queued += t.arena.end(chunk) - t.arena.start(chunk);
      sum.arena += t.arena.capacity(chunk);
      if (t.arena.next(chunk) < 0 && chunk !== tcb.sndTail) bad('sndTail is not the last chunk');
    }
    if (queued !== tcb.sndQueued) bad(`sndQueued ${tcb.sndQueued}, chunks hold ${queued}`);
    let at = add(tcb.sndUna, tcb.flags & F_SYN_ACKED || tcb.sndNxt === tcb.iss ? 0 : 1);
    let [sacked, lost, last] = [0, 0, -1];
    const r = t.records;
    for (let rec = tcb.rtxHead; rec >= 0; rec = r.next(rec)) {
      if (r.seq(rec) !== at) bad(`record at ${r.seq(rec)}, expected ${at}`);
      if (r.space(rec) <= 0) bad('empty record');
      at = add(at, r.space(rec));
      if (r.flags(rec) & R_SACKED) sacked += r.space(rec);
      if (r.flags(rec) & R_LOST) lost += r.space(rec);
      if ((r.flags(rec) & (R_SACKED | R_LOST)) === (R_SACKED | R_LOST)) bad('a record is both lost and SACKed');
      sum.records++;
      last = rec;
    }
    if (tcb.state !== TIME_WAIT && at !== tcb.sndNxt) bad(`records end at ${at}, SND.NXT is ${tcb.sndNxt}`);
    if (last !== tcb.rtxTail) bad('rtxTail is not the last record');
    if (lost !== tcb.lostOut) bad(`lostOut ${tcb.lostOut}, records say ${lost}`);
    if (tcb.flags & F_SACK && sacked !== tcb.sackedOut) bad(`sackedOut ${tcb.sackedOut}, records say ${sacked}`);
    if (tcb.sackedOut < 0) bad(`sackedOut ${tcb.sackedOut}`);
    if (diff(tcb.sndNxt, tcb.sndUna) - tcb.sackedOut - tcb.lostOut < 0)
      bad(`less than nothing in flight: sacked ${tcb.sackedOut}, lost ${tcb.lostOut}`);
    if (tcb.state !== TIME_WAIT && tcb.state !== SYN_SENT && tcb.state !== SYN_RECEIVED && unsent(tcb) < 0)
      bad(`unsent ${unsent(tcb)}`);
  }

  #receiveSide(tcb: Tcb, sum: Totals, bad: (what: string) => never): void {
    const t = this.#t;
    const r = t.records;
    let held = 0;
    let end = tcb.rcvNxt;
    for (let rec = tcb.oooHead; rec >= 0; rec = r.next(rec)) {
      if (!geq(r.seq(rec), end)) bad('records out of order overlap');
      if (held === 0 && r.seq(rec) === tcb.rcvNxt && tcb.state & RECEIVING) bad('text at RCV.NXT is held');
      end = add(r.seq(rec), r.len(rec));
      held += r.len(rec);
      sum.records++;
      sum.arena += t.arena.capacity(r.chunk(rec));
    }
    if (held !== tcb.oooBytes) bad(`oooBytes ${tcb.oooBytes}, records say ${held}`);
    if (tcb.state === SYN_SENT) return;
    if (gt(end, tcb.rcvAdv)) bad('text held beyond the window');
    if (gt(tcb.rcvNxt, tcb.rcvAdv)) bad('RCV.NXT beyond the window');
    const unit = tcb.flags & F_WS ? 1 << (tcb.scales >> 8) : 0;
    const before = this.#seen.get(tcb.row);
    // A buffer made smaller does not take back what was offered.
    const offered = before?.gen === tcb.gen && before.adv === tcb.rcvAdv;
    if (!offered && tcb.rcvUser + diff(tcb.rcvAdv, tcb.rcvNxt) > tcb.rcvBuf + unit) {
      bad(`promised ${diff(tcb.rcvAdv, tcb.rcvNxt)} with ${tcb.rcvUser} of ${tcb.rcvBuf} taken`);
    }
    if (before !== undefined && before.gen === tcb.gen) {
      if (!geq(tcb.rcvAdv, before.adv)) bad('the right edge moved left');
      if (!geq(tcb.sndUna, before.una)) bad('SND.UNA moved back');
      if (!geq(tcb.rcvNxt, before.nxt)) bad('RCV.NXT moved back');
    }
    this.#seen.set(tcb.row, { gen: tcb.gen, adv: tcb.rcvAdv, una: tcb.sndUna, nxt: tcb.rcvNxt });
  }

  #timers(tcb: Tcb, bad: (what: string) => never): void {
    for (let timer = 0; timer < 8; timer++) {
      const at = tcb.timer(timer);
      if (at !== 0 && (tcb.wheelAt === 0 || diff(tcb.wheelAt, at) > 0)) bad(`timer ${timer} is not filed`);
    }
    if (tcb.state === TIME_WAIT && tcb.timer(TIMER_STATE) === 0) bad('TIME_WAIT without a timer');
  }

  /** Whatever must still happen has something that makes it happen. */
  #progress(tcb: Tcb, bad: (what: string) => never): void {
    // On an output list after the turn: waits for the neighbour, which asks and gives up by itself.
    if (tcb.flags & F_DIRTY) return;
    if (tcb.state === TIME_WAIT) return;
    if (tcb.flags & F_ACK_NOW) bad('an ACK is due');
    if (tcb.flags & F_ACK_LATER && tcb.timer(TIMER_DELACK) === 0) bad('a delayed ACK without its timer');
    const driven = tcb.timer(TIMER_REXMIT) !== 0 || tcb.timer(TIMER_PERSIST) !== 0;
    if (tcb.sndNxt !== tcb.sndUna && !driven) bad('data outstanding and no timer');
    const fin = (tcb.flags & (F_FIN_QUEUED | F_FIN_SENT)) === F_FIN_QUEUED;
    if (tcb.state & (SYN_SENT | SYN_RECEIVED)) return;
    // A marked window of one segment waits an RTO with nothing in flight (RFC 3168 §6.1.2).
    if ((unsent(tcb) > 0 || fin) && !driven && tcb.timer(TIMER_PACE) === 0) bad('data waits and no timer');
  }
}
