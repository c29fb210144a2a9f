/**
 * What the state machine tells people who watch: one numeric record per transition or remarkable decision, in the
 * order they happened. `core.trace` is null unless tracing was asked for, so the hot path pays one comparison.
 * The shell turns the records into comments of the packets they belong to (pcapng) and into diagnostics messages.
 */

/** Why something happened, beside the event itself. Append only: the index is what a record carries. */
export const TRACE_REASONS = [
  '',
  'user OPEN',
  'user CLOSE',
  'user ABORT',
  'retransmission timeout',
  'fast retransmit',
  'tail loss probe',
  'zero window probe',
  'keep-alive probe',
  'delayed ACK timer',
  'window update',
  'challenge ACK',
  'duplicate text',
  'out of order text',
  'outside the window',
  '2 MSL timer',
  'user timeout',
  'FIN_WAIT_2 timer',
  'no listener',
  'link down',
  'nothing was lost',
] as const;
export type TraceReason = (typeof TRACE_REASONS)[number];

export const TRACE_WORDS = 8;
/** Word numbers of a record. FROM and TO are state bits; equal when only EVENT or REASON is worth telling. */
export const TRACE_ROW = 0;
export const TRACE_FROM = 1;
export const TRACE_TO = 2;
/** Index in the list of events of figure5.ts; -1 = none. */
export const TRACE_EVENT = 3;
/** Descriptor of the current burst that caused it; -1 = no packet did: it belongs to the row's next outgoing one. */
export const TRACE_RX = 4;
/** Index in TRACE_REASONS. */
export const TRACE_REASON = 5;

export class TraceQueue {
  words = new Int32Array(TRACE_WORDS * 64);
  /** Records held. */
  count = 0;

  push(row: number, from: number, to: number, event: number, rx: number, reason: number): void {
    const at = this.count * TRACE_WORDS;
    if (at === this.words.length) this.grow();
    const w = this.words;
    w[at + TRACE_ROW] = row;
    w[at + TRACE_FROM] = from;
    w[at + TRACE_TO] = to;
    w[at + TRACE_EVENT] = event;
    w[at + TRACE_RX] = rx;
    w[at + TRACE_REASON] = reason;
    this.count++;
  }

  clear(): void {
    this.count = 0;
  }

  private grow(): void {
    const bigger = new Int32Array(this.words.length * 2);
    bigger.set(this.words);
    this.words = bigger;
  }
}
