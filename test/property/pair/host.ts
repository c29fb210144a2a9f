/** One StackCore on a simulated link, with a driver of a few lines in place of the shell. Every turn ends with a check. */
import type { BudgetLimits } from '../../../src/core/budget.ts';
import { EV_ACCEPT, EV_CLOSED, EVENT_WORDS } from '../../../src/core/events.ts';
import { StackCore, type TcpDefaults } from '../../../src/core/stack-core.ts';
import type { Tcp } from '../../../src/core/tcp/context.ts';
import type { Tcb } from '../../../src/core/tcp/tcb.ts';
import { SeededRng, SimLink, type SimLinkOptions, type SimWire, type VirtualClock } from '../../../src/link/sim.ts';
import type { Clock } from '../../../src/ports.ts';
import { parseAddress, parseCidr } from '../../../src/wire/address-text.ts';
import { DEFAULTS } from './defaults.ts';
import { Invariants } from './invariants.ts';

export const ANY = new Int32Array(4);

/** What the events of one row go to. `a` to `d` as in events.ts. */
export interface Listener {
  event(type: number, a: number, b: number, c: number, d: number): void;
}

export interface HostOptions {
  readonly addresses?: readonly string[];
  readonly seed?: number;
  readonly tcp?: Partial<TcpDefaults>;
  readonly card?: SimLinkOptions;
  readonly maxConnections?: number;
  readonly arenaBytes?: number;
  readonly budget?: Partial<BudgetLimits>;
  /** Its clock is ahead of the world's by as many microseconds. */
  readonly ahead?: number;
  /** Look at everything after every n-th turn (default 1; 0 = never). */
  readonly checkEvery?: number;
  /** The Rng of another host, so that both choose the same secrets. */
  readonly gateway?: string;
}

export class Host {
  readonly core: StackCore;
  readonly link: SimLink;
  readonly clock: VirtualClock;
  readonly invariants: Invariants;
  readonly listeners = new Map<number, Listener>();
  /** Events of rows nobody listens to, for tests that only look. */
  readonly events: { type: number; row: number; a: number; b: number; c: number; d: number }[] = [];
  accept: (row: number, gen: number, listener: number) => Listener | undefined = () => undefined;
  /** Turns that an alarm began. */
  wakes = 0;
  readonly #alarm: Clock;
  readonly #ahead: number;
  readonly #every: number;
  #depth = 0;
  #turns = 0;
  #stopped = false;

  constructor(wire: SimWire, options: HostOptions = {}) {
    this.clock = wire.clock;
    this.#alarm = wire.clock.alarm();
    this.#ahead = options.ahead ?? 0;
    this.#every = options.checkEvery ?? 1;
    this.link = new SimLink(wire, { ringBytes: 1 << 20, ...options.card });
    this.core = new StackCore({
      links: [this.link],
      memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
      rng: new SeededRng(options.seed ?? 1),
      maxConnections: options.maxConnections ?? 64,
      arenaBytes: options.arenaBytes ?? 8 << 20,
      tcp: { ...DEFAULTS, ...options.tcp },
      budget: options.budget ?? {},
    });
    this.core.handleTimers(this.now); // what begins with an address begins now
    for (const text of options.addresses ?? ['10.0.0.1/24']) {
      const { address, bits } = parseCidr(text);
      this.core.ip.addAddress(address, bits, 0);
    }
    this.invariants = new Invariants(this.core, this.t);
    this.link.start(
      (n) => this.turn(() => this.core.handleBurst(0, n, this.now)),
      () => this.turn(() => this.core.handleLinkDown(0)),
    );
  }

  /** The tables, which the core keeps to itself. */
  get t(): Tcp {
    return (this.core as unknown as { t: Tcp }).t;
  }

  get now(): number {
    return this.clock.now() + this.#ahead;
  }

  /** A cursor on the row. */
  tcb(row: number): Tcb {
    return this.t.cursor().select(row);
  }

  /** Nothing happens here any more: the process is gone. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.setAlarm(Infinity, () => {});
  }

  turn<T>(work: () => T): T {
    if (this.#stopped) return undefined as T;
    this.#depth++;
    const result = work();
    this.#depth--;
    if (this.#depth > 0) return result;
    this.#depth++;
    do {
      this.#dispatch();
      for (let n = this.core.pollTransmit(0, this.now); n > 0; n = this.core.pollTransmit(0, this.now))
        this.link.flush(n);
    } while (this.core.events.count > 0);
    this.core.pollEnd();
    this.#depth--;
    if (this.#every > 0 && ++this.#turns % this.#every === 0) this.invariants.check();
    const at = this.core.pollAlarm();
    this.#alarm.setAlarm(at - this.#ahead, () => {
      this.wakes++;
      this.turn(() => this.core.handleTimers(this.now));
    });
    return result;
  }

  #dispatch(): void {
    const queue = this.core.events;
    for (let n = 0; n < queue.count; n++) {
      const at = n * EVENT_WORDS;
      const [type, row, gen, a, b, c, d] = queue.words.subarray(at, at + 7) as unknown as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      let to = this.listeners.get(row);
      if (type === EV_ACCEPT) {
        to = this.accept(row, gen, a);
        if (to !== undefined) this.listeners.set(row, to);
      }
      if (to === undefined) this.events.push({ type, row, a, b, c, d });
      if (type === EV_CLOSED) this.listeners.delete(row);
      to?.event(type, a, b, c, d);
    }
    queue.count = 0;
  }

  listen(port: number, backlog = 16, options = {}, address = ANY): number {
    return this.turn(() => this.core.callListen(address, port, backlog, options, this.now));
  }

  connect(to: string, port: number, options = {}, lport = 0): number {
    return this.turn(() => this.core.callConnect(ANY, lport, parseAddress(to), port, options, this.now));
  }

  /** What is left when nothing should be; '' = nothing. */
  leftovers(listeners = 0): string {
    const { t } = this;
    const found: Record<string, number> = {
      rows: t.rows.used - listeners,
      arena: t.arena.used,
      budget: t.budget.held,
      peers: t.budget.peers,
      records: t.records.count,
      flights: t.flights.used,
      flows: this.invariants.flows(),
      wheel: t.wheel.count,
      timeWaits: t.timeWaits.used,
      halfOpens: t.halfOpens.used,
      windowGranted: t.windowGranted,
      lent: t.lent.length,
    };
    const left = Object.entries(found)
      .filter(([, n]) => n !== 0)
      .map(([name, n]) => `${name} ${n}`);
    const alarm = this.core.pollAlarm();
    if (alarm !== Infinity) left.push(`alarm in ${(alarm - this.now) / 1000} ms`);
    return left.join(', ');
  }
}
