/**
 * What a connection waited for, by time: kept from when somebody first asks. The bookkeeping is done where output ends and
 * where the last octet is acknowledged, and only for those who were asked about.
 */
import { diff } from '../seq.ts';
import type { Tcp } from './context.ts';
import { F_CWND_LIMITED, F_SHORT_SEND, F2_PACED } from './row.ts';
import type { Tcb } from './tcb.ts';

/** In the order of the counters. */
export const LIMITS = [
  'idle',
  'application',
  'sendBuffer',
  'peerWindow',
  'congestionWindow',
  'pacing',
  'small',
] as const;
/** What holds text back: 'idle' (nothing to do), 'application' (it has no more), 'sendBuffer', 'peerWindow', 'congestionWindow', 'pacing', 'small' (Nagle, cork, silly windows). */
export type Limit = (typeof LIMITS)[number];
const [IDLE, APPLICATION, SEND_BUFFER, PEER_WINDOW, CONGESTION_WINDOW, PACING, SMALL] = [0, 1, 2, 3, 4, 5, 6];

/** Words of an entry: which limit holds, since when (µs), and µs of each. */
const SINCE = 1;
const SUMS = 2;
const WORDS = SUMS + LIMITS.length;

export class LimitTable {
  private words = new Float64Array(WORDS * 8);
  private free = 0;
  /** Entry 0 is nobody's. */
  private top = 1;

  take(now: number): number {
    let entry = this.free;
    if (entry !== 0) this.free = this.words[entry * WORDS]!;
    else {
      entry = this.top++;
      if (entry * WORDS >= this.words.length) this.grow();
    }
    this.words.fill(0, entry * WORDS, (entry + 1) * WORDS);
    this.words[entry * WORDS + SINCE] = now;
    return entry;
  }

  give(entry: number): void {
    this.words[entry * WORDS] = this.free;
    this.free = entry;
  }

  note(entry: number, limit: number, now: number): void {
    const at = entry * WORDS;
    const w = this.words;
    const before = w[at]!;
    if (before === limit) return;
    w[at + SUMS + before]! += now - w[at + SINCE]!;
    w[at] = limit;
    w[at + SINCE] = now;
  }

  /** µs of each limit so far. */
  read(entry: number, now: number): Record<Limit, number> {
    const at = entry * WORDS;
    const sums = Array.from(this.words.subarray(at + SUMS, at + WORDS));
    sums[this.words[at]!]! += now - this.words[at + SINCE]!;
    return Object.fromEntries(LIMITS.map((name, n) => [name, sums[n]!])) as Record<Limit, number>;
  }

  current(entry: number): Limit {
    return LIMITS[this.words[entry * WORDS]!]!;
  }

  private grow(): void {
    const more = new Float64Array(this.words.length * 2);
    more.set(this.words);
    this.words = more;
  }
}

/** Output has done what it could, and `left` bytes of new text are still here. */
export function noteLimit(t: Tcp, tcb: Tcb, left: number, now = t.now): void {
  t.limits.note(tcb.timing, limitOf(tcb, left), now);
}

function limitOf(tcb: Tcb, left: number): number {
  if (left === 0) {
    if (tcb.sndUna === tcb.sndNxt) return IDLE!;
    return tcb.flags & F_SHORT_SEND ? SEND_BUFFER! : APPLICATION!;
  }
  if (tcb.flags2 & F2_PACED) return PACING!;
  if (tcb.flags & F_CWND_LIMITED) return CONGESTION_WINDOW!;
  const usable = tcb.sndWnd - diff(tcb.sndNxt, tcb.sndUna);
  return usable < Math.min(left, tcb.sndMss) ? PEER_WINDOW! : SMALL!;
}

/** Everything is acknowledged. */
export function noteIdle(t: Tcp, tcb: Tcb): void {
  if (tcb.sndQueued === 0) t.limits.note(tcb.timing, IDLE!, t.now);
}
