/** The same rows for programs. */
import type { LadderConnection } from './ladder-connection.ts';
import { payloadOf } from './ladder-connection.ts';
import { flagNames } from './ladder-label.ts';
import type { LadderRow } from './ladder-rows.ts';

/** Times in seconds; `connections` lists all of the file, `rows` is the chosen one. */
export function renderJson(
  all: readonly LadderConnection[],
  chosen: LadderConnection | undefined,
  rows: readonly LadderRow[],
): string {
  const value = {
    connections: all.map(describe),
    ...(chosen === undefined ? {} : { connection: chosen.index, rows: rows.map((row) => rowOf(row, chosen)) }),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function describe(c: LadderConnection): object {
  return {
    index: c.index,
    client: c.client,
    server: c.server,
    segments: c.segments.length,
    bytesFromClient: payloadOf(c, c.client),
    bytesFromServer: payloadOf(c, c.server),
    duration: (c.segments.at(-1)!.time - c.segments[0]!.time) / 1e6,
  };
}

function rowOf(row: LadderRow, connection: LadderConnection): object {
  if (row.kind === 'run') {
    const { kind, segments, bytes, clientState, serverState } = row;
    return { kind, time: row.time / 1e6, segments, bytes, duration: row.duration / 1e6, clientState, serverState };
  }
  const { segment, seen } = row;
  return {
    kind: row.kind,
    time: row.time / 1e6,
    packet: segment.number,
    from: segment.from === connection.client ? 'client' : 'server',
    flags: flagNames(segment.flags),
    seq: seen.seq,
    ...(seen.ack === undefined ? {} : { ack: seen.ack }),
    length: segment.length,
    window: seen.window,
    options: segment.options,
    marks: seen.marks,
    comments: segment.comments,
    clientState: seen.clientState,
    serverState: seen.serverState,
  };
}
