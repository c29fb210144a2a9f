/** The tables of a connection without a stack around them, enough for the functions that work on queues. */
import { Arena } from '../../../../src/core/arena.ts';
import { Budget, NO_LIMITS } from '../../../../src/core/budget.ts';
import { EventQueue } from '../../../../src/core/events.ts';
import { LentRegions } from '../../../../src/core/lent-regions.ts';
import { CongestionControl } from '../../../../src/core/tcp/congestion/control.ts';
import { controllers } from '../../../../src/core/tcp/congestion/registry.ts';
import { CongestionView } from '../../../../src/core/tcp/congestion/view.ts';
import type { Tcp } from '../../../../src/core/tcp/context.ts';
import { DirtyList } from '../../../../src/core/tcp/context.ts';
import { CoreCounters } from '../../../../src/core/tcp/counters.ts';
import { ESTABLISHED } from '../../../../src/core/tcp/figure5.ts';
import { Flights } from '../../../../src/core/tcp/flights.ts';
import { RECORD_WORDS, Records } from '../../../../src/core/tcp/records.ts';
import { Rows } from '../../../../src/core/tcp/rows.ts';
import { News } from '../../../../src/core/tcp/scoreboard.ts';
import { Segment } from '../../../../src/core/tcp/segment.ts';
import { Tcb } from '../../../../src/core/tcp/tcb.ts';
import { TimerWheel } from '../../../../src/core/timers.ts';
import { SeededRng } from '../../../../src/link/sim.ts';
import { DESC_WORDS, ROW_WORDS, RX_FLAGS, RX_GSO, RX_LEN, RX_OFF, RX_SEQ, RX_TOTAL } from '../../../../src/wire/abi.ts';
import { DEFAULTS } from '../../../property/pair/defaults.ts';

export interface Tables {
  readonly t: Tcp;
  readonly tcb: Tcb;
}

export function tables(arenaBytes = 4 << 20, records = 4096): Tables {
  const rows = new Rows(new ArrayBuffer(Rows.bytes(8)));
  const flights = new Flights(new ArrayBuffer(Flights.bytes(8)));
  const t = {
    rows,
    flights,
    budget: new Budget(
      new ArrayBuffer(Budget.bytes(rows.words.length / ROW_WORDS)),
      rows.words,
      { ...NO_LIMITS, total: arenaBytes },
      new SeededRng(1),
    ),
    defaults: DEFAULTS,
    counters: new CoreCounters(),
    events: new EventQueue(),
    lent: [],
    now: 1e6,
    tick: 1000,
    arena: new Arena(
      new ArrayBuffer(arenaBytes),
      new ArrayBuffer(Arena.recordBytes(arenaBytes)),
      new LentRegions([], new ArrayBuffer(0)),
    ),
    records: new Records(new ArrayBuffer(records * RECORD_WORDS * 4)),
    wheel: new TimerWheel(rows.words),
    dirty: new DirtyList(rows.words),
    windowGranted: 0,
    windowLimit: Infinity,
    trace: null,
    telling: false,
    cause: 0,
    news: new News(),
  } as unknown as Tcp;
  const view = new CongestionView(new Tcb(rows.words.buffer as ArrayBuffer, flights.words.buffer as ArrayBuffer));
  Object.assign(t, { congestion: new CongestionControl(view, [...controllers], false) });
  const tcb = new Tcb(rows.words.buffer as ArrayBuffer, flights.words.buffer as ArrayBuffer).select(rows.take());
  tcb.flight = flights.take();
  tcb.state = ESTABLISHED;
  tcb.sndHead = tcb.sndTail = tcb.sndChunk = tcb.rtxHead = tcb.rtxTail = tcb.oooHead = tcb.listener = -1;
  tcb.sndMss = tcb.peerMss = 1460;
  return { t, tcb };
}

/** A segment as a link would describe it, its text in `memory`. */
export function segment(seq: number, text: Uint8Array, flags = 0x10): Segment {
  const rx = new Int32Array(DESC_WORDS);
  const memory = new Uint8Array(text.length + 7);
  memory.set(text, 7);
  rx[RX_SEQ] = seq;
  rx[RX_FLAGS] = flags;
  rx[RX_OFF] = 7;
  rx[RX_LEN] = rx[RX_TOTAL] = text.length;
  rx[RX_GSO] = 1 << 16;
  const seg = new Segment();
  seg.load(rx, 0, 0, memory);
  return seg;
}

export function chain(t: Tcp, head: number): number[] {
  const found: number[] = [];
  for (let rec = head; rec >= 0; rec = t.records.next(rec)) found.push(rec);
  return found;
}
