/** The flight blocks (row.ts): what connections remember while they talk. Offsets are words into one region. */
import { diff } from '../seq.ts';
import { arm, controllerOf, type Tcp } from './context.ts';
import { CLOSE_WAIT, ESTABLISHED } from './figure5.ts';
import { F2_HOLDS_FLIGHT, TIMER_STATE } from './row.ts';
import { FLIGHT_WORDS, type Tcb } from './tcb.ts';

/** ms without anything outstanding after which a connection gives its block back. */
export const REST_AFTER = 30_000;

export class Flights {
  readonly words: Int32Array;
  /** Blocks in use. */
  used = 0;
  private free = 0;
  /** The first block is nobody's and stays zero: a row without a block reads it. */
  private top = 2 * FLIGHT_WORDS;

  constructor(region: ArrayBuffer) {
    this.words = new Int32Array(region);
  }

  /** One block for each connection there may be. */
  static bytes(connections: number): number {
    return (connections + 2) * FLIGHT_WORDS * 4;
  }

  /** The second block, zeroed: lent to the scratch row at hand, which has none of its own. */
  blankAnvil(): number {
    this.words.fill(0, FLIGHT_WORDS, 2 * FLIGHT_WORDS);
    return FLIGHT_WORDS;
  }

  /** First word of a zeroed block. */
  take(): number {
    let at = this.free;
    if (at !== 0) this.free = this.words[at]!;
    else {
      if (this.top + FLIGHT_WORDS > this.words.length)
        throw new Error('invariant: more flight blocks than connections');
      at = this.top;
      this.top += FLIGHT_WORDS;
    }
    this.words.fill(0, at, at + FLIGHT_WORDS);
    this.used++;
    return at;
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
  if (tcb.cwnd > 0) controllerOf(t, tcb).take(tcb, t.now);
  beginRest(t, tcb);
}

export function dropFlight(t: Tcp, tcb: Tcb): void {
  if (tcb.flight === 0) return;
  t.flights.give(tcb.flight);
  tcb.flight = 0;
}

/** The time of rest has passed: the block goes back, unless something went on meanwhile. */
export function rest(t: Tcp, tcb: Tcb): void {
  const busy = tcb.sndUna !== tcb.sndNxt || tcb.sndQueued > 0 || tcb.oooHead >= 0;
  const quiet = diff(t.tick, tcb.lastRcvAt);
  if (busy || quiet < REST_AFTER) arm(t, tcb, TIMER_STATE, busy ? REST_AFTER : REST_AFTER - quiet);
  else if ((tcb.flags2 & F2_HOLDS_FLIGHT) === 0) dropFlight(t, tcb);
}

/** While an open connection has a block, TIMER_STATE asks from time to time whether it still needs it. */
export function beginRest(t: Tcp, tcb: Tcb): void {
  if (tcb.state & (ESTABLISHED | CLOSE_WAIT) && tcb.timer(TIMER_STATE) === 0) arm(t, tcb, TIMER_STATE, REST_AFTER);
}
