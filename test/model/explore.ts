/** Depth first through every history of a scenario, each state once. */
import { SeededRng } from '../../src/link/sim/rng.ts';
import { checkClosed, checkEnd, checkState, isWhole } from './check.ts';
import type { CoreClass } from './host.ts';
import type { Scenario } from './scenario.ts';
import { type Action, World, type WorldState } from './world.ts';

export interface Limits {
  /** States; 0 = no limit. */
  readonly states: number;
  /** When to stop, by the clock the caller gave. */
  readonly stop?: () => boolean;
  /** One state in so many is brought to its end in fair weather (0 = none). */
  readonly drainEvery: number;
  /** The order in which actions are tried: it decides what a search that is cut short has seen. */
  readonly seed: number;
  /** One state in so many is reached again from the start. */
  readonly replayEvery: number;
}

export interface Result {
  readonly scenario: Scenario;
  readonly states: number;
  readonly transitions: number;
  readonly ends: number;
  readonly depth: number;
  readonly complete: boolean;
}

export interface Watcher {
  /** Something is about to happen. */
  before(world: World, action: Action): void;
  /** Something happened: `world` is the state after it. */
  after(world: World, action: Action): void;
  /** A state seen for the first time; it is put back afterwards. */
  state?(world: World, saved: WorldState): void;
}

export class Violation extends Error {
  readonly path: readonly Action[];
  constructor(scenario: Scenario, path: readonly Action[], cause: unknown) {
    super(`${scenario.name}: ${(cause as Error).message}\n  ${path.map(describe).join('\n  ')}`, { cause });
    this.path = path;
  }
}

const FAIR_STEPS = 400;
/** Longer than any timer: an alarm without one is a timer that the wheel has not forgotten yet. */
const MOST = 1e9;

export class Explorer {
  readonly world: World;
  readonly #seen = new Set<number>();
  readonly #watcher: Watcher | undefined;
  readonly #start: WorldState;
  readonly #path: Action[] = [];
  #transitions = 0;
  #ends = 0;
  #depth = 0;

  constructor(core: CoreClass, scenario: Scenario, watcher?: Watcher) {
    this.world = new World(core, scenario);
    this.#start = this.world.save();
    this.#watcher = watcher;
  }

  run(limits: Limits): Result {
    const { world } = this;
    const stack: { saved: WorldState; actions: Action[]; next: number }[] = [];
    const rng = new SeededRng(limits.seed);
    let complete = true;
    /** The world is not in the state on top of the stack. */
    let touched = false;
    const enter = (): void => {
      const saved = world.save();
      const actions = shuffle(world.actions(), rng);
      if (actions.length === 0) this.#end(saved);
      this.#visit(saved, limits);
      stack.push({ saved, actions, next: 0 });
      this.#depth = Math.max(this.#depth, stack.length);
    };
    this.#seen.add(world.fingerprint());
    enter();
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next === top.actions.length) {
        stack.pop();
        this.#path.pop();
        touched = true;
        continue;
      }
      if ((limits.states > 0 && this.#seen.size >= limits.states) || limits.stop?.()) {
        complete = false;
        break;
      }
      if (top.next > 0 || touched) world.restore(top.saved);
      else world.clear();
      touched = false;
      const action = top.actions[top.next++]!;
      this.#path.push(action);
      this.#guard(() => this.#act(action));
      const key = world.fingerprint();
      if (this.#seen.has(key)) {
        this.#path.pop();
        touched = true;
      } else {
        this.#seen.add(key);
        enter();
      }
    }
    const { scenario } = world;
    return {
      scenario,
      states: this.#seen.size,
      transitions: this.#transitions,
      ends: this.#ends,
      depth: this.#depth,
      complete,
    };
  }

  #act(action: Action): void {
    this.#transitions++;
    this.#watcher?.before(this.world, action);
    this.world.act(action);
    checkState(this.world);
    this.#watcher?.after(this.world, action);
  }

  #end(saved: WorldState): void {
    this.#ends++;
    this.#guard(() => drain(this.world));
    this.world.restore(saved);
  }

  #visit(saved: WorldState, limits: Limits): void {
    const n = this.#seen.size;
    if (this.#watcher?.state !== undefined) {
      this.#guard(() => this.#watcher!.state!(this.world, saved));
      this.world.restore(saved);
    }
    if (limits.drainEvery > 0 && n % limits.drainEvery === 0) {
      this.#guard(() => drain(this.world));
      this.world.restore(saved);
    }
    // A replay ends where it began.
    if (limits.replayEvery > 0 && n % limits.replayEvery === 0) this.#guard(() => this.#replay(saved));
  }

  /** What was put together by saving and restoring is what the same actions give in one go. */
  #replay(saved: WorldState): void {
    const { world } = this;
    const expected = world.fingerprint();
    world.restore(this.#start);
    for (const action of this.#path) world.act(action);
    if (world.fingerprint() !== expected) throw new Error('a replay leads elsewhere: something is not saved');
    world.restore(saved);
  }

  #guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      throw new Violation(this.world.scenario, [...this.#path], error);
    }
  }
}

/**
 * From here on the network is good and the users go on: the history must end, and well. A connection whose peer is gone may
 * stay as long as its user wants; it ends once he has left.
 */
export function drain(world: World): void {
  let left = false;
  for (let n = 0; n < FAIR_STEPS; n++) {
    const action = fairly(world);
    if (action === undefined) {
      if (left || isWhole(world) || world.hosts.every((host) => host.conn?.over !== undefined)) {
        checkEnd(world);
        return;
      }
      checkClosed(world);
      left = true;
      world.leave();
      continue;
    }
    world.act(action);
    checkState(world);
  }
  throw new Error(`no end after ${FAIR_STEPS} steps without loss`);
}

function fairly(world: World): Action | undefined {
  const to = world.net.findIndex((queue) => queue.length > 0);
  if (to >= 0) return { kind: 'deliver', to, n: 0 };
  for (const { index: host } of world.hosts) {
    const [op] = world.ops(host);
    if (op !== undefined) return { kind: 'op', host, op };
  }
  // The clocks run alike: whoever has less to wait goes first.
  const waits = world.hosts.map((h) => (h.core.pollAlarm() === Infinity ? Infinity : Math.min(h.wait, MOST)));
  const host = waits.indexOf(Math.min(...waits));
  return waits[host] === Infinity ? undefined : { kind: 'timer', host };
}

function shuffle(actions: Action[], rng: SeededRng): Action[] {
  for (let n = actions.length - 1; n > 0; n--) {
    const other = rng.below(n + 1);
    [actions[n], actions[other]] = [actions[other]!, actions[n]!];
  }
  return actions;
}

/** The shortest history this finds by leaving out actions that still breaks the same. */
export function shorten(core: CoreClass, found: Violation, scenario: Scenario): Violation {
  let best = found;
  for (let shorter = true; shorter; ) {
    shorter = false;
    for (let n = best.path.length - 2; n >= 0; n--) {
      const attempt = broken(
        core,
        scenario,
        best.path.filter((_, at) => at !== n),
      );
      if (attempt === undefined) continue;
      best = attempt;
      shorter = true;
    }
  }
  return best;
}

function broken(core: CoreClass, scenario: Scenario, path: readonly Action[]): Violation | undefined {
  const world = new World(core, scenario);
  const done: Action[] = [];
  try {
    for (const action of path) {
      if (!world.actions().some((a) => describe(a) === describe(action))) return undefined;
      done.push(action);
      world.act(action);
      checkState(world);
    }
    drain(world);
  } catch (error) {
    return new Violation(scenario, done, error);
  }
  return undefined;
}

export function describe(action: Action): string {
  const letter = (host: number): string => 'AB'[host]!;
  switch (action.kind) {
    case 'timer':
      return `time passes at ${letter(action.host)}`;
    case 'op':
      return `${letter(action.host)}: ${action.op}`;
    case 'inject':
      return `stranger ${action.n}`;
    case 'cut':
      return 'the line is cut';
    default:
      return `${action.kind} ${action.n} to ${letter(action.to)}`;
  }
}
