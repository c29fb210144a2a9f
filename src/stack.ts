/** The composition root: the one file that joins core, links and shell. */
import { StackCore } from './core/stack-core.ts';
import { Loopback } from './link/loopback.ts';
import { checkOptions, type Settings, type StackOptions } from './options.ts';
import type { Clock, Link, Rng } from './ports.ts';
import { NodeClock } from './shell/clock.ts';
import { Engine } from './shell/engine.ts';
import { HeapMemory } from './shell/memory.ts';
import { NodeRng, SecretRng } from './shell/rng.ts';
import { Stack } from './shell/stack.ts';

/** What createStack finds out before the stack is put together, and the simulator knows. */
export interface Surroundings {
  /** Links with a wire; the loopback link is added here. */
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly rng: Rng;
  /** Runs a function in a later turn of the event loop, or of virtual time. */
  readonly later: (fn: () => void) => void;
  /** Runs `fn` after `ms`; returns what cancels it. */
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly warnings: readonly string[];
  readonly teardown: readonly (() => unknown)[];
}

/**
 * Opens a stack: on a network interface, on links of your own, or (without either) on loopback only.
 * Rejects with OptionError before anything is opened, or with an error that says what the system refused and how to
 * allow it.
 */
export async function createStack(options: StackOptions = {}): Promise<Stack> {
  const settings = checkOptions(options);
  return assemble(settings, {
    links: settings.links,
    clock: settings.clock ?? new NodeClock(),
    rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
    later: setImmediate,
    after: nodeTimer,
    warnings: [],
    teardown: [],
  });
}

/** Puts a stack together and starts it. */
export function assemble(settings: Settings, around: Surroundings): Stack {
  const loopback = settings.loopback ? [new Loopback({ later: around.later })] : [];
  const links: Link[] = [...around.links, ...loopback];
  const core = new StackCore({
    links,
    memory: settings.memory ?? new HeapMemory(),
    rng: around.rng,
    maxConnections: settings.maxConnections,
    arenaBytes: settings.arenaBytes,
    tcp: settings.tcp,
  });
  for (const { words, bits } of settings.addresses) core.ip.addAddress(words, bits, 0);
  for (const { to, bits, via } of settings.routes) core.ip.addRoute(to, bits, via, 0);
  links.forEach((link, index) => link.setAddresses?.(core.ip.acceptedBy(index)));
  const engine = new Engine({
    core, links, clock: around.clock, rng: around.rng, ephemeralPorts: settings.tcp.ephemeralPorts,
  });
  const stack = new Stack({
    engine,
    addresses: settings.addresses.map(({ text }) => text),
    coreCounters: () => ({ ...core.counters }),
    warnings: around.warnings,
    after: around.after,
    teardown: [...links.map((link) => () => link.close()), ...around.teardown],
  });
  engine.driver.start();
  around.links.forEach((_link, index) => core.ip.announce(index));
  engine.driver.touch();
  return stack;
}

function nodeTimer(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
