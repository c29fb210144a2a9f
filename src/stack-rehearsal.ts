/**
 * Plays traffic between two stacks in memory, so that V8 has compiled what a server runs before the first peer knocks: without
 * it the first ten thousand round trips pay for that (docs/performance.md). The functions are those of the real stack, down to
 * `NativeDevice`; nothing is left of it but their code.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TcpDefaults } from './core/api.ts';
import { Crossover } from './link/crossover.ts';
import { NodeClock } from './shell/clock.ts';
import type { Conn } from './shell/conn.ts';
import type { Handlers } from './shell/handlers.ts';
import { debug } from './shell/observe.ts';
import { checkAddresses } from './shell/options/addresses.ts';
import type { Settings } from './shell/options/stack-options.ts';
import { tcpDefaults } from './shell/options/tcp.ts';
import { rehearsed } from './shell/rehearsed.ts';
import { NodeRng } from './shell/rng.ts';
import type { Stack } from './shell/stack.ts';
import type { Surroundings } from './stack-assembly.ts';

type Assemble = (settings: Settings, around: Surroundings) => Stack;

/** How much of what; of bytes, those that the client receives. */
export interface Amounts {
  readonly roundTrips: number;
  readonly connections: number;
  /** Round trips with sockets of `usertcp/net`, where that is used; and a connection for each eighth, 2 KB for each. */
  readonly sockets: number;
  /** As super-segments, and cut into frames that are merged again. */
  readonly whole: number;
  readonly inPieces: number;
  /** In pieces, some of which are lost. */
  readonly withLosses: number;
  /** Connections that are open at once, and silent for a while. */
  readonly crowd: number;
  /** Round trips once more, after all that; so many from each of several addresses. */
  readonly again: number;
}

/** V8 optimizes a function that has executed some 70 KB of bytecode at least three times; one call of the smallest is a few bytes. */
const ENOUGH: Amounts = {
  roundTrips: 6000,
  connections: 2000,
  sockets: 8000,
  whole: 48 << 20,
  inPieces: 48 << 20,
  withLosses: 8 << 20,
  crowd: 1100,
  again: 8000,
};
/** ms after which connections of a crowd rest (core/tcp/flights.ts), and some more. */
const NAP = 450;
/** Of a crowd, dialled at once: fewer than wait for accept(). */
const AT_ONCE = 100;
/** ms that one turn of the event loop may take of it. */
const SLICE = 5;
const TURNS_TO_END = 20;
/** Networks for documentation (RFC 5737); in each the client is host 1 and the server host 2. */
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;
const SMALL = Buffer.from('x');
const LARGE = Buffer.alloc(1 << 16);

const echo = (conn: Conn, bytes: Buffer): void => void conn.write(bytes);
const ignore = (): void => {};
const lend = (conn: Conn): void => {
  while (conn.lend(LARGE) === LARGE.length);
};
const write = (conn: Conn): void => {
  while (conn.write(LARGE));
};
/** By port. Of as many shapes that V8 expects any: what it compiled for one would be thrown away with the first of another. */
const SERVICES: readonly Handlers[] = [
  { data: echo },
  { open: ignore, data: echo },
  { data: echo, end: (conn) => conn.end() },
  { data: echo, close: ignore },
  { open: ignore, data: echo, close: ignore },
  { data: ignore },
  { open: lend, drain: lend, data: ignore },
  { open: write, drain: write, data: ignore, close: ignore },
];
const ECHOES = 5;
const SINK = 6;
const SOURCES = [7, 8];
/** Of sockets: an echo, short answers, a sink, a source. */
const [TALKERS, SOCKET_SINK, SOCKET_SOURCE] = [[9, 10], 11, 12] as const;
const TALKS = 8;
/** Every how many frames one is lost, in one phase. */
const OFTEN = 97;
/** The first port of UDP. */
const DATAGRAMS = 1;

const AROUND = {
  rng: new NodeRng(),
  later: setImmediate,
  after: () => () => {},
  warnings: [],
  teardown: [],
  unheard: true,
};

/** Settings as near to the real ones as can be, so that the same branches are taken and objects have the same shapes. */
function alike(settings: Settings): Settings {
  const { tcp, ip } = settings;
  return {
    ...settings,
    device: undefined,
    routes: [],
    dhcp: undefined,
    capture: undefined,
    memory: undefined,
    budget: {},
    maxConnections: 2048,
    arenaBytes: 32 << 20,
    tcp: ownWays(tcp),
    ip: { ...ip, duplicates: 'off' },
  };
}

/** As it is where that can be: V8 tells a copy apart. */
function ownWays(tcp: TcpDefaults): TcpDefaults {
  const { ephemeralPorts } = tcpDefaults;
  // A controller of the user's own is not told of connections that are none.
  const congestion = typeof tcp.congestion === 'string' ? tcp.congestion : 'cubic';
  if (tcp.congestion === congestion && tcp.ephemeralPorts === ephemeralPorts) return tcp;
  // A crowd, and those in TIME_WAIT before it, need more ports than the user's may be.
  return { ...tcp, congestion, ephemeralPorts };
}

function passed(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() > end;
}

/** What was done of a part of the play. Connections keep theirs: what comes late is not taken for what the next part does. */
interface Part {
  done: number;
  over: boolean;
}

class Rehearsal {
  readonly #cable = new Crossover();
  readonly #clocks = [new NodeClock(), new NodeClock()];
  readonly #stacks: readonly Stack[];
  #end: number;
  readonly #signal: AbortSignal | undefined;
  #part: Part = { done: 0, over: false };
  /** Where the server is. */
  #host = `${NETWORKS[0]}.2`;

  constructor(assemble: Assemble, settings: Settings, limit: number, signal?: AbortSignal) {
    this.#end = performance.now() + limit;
    this.#signal = signal;
    this.#stacks = this.#cable.links.map((link, i) => {
      const part = { links: [link], addresses: checkAddresses(NETWORKS.map((network) => `${network}.${i + 1}/24`)) };
      return assemble({ ...alike(settings), ...part }, { ...AROUND, links: [link], clock: this.#clocks[i]! });
    });
    for (const [i, handlers] of SERVICES.entries()) this.#stacks[1]!.serve(i + 1, handlers);
  }

  /** What was done of it before the time was over. */
  async play(wanted: Amounts): Promise<Amounts> {
    // First: where they are used they are most of what is, and the time may be over soon.
    const sockets = rehearsed.sockets?.(this.#stacks[1]!, TALKERS[0]) ? await this.#sockets(wanted.sockets) : 0;
    const roundTrips = await this.#phase(wanted.roundTrips, () => {
      for (let port = 1; port <= ECHOES; port++) this.#ping(port);
    });
    const connections = await this.#phase(wanted.connections, () => {
      for (let port = 1; port <= ECHOES; port++) this.#visit(port);
    });
    const whole = await this.#phase(wanted.whole, () => this.#pump(SINK, SOURCES));
    this.#cable.cut = true;
    const inPieces = await this.#phase(wanted.inPieces, () => this.#pump(SINK, SOURCES));
    this.#cable.loses = OFTEN;
    const withLosses = await this.#phase(wanted.withLosses, () => this.#pump(SINK, SOURCES));
    this.#cable.loses = 0;
    this.#cable.cut = false;
    const crowd = await this.#crowd(wanted.crowd);
    let again = 0;
    for (const [i, network] of NETWORKS.entries()) {
      this.#host = `${network}.2`;
      again += await this.#phase(wanted.again, () => this.#medley(sockets > 0, DATAGRAMS + i));
    }
    return { roundTrips, connections, sockets, whole, inPieces, withLosses, crowd, again };
  }

  async #sockets(wanted: number): Promise<number> {
    const roundTrips = await this.#phase(wanted, () => {
      for (let i = 0; i < TALKS; i++) for (const port of TALKERS) this.#ping(port);
    });
    await this.#phase(wanted / 8, () => {
      for (let i = 0; i < TALKS; i++) for (const port of TALKERS) this.#visit(port);
    });
    await this.#phase(wanted * 2048, () => this.#pump(SOCKET_SINK, [SOCKET_SOURCE]));
    return roundTrips;
  }

  /** More connections than keep what only those who talk need: they fall silent, and wake. */
  async #crowd(wanted: number): Promise<number> {
    const conns: Conn[] = [];
    await this.#phase(wanted, () => {
      for (let i = 0; i < AT_ONCE; i++) this.#sit(conns, wanted);
    });
    await this.#carry(passed(NAP));
    return this.#phase(conns.length, () => {
      for (const conn of conns) conn.write(SMALL);
    });
  }

  /**
   * Small packets as they come once all the rest has been met: V8 compiles a last time what it threw away meanwhile. More connections
   * than before, and some other protocol among them, for what only happens the first time. Several times, each to an address that
   * was not heard of: the last to end have met code that was compiled after the others ended.
   */
  #medley(sockets: boolean, datagrams: number): void {
    for (let i = 0; i < 2; i++) for (let port = 1; port <= ECHOES; port++) this.#ping(port);
    if (sockets) for (let i = 0; i < TALKS; i++) for (const port of TALKERS) this.#ping(port);
    const [client, server] = this.#stacks.map((stack) => stack.udp.bind(datagrams));
    server!.on('message', (bytes, from) => server!.send(bytes, from.port, from.address));
    client!.on('message', () => client!.send(SMALL, datagrams, this.#host));
    client!.send(SMALL, datagrams, this.#host);
  }

  async close(): Promise<void> {
    for (const stack of this.#stacks) await stack.close({ timeout: 0 });
    for (const clock of this.#clocks) clock.stop();
  }

  /** Until `count` of what the phase counts is done; then its connections end, as far as they do that soon. */
  async #phase(count: number, begin: () => void): Promise<number> {
    const part: Part = { done: 0, over: false };
    this.#part = part;
    begin();
    await this.#carry(() => part.done >= count);
    part.over = true;
    const { done } = part;
    let turns = TURNS_TO_END;
    await this.#carry(() => --turns < 0);
    return done;
  }

  async #carry(done: () => boolean): Promise<void> {
    while (!done() && performance.now() < this.#end && !this.#signal?.aborted) {
      await nextTurn();
      const pause = performance.now() + SLICE;
      this.#cable.carry(() => performance.now() > pause || done());
    }
  }

  /** One that cannot be opened ends the rehearsal, and not the process: most of them begin in a handler. */
  #dial(port: number, handlers: Handlers): void {
    try {
      this.#stacks[0]!.dial({ host: this.#host, port }, handlers);
    } catch (error) {
      debug('rehearsal broken off: %o', error);
      this.#end = 0;
    }
  }

  #ping(port: number): void {
    const part = this.#part;
    this.#dial(port, {
      open: (conn) => conn.write(SMALL),
      data: (conn) => {
        part.done++;
        if (part.over) conn.end();
        else conn.write(SMALL);
      },
    });
  }

  #visit(port: number): void {
    const part = this.#part;
    this.#dial(port, {
      open: (conn) => conn.write(SMALL),
      data: (conn) => conn.end(),
      close: () => {
        part.done++;
        if (!part.over) this.#visit(port);
      },
    });
  }

  /** Is heard of once it has an answer, and followed by another until so many are there; ends with the second answer. */
  #sit(heard: Conn[], wanted: number): void {
    let sits = false;
    this.#dial(1, {
      open: (conn) => conn.write(SMALL),
      data: (conn) => {
        this.#part.done++; // its second answer is in another part
        if (sits) return conn.end();
        sits = true;
        if (heard.push(conn) + AT_ONCE <= wanted) this.#sit(heard, wanted);
      },
    });
  }

  #pump(sink: number, sources: readonly number[]): void {
    const part = this.#part;
    this.#dial(sink, { open: lend, drain: (conn) => (part.over ? conn.end() : lend(conn)) });
    for (const port of sources) {
      this.#dial(port, {
        data: (conn, bytes) => {
          part.done += bytes.length;
          if (part.over) conn.abort();
        },
      });
    }
  }
}

/** For a stack with these settings; takes `limit` ms at most, or until the signal. Says how much there was time for. */
export async function rehearse(
  assemble: Assemble,
  settings: Settings,
  limit: number,
  signal?: AbortSignal,
  wanted: Amounts = ENOUGH,
): Promise<Amounts> {
  const rehearsal = new Rehearsal(assemble, settings, limit, signal);
  try {
    return await rehearsal.play(wanted);
  } finally {
    await rehearsal.close();
  }
}
