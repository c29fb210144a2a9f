/**
 * Rows and who owns them: the table of connections and listeners that events are dispatched to, the primitives that
 * all API levels open with, and the count of what keeps the process alive.
 */
import type { Core, OpenOptions } from '../core/api.ts';
import {
  EACCES,
  EADDRINUSE,
  EINVAL,
  ENETDOWN,
  EV_ACCEPT,
  EV_ACKED,
  EV_ADDRESS,
  EV_ALL_ACKED,
  EV_CLOSED,
  EV_CONNECT,
  EV_DATA,
  EV_DATAGRAM,
  EV_DRAIN,
  EV_END,
  EV_SILENT,
  EV_SOFT_ERROR,
  EV_STATE,
  EV_URGENT,
} from '../core/events.ts';
import { stateName } from '../core/tcp/figure5.ts';
import type { Clock, Link, Rng } from '../ports.ts';
import { isLoopback } from '../wire/address.ts';
import { type Acceptor, type Listening, takerOf } from './acceptor.ts';
import { Acks } from './acks.ts';
import { Caps } from './caps.ts';
import { Conn } from './conn.ts';
import { OPEN, OPEN_PAUSED, OPENING } from './conn-flags.ts';
import { ConnTable, isNoNews } from './conn-table.ts';
import type { Resolver } from './dns/resolver.ts';
import { Driver } from './driver.ts';
import { describe, type Endpoint, NOWHERE } from './endpoint.ts';
import { Errands } from './errands.ts';
import { Forsaken } from './forsaken.ts';
import type { Handlers } from './handlers.ts';
import { Laden } from './laden.ts';
import { Lingering } from './lingering.ts';
import { Loans } from './loans.ts';
import { LongFrames } from './long-frames.ts';
import { Octets, urgentNews } from './out-of-band.ts';
import type { Shard } from './shards/shard.ts';
import { Slab } from './slab.ts';
import { softError } from './soft-error.ts';
import { askAboutSyn } from './syn-info.ts';
import { textBehind } from './text-run.ts';
import { UdpTable } from './udp.ts';
import { Unread } from './unread.ts';
import { Witness } from './witness.ts';

export type { Acceptor } from './acceptor.ts';

export interface EngineOptions {
  readonly core: Core;
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly rng: Rng;
  readonly ephemeralPorts: readonly [number, number];
  /** Runs `fn` after `ms`; returns what cancels it. `quiet`: it keeps no process alive. Virtual in a simulation. */
  readonly after: (ms: number, fn: () => void, quiet?: boolean) => () => void;
  /** Mode 'shared': whether a port is ours and not the kernel's. Absent = all are. */
  readonly claims?: ((port: number) => boolean) | undefined;
}

const PORT_TRIES = 64;

export class Engine {
  readonly core: Core;
  readonly links: readonly Link[];
  readonly driver: Driver;
  readonly ephemeralPorts: readonly [number, number];
  readonly after: EngineOptions['after'];
  readonly slab = new Slab();
  readonly longFrames = new LongFrames(this);
  readonly udp = new UdpTable();
  readonly octets = new Octets();
  readonly caps = new Caps();
  readonly loans = new Loans();
  readonly errands = new Errands();
  readonly laden = new Laden();
  readonly lingering: Lingering;
  readonly #forsaken: Forsaken;
  readonly acks: Acks;
  /** Told of what the diagnostics channels want to hear. */
  readonly witness: Witness;
  /** For `core.onSyn`, once a listener has a word to say; each is for one view of the core's. */
  readonly aboutSyns = () => askAboutSyn((listener) => this.#listening.get(listener)?.acceptor.syn);
  /** Looks names up where the stack has servers of its own; set by the stack. */
  resolver: Resolver | undefined;
  /** Mode 'shared': the host has our addresses, too. */
  readonly shared: boolean;
  /** Its part of an address that other stacks have, too; set by the stack. */
  share: Shard | undefined;
  /** Told when a link fails; set by the stack. */
  onLinkDown: (link: number, error: Error) => void = () => {};
  /** Told of EV_ADDRESS; set by the stack. */
  onAddress: (words: Int32Array, at: number) => void = () => {};
  /** Told when the last connection or listener goes. */
  onIdle: () => void = () => {};
  readonly #claims: (port: number) => boolean;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #conns = new ConnTable(this);
  /** @internal */
  readonly unread: Unread;
  readonly #listening = new Map<number, Listening>();
  #count = 0;
  #holds = 0;
  readonly #words = new Int32Array(4);

  constructor(options: EngineOptions) {
    this.core = options.core;
    this.links = options.links;
    this.ephemeralPorts = options.ephemeralPorts;
    this.after = options.after;
    this.lingering = new Lingering(options.after);
    this.#forsaken = new Forsaken(options.after);
    this.#claims = options.claims ?? (() => true);
    this.shared = options.claims !== undefined;
    this.#clock = options.clock;
    this.#rng = options.rng;
    // As with handlers: the error is the application's, and the stack goes on.
    options.core.onControllerFault = (error) =>
      queueMicrotask(() => {
        throw error;
      });
    this.driver = new Driver(
      options.core,
      options.links,
      options.clock,
      (words, at) => this.#dispatch(words, at),
      (link, error) => this.onLinkDown(link, error),
    );
    this.acks = new Acks(options.core);
    this.unread = new Unread(this.acks);
    this.witness = new Witness(this);
    this.driver.before = this.loans.burst;
    this.driver.halfway = () => this.slab.joining;
    this.driver.turns = { begin: this.witness.look, end: this.witness.endTurn };
  }

  /** Connections that an owner or an unfinished FIN keeps. */
  get size(): number {
    return this.#count;
  }

  get listeners(): number {
    return this.#listening.size;
  }

  *connections(): Generator<Conn> {
    yield* this.#conns.all();
    yield* this.unread.conns();
  }

  /** LISTEN. Returns the row, or a core error (< 0). */
  listen(laddr: Int32Array, port: number, backlog: number, options: OpenOptions, acceptor: Acceptor): number {
    if (this.errands.over) return ENETDOWN;
    if (!Number.isInteger(port) || port < 0 || port > 65535) return EINVAL;
    if (port !== 0 && !this.#claims(port) && !isLoopback(laddr)) return EACCES;
    const row =
      port === 0 ? this.#listenAnywhere(laddr, backlog, options) : this.#listenAt(laddr, port, backlog, options);
    if (row < 0) return row;
    this.#listening.set(row, { acceptor, gen: this.core.generation(row) });
    if (acceptor.handlers.state !== undefined) this.witness.wantStates();
    if (acceptor.syn !== undefined) this.core.onSyn = this.aboutSyns();
    this.hold();
    return row;
  }

  /** Ends a LISTEN; established children live on. */
  unlisten(row: number): void {
    const listening = this.#listening.get(row);
    if (listening === undefined) return;
    this.#forgetListener(row);
    this.core.callClose(row, this.driver.now());
    this.driver.touch();
  }

  closeListeners(): void {
    for (const row of [...this.#listening.keys()]) this.unlisten(row);
  }

  /** Active OPEN. Returns the connection, or a core error (< 0). */
  connect(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    options: OpenOptions,
    handlers: Handlers,
  ): Conn | number {
    if (this.errands.over) return ENETDOWN;
    this.witness.look(); // no turn may have begun since somebody subscribed
    if (handlers.state !== undefined) this.witness.wantStates();
    if (lport !== 0 && !this.#claims(lport) && !this.core.ip.isOurs(raddr, 0)) return EACCES;
    const row = this.core.callConnect(laddr, lport, raddr, rport, options, this.driver.now());
    if (row < 0) return row;
    const conn = new Conn(this, row, this.core.generation(row), handlers, OPENING, describe(raddr, rport));
    this.#add(row, conn);
    this.driver.touch();
    return conn;
  }

  /** A queued child was taken by the application: it counts against the backlog no longer. */
  accepted(conn: Conn): void {
    if (conn.row >= 0) this.core.callAccepted(conn.row);
  }

  /** Address and port of a row's local (0) or remote (1) end. */
  endpoint(row: number, which: 0 | 1): Endpoint {
    if (row < 0) return NOWHERE;
    const port = this.core.endpoint(row, which, this.#words);
    return describe(this.#words, port);
  }

  stateName(row: number, gen: number): string {
    return stateName(this.core.state(row, gen));
  }

  /** One more thing keeps the process alive. */
  hold(): void {
    if (this.#holds++ > 0) return;
    for (const link of this.links) link.ref();
    this.#clock.ref?.(true);
  }

  letGo(): void {
    if (--this.#holds > 0) return;
    for (const link of this.links) link.unref();
    this.#clock.ref?.(false);
  }

  /** @internal A connection is done with its row. */
  forget(conn: Conn, held: boolean, error: Error | null): void {
    this.acks.over(conn, error);
    if (conn.row >= 0) this.#conns.clear(conn.row, conn);
    this.unread.forget(conn);
    this.laden.forget(conn);
    this.#gone(held);
  }

  #gone(held: boolean): void {
    this.#count--;
    if (held) this.letGo();
    this.#idle();
  }

  #add(row: number, entry: Conn | Acceptor): void {
    this.#conns.put(row, entry);
    this.#count++;
    this.hold();
  }

  #listenAt(laddr: Int32Array, port: number, backlog: number, options: OpenOptions): number {
    return this.core.callListen(laddr, port, backlog, options, this.driver.now());
  }

  #listenAnywhere(laddr: Int32Array, backlog: number, options: OpenOptions): number {
    const [low, high] = this.ephemeralPorts;
    for (let i = 0; i < PORT_TRIES; i++) {
      const row = this.#listenAt(laddr, low + ((this.#rng.u32() >>> 0) % (high - low + 1)), backlog, options);
      if (row !== EADDRINUSE) return row;
    }
    return EADDRINUSE;
  }

  #forgetListener(row: number): void {
    const listening = this.#listening.get(row);
    if (listening === undefined) return;
    this.#listening.delete(row);
    this.letGo();
    listening.acceptor.closed?.();
    this.#idle();
  }

  #idle(): void {
    if (this.#count === 0 && this.#listening.size === 0) this.onIdle();
  }

  #dispatch(words: Int32Array, at: number): void {
    const type = words[at]!;
    if (type >= EV_DATAGRAM && type <= EV_ADDRESS)
      return type === EV_ADDRESS ? this.onAddress(words, at) : this.udp.dispatch(words, at);
    if (type !== EV_DATA && this.witness.watching) this.witness.see(words, at);
    const row = words[at + 1]!;
    const gen = words[at + 2]!;
    if (type === EV_ACCEPT) return this.#accept(row, gen, words[at + 3]!);
    const unseen = this.#conns.unseen(row);
    if (unseen !== undefined && isNoNews(unseen.handlers, words, at)) {
      if (type !== EV_CLOSED) return;
      this.#conns.clear(row);
      return this.#gone(true);
    }
    const conn = this.#conns.get(row, gen);
    if (conn === undefined) {
      if (type === EV_CLOSED && this.#listening.get(row)?.gen === gen) this.#forgetListener(row);
      return;
    }
    this.#tell(conn, row, type, words, at);
    if (unseen?.brief) this.#conns.rest(row, conn, unseen);
  }

  #tell(conn: Conn, row: number, type: number, words: Int32Array, at: number): void {
    switch (type) {
      case EV_DATA:
        return conn.received(words[at + 3]!, words[at + 4]!, words[at + 5]!, textBehind(this.core.events, at));
      case EV_DRAIN:
        return this.unread.drained(conn);
      case EV_END:
        return conn.peerEnded();
      case EV_CONNECT:
        return conn.opened();
      case EV_CLOSED:
        this.#conns.clear(row);
        return conn.gone(words, at);
      case EV_ALL_ACKED:
        return words[at + 3] === 1 ? conn.finAcked() : undefined;
      case EV_URGENT:
        return urgentNews(conn, words[at + 3]!, words[at + 5]!);
      case EV_STATE:
        return conn.news((h) => h.state?.(conn, stateName(words[at + 3]!), stateName(words[at + 4]!)));
      case EV_ACKED:
        return this.acks.acked(conn, words, at);
      case EV_SOFT_ERROR:
        return conn.news((h) => h.softError?.(conn, softError(words[at + 3]!)));
      case EV_SILENT:
        return this.acks.waits(conn) ? undefined : this.#forsaken.silent(conn);
    }
  }

  #accept(row: number, gen: number, listener: number): void {
    const acceptor = takerOf(this.#listening.get(listener), row);
    if (acceptor === undefined) return void this.core.callAbort(row, this.driver.now());
    if (!acceptor.queued) this.core.callAccepted(row);
    if (!acceptor.queued && acceptor.handlers.open === undefined) return this.#add(row, acceptor);
    const conn = this.#conns.make(row, gen, acceptor, acceptor.queued ? OPEN_PAUSED : OPEN);
    this.#add(row, conn);
    conn.opened();
    if (acceptor.brief) this.#conns.rest(row, conn, acceptor);
  }
}
