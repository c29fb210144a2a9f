/** Segments sorted into connections. */
import { ACK, SYN } from '../wire/abi.ts';
import type { LadderSegment } from './ladder-segment.ts';

export interface LadderConnection {
  /** From 1, in the order of the first segments. */
  readonly index: number;
  /** Who opened it, as far as the capture shows; else who was seen first. */
  readonly client: string;
  readonly server: string;
  readonly segments: LadderSegment[];
}

/** Two uses of one pair of endpoints are two connections: a SYN with another ISS starts the next. */
export function connectionsOf(segments: Iterable<LadderSegment>): LadderConnection[] {
  const all: LadderConnection[] = [];
  const open = new Map<string, LadderConnection>();
  for (const segment of segments) {
    const pair = segment.from < segment.to ? `${segment.from} ${segment.to}` : `${segment.to} ${segment.from}`;
    let connection = open.get(pair);
    if (connection === undefined || startsAnew(connection, segment)) {
      // A SYN,ACK comes from the server.
      const fromServer = (segment.flags & (SYN | ACK)) === (SYN | ACK);
      connection = {
        index: all.length + 1,
        client: fromServer ? segment.to : segment.from,
        server: fromServer ? segment.from : segment.to,
        segments: [],
      };
      all.push(connection);
      open.set(pair, connection);
    }
    connection.segments.push(segment);
  }
  return all;
}

function startsAnew(connection: LadderConnection, segment: LadderSegment): boolean {
  if ((segment.flags & (SYN | ACK)) !== SYN) return false;
  const first = connection.segments.find((s) => s.from === segment.from && (s.flags & SYN) !== 0);
  if (first !== undefined) return first.seq !== segment.seq;
  // The other side's SYN makes this a simultaneous open; without one, what went before was the end of something older.
  return !connection.segments.some((s) => (s.flags & SYN) !== 0);
}

export function payloadOf(connection: LadderConnection, from?: string): number {
  return connection.segments.reduce((sum, s) => sum + (from === undefined || s.from === from ? s.length : 0), 0);
}
