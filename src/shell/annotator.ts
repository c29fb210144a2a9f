/** Turns the core's trace into comments of the packets that a capture holds: state changes and why things were sent. */
import { CLOSED, eventNames, stateName } from '../core/tcp/figure5.ts';
import {
  TRACE_EVENT,
  TRACE_FROM,
  TRACE_REASON,
  TRACE_REASONS,
  TRACE_ROW,
  TRACE_RX,
  TRACE_TO,
  TRACE_WORDS,
  type TraceQueue,
} from '../core/trace.ts';
import { DESC_WORDS, KIND_TCP, TX_KIND, TX_ROW } from '../wire/abi.ts';
import type { TurnWatcher } from './driver.ts';

/** The part of a capturing link that takes comments. */
export interface Commented {
  readonly tx: Int32Array;
  commentRx(descriptor: number, text: string): void;
  commentTx(descriptor: number, text: string): void;
}

export class Annotator implements TurnWatcher {
  readonly #links: readonly (Commented | null)[];
  readonly #trace: () => TraceQueue | null;
  /** What no received packet caused: it belongs to the row's next outgoing packet. */
  readonly #owed = new Map<number, string[]>();
  /** Rows that were freed in this turn. */
  readonly #over = new Set<number>();

  /** `links` by index; null where nothing is captured. */
  constructor(links: readonly (Commented | null)[], trace: () => TraceQueue | null) {
    this.#links = links;
    this.#trace = trace;
  }

  afterBurst(link: number): void {
    this.#drain(this.#links[link] ?? null);
  }

  beforeFlush(link: number, descriptors: number): void {
    this.#drain(null);
    const captured = this.#links[link];
    if (captured == null || this.#owed.size === 0) return;
    for (let i = 0; i < descriptors; i++) {
      const at = i * DESC_WORDS;
      if ((captured.tx[at + TX_KIND]! & 0xff) !== KIND_TCP) continue;
      const row = captured.tx[at + TX_ROW]!;
      for (const text of this.#owed.get(row) ?? []) captured.commentTx(i, text);
      this.#owed.delete(row);
    }
  }

  /** What ended without a packet of its own (a timer's CLOSED) is told to nobody: the row may be another's by then. */
  endTurn(): void {
    this.#drain(null);
    for (const row of this.#over) this.#owed.delete(row);
    this.#over.clear();
  }

  #drain(received: Commented | null): void {
    const trace = this.#trace();
    if (trace === null) return;
    for (let i = 0; i < trace.count; i++) {
      const at = i * TRACE_WORDS;
      const text = describe(trace.words, at);
      const rx = trace.words[at + TRACE_RX]!;
      if (rx >= 0 && received !== null) received.commentRx(rx, text);
      else this.#owe(trace.words[at + TRACE_ROW]!, text);
      if (trace.words[at + TRACE_TO] === CLOSED) this.#over.add(trace.words[at + TRACE_ROW]!);
    }
    trace.clear();
  }

  #owe(row: number, text: string): void {
    const texts = this.#owed.get(row);
    if (texts === undefined) this.#owed.set(row, [text]);
    else texts.push(text);
  }
}

/** "ESTABLISHED → FIN_WAIT_1 (close)", "fast retransmit". */
function describe(words: Int32Array, at: number): string {
  const from = words[at + TRACE_FROM]!;
  const to = words[at + TRACE_TO]!;
  const event = eventNames[words[at + TRACE_EVENT]!];
  const reason = TRACE_REASONS[words[at + TRACE_REASON]!] ?? '';
  const why = [event, reason].filter((word) => word !== undefined && word !== '').join(', ');
  if (from === to) return reason === '' ? why : reason;
  return `${stateName(from)} → ${stateName(to)}${why === '' ? '' : ` (${why})`}`;
}
