/** The composition root: the one file that joins core, links and shell. */
import { PcapngWriter } from './capture/pcapng-writer.ts';
import { StackCore } from './core/stack-core.ts';
import { nativeBlocks } from './link/blocks.ts';
import { Loopback } from './link/loopback.ts';
import { pollPhase } from './link/poll-phase.ts';
import { Tee } from './link/tee.ts';
import type { Clock, Link, Rng } from './ports.ts';
import { AddressWatch } from './shell/address-watch.ts';
import { Annotator } from './shell/annotator.ts';
import { type OpenCapture, openCapture } from './shell/capture-file.ts';
import { NodeClock } from './shell/clock.ts';
import { DhcpClient } from './shell/dhcp/client.ts';
import { LeaseHousehold } from './shell/dhcp/household.ts';
import { Resolver } from './shell/dns/resolver.ts';
import { Engine } from './shell/engine.ts';
import { HeapMemory } from './shell/memory.ts';
import { debug, debugByEnvironment } from './shell/observe.ts';
import { checkOptions, type Settings, type StackOptions } from './shell/options/stack-options.ts';
import { NodeRng, SecretRng } from './shell/rng.ts';
import { Shard } from './shell/shards/shard.ts';
import type { BlockSource } from './shell/slab.ts';
import { Stack } from './shell/stack.ts';
import { keepTickShape } from './shell/tick-shape.ts';
import { undoAll } from './shell/undo.ts';
import { openLinks } from './stack-links.ts';
import { rehearse } from './stack-rehearsal.ts';

/** What createStack finds out before the stack is put together, and the simulator knows. */
export interface Surroundings {
  /** Links with a wire; the loopback link is added here. */
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly rng: Rng;
  /** What the core draws, when that is to be the same in several stacks. */
  readonly coreRng?: Rng | undefined;
  /** The stack is one of several with its addresses on the first link. */
  readonly shard?: Shard | undefined;
  /** Runs a function in a later turn of the event loop, or of virtual time. */
  readonly later: (fn: () => void) => void;
  /** Runs `fn` after `ms`; returns what cancels it. `quiet`: it keeps no process alive. */
  readonly after: (ms: number, fn: () => void, quiet?: boolean) => () => void;
  readonly warnings: string[];
  readonly teardown: readonly (() => unknown)[];
  /** A rehearsal: the diagnostics channels and the debug log do not hear of it. */
  readonly unheard?: boolean;
  /** Gets the watch over the addresses. */
  readonly watch?: (watch: AddressWatch) => void;
  /** The first link's host has its addresses too and keeps all but these ports; absent = they are ours alone. */
  readonly shared?: ((port: number) => boolean) | undefined;
  /** Memory for received bytes that is used again; see NativeBlocks. Absent = V8's own. */
  readonly blocks?: (() => BlockSource | undefined) | undefined;
  /** Keeps the host's kernel from answering for an address that is leased later; resolves to what undoes it. */
  readonly fence?: ((address: string) => Promise<() => Promise<void>>) | undefined;
}

/**
 * Opens a stack: on a network interface, on links of your own, or (without either) on loopback only.
 * Rejects with OptionError before anything is opened, or with an error that says what the system refused and how to
 * allow it.
 */
export async function createStack(options: StackOptions = {}): Promise<Stack> {
  const settings = checkOptions(options);
  const never = new AbortController();
  const rehearsed = settings.warmUp > 0 ? rehearse(assemble, settings, settings.warmUp, never.signal) : undefined;
  rehearsed?.catch(() => {}); // whoever opens the stack hears of it, once that is done
  let stack: Stack | undefined;
  try {
    stack = await open(settings);
    debug('rehearsed: %o', await rehearsed);
    return stack;
  } catch (error) {
    never.abort();
    await stack?.close({ timeout: 0 });
    await rehearsed?.catch(() => {});
    throw error;
  }
}

async function open(settings: Settings): Promise<Stack> {
  const shard = settings.shard && new Shard(settings.shard.index, settings.shard.group);
  const { links, warnings, teardown, ephemeralPorts, shared, fence } = await openLinks(settings, shard);
  const complete = ephemeralPorts === undefined ? settings : { ...settings, tcp: { ...settings.tcp, ephemeralPorts } };
  let watch: AddressWatch | undefined;
  let stack: Stack;
  try {
    stack = assemble(complete, {
      links,
      clock: settings.clock ?? new NodeClock(),
      rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
      coreRng: (settings.rng ?? settings.secret ?? !shard) ? undefined : new SecretRng(shard.secret),
      shard,
      later: pollPhase,
      after: nodeTimer,
      warnings,
      teardown,
      blocks: nativeBlocks,
      shared,
      fence,
      watch: (made) => {
        watch = made;
      },
    });
  } catch (error) {
    const closing = links.map((link) => () => link.close());
    throw await undoAll([() => shard?.leave(), ...closing, () => shard?.close(), ...teardown], [error]);
  }
  try {
    await shard?.settled();
    if (settings.ip.duplicates === 'wait' && shared === undefined && shard?.speaks !== false) {
      await watch?.settled(settings.addresses.map(({ text }) => text));
    }
    await stack.dhcp?.ready();
    if (shard?.speaks) shard.ready();
    return stack;
  } catch (error) {
    await stack.close({ timeout: 0 });
    throw error;
  }
}

/** A stack without a wire, at once. Throws OptionError. */
export function createLoopbackStack(options: Omit<StackOptions, 'device' | 'link' | 'links'> = {}): Stack {
  const settings = checkOptions(options);
  return assemble(settings, {
    links: [],
    clock: settings.clock ?? new NodeClock(),
    rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
    later: pollPhase,
    after: nodeTimer,
    warnings: [],
    teardown: [],
    blocks: nativeBlocks,
  });
}

/** As createStack, and at once where nothing has to be opened. */
export function openStack(options: StackOptions): Stack | Promise<Stack> {
  return options.device === undefined && options.link === undefined && options.links === undefined
    ? createLoopbackStack(options)
    : createStack(options);
}

/** Puts a stack together and starts it. */
export function assemble(settings: Settings, around: Surroundings): Stack {
  const capture = settings.capture === undefined ? undefined : openCapture(settings.capture);
  try {
    return join(settings, around, capture);
  } catch (error) {
    // What it says itself is of no use beside what went wrong first.
    capture?.close().catch(() => {});
    throw error;
  }
}

function join(settings: Settings, around: Surroundings, capture: OpenCapture | undefined): Stack {
  debugByEnvironment();
  keepTickShape();
  const fences: ((() => Promise<void>) | undefined)[] = [];
  const loopback: Link[] = settings.loopback ? [new Loopback({ later: around.later })] : [];
  const tees = capture === undefined ? [] : tee([...around.links, ...loopback], capture, around.clock);
  const links = capture === undefined ? [...around.links, ...loopback] : tees;
  const core = new StackCore({
    links,
    memory: settings.memory ?? new HeapMemory(),
    rng: around.coreRng ?? around.rng,
    maxConnections: settings.maxConnections,
    arenaBytes: settings.arenaBytes,
    budget: settings.budget,
    tcp: settings.tcp,
    ip: settings.ip,
  });
  core.handleTimers(around.clock.now()); // what begins with an address begins now, however long this process has run
  const { shard } = around;
  if (around.shared !== undefined) core.ip.leaveTo('host', 0);
  else if (shard?.speaks === false) core.ip.leaveTo('stack', 0);
  for (const { words, bits } of settings.addresses) core.ip.addAddress(words, bits, 0);
  for (const { to, bits, via } of settings.routes) core.ip.addRoute(to, bits, via, 0);
  for (const [index, link] of links.entries()) link.setAddresses?.(core.ip.acceptedBy(index));
  const engine = new Engine({
    core,
    links,
    clock: around.clock,
    rng: around.rng,
    ephemeralPorts: settings.tcp.ephemeralPorts,
    after: around.after,
    claims: around.shared,
  });
  engine.slab.source = around.blocks?.();
  engine.share = shard;
  shard?.begin({
    core,
    ephemeralPorts: settings.tcp.ephemeralPorts,
    hosted: around.shared !== undefined,
    speak: () => {
      core.ip.leaveTo('us', 0);
      core.ip.announce(0);
      engine.driver.touch();
    },
    fence: async () => {
      for (const { text } of settings.addresses) fences.push(await around.fence?.(text));
    },
  });
  if (tees.length > 0) {
    core.tracing = true;
    engine.driver.watcher = new Annotator(tees, () => core.trace);
  }
  const addresses = settings.addresses.map(({ text }) => text);
  const { after, warnings } = around;
  const watch = new AddressWatch({
    ip: core.ip,
    links,
    addresses,
    warnings,
    keepAlive: engine,
    onTaken: (address) => dhcp?.taken(address),
  });
  engine.witness.silent = around.unheard ?? false;
  engine.onAddress = (words, at) => watch.changed(words, at);
  around.watch?.(watch);
  const now = (): number => around.clock.now() / 1000;
  const random = (): number => around.rng.u32();
  const resolver = new Resolver({ engine, settings: settings.dns, now, random, after });
  engine.resolver = resolver;
  const dhcp =
    settings.dhcp &&
    new DhcpClient({
      engine,
      settings: settings.dhcp,
      household: new LeaseHousehold({
        engine,
        settings: settings.dhcp,
        addresses,
        fence: around.fence,
        useDns: (servers, domain) => resolver.use(servers, domain),
      }),
      now,
      random,
      after,
    });
  const stack = new Stack({
    engine,
    addresses,
    device: settings.device,
    dhcp,
    coreCounters: () => ({ ...core.counters, ...core.ip.counters }),
    warnings,
    after,
    retire: shard && (() => shard.retire()),
    teardown: [
      () => shard?.leave(),
      ...links.map((link) => () => link.close()),
      () => shard?.close(),
      () => capture?.close(),
      ...around.teardown,
      async () => void (await Promise.all(fences.map((release) => release?.()))),
    ],
  });
  engine.onLinkDown = (index, error) => debug('link %s is down: %s', links[index]?.name, error.message);
  engine.driver.start();
  around.links.forEach((link, index) => {
    const announce = (): void => {
      if (index === 0) shard?.returned();
      if (!around.unheard) debug('link %s is up', link.name);
      core.ip.announce(index);
      engine.driver.touch();
    };
    const onChange = ({ mac, mtu }: { readonly mac: boolean; readonly mtu: boolean }): void => {
      if (mac) core.ip.moved(index);
      if (mtu) core.handleLinkChanged(index, engine.driver.now());
      engine.driver.touch();
    };
    const onUp = (): void => {
      announce();
      if (index === 0) dhcp?.start(); // it may be another network
    };
    if ('onUp' in link) Object.assign(link, { onUp, onChange });
    announce();
  });
  dhcp?.start();
  // The handles of a link begin as what keeps a process alive. A stack does not: what is opened on it does, and who waits for it.
  engine.hold();
  engine.letGo();
  return stack;
}

/** Each link is an interface of the one file. */
function tee(links: readonly Link[], capture: OpenCapture, clock: Clock): Tee[] {
  const writer = new PcapngWriter((block) => capture.write(block));
  const epoch = clock instanceof NodeClock ? Date.now() * 1000 - clock.now() : 0;
  return links.map((link) => new Tee(link, writer, clock, { snaplen: capture.snaplen, epoch }));
}

function nodeTimer(ms: number, fn: () => void, quiet = false): () => void {
  const timer = setTimeout(fn, ms);
  if (quiet) timer.unref();
  return () => clearTimeout(timer);
}
