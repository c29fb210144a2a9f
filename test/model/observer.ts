/** Which rows of transitions.tsv the model was seen to follow; throws at a change of state that no row has. */
import { eventNames, stateName } from '../../src/core/tcp/figure5.ts';
import { TRACE_REASONS } from '../../src/core/trace.ts';
import type { Watcher } from './explore.ts';
import type { Host, Step } from './host.ts';
import { type Before, before, findings, parse } from './oracle.ts';
import { Probes } from './probes.ts';
import { agrees, table } from './table.ts';
import type { Action, World, WorldState } from './world.ts';

/** What made a step happen: a segment, a call by name, or a timer. */
export type Cause = 'segment' | 'timer' | string;

/** from event → id, by what caused it where that matters. */
const ARROWS: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  'CLOSED passiveOpen': 'T009',
  'CLOSED activeOpen': 'T010',
  'LISTEN activeOpen': 'T013',
  'LISTEN rcvSyn': 'T086',
  'LISTEN close': 'T048',
  'LISTEN abort': 'T060',
  'SYN_SENT close': 'T049',
  'SYN_SENT abort': 'T061',
  'SYN_SENT rcvRst': 'T091',
  'SYN_SENT rcvSynAck': 'T093',
  'SYN_SENT rcvSyn': 'T095',
  'SYN_RECEIVED close': 'T050',
  'SYN_RECEIVED abort': 'T062',
  'SYN_RECEIVED rcvRst': 'T131',
  'SYN_RECEIVED rcvAckOfSyn': 'T179',
  'ESTABLISHED close': { segment: 'T181', '': 'T052' },
  'ESTABLISHED abort': { giveup: 'T305', segment: 'T329', '': 'T063' },
  'ESTABLISHED rcvRst': 'T132',
  'ESTABLISHED rcvFin': 'T224',
  'FIN_WAIT_1 abort': { segment: 'T218', '': 'T064' },
  'FIN_WAIT_1 rcvRst': 'T133',
  'FIN_WAIT_1 rcvAckOfFin': 'T194',
  'FIN_WAIT_1 rcvFin': 'T226',
  'FIN_WAIT_2 abort': { segment: 'T219', '': 'T065' },
  'FIN_WAIT_2 rcvRst': 'T134',
  'FIN_WAIT_2 rcvFin': 'T227',
  'FIN_WAIT_2 orphanTimeout': 'T266',
  'CLOSE_WAIT abort': { giveup: 'T306', '': 'T066' },
  'CLOSE_WAIT rcvRst': 'T135',
  'CLOSE_WAIT close': 'T055',
  'CLOSING abort': 'T067',
  'CLOSING rcvRst': 'T136',
  'CLOSING rcvAckOfFin': 'T196',
  'LAST_ACK abort': 'T068',
  'LAST_ACK rcvRst': 'T137',
  'LAST_ACK rcvAckOfFin': 'T198',
  'TIME_WAIT abort': 'T069',
  'TIME_WAIT timeout2MSL': 'T249',
};
/** [R2 by retries, user timeout, keep-alive] */
const GIVE_UP: Readonly<Record<string, readonly [string, string, string?]>> = {
  SYN_SENT: ['T311', 'T233'],
  SYN_RECEIVED: ['T312', 'T234'],
  ESTABLISHED: ['T313', 'T235', 'T256'],
  CLOSE_WAIT: ['T314', 'T238', 'T258'],
  FIN_WAIT_1: ['T315', 'T236'],
  FIN_WAIT_2: ['', 'T237', 'T260'],
  CLOSING: ['T316', 'T239'],
  LAST_ACK: ['T317', 'T240'],
};
const NOTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'retransmission timeout': {
    SYN_SENT: 'T242',
    SYN_RECEIVED: 'T243',
    ESTABLISHED: 'T244',
    CLOSE_WAIT: 'T245',
    FIN_WAIT_1: 'T246',
    CLOSING: 'T247',
    LAST_ACK: 'T248',
  },
  'zero window probe': {
    ESTABLISHED: 'T250',
    CLOSE_WAIT: 'T251',
    FIN_WAIT_1: 'T252',
    CLOSING: 'T253',
    LAST_ACK: 'T254',
  },
  'keep-alive probe': { ESTABLISHED: 'T255', CLOSE_WAIT: 'T257', FIN_WAIT_2: 'T259' },
  'delayed ACK timer': { ESTABLISHED: 'T325' },
};

export class Observer implements Watcher {
  readonly reached = new Set<string>();
  /** (state, event, next) as the trace tells them. */
  readonly triples = new Set<string>();
  readonly #probes = new Probes(this);
  #before: readonly Before[] = [];

  before(world: World, action: Action): void {
    this.#before = world.hosts.map(before);
    const arrival = world.arrival(action);
    if (arrival !== undefined)
      this.#expected = { ...arrival, stays: this.segment(world.hosts[arrival.host]!, arrival.bytes) };
    else this.#expected = undefined;
  }

  #expected: { readonly host: number; readonly stays: boolean } | undefined;

  after(world: World, action: Action): void {
    for (const host of world.hosts) this.steps(host, this.#before[host.index]!, cause(action, host), world);
    if (world.hosts.some((host) => host.warned)) this.reached.add('T318');
    if (action.kind === 'op' && world.answeredRead && this.#before[action.host]!.state === 'ESTABLISHED')
      this.reached.add('T326');
    if (this.#expected?.stays) this.stayed(world.hosts[this.#expected.host]!, this.#before[this.#expected.host]!);
  }

  state(world: World, saved: WorldState): void {
    this.#probes.state(world, saved);
  }

  /** Notes what the segment will meet. True: it must not change the state. */
  segment(host: Host, bytes: Uint8Array): boolean {
    const { ids, stays } = findings(before(host), parse(bytes));
    for (const id of ids) this.reached.add(id);
    return stays;
  }

  stayed(host: Host, was: Before): void {
    const now = before(host);
    // In TIME_WAIT a row is folded into a record when its last ACK has left.
    const moved = now.row !== was.row && now.state !== 'TIME_WAIT';
    if (now.state !== was.state || moved)
      throw new Error(`host ${host.index}: ${was.state} became ${now.state} by a segment that ends nothing`);
  }

  steps(host: Host, was: Before, by: Cause, world: World): void {
    const { steps } = host;
    steps.forEach((step, n) => {
      const from = stateName(step.from);
      if (step.event < 0) {
        const row = NOTES[TRACE_REASONS[step.reason]!]?.[from];
        if (row !== undefined) this.reached.add(row);
        return;
      }
      this.triples.add(`${from} ${eventNames[step.event]} ${stateName(step.to)}`);
      if (isReopening(steps, n)) {
        this.reached.add(world.scenario.tcp?.timestamps ? 'T113' : 'T328');
        return;
      }
      const id = arrow(step, steps.slice(0, n), was, by, world);
      const row = table.get(id);
      if (row === undefined)
        throw new Error(`${from} ${eventNames[step.event]}, by ${by}, is in no row of transitions.tsv`);
      const next = stateName(step.to);
      if (!agrees(row, origin(id, from), next))
        throw new Error(`${from} → ${next} by ${by}: ${id} says ${row.state} → ${row.next}`);
      this.reached.add(id);
    });
  }
}

/** A SYN ends TIME_WAIT and goes on to LISTEN: two steps in the trace, one row (T113, T328). */
function isReopening(steps: readonly Step[], n: number): boolean {
  // The record stays under the half-open entry until the third ACK [MAY-2].
  const openings = ['rcvSyn', 'rcvAckOfSyn'];
  const opens = (s: Step): boolean => s.event >= 0 && s.byPacket && openings.includes(eventNames[s.event]!);
  return eventNames[steps[n]!.event] === 'evict' && steps.some(opens);
}

/** Where a row names the state before the segment, and the trace has one step more (T094, T223, T225, T181). */
function origin(id: string, from: string): string {
  const row = table.get(id)!;
  return ['T094', 'T181', 'T223', 'T225'].includes(id) ? row.state : from;
}

function arrow(step: Step, earlier: readonly Step[], was: Before, by: Cause, world: World): string {
  const from = stateName(step.from);
  const event = eventNames[step.event]!;
  const bySegment = step.byPacket;
  if (event === 'giveUp') {
    const [retries, time, alive] = GIVE_UP[from]!;
    if (!was.waits && alive !== undefined) return alive;
    return world.scenario.tcp?.userTimeout ? time : retries;
  }
  const previous = earlier.filter((s) => s.event >= 0).at(-1);
  const samePacket = bySegment && previous?.byPacket;
  if (event === 'rcvFin' && samePacket) {
    if (eventNames[previous.event] === 'rcvSynAck') return 'T094';
    if (eventNames[previous.event] === 'rcvAckOfSyn') return 'T223';
    if (eventNames[previous.event] === 'rcvAckOfFin') return 'T225';
  }
  if (event === 'backToListen') return was.state === 'SYN_RECEIVED' && world.lastFlags & 2 ? 'T147' : 'T130';
  const found = ARROWS[`${from} ${event}`];
  if (found === undefined || typeof found === 'string') return found ?? '';
  return found[bySegment ? 'segment' : by] ?? found['']!;
}

function cause(action: Action, host: Host): Cause {
  if (action.kind === 'op') return action.op.split(' ')[0]!;
  if (action.kind === 'timer') return 'timer';
  return host.steps.some((s) => s.byPacket) ? 'segment' : action.kind;
}
