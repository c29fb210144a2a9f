/** The flight blocks (row.ts): what connections remember while they talk. Offsets are words into one region. */
import { arm, controllerOf, quietFor, type Tcp } from './context.ts';
import { CLOSE_WAIT, ESTABLISHED } from './figure5.ts';
import { recallSearch } from './path-mtu.ts';
import {
  F_DIRTY,
  F_RCV_FIN,
  F2_HOLDS_FLIGHT,
  F2_MTU_PROBE,
  F2_TLP_OUT,
  F2_TLP_RESENT,
  F2_UNDO,
  FIRST_IDLE_TIMER,
  TIMER_LOSS,
  TIMER_PACE,
  TIMER_STATE,
} from './row.ts';
import {
  DEADLINES,
  FLIGHT_WORDS,
  OOO_HEAD,
  RTX_HEAD,
  RTX_TAIL,
  SND_CHUNK,
  SND_HEAD,
  SND_TAIL,
  type Tcb,
} from './tcb.ts';

/** ms without anything outstanding after which a connection gives its block back. */
export const REST_AFTER = 30_000;
/**
 * Of many connections, one after the other, each must not need a block of its own, for what was once in use stays with the
 * process. Who has said little has learned little: he goes first.
 */
const MANY = 1024;
const LITTLE = 65_536;
const AT_ONCE = 200;
/** And when even those who talk are too many. */
const TOO_MANY = 16_384;
const SOON = 2000;

/** Flags of the row that say what a word of the block means. */
const OF_THE_BLOCK = F2_TLP_OUT | F2_TLP_RESENT | F2_UNDO | F2_MTU_PROBE;

/** Words in which 0 would name something. */
const LINKS = [SND_HEAD, SND_TAIL, SND_CHUNK, RTX_HEAD, RTX_TAIL, OOO_HEAD] as const;
// The first blocks are nobody's. A row without a block reads the very first one, which therefore stays as it is.
/** Lent to the scratch row that stands for a half-open entry. */
export const ENTRY = FLIGHT_WORDS;
/** Lent to the scratch row that stands for a record of TIME_WAIT. */
export const GHOST = 2 * FLIGHT_WORDS;
/** Of rows that have ended: whoever still has a cursor there harms nobody. */
export const GRAVE = 3 * FLIGHT_WORDS;
const FIRST = 4 * FLIGHT_WORDS;

const BLANK = new Int32Array(FLIGHT_WORDS);
for (const link of LINKS) BLANK[link] = -1;

export class Flights {
  readonly words: Int32Array;
  /** Blocks in use. */
  used = 0;
  private free = 0;
  private top = FIRST;

  constructor(region: ArrayBuffer) {
    this.words = new Int32Array(region);
    for (let at = 0; at < FIRST; at += FLIGHT_WORDS) this.blank(at);
  }

  /** One block for each connection there may be. */
  static bytes(connections: number): number {
    return connections * FLIGHT_WORDS * 4 + FIRST * 4;
  }

  /** Makes the block as if nothing had ever happened; returns it. */
  blank(at: number): number {
    this.words.set(BLANK, at);
    return at;
  }

  /** First word of a blank block. */
  take(): number {
    let at = this.free;
    if (at !== 0) this.free = this.words[at]!;
    else {
      if (this.top + FLIGHT_WORDS > this.words.length)
        throw new Error('invariant: more flight blocks than connections');
      at = this.top;
      this.top += FLIGHT_WORDS;
    }
    this.used++;
    return this.blank(at);
  }

  /** Blocks that were ever in use, and nobody's. */
  get touched(): number {
    return this.top / FLIGHT_WORDS;
  }

  give(at: number): void {
    this.words[at] = this.free;
    this.free = at;
    this.used--;
  }
}

/** Something happens to the connection: from here on it has a block. */
export function stir(t: Tcp, tcb: Tcb): void {
  if (tcb.flight !== 0) return;
  tcb.flight = t.flights.take();
  tcb.recover = tcb.sndUna;
  if (tcb.pmtu > 0) recallSearch(t, tcb);
  if (tcb.cwnd > 0) controllerOf(t, tcb).take(tcb, t.now);
  beginRest(t, tcb);
}

export function dropFlight(t: Tcp, tcb: Tcb): void {
  if (tcb.timing !== 0) t.limits.give(tcb.timing);
  if (tcb.flight >= FIRST) t.flights.give(tcb.flight);
  tcb.flight = 0;
  tcb.flags2 &= ~OF_THE_BLOCK;
}

/** The row has ended. */
export function buryFlight(t: Tcp, tcb: Tcb): void {
  dropFlight(t, tcb);
  tcb.flight = GRAVE;
}

/** The time of rest has passed: the block goes back, unless something went on meanwhile. */
export function rest(t: Tcp, tcb: Tcb): void {
  // A hole may stay for ever when the peer has gone: nobody wakes for it. Who fills it begins to ask again.
  if (tcb.oooHead >= 0 || tcb.flags & F_RCV_FIN) return;
  const after = restAfter(t, tcb);
  const quiet = quietFor(t, tcb);
  // What is under way may stay so for hours, behind a closed window: whoever waits for that does not wake all the time.
  if (isBusy(t, tcb)) ask(t, tcb, REST_AFTER);
  else if (quiet < after) ask(t, tcb, after - quiet);
  else if ((tcb.flags2 & F2_HOLDS_FLIGHT) === 0) dropFlight(t, tcb);
}

/** Something is under way that only the block knows of. */
function isBusy(t: Tcp, tcb: Tcb): boolean {
  if (tcb.sndUna !== tcb.sndNxt || tcb.sndQueued > 0 || tcb.flags & F_DIRTY) return true;
  const first = tcb.flight + DEADLINES;
  for (let at = first; at < first + FIRST_IDLE_TIMER; at++) if (t.flights.words[at] !== 0) return true;
  return t.flights.words[first + TIMER_LOSS] !== 0 || t.flights.words[first + TIMER_PACE] !== 0;
}

function restAfter(t: Tcp, tcb: Tcb): number {
  const { used } = t.flights;
  if (used <= MANY) return REST_AFTER;
  if (tcb.bytesIn + tcb.bytesOut < LITTLE) return AT_ONCE;
  return used > TOO_MANY ? SOON : REST_AFTER;
}

/** Many ask at the same moment, so that a thousand that fall silent do not wake the process a thousand times. */
function ask(t: Tcp, tcb: Tcb, ms: number): void {
  const grain = ms < SOON ? AT_ONCE : SOON;
  const over = ((t.tick + ms) >>> 0) % grain;
  arm(t, tcb, TIMER_STATE, over === 0 ? ms : ms + grain - over);
}

/** While an open connection has a block, TIMER_STATE asks from time to time whether it still needs it. */
export function beginRest(t: Tcp, tcb: Tcb): void {
  if (tcb.state & (ESTABLISHED | CLOSE_WAIT) && tcb.timer(TIMER_STATE) === 0) ask(t, tcb, restAfter(t, tcb));
}
