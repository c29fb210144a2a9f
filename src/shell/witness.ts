/**
 * Publishes what happens to connections on the diagnostics channels, and asks the core to tell of it only while somebody
 * subscribes, or a handler wants to hear of states.
 */
import type { Core } from '../core/api.ts';
import { EV_ACCEPT, EV_CLOSED, EV_CONNECT, EV_RETRANSMIT, EV_STATE } from '../core/events.ts';
import { CLOSED, eventNames, LISTEN, SYN_SENT, stateName } from '../core/tcp/figure5.ts';
import type { Link } from '../ports.ts';
import { type ConnMessage, channels, type RetransmitMessage } from './channels.ts';
import { Drops } from './drops.ts';
import type { Endpoint } from './endpoint.ts';
import { errorName } from './errors.ts';

/** Rows are fewer. */
const ROWS = 2 ** 24;
const REASONS: readonly RetransmitMessage['reason'][] = ['timeout', 'fast', 'probe'];

/** What it looks at: an engine. */
interface Scene {
  readonly core: Core;
  readonly links: readonly Link[];
  readonly driver: { now(): number };
  endpoint(row: number, which: 0 | 1): Endpoint;
}

export class Witness {
  /** A channel about connections has subscribers. */
  watching = false;
  /** Nothing is told, whoever subscribes. */
  silent = false;
  /** Named in messages about the stack; set by the stack. */
  addresses: readonly string[] = [];
  readonly #scene: Scene;
  #states = false;
  #drops: Drops | null = null;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** A handler of this stack wants to hear of states, from now on. */
  wantStates(): void {
    this.#states = true;
    this.#scene.core.telling = true;
  }

  /** Who subscribes comes and goes: asked when a turn begins. */
  readonly look = (): void => {
    const { connect, open, state, close, retransmit, drop } = channels;
    const subscribed =
      open.hasSubscribers ||
      close.hasSubscribers ||
      state.hasSubscribers ||
      retransmit.hasSubscribers ||
      connect.hasSubscribers;
    const watching = subscribed && !this.silent; // asked for behind the rest: a silent rehearsal has V8 compile all of it
    if (watching !== this.watching) this.#watch(watching);
    if (drop.hasSubscribers && !this.silent) this.#drops ??= new Drops(this.#scene.core, this.#scene.links);
    else this.#drops = null;
  };

  /** The turn ends: what it threw away is told. */
  readonly endTurn = (): void => {
    if (this.#drops !== null) this.#drops.tell(this.addresses);
  };

  /** An event of a connection, before the application hears of it. */
  see(words: Int32Array, at: number): void {
    const row = words[at + 1]!;
    const gen = words[at + 2]!;
    switch (words[at]) {
      case EV_ACCEPT:
      case EV_CONNECT:
        if (!channels.open.hasSubscribers) return;
        channels.open.publish({ ...this.#message(row, gen), direction: words[at] === EV_ACCEPT ? 'in' : 'out' });
        return;
      case EV_STATE:
        return this.#state(row, gen, words[at + 3]!, words[at + 4]!, words[at + 5]!);
      case EV_RETRANSMIT:
        return this.#resent(row, gen, words, at);
      case EV_CLOSED:
        return this.#closed(row, gen, words[at + 3]!, words[at + 4]!);
    }
  }

  #watch(on: boolean): void {
    this.watching = on;
    this.#scene.core.telling = on || this.#states;
  }

  #state(row: number, gen: number, from: number, to: number, event: number): void {
    if ((from | to) & LISTEN) return;
    if (from === CLOSED && to === SYN_SENT && channels.connect.hasSubscribers)
      channels.connect.publish(this.#message(row, gen));
    if (!channels.state.hasSubscribers) return;
    const names = { from: stateName(from), to: stateName(to), event: eventNames[event]! };
    channels.state.publish({ ...this.#message(row, gen), ...names });
  }

  #resent(row: number, gen: number, words: Int32Array, at: number): void {
    if (!channels.retransmit.hasSubscribers) return;
    channels.retransmit.publish({
      ...this.#message(row, gen),
      sequence: words[at + 3]!,
      length: words[at + 4]!,
      timeouts: words[at + 5]!,
      reason: REASONS[words[at + 6]!]!,
    });
  }

  /** The row is free, and until the turn ends nobody else's: what it counted is still there. */
  #closed(row: number, gen: number, code: number, state: number): void {
    if (!channels.close.hasSubscribers || state === LISTEN) return;
    const { bytesIn, bytesOut } = this.#scene.core.info(row);
    const how = { code: code === 0 ? null : errorName(code), state: stateName(state) };
    channels.close.publish({ ...this.#message(row, gen), ...how, bytesIn, bytesOut });
  }

  #message(row: number, gen: number): ConnMessage {
    const scene = this.#scene;
    const id = (gen >>> 0) * ROWS + row;
    return { id, local: scene.endpoint(row, 0), remote: scene.endpoint(row, 1), at: scene.driver.now() };
  }
}
