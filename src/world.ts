/**
 * The public simulator: hosts with the whole stack on one virtual clock, joined by wires that delay, lose, reorder and
 * cut. Nothing native, no root, and the same seed gives the same run.
 */

import { checkImpairments } from './impairments.ts';
import {
  type Impairments,
  SeededRng,
  SimLink,
  type SimLinkOptions,
  SimWire,
  VirtualClock,
  type WireOptions,
} from './link/sim.ts';
import { OptionError } from './shell/option-error.ts';
import { checkKnown } from './shell/options/check.ts';
import { checkOptions, type StackOptions } from './shell/options/stack-options.ts';
import type { Stack } from './shell/stack.ts';
import { assemble } from './stack-assembly.ts';

/** A simulated world. */
export interface WorldOptions {
  /** Decides everything that is random: losses, ports, initial sequence numbers. Default 1. */
  seed?: number;
  /** Impairments of the first wire, in every direction. */
  impair?: Partial<Impairments>;
}

/** Options of a stack that the world decides. */
const DECIDED = [
  'device',
  'link',
  'links',
  'addresses',
  'mode',
  'mac',
  'vlan',
  'ports',
  'rings',
  'fds',
  'shard',
  'secret',
  'clock',
  'rng',
  'warmUp',
] as const satisfies readonly (keyof StackOptions)[];

/** A host: the options of a stack, less what the world decides. */
export interface HostOptions
  extends Omit<
    StackOptions,
    | 'device'
    | 'link'
    | 'links'
    | 'addresses'
    | 'mode'
    | 'mac'
    | 'vlan'
    | 'ports'
    | 'rings'
    | 'fds'
    | 'shard'
    | 'secret'
    | 'clock'
    | 'rng'
    | 'warmUp'
  > {
  /** Wire the host is plugged into; default the world's first one. */
  wire?: SimWire;
  /** Properties of its network card. */
  card?: Omit<SimLinkOptions, 'name' | 'mac'>;
  /** Of its card. Default host1, host2, … */
  name?: string;
}

const LONGEST_WAIT = 3_600_000;
const US_PER_MS = 1000;

/** Hosts with the whole stack on one virtual clock. The same seed is the same run. */
export class World {
  /** The time of all of them, µs. */
  readonly clock = new VirtualClock();
  /** The wire that hosts are plugged into unless they name another. */
  readonly wire: SimWire;
  readonly #seed: number;
  readonly #cards = new Map<Stack, { readonly link: SimLink; readonly wire: SimWire }>();
  #wires = 0;

  constructor(options: WorldOptions = {}) {
    if (typeof options !== 'object' || options === null)
      throw new OptionError('options', options, 'an object such as { seed: 1 }');
    checkKnown('', options, ['seed', 'impair']);
    this.#seed = options.seed ?? 1;
    if (!Number.isSafeInteger(this.#seed)) throw new OptionError('seed', options.seed, 'a whole number');
    this.wire = this.newWire(options.impair === undefined ? {} : { impair: options.impair });
  }

  /** Another wire: a network of its own. */
  newWire(options: Omit<WireOptions, 'clock' | 'seed'> = {}): SimWire {
    checkKnown('', options, ['impair', 'mode']);
    checkImpairments(options.impair);
    return new SimWire({ ...options, clock: this.clock, seed: this.#seed + this.#wires++ });
  }

  /** A host with these addresses, such as '10.0.0.1/24', and the whole API of a stack. */
  host(addresses: string | readonly string[], options: HostOptions = {}): Stack {
    if (typeof options !== 'object' || options === null) throw new OptionError('options', options, 'an object');
    refuseDecided(options);
    const { wire = this.wire, card = {}, name, ...rest } = options;
    const number = this.#cards.size + 1;
    const link = new SimLink(wire, { poison: 'later', ...card, name: name ?? `host${number}` });
    const settings = checkOptions({
      ...rest,
      link,
      addresses: typeof addresses === 'string' ? [addresses] : addresses,
    });
    const stack = assemble(settings, {
      links: [link],
      clock: this.clock.alarm(),
      rng: new SeededRng(this.#seed * 0x10001 + number),
      later: (fn) => this.clock.schedule(this.clock.now(), fn),
      after: (ms, fn) => this.#after(ms, fn),
      warnings: [],
      teardown: [],
    });
    this.#cards.set(stack, { link, wire });
    return stack;
  }

  /** Impairs what two hosts send, in both directions: delay, rate, loss, reordering, duplication, corruption. */
  link(a: Stack, b: Stack, impair: Partial<Impairments>): void {
    for (const stack of [a, b]) this.impair(stack, impair);
  }

  /** Impairs what one host sends. */
  impair(from: Stack, how: Partial<Impairments>): void {
    const { link, wire } = this.#card(from);
    checkImpairments(how);
    wire.impair(how, link);
  }

  /** The network card of a host: for hooks, statistics and failing it. */
  card(of: Stack): SimLink {
    return this.#card(of).link;
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.clock.now() / US_PER_MS;
  }

  /** Lets `ms` of virtual time pass; promises and streams keep up. */
  run(ms: number): Promise<void> {
    return this.clock.drive(this.clock.now() + ms * US_PER_MS, eventLoop);
  }

  /**
   * Runs until `done` says so. Rejects when that takes more than `limit` virtual ms, or when nothing can happen any more in the world:
   * what comes from outside (a file, `node:dns`, which a `host` that is a name or absent asks) is not waited for.
   */
  async runUntil(done: () => boolean, limit = LONGEST_WAIT): Promise<void> {
    const end = this.clock.now() + limit * US_PER_MS;
    await eventLoop();
    while (!done()) {
      if (this.clock.next > end || !this.clock.step()) {
        throw new Error(`not done after ${this.now} virtual ms (seed ${this.#seed})`);
      }
      await eventLoop();
    }
  }

  /** Runs until a promise settles and returns what it did. Rejects as `runUntil`. */
  async settle<T>(promise: Promise<T>, limit = LONGEST_WAIT): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.runUntil(() => settled, limit);
    return promise;
  }

  /** Closes every host at once. One that is closing already gets the virtual time that it was given to end in. */
  async close(): Promise<void> {
    for (const stack of this.#cards.keys()) {
      const closing = stack.closing;
      await (closing === undefined ? stack.close({ timeout: 0 }) : this.#passing(closing));
    }
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets time pass until a promise settles; what it waits for outside of the world takes none. */
  async #passing(promise: Promise<void>): Promise<void> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await eventLoop();
    while (!settled) {
      this.clock.step();
      await eventLoop();
    }
    return promise;
  }

  #card(of: Stack): { readonly link: SimLink; readonly wire: SimWire } {
    const card = this.#cards.get(of);
    if (card === undefined) throw new OptionError('host', of, 'a stack made by this world');
    return card;
  }

  #after(ms: number, fn: () => void): () => void {
    let wanted = true;
    this.clock.schedule(this.clock.now() + ms * US_PER_MS, () => {
      if (wanted) fn();
    });
    return () => {
      wanted = false;
    };
  }
}

/** What would be said for nothing: a host would be another one than the user thinks. */
function refuseDecided(options: StackOptions): void {
  const name = DECIDED.find((each) => options[each] !== undefined);
  if (name === undefined) return;
  const fix = { secret: 'Randomness follows from its seed.', vlan: 'Say it of the card: card: { vlan }.' }[
    name as string
  ];
  const value = name === 'secret' ? '(hidden)' : options[name];
  throw new OptionError(name, value, 'absent for a host of a World, which decides it', fix);
}

/** Lets Node run everything that is due: microtasks, ticks, streams. */
function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
