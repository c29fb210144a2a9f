/** One end of the model: a core, its clock, and an application that follows a script. Everything in it can be put back. */

import type { Core, CoreOptions, OpenOptions, TcpDefaults } from '../../src/core/api.ts';
import {
  ECONNABORTED,
  ETIMEDOUT,
  EV_ACCEPT,
  EV_ALL_ACKED,
  EV_CLOSED,
  EV_CONNECT,
  EV_DATA,
  EV_END,
  EV_SOFT_ERROR,
  EVENT_WORDS,
  REGION_ARENA,
} from '../../src/core/events.ts';
import { stateName } from '../../src/core/tcp/figure5.ts';
import type { Tcb } from '../../src/core/tcp/tcb.ts';
import {
  TRACE_EVENT,
  TRACE_FROM,
  TRACE_REASON,
  TRACE_ROW,
  TRACE_RX,
  TRACE_TO,
  TRACE_WORDS,
} from '../../src/core/trace.ts';
import { ROW_WORDS } from '../../src/wire/abi.ts';
import { deadline, TIMER_WORDS } from './layout.ts';
import { ModelLink } from './link.ts';
import { Memento, type Saved, type Window } from './memento.ts';

export type CoreClass = new (options: CoreOptions) => Core;

/** A connection as its user sees it. Never changed in place: a step makes a new one. */
export interface Conn {
  readonly row: number;
  readonly gen: number;
  readonly sent: readonly number[];
  readonly got: readonly number[];
  readonly unread: number;
  readonly opened: boolean;
  readonly closed: boolean;
  /** We ended it ourselves, or will not read what comes. */
  readonly gaveUp: boolean;
  readonly ended: boolean;
  readonly allAcked: boolean;
  /** Reason of EV_CLOSED; undefined while it lives. */
  readonly over: number | undefined;
}

/** What the script of a host has done so far, and its clock. */
export interface HostState {
  readonly now: number;
  readonly at: number;
  readonly listener: number;
  readonly conns: readonly Conn[];
  /** A timer here is due and has not fired, although time went on elsewhere. */
  readonly late: boolean;
}

export interface SavedHost {
  readonly core: Saved;
  readonly state: HostState;
}

/** A step of the state machine, or a note of the trace (event -1). */
export interface Step {
  readonly host: number;
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly event: number;
  readonly reason: number;
  readonly byPacket: boolean;
}

export const PORTS = [5, 7] as const;
export const ROWS = 5;
const FIRST_ROW = 64;
const ARENA = 1 << 20;
const CHUNK = 2048;
const CHUNKS_USED = 12;
const MOST_ALARMS = 12;

/** What a test may know of the inside: for the state's fingerprint, never for what the core should do. */
export interface Inside {
  readonly rows: { readonly words: Int32Array; readonly top: number; readonly used: number; readonly limit: number };
  readonly flights: { readonly words: Int32Array; readonly used: number };
  readonly arena: { offset(chunk: number): number; readonly used: number };
  readonly records: {
    readonly count: number;
    next(rec: number): number;
    seq(rec: number): number;
    len(rec: number): number;
    flags(rec: number): number;
  };
  readonly timeWaits: { find(words: Int32Array, at: number): number };
  readonly tick: number;
}

export function address(host: number): Int32Array {
  return Int32Array.of(0, 0, 0xffff, 0x0a000001 + host);
}

/** Numbers for the core's keys; a plain field, so that a memento holds it. */
class PlainRng {
  state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  u32(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) | 0;
    return this.state ^ (this.state >>> 15);
  }
}

/** What each row holds, the few accounts there can be, and all buckets (budget.ts). */
function budgetWindows(rows: number, bytes: number): Window[] {
  const [row, account] = [16, 32];
  const buckets = rows * row + (2 * rows + 1) * account;
  return [
    { from: FIRST_ROW * row, length: ROWS * row },
    { from: rows * row, length: (2 * ROWS + 1) * account },
    { from: buckets, length: bytes - buckets },
  ];
}

export class Host {
  readonly core: Core;
  readonly link = new ModelLink();
  readonly inside: Inside;
  readonly index: number;
  readonly steps: Step[] = [];
  /** R1 was reached in the last action. */
  warned = false;
  state: HostState = { now: 0, at: 0, listener: -1, conns: [], late: false };
  readonly #memento: Memento;
  readonly #peer: number;
  /** What the core is the same as; undefined once something happened. */
  #held: Saved | undefined;

  constructor(core: CoreClass, index: number, peer: number, tcp: TcpDefaults) {
    this.index = index;
    this.#peer = peer;
    const windows = new Map<ArrayBufferLike, Window[]>();
    const rng = new PlainRng(17 + index);
    let rows = 0;
    this.core = new core({
      links: [this.link],
      memory: {
        region: (name, bytes) => {
          const region = new ArrayBuffer(bytes);
          const all = { rows: [FIRST_ROW * ROW_WORDS * 4, ROWS * ROW_WORDS * 4], records: [0, 24 * 32] } as const;
          const known = all[name as 'rows' | 'records'];
          if (known !== undefined) windows.set(region, [{ from: known[0], length: known[1] }]);
          if (name === 'arena') windows.set(region, []);
          if (name === 'rows') rows = bytes / (ROW_WORDS * 4);
          if (name === 'budget') windows.set(region, budgetWindows(rows, bytes));
          return region;
        },
      },
      rng,
      maxConnections: ROWS,
      arenaBytes: ARENA,
      tcp,
    });
    this.inside = (this.core as unknown as { t: Inside }).t;
    const first = this.inside.arena.offset(0);
    const chunks = Array.from({ length: CHUNKS_USED }, (_, n): Window => ({ from: first + n * CHUNK, length: 32 }));
    windows.set(this.core.arena.buffer, chunks);
    this.core.ip.addAddress(address(index), 120, 0);
    this.core.ip.routeTo(address(peer), 0); // the hop exists from now on
    this.core.tracing = true;
    this.#memento = new Memento([this.core, rng], windows);
  }

  save(): SavedHost {
    this.#held ??= this.#memento.save();
    return { core: this.#held, state: this.state };
  }

  restore(saved: SavedHost): void {
    if (this.#held !== saved.core) this.#memento.restore(saved.core);
    this.#held = saved.core;
    this.state = saved.state;
    this.clear();
    this.link.sent = [];
  }

  /** What the last action showed is dealt with. */
  clear(): void {
    this.steps.length = 0;
    this.warned = false;
  }

  /** A host that lost its memory: only its clock goes on. */
  restart(fresh: Saved, later: number): void {
    this.#memento.restore(fresh);
    this.#held = fresh;
    const forgotten = this.state.conns.map((c) => ({ ...c, row: -1, gaveUp: true, over: c.over ?? ECONNABORTED }));
    this.state = { ...this.state, now: this.state.now + later, listener: -1, conns: forgotten };
  }

  get conn(): Conn | undefined {
    return this.state.conns.at(-1);
  }

  change(row: number, gen: number, change: Partial<Conn>): void {
    const conns = this.state.conns.map((c) => (c.row === row && c.gen === gen ? { ...c, ...change } : c));
    this.state = { ...this.state, conns };
  }

  begin(row: number): void {
    const conn: Conn = {
      row,
      gen: this.core.generation(row),
      sent: [],
      got: [],
      unread: 0,
      opened: false,
      closed: false,
      gaveUp: false,
      ended: false,
      allAcked: false,
      over: undefined,
    };
    this.state = { ...this.state, conns: [...this.state.conns, conn] };
  }

  /** What the shell's driver does around everything that happens. `read`: delivered text is consumed at once. */
  turn(happens: () => void, read: boolean): void {
    this.#held = undefined;
    happens();
    this.#dispatch(read);
    const { core, link } = this;
    for (let n = core.pollTransmit(0, this.state.now); n > 0; n = core.pollTransmit(0, this.state.now)) link.flush(n);
    core.pollEnd();
    this.#dispatch(read);
    this.#takeTrace();
  }

  deliver(frame: Uint8Array, read: boolean): void {
    const n = this.link.receive(frame);
    if (n > 0) this.turn(() => this.core.handleBurst(0, n, this.state.now), read);
  }

  /** Time passes here until a timer does something that can be seen. The milliseconds it took. */
  passTime(read: boolean): number {
    const from = this.state.now;
    this.state = { ...this.state, late: false };
    for (let n = 0; n < MOST_ALARMS; n++) {
      const at = this.core.pollAlarm();
      if (at === Infinity) break;
      this.state = { ...this.state, now: Math.max(at, this.state.now) };
      const before = this.state;
      const steps = this.steps.length;
      this.turn(() => this.core.handleTimers(this.state.now), read);
      if (this.link.sent.length > 0 || this.steps.length > steps || this.state.conns !== before.conns) break;
    }
    return (this.state.now - from) / 1000;
  }

  /**
   * Milliseconds until a timer of a connection is due; Infinity = none is set. The core's own alarm may ring before that, because
   * the wheel forgets a timer only when it looks.
   */
  get wait(): number {
    const { words } = this.inside.rows;
    const tick = Math.floor(this.state.now / 1000) | 0;
    let least = Infinity;
    for (const row of this.live()) {
      for (let timer = 0; timer < TIMER_WORDS; timer++) {
        const at = deadline(words, this.inside.flights.words, row * ROW_WORDS, timer);
        if (at !== 0) least = Math.min(least, Math.max(0, (at - tick) | 0));
      }
    }
    // Records keep their deadlines in lists of their own, and the core's alarm knows those to the tick.
    if (this.ghost() !== undefined)
      least = Math.min(least, Math.max(0, (this.core.pollAlarm() - this.state.now) / 1000));
    return least;
  }

  /** Time passes elsewhere: here too, but not so far that a timer is due, because when that fires is the checker's choice. */
  passQuietly(ms: number): void {
    const { state, wait } = this;
    const whole = Math.ceil(ms);
    const late = wait <= whole;
    const passed = late ? Math.max(0, wait - 1) : whole;
    this.state = { ...state, now: state.now + passed * 1000, late: state.late || late };
  }

  open(raddr: Int32Array, options: OpenOptions): number {
    const { core, state } = this;
    return core.callConnect(new Int32Array(4), PORTS[this.index]!, raddr, PORTS[this.#peer]!, options, state.now);
  }

  /** Rows that are neither free nor LISTEN. */
  *live(): Generator<number> {
    const { core } = this;
    for (let row = FIRST_ROW; row < FIRST_ROW + ROWS; row++) {
      const name = stateName(core.state(row, core.generation(row)));
      if (name !== 'CLOSED' && name !== 'LISTEN') yield row;
    }
  }

  /** Our connection, whether it has a row or is half open or in TIME_WAIT: its number, and the first word of a row like it. */
  subject(): { readonly row: number; readonly at: number } | undefined {
    for (const row of this.live()) return { row, at: row * ROW_WORDS };
    return this.ghost();
  }

  /** Only what has no row: a record, spread over a row for a moment. */
  ghost(): { readonly row: number; readonly at: number } | undefined {
    const { core, index, inside } = this;
    const row = core.find(address(index), PORTS[index]!, address(this.#peer), PORTS[this.#peer]!);
    return row < inside.rows.limit ? undefined : { row, at: (core as unknown as { at(row: number): Tcb }).at(row).at };
  }

  #dispatch(read: boolean): void {
    const { events } = this.core;
    for (let n = 0; n < events.count; n++) {
      const at = n * EVENT_WORDS;
      const [type, row, gen, a, b, length] = events.words.subarray(at, at + 6) as unknown as number[];
      this.#event(type!, row!, gen!, a!, b!, length!, read);
    }
    events.count = 0;
  }

  #event(type: number, row: number, gen: number, a: number, b: number, length: number, read: boolean): void {
    if (type === EV_ACCEPT) {
      this.core.callAccepted(row);
      this.begin(row);
      this.change(row, gen, { opened: true });
      return;
    }
    const conn = this.state.conns.find((c) => c.row === row && c.gen === gen);
    if (conn === undefined) {
      if (row === this.state.listener) this.state = { ...this.state, listener: -1 };
      return;
    }
    if (conn.over !== undefined) throw new Error(`event ${type} after the connection's end was reported`);
    if (type === EV_SOFT_ERROR && a === ETIMEDOUT) this.warned = true;
    if (type === EV_CONNECT) this.change(row, gen, { opened: true });
    else if (type === EV_END) {
      if (conn.ended) throw new Error('END twice');
      this.change(row, gen, { ended: true });
    } else if (type === EV_ALL_ACKED && a === 1) this.change(row, gen, { allAcked: true });
    else if (type === EV_CLOSED) this.change(row, gen, { over: a });
    else if (type === EV_DATA) {
      if (conn.ended) throw new Error('text after END');
      const memory = a === REGION_ARENA ? this.core.arena : this.link.rxMemory;
      const got = [...conn.got, ...memory.subarray(b, b + length)];
      this.change(row, gen, { got, unread: read ? 0 : conn.unread + length });
      if (read) this.core.callConsumed(row, length);
    }
  }

  #takeTrace(): void {
    const trace = this.core.trace!;
    for (let at = 0; at < trace.count * TRACE_WORDS; at += TRACE_WORDS) {
      const w = trace.words;
      this.steps.push({
        host: this.index,
        row: w[at + TRACE_ROW]!,
        from: w[at + TRACE_FROM]!,
        to: w[at + TRACE_TO]!,
        event: w[at + TRACE_EVENT]!,
        reason: w[at + TRACE_REASON]!,
        byPacket: w[at + TRACE_RX]! >= 0,
      });
    }
    trace.clear();
  }
}
