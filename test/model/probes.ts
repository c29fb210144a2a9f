/** In states that are seen for the first time: every call and a battery of segments, each tried and taken back. */
import { EADDRINUSE, EDESTADDRREQ, EISCONN, ENOTCONN, EPIPE } from '../../src/core/events.ts';
import { stateName } from '../../src/core/tcp/figure5.ts';
import { ACK, FIN, RST, SYN, URG } from '../../src/wire/abi.ts';
import { checkState } from './check.ts';
import { address, type Host, PORTS } from './host.ts';
import { forge, STRANGE, type Stranger } from './inject.ts';
import type { Observer } from './observer.ts';
import { before } from './oracle.ts';
import { id, table } from './table.ts';
import type { World, WorldState } from './world.ts';

/** How many states of one kind are probed. */
const EACH = 3;
const STATES = [
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
];
const ALL = ['CLOSED', 'LISTEN', ...STATES];

function battery(to: number): Stranger[] {
  const list: Stranger[] = [];
  const flags = [
    0,
    FIN,
    SYN,
    RST,
    RST | ACK,
    SYN | FIN,
    SYN | ACK,
    ACK,
    ACK | FIN,
    ACK | URG,
    SYN | RST,
    ACK | SYN | FIN,
  ];
  for (const f of flags) {
    for (const seq of [0, 1, -1, 20, 63, 64, 5000, -5000]) {
      list.push({ to, flags: f, seq, urgent: 3 });
      if (f & ACK) for (const ack of [-1, 1, 5000, -5000]) list.push({ to, flags: f, seq, ack, urgent: 3 });
      if ((f & (SYN | RST)) === 0) list.push({ to, flags: f, seq, text: 2, urgent: 3 });
    }
  }
  return list;
}

interface Call {
  readonly name: string;
  readonly row: (state: string) => string;
  readonly make: (host: Host, row: number, world: World) => number;
  /** What it must return where the state does not allow it. */
  readonly refused: Readonly<Record<string, number>>;
}

const BYTE = Uint8Array.of(0x7e);
const SENDS = [
  'CLOSED',
  '',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
];
const CLOSES = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  '',
  'ESTABLISHED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
];
const closing = { FIN_WAIT_1: EPIPE, FIN_WAIT_2: EPIPE, CLOSING: EPIPE, LAST_ACK: EPIPE, TIME_WAIT: EPIPE };

const calls: readonly Call[] = [
  {
    name: 'open',
    row: (state) => id(13 + ['LISTEN', ...STATES].indexOf(state)),
    make: (host, row, world) =>
      host.core.callOpen(row, address(world.hosts.length === 1 ? 0 : 1 - host.index), 9, host.state.now),
    refused: Object.fromEntries(STATES.map((s) => [s, EISCONN])),
  },
  {
    name: 'open without remote',
    row: (state) => (state === 'LISTEN' ? 'T301' : id(13 + ['LISTEN', ...STATES].indexOf(state))),
    make: (host, row) => host.core.callOpen(row, null, 0, host.state.now),
    refused: { LISTEN: EDESTADDRREQ },
  },
  {
    name: 'send',
    row: (state) => id(23 + SENDS.indexOf(state)),
    make: (host, row) => host.core.callSend(row, BYTE, 0, 1, host.state.now),
    refused: { CLOSED: ENOTCONN, LISTEN: EDESTADDRREQ, ...closing },
  },
  {
    name: 'close',
    row: (state) => id(47 + CLOSES.indexOf(state)),
    make: (host, row) => host.core.callClose(row, host.state.now),
    refused: { CLOSED: ENOTCONN, CLOSING: EPIPE, LAST_ACK: EPIPE, TIME_WAIT: EPIPE },
  },
  {
    name: 'abort',
    row: (state) => id(59 + ALL.indexOf(state)),
    make: (host, row) => host.core.callAbort(row, host.state.now),
    refused: { CLOSED: ENOTCONN },
  },
  {
    name: 'listen again',
    row: (state) => (state === 'LISTEN' ? 'T302' : ''),
    make: (host) => host.core.callListen(new Int32Array(4), PORTS[host.index]!, 1, {}, host.state.now),
    refused: { LISTEN: EADDRINUSE },
  },
  {
    name: 'connect to nowhere',
    row: (state) => (state === 'CLOSED' ? 'T011' : ''),
    make: (host) => host.core.callConnect(new Int32Array(4), 0, address(1), 0, {}, host.state.now),
    refused: { CLOSED: EDESTADDRREQ },
  },
  {
    name: 'status',
    row: (state) => id(70 + ALL.indexOf(state)),
    make: (host, row) => (host.core.info(row).state === before(host).state ? 0 : -99),
    refused: {},
  },
];

export class Probes {
  readonly #observer: Observer;
  readonly #done = new Map<string, number>();

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  state(world: World, saved: WorldState): void {
    for (const host of world.hosts) {
      const was = before(host);
      const last = host.state.conns.at(-1);
      const row = was.row >= 0 ? was.row : (last?.row ?? -1);
      const kind = `${was.state} ${was.waits} ${last?.closed}`;
      const done = this.#done.get(kind) ?? 0;
      if (done >= EACH) continue;
      this.#done.set(kind, done + 1);
      // What is half open and came from LISTEN does not exist for the user yet.
      const hidden = was.state === 'SYN_RECEIVED' && was.passive;
      if (row >= 0 && !hidden) for (const call of calls) this.#call(world, saved, host, row, call);
      for (const what of battery(host.index)) this.#segment(world, saved, host, what);
    }
  }

  #call(world: World, saved: WorldState, host: Host, row: number, call: Call): void {
    world.restore(saved);
    const was = before(host);
    const wanted = call.row(was.state);
    if (wanted === '' || (was.state === 'CLOSED' && call.name.startsWith('open'))) return;
    let result = 0;
    host.turn(() => {
      result = call.make(host, row, world);
    }, true);
    const refused = call.refused[was.state];
    if (refused !== undefined && result !== refused)
      throw new Error(`${call.name} in ${was.state} gives ${result}, not ${refused}`);
    const moved = host.steps.length > 0;
    if (refused !== undefined && moved)
      throw new Error(`${call.name} is refused in ${was.state} and yet does something`);
    this.#observer.steps(host, was, call.name, world);
    const queued = was.state === 'SYN_RECEIVED' && call.name === 'close' && !moved;
    const found = queued ? 'T051' : wanted;
    const next = table.get(found)!.next;
    const record = row >= host.inside.rows.limit;
    const gone = record && host.ghost() === undefined;
    const now = gone ? 'CLOSED' : stateName(host.core.state(row, record ? 0 : host.core.generation(row)));
    if (next === '=' ? moved && now !== was.state : moved && now !== next)
      throw new Error(`${call.name} in ${was.state}: ${now}, ${found} says ${next}`);
    this.#observer.reached.add(found);
  }

  #segment(world: World, saved: WorldState, host: Host, what: Stranger): void {
    world.restore(saved);
    const was = before(host);
    const bytes = forge(what, world.hosts);
    const stays = this.#observer.segment(host, bytes);
    world.lastFlags = what.flags;
    world.disturbed = true;
    host.deliver(bytes, true);
    const about = `a segment with flags ${what.flags} at RCV.NXT${what.seq < 0 ? '' : '+'}${what.seq}, ack ${what.ack ?? 0}, ${what.text ?? 0} bytes in ${was.state}`;
    try {
      this.#observer.steps(host, was, 'segment', world);
      if (stays) this.#observer.stayed(host, was);
      checkState(world);
      checkCut(host, what);
    } catch (error) {
      throw new Error(`${about}: ${(error as Error).message}`, { cause: error });
    }
    const resets = host.link.sent.filter((frame) => frame[34 + 13]! & RST);
    if (resets.length > 0 && what.flags & RST) throw new Error(`${about}: a reset is answered by a reset`);
  }
}

/** Of text that begins before RCV.NXT only what is new is delivered. */
function checkCut(host: Host, what: Stranger): void {
  const last = host.conn?.got.at(-1);
  if (what.seq !== -1 || last === undefined || last < STRANGE || last >= STRANGE + 8) return;
  if (host.conn!.got.at(-2) === STRANGE || last === STRANGE)
    throw new Error('text from before RCV.NXT is delivered again');
}
