/** What the tables of a stack hold: sums that are kept anyway, and add up to what was allocated. */
import { ROW_WORDS } from '../wire/abi.ts';
import { SCRATCH } from './arena.ts';
import type { Tcp } from './tcp/context.ts';
import { RECORD_WORDS } from './tcp/records.ts';
import { FLIGHT_WORDS } from './tcp/tcb.ts';

/** Bytes. What was once in use stays with the process, as `free`, until the next connection needs it. */
export interface Held {
  /** In use now. */
  readonly used: number;
  /** Was in use, and waits for the next. */
  readonly free: number;
}

/** Bytes that the tables of a stack hold. */
export interface MemoryUse {
  /** Connections, listeners. */
  readonly rows: Held;
  /** TIME_WAIT, and connections before the third ACK. */
  readonly folded: Held;
  /** What connections remember while they talk. */
  readonly flights: Held;
  /** Segments in flight and text out of order: what is known about them. */
  readonly records: Held;
  /** Text: what is to be sent, and what came out of order. */
  readonly arena: {
    /** Chunks with text to send. */
    readonly send: number;
    /** Chunks with text that arrived out of order. */
    readonly outOfOrder: number;
    /** Chunks that go back when the turn ends: text being delivered, datagrams on their way. */
    readonly passing: number;
    /** Chunks that were in use, and wait for the next. */
    readonly free: number;
    /** Options, headers and frames of the turn. */
    readonly scratch: number;
    /** Of all these the bytes that were never written: room that is taken, and costs the process nothing yet. */
    readonly untouched: number;
  };
  /** The sum of all above without `untouched`: what the process holds of the tables. */
  readonly touched: number;
  /** Address space that all regions reserve; what was never touched costs nothing. */
  readonly reserved: number;
  /** Bytes of the user's own buffers that were lent and are not acknowledged. */
  readonly lent: number;
  /** Receive memory of the links. */
  readonly rings: number;
}

export function memoryUse(t: Tcp): MemoryUse {
  const { rows, flights, records, arena, budget, timeWaits, halfOpens } = t;
  const folded = timeWaits.usedBytes + halfOpens.usedBytes;
  const foldedOnce = timeWaits.touchedBytes + halfOpens.touchedBytes;
  const row = ROW_WORDS * 4;
  const flight = FLIGHT_WORDS * 4;
  const record = RECORD_WORDS * 4;
  const { send, outOfOrder } = budget;
  const touched =
    rows.top * row + flights.touched * flight + records.touchedCount * record + arena.touched + foldedOnce;
  return {
    rows: { used: rows.used * row, free: (rows.top - rows.used) * row },
    folded: { used: folded, free: foldedOnce - folded },
    flights: { used: flights.used * flight, free: (flights.touched - flights.used) * flight },
    records: { used: records.count * record, free: (records.touchedCount - records.count) * record },
    arena: {
      send,
      outOfOrder,
      passing: arena.used - send - outOfOrder,
      free: arena.taken - SCRATCH - arena.used,
      scratch: SCRATCH,
      untouched: arena.taken - arena.touched,
    },
    touched,
    reserved: t.regions.bytes,
    lent: arena.lentBytes,
    rings: t.links.reduce((sum, link) => sum + link.rxMemory.byteLength, 0),
  };
}
