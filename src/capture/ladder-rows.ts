/** What a ladder shows of one connection: segments, and long stretches of mere data as one line each. */

import type { Micros } from '../ports.ts';
import { ACK, PSH } from '../wire/abi.ts';
import type { LadderConnection } from './ladder-connection.ts';
import type { LadderSegment } from './ladder-segment.ts';
import type { LadderState, Observation } from './ladder-tracker.ts';
import { LadderTracker } from './ladder-tracker.ts';

export interface SegmentRow {
  readonly kind: 'segment';
  readonly segment: LadderSegment;
  readonly seen: Observation;
  /** Since the first segment. */
  readonly time: Micros;
}

export interface RunRow {
  readonly kind: 'run';
  readonly time: Micros;
  readonly segments: number;
  readonly bytes: number;
  readonly duration: Micros;
  readonly clientState: LadderState;
  readonly serverState: LadderState;
}

export type LadderRow = SegmentRow | RunRow;

/** Shorter stretches are shown in full. */
const SHORTEST_RUN = 8;
/** Segments shown at either end of a run. */
const KEPT = 2;

/** `all` collapses nothing. */
export function rowsOf(connection: LadderConnection, all: boolean): LadderRow[] {
  const tracker = new LadderTracker(connection.client);
  const start = connection.segments[0]?.time ?? 0;
  const rows: LadderRow[] = [];
  let run: SegmentRow[] = [];
  let states = '';
  for (const segment of connection.segments) {
    const seen = tracker.observe(segment);
    const row: SegmentRow = { kind: 'segment', segment, seen, time: segment.time - start };
    const after = `${seen.clientState} ${seen.serverState}`;
    if (!all && after === states && isPlain(row)) {
      run.push(row);
      continue;
    }
    rows.push(...collapse(run), row);
    run = [];
    states = after;
  }
  rows.push(...collapse(run));
  return rows;
}

/** Data or an acknowledgment, with nothing about it worth a line. */
function isPlain({ segment, seen }: SegmentRow): boolean {
  return (segment.flags & ~(ACK | PSH)) === 0 && seen.marks.length === 0 && segment.comments.length === 0;
}

function collapse(run: readonly SegmentRow[]): LadderRow[] {
  if (run.length < SHORTEST_RUN) return [...run];
  const middle = run.slice(KEPT, -KEPT);
  const first = middle[0]!;
  const last = middle.at(-1)!;
  const summary: RunRow = {
    kind: 'run',
    time: first.time,
    segments: middle.length,
    bytes: middle.reduce((sum, row) => sum + row.segment.length, 0),
    duration: last.time - first.time,
    clientState: first.seen.clientState,
    serverState: first.seen.serverState,
  };
  return [...run.slice(0, KEPT), summary, ...run.slice(-KEPT)];
}
