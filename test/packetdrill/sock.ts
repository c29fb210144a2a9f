/** One socket of a script. */
import type { Endpoint } from './linux.ts';

export interface Sock {
  readonly fd: number;
  readonly domain: number;
  kind: 'fresh' | 'listener' | 'stream';
  nonblocking: boolean;
  bound: Endpoint | undefined;
  /** -1 = none, or none any more. */
  row: number;
  phase: 'idle' | 'connecting' | 'open' | 'gone';
  /** Of the core, not told yet; 0 = none. */
  error: number;
  /** What came and was not read. */
  readonly text: Buffer[];
  ended: boolean;
  /** The last write did not fit, and there is no room yet. */
  full: boolean;
  readShut: boolean;
  writeShut: boolean;
  /** Of a listener: connections that wait for accept(). */
  readonly queue: Sock[];
  readonly options: Map<string, number>;
  congestion: string | undefined;
}

export function makeSock(fd: number, domain: number, nonblocking: boolean): Sock {
  return {
    fd,
    domain,
    kind: 'fresh',
    nonblocking,
    bound: undefined,
    row: -1,
    phase: 'idle',
    error: 0,
    text: [],
    ended: false,
    full: false,
    readShut: false,
    writeShut: false,
    queue: [],
    options: new Map(),
    congestion: undefined,
  };
}

export const unread = (s: Sock): number => s.text.reduce((sum, piece) => sum + piece.length, 0);
