/** The composition root: what joins core, links and shell. */
import { PcapngWriter } from './capture/pcapng-writer.ts';
import { StackCore } from './core/stack-core.ts';
import { Loopback } from './link/loopback.ts';
import { Tee } from './link/tee.ts';
import type { Clock, Link, Rng } from './ports.ts';
import { AddressWatch } from './shell/address-watch.ts';
import { Annotator } from './shell/annotator.ts';
import { AutomaticFences } from './shell/automatic-fences.ts';
import { type OpenCapture, openCapture } from './shell/capture-file.ts';
import { NodeClock } from './shell/clock.ts';
import { forwardsIpv6 } from './shell/coexist/kernel-facts.ts';
import { DhcpClient } from './shell/dhcp/client.ts';
import { LeaseHousehold } from './shell/dhcp/household.ts';
import { Resolver } from './shell/dns/resolver.ts';
import { Engine } from './shell/engine.ts';
import { sayFarewell } from './shell/farewell.ts';
import { HeapMemory } from './shell/memory.ts';
import { debug, debugByEnvironment } from './shell/observe.ts';
import type { Settings } from './shell/options/stack-options.ts';
import type { Shard } from './shell/shards/shard.ts';
import type { BlockSource } from './shell/slab.ts';
import { Stack } from './shell/stack.ts';
import { keepTickShape } from './shell/tick-shape.ts';
import { warner } from './shell/warner.ts';

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
  /** Keeps the host's kernel from answering for an address that comes later; resolves to what undoes it. */
  readonly fence?: ((address: string) => Promise<() => Promise<void>>) | undefined;
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
  const { shard, after, warnings } = around;
  const loopback: Link[] = settings.loopback ? [new Loopback({ later: around.later })] : [];
  const tees = capture === undefined ? [] : tee([...around.links, ...loopback], capture, around.clock);
  const links = capture === undefined ? [...around.links, ...loopback] : tees;
  const core = makeCore(settings, around, links);
  const engine = makeEngine(settings, around, core, links);
  const releaseFences = joinShard(settings, around, core, engine);
  if (tees.length > 0) {
    core.tracing = true;
    engine.driver.watcher = new Annotator(tees, () => core.trace);
  }
  const addresses = settings.addresses.map(({ text }) => text);
  const dhcp = makeClients(settings, around, engine, addresses);
  const onTaken = (address: string): void => dhcp?.taken(address);
  const watch = new AddressWatch({ ip: core.ip, links, addresses, warnings, keepAlive: engine, onTaken });
  const automatic = fencesFor(around);
  engine.onAddress = (words, at) => {
    watch.changed(words, at);
    automatic?.changed(words, at);
  };
  around.watch?.(watch);
  const stay = settings.device === undefined ? () => {} : sayFarewell(engine);
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
      stay,
      releaseFences,
      () => automatic?.close(),
    ],
  });
  engine.driver.start();
  for (const [index, link] of around.links.entries()) followLink(link, index, around, core, engine, dhcp);
  dhcp?.start();
  // The handles of a link begin as what keeps a process alive. A stack does not: what is opened on it does, and who waits for it.
  engine.hold();
  engine.letGo();
  return stack;
}

/** With its addresses and routes, which its links are told of. */
function makeCore(settings: Settings, around: Surroundings, links: readonly Link[]): StackCore {
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
  if (around.shared !== undefined) core.ip.leaveTo('host', 0);
  else if (around.shard?.speaks === false) core.ip.leaveTo('stack', 0);
  for (const { words, bits } of settings.addresses) core.ip.addAddress(words, bits, 0);
  for (const { to, bits, via } of settings.routes) core.ip.addRoute(to, bits, via, 0);
  for (const [index, link] of links.entries()) link.setAddresses?.(core.ip.acceptedBy(index));
  return core;
}

function makeEngine(settings: Settings, around: Surroundings, core: StackCore, links: readonly Link[]): Engine {
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
  engine.share = around.shard;
  engine.witness.silent = around.unheard ?? false;
  engine.onLinkDown = (index, error) => debug('link %s is down: %s', links[index]?.name, error.message);
  return engine;
}

/** One of several stacks with the same addresses. Returns what takes down the fences that it put up when it came to speak. */
function joinShard(settings: Settings, around: Surroundings, core: StackCore, engine: Engine): () => Promise<void> {
  const fences: ((() => Promise<void>) | undefined)[] = [];
  around.shard?.begin({
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
  return async () => void (await Promise.all(fences.map((release) => release?.())));
}

/** Rules for the addresses that a stack on a device gives itself. */
function fencesFor({ fence, warnings }: Surroundings): AutomaticFences | undefined {
  if (fence === undefined) return undefined;
  return new AutomaticFences({ fence, forwards: forwardsIpv6, warn: warner(warnings, 'USERTCP_KERNEL_ANSWERS') });
}

/** The stack as a client of name servers, and of DHCP where it is to have a lease. */
function makeClients(
  settings: Settings,
  around: Surroundings,
  engine: Engine,
  addresses: string[],
): DhcpClient | undefined {
  const now = (): number => around.clock.now() / 1000;
  const random = (): number => around.rng.u32();
  const { after, fence } = around;
  const resolver = new Resolver({ engine, settings: settings.dns, now, random, after });
  engine.resolver = resolver;
  if (!settings.dhcp) return undefined;
  const useDns = (...found: Parameters<Resolver['use']>): void => resolver.use(...found);
  const household = new LeaseHousehold({ engine, settings: settings.dhcp, addresses, fence, useDns });
  return new DhcpClient({ engine, settings: settings.dhcp, household, now, random, after });
}

/** What the stack does when a link with a wire comes up, or gets another MAC address or MTU. */
function followLink(
  link: Link,
  index: number,
  around: Surroundings,
  core: StackCore,
  engine: Engine,
  dhcp: DhcpClient | undefined,
): void {
  const announce = (): void => {
    if (index === 0) around.shard?.returned();
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
}

/** Each link is an interface of the one file. */
function tee(links: readonly Link[], capture: OpenCapture, clock: Clock): Tee[] {
  const writer = new PcapngWriter((block) => capture.write(block));
  const epoch = clock instanceof NodeClock ? Date.now() * 1000 - clock.now() : 0;
  return links.map((link) => new Tee(link, writer, clock, { snaplen: capture.snaplen, epoch }));
}
