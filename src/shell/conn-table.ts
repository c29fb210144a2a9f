/**
 * The connections of a stack by row. One that the application has never seen is not an object yet: its place holds the
 * acceptor it came by, and the object is made when a handler is to be called with it.
 */
import { EV_ALL_ACKED, EV_CLOSED, EV_RETRANSMIT, EV_SOFT_ERROR, EV_STATE } from '../core/events.ts';
import { CLOSED } from '../core/tcp/figure5.ts';
import { Conn } from './conn.ts';
import { OPEN } from './conn-flags.ts';
import type { Acceptor, Engine } from './engine.ts';
import type { Handlers } from './handlers.ts';

export class ConnTable {
  readonly #engine: Engine;
  readonly #entries: (Conn | Acceptor | undefined)[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** An acceptor stands for a connection that nobody has seen. */
  put(row: number, entry: Conn | Acceptor): void {
    this.#entries[row] = entry;
  }

  /**
   * The connection that an event of this generation is about, made if need be; undefined when it is not known (any more). An event
   * about one that nobody has seen is always its own: the row goes to no other before its EV_CLOSED was dispatched.
   */
  get(row: number, gen: number): Conn | undefined {
    const entry = this.#entries[row];
    if (entry === undefined) return undefined;
    if (entry instanceof Conn) return entry.gen === gen ? entry : undefined;
    return this.#show(row, gen, entry);
  }

  /** The acceptor of a connection that nobody has seen. */
  unseen(row: number): Acceptor | undefined {
    const entry = this.#entries[row];
    return entry instanceof Conn ? undefined : entry;
  }

  /** The row is somebody else's from now on. `conn`: only if it is this one's. */
  clear(row: number, conn?: Conn): void {
    if (conn === undefined || this.#entries[row] === conn) this.#entries[row] = undefined;
  }

  /** Every connection there is: now the application sees them all. */
  *all(): Generator<Conn> {
    for (let row = 0; row < this.#entries.length; row++) {
      const { core } = this.#engine;
      const gen = core.generation(row);
      // One that has ended, and whose EV_CLOSED is still to be dispatched, was never seen and need not be.
      if (this.unseen(row) !== undefined && core.state(row, gen) === CLOSED) continue;
      const conn = this.get(row, gen);
      if (conn !== undefined) yield conn;
    }
  }

  /** The handlers have returned: an object that has nothing to remember goes. */
  rest(row: number, conn: Conn, acceptor: Acceptor): void {
    if (conn.data === undefined && this.#entries[row] === conn && conn.retire(acceptor)) this.#entries[row] = acceptor;
  }

  make(row: number, gen: number, acceptor: Acceptor, flags: number): Conn {
    const conn = new Conn(this.#engine, row, gen, acceptor.handlers, flags);
    if (acceptor.maxBuffered !== undefined) conn.setMaxBuffered(acceptor.maxBuffered);
    return conn;
  }

  #show(row: number, gen: number, acceptor: Acceptor): Conn {
    const conn = this.make(row, gen, acceptor, OPEN);
    this.#entries[row] = conn;
    return conn;
  }
}

/** Whether these handlers hear nothing of the event when they have never heard of its connection. */
export function isNoNews(handlers: Handlers, words: Int32Array, at: number): boolean {
  switch (words[at]) {
    case EV_CLOSED:
      return handlers.close === undefined;
    case EV_SOFT_ERROR:
      return handlers.softError === undefined;
    case EV_STATE:
      return handlers.state === undefined;
    case EV_RETRANSMIT:
      return true;
    case EV_ALL_ACKED:
      return words[at + 3] !== 1;
    default:
      return false;
  }
}
