/**
 * What every TCP function works on: the tables of one stack and the present moment. Functions take it first, then the
 * cursor of the connection; they keep nothing of their own.
 */
import type { Link, Micros } from '../../ports.ts';
import { ROW_WORDS } from '../../wire/abi.ts';
import type { FlowTable } from '../../wire/flow-table.ts';
import type { TcpOptions } from '../../wire/tcp-options.ts';
import type { TcpDefaults } from '../api.ts';
import type { Arena } from '../arena.ts';
import type { Budget } from '../budget.ts';
import type { Challenges } from '../challenges.ts';
import type { Cookies } from '../cookie.ts';
import type { EphemeralPorts } from '../ephemeral.ts';
import { EV_CLOSED, EV_STATE, type EventQueue } from '../events.ts';
import type { IpLayer } from '../ip/ip-layer.ts';
import type { InitialNumbers } from '../isn.ts';
import { since } from '../seq.ts';
import type { Share } from '../share.ts';
import type { TimerWheel } from '../timers.ts';
import { TRACE_REASONS, type TraceQueue, type TraceReason } from '../trace.ts';
import type { CongestionControl } from './congestion/control.ts';
import type { CookieCache } from './cookie-cache.ts';
import type { CoreCounters } from './counters.ts';
import type { Eviction } from './eviction.ts';
import type { FastOpens } from './fast-opens.ts';
import { arrow, CLOSED, eventNames, stateName } from './figure5.ts';
import type { Flights } from './flights.ts';
import type { HalfOpens } from './half-opens.ts';
import type { LimitTable } from './limits.ts';
import type { Listeners } from './listeners.ts';
import type { PathCache } from './path-cache.ts';
import type { PortProbe } from './port-probe.ts';
import type { Records } from './records.ts';
import { F_APP_DONE, F_DIRTY } from './row.ts';
import type { Rows } from './rows.ts';
import type { SackOption } from './sack-option.ts';
import type { News } from './scoreboard.ts';
import type { Segment } from './segment.ts';
import type { SourceRoutes } from './source-routes.ts';
import type { SynHook } from './syn-hook.ts';
import { DIRTY_NEXT, type Tcb } from './tcb.ts';
import type { TimeWaits } from './time-waits.ts';
import type { TransmitQueues } from './transmit-queues.ts';

export interface Tcp {
  readonly links: readonly Link[];
  readonly defaults: TcpDefaults;
  readonly rows: Rows;
  readonly flights: Flights;
  readonly flows: FlowTable;
  readonly listeners: Listeners;
  readonly timeWaits: TimeWaits;
  readonly halfOpens: HalfOpens;
  readonly arena: Arena;
  readonly records: Records;
  readonly budget: Budget;
  readonly eviction: Eviction;
  /** What was reserved of the Memory port, in all. */
  readonly regions: { readonly bytes: number };
  /** The hop table; from `scratchHops` on it holds ALL_SCRATCH entries for replies without a TCB, and behind them source routes. */
  readonly hops: Int32Array;
  readonly scratchHops: number;
  readonly wheel: TimerWheel;
  readonly events: EventQueue;
  readonly out: TransmitQueues;
  readonly ip: IpLayer;
  readonly isn: InitialNumbers;
  readonly cookies: Cookies;
  readonly challenges: Challenges;
  readonly ports: EphemeralPorts;
  readonly portUse: PortProbe;
  /** Which flows are ours where other stacks have the address, too. */
  readonly share: Share;
  readonly paths: PathCache;
  readonly sourceRoutes: SourceRoutes;
  readonly cookieCache: CookieCache;
  readonly fastOpens: FastOpens;
  /** Four words to hold an address for a moment. */
  readonly address: Int32Array;
  readonly counters: CoreCounters;
  readonly congestion: CongestionControl;
  readonly dirty: DirtyList;
  readonly options: TcpOptions;
  readonly sack: SackOption;
  /** What connections waited for, of those that somebody asks about. */
  readonly limits: LimitTable;
  readonly news: News;
  /** One more cursor over the tables. */
  cursor(): Tcb;
  /** A second cursor, for the child or the listener beside the connection at hand. */
  readonly other: Tcb;
  /** The cursor on a scratch row that stands for a record of TIME_WAIT. */
  readonly ghost: Tcb;
  /** The cursor on a scratch row that stands for an entry of a SYN queue. */
  readonly child: Tcb;
  /** Nine identity words of the segment at hand. */
  readonly identity: Int32Array;
  readonly seg: Segment;
  /** Chunks that events of this turn point into; given back when it ends. */
  readonly lent: number[];
  /** Row of a connection that lost text it still has to send, or -1. */
  broken: number;
  /** Asked before a SYN is answered; null while no listener wants to be. */
  synHook: SynHook | null;
  /** null while nobody traces. */
  trace: TraceQueue | null;
  /** Somebody wants EV_STATE and EV_RETRANSMIT. */
  telling: boolean;
  /** Which timer gave the connection up that is being ended: BY_*, for its last words. */
  cause: number;
  /** Receive descriptor being processed, or -1; for the trace. */
  descriptor: number;
  now: Micros;
  /** now in wheel ticks (ms), never 0. */
  tick: number;
  /** Sum of the receive windows above each connection's first one, bounded by what the links can hold. */
  windowGranted: number;
  readonly windowLimit: number;
}

/** Rows that owe output, each once, in the order they asked. */
export class DirtyList {
  private readonly words: Int32Array;
  private head = -1;
  private tail = -1;

  constructor(rows: Int32Array) {
    this.words = rows;
  }

  push(row: number): void {
    this.words[row * ROW_WORDS + DIRTY_NEXT] = -1;
    if (this.tail >= 0) this.words[this.tail * ROW_WORDS + DIRTY_NEXT] = row;
    else this.head = row;
    this.tail = row;
  }

  unshift(row: number): void {
    this.words[row * ROW_WORDS + DIRTY_NEXT] = this.head;
    if (this.head < 0) this.tail = row;
    this.head = row;
  }

  shift(): number {
    const row = this.head;
    if (row < 0) return -1;
    this.head = this.words[row * ROW_WORDS + DIRTY_NEXT]!;
    if (this.head < 0) this.tail = -1;
    return row;
  }
}

/** The connection owes output: `output` looks at it before the turn ends. A row that ended owes nothing: it is free already. */
export function markDirty(t: Tcp, tcb: Tcb): void {
  if (tcb.flags & F_DIRTY || tcb.state === CLOSED) return;
  tcb.flags |= F_DIRTY;
  t.dirty.push(tcb.row);
}

/** The only writer of `tcb.state`. An arrow the figure does not have is a defect of ours, never of the peer. */
export function step(t: Tcp, tcb: Tcb, event: number): void {
  const from = tcb.state;
  const to = arrow(from, event);
  if (to === 0) throw new Error(`invariant: no arrow for ${eventNames[event]} in ${stateName(from)}`);
  tcb.state = to;
  if (t.trace !== null) t.trace.push(tcb.row, from, to, event, t.descriptor, 0);
  if (t.telling && !t.rows.isScratch(tcb.row)) report(t, tcb, EV_STATE, from, to, event);
}

/** Tells who watches why the row's next segment is sent. */
export function note(t: Tcp, tcb: Tcb, why: TraceReason): void {
  if (t.trace !== null) t.trace.push(tcb.row, tcb.state, tcb.state, -1, -1, TRACE_REASONS.indexOf(why));
}

/** Reports to the user; a connection whose end was reported stays silent. */
export function report(t: Tcp, tcb: Tcb, type: number, a = 0, b = 0, c = 0, d = 0): void {
  if (tcb.flags & F_APP_DONE) return;
  if (type === EV_CLOSED) tcb.flags |= F_APP_DONE;
  t.events.push(type, tcb.row, tcb.gen, a, b, c, d);
}

/** Asks the connection's own controller; `_tcb` for the reader. */
export function controllerOf(t: Tcp, _tcb: Tcb): CongestionControl {
  return t.congestion;
}

/** Sets a deadline `ms` from now; the wheel learns of it only when it is the row's earliest. */
export function arm(t: Tcp, tcb: Tcb, timer: number, ms: number): void {
  if (tcb.state === CLOSED || t.rows.isScratch(tcb.row)) return; // links of the free list; a scratch row has no timers
  const tick = (t.tick + (ms < 1 ? 1 : ms)) | 0 || 1;
  tcb.setTimer(timer, tick);
  t.wheel.file(tcb.row, tick);
}

/** ms since something came. */
export function quietFor(t: Tcp, tcb: Tcb): number {
  return since(t.tick, tcb.lastRcvAt);
}

/** Deadlines are taken off lazily: the wheel finds nothing due and forgets the row. */
export function disarm(tcb: Tcb, timer: number): void {
  tcb.setTimer(timer, 0);
}
