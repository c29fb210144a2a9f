/** The composition root: the one file that joins core, links and shell. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { debuglog } from 'node:util';
import { PcapngWriter } from './capture/pcapng-writer.ts';
import { StackCore } from './core/stack-core.ts';
import { openAfPacket } from './link/afpacket.ts';
import { injectFrames } from './link/inject.ts';
import { Loopback } from './link/loopback.ts';
import { openTap } from './link/tap.ts';
import { Tee } from './link/tee.ts';
import type { Clock, Link, Rng } from './ports.ts';
import { AddressWatch } from './shell/address-watch.ts';
import { Annotator } from './shell/annotator.ts';
import { type OpenCapture, openCapture } from './shell/capture-file.ts';
import { NodeClock } from './shell/clock.ts';
import { arrange } from './shell/coexist/arrangement.ts';
import { watchKernel } from './shell/coexist/watch.ts';
import { DhcpClient } from './shell/dhcp/client.ts';
import { LeaseHousehold } from './shell/dhcp/household.ts';
import { Resolver } from './shell/dns/resolver.ts';
import { Engine } from './shell/engine.ts';
import { HeapMemory } from './shell/memory.ts';
import { checkOptions, type Mode, type Settings, type StackOptions } from './shell/options/stack-options.ts';
import { NodeRng, SecretRng } from './shell/rng.ts';
import { Stack } from './shell/stack.ts';
import { undoAll } from './shell/undo.ts';

/** NODE_DEBUG=usertcp */
const debug = debuglog('usertcp');

/** What createStack finds out before the stack is put together, and the simulator knows. */
export interface Surroundings {
  /** Links with a wire; the loopback link is added here. */
  readonly links: readonly Link[];
  readonly clock: Clock;
  readonly rng: Rng;
  /** Runs a function in a later turn of the event loop, or of virtual time. */
  readonly later: (fn: () => void) => void;
  /** Runs `fn` after `ms`; returns what cancels it. `quiet`: it keeps no process alive. */
  readonly after: (ms: number, fn: () => void, quiet?: boolean) => () => void;
  readonly warnings: string[];
  readonly teardown: readonly (() => unknown)[];
  /** Gets the watch over the addresses. */
  readonly watch?: (watch: AddressWatch) => void;
  /** The first link's host has its addresses too and keeps all but these ports; absent = they are ours alone. */
  readonly shared?: ((port: number) => boolean) | undefined;
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
  const { links, warnings, teardown, ephemeralPorts, shared, fence } = await openLinks(settings);
  const complete = ephemeralPorts === undefined ? settings : { ...settings, tcp: { ...settings.tcp, ephemeralPorts } };
  let watch: AddressWatch | undefined;
  let stack: Stack;
  try {
    stack = assemble(complete, {
      links,
      clock: settings.clock ?? new NodeClock(),
      rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
      later: setImmediate,
      after: nodeTimer,
      warnings,
      teardown,
      shared,
      fence,
      watch: (made) => {
        watch = made;
      },
    });
  } catch (error) {
    throw await undoAll([...links.map((link) => () => link.close()), ...teardown], [error]);
  }
  try {
    if (settings.ip.duplicates === 'wait' && shared === undefined) {
      await watch?.settled(settings.addresses.map(({ text }) => text));
    }
    await stack.dhcp?.ready();
    return stack;
  } catch (error) {
    await stack.close({ timeout: 0 });
    throw error;
  }
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
  const loopback: Link[] = settings.loopback ? [new Loopback({ later: around.later })] : [];
  const tees = capture === undefined ? [] : tee([...around.links, ...loopback], capture, around.clock);
  const links = capture === undefined ? [...around.links, ...loopback] : tees;
  const core = new StackCore({
    links,
    memory: settings.memory ?? new HeapMemory(),
    rng: around.rng,
    maxConnections: settings.maxConnections,
    arenaBytes: settings.arenaBytes,
    budget: settings.budget,
    tcp: settings.tcp,
    ip: settings.ip,
  });
  core.handleTimers(around.clock.now()); // what begins with an address begins now, however long this process has run
  for (const { words, bits } of settings.addresses) core.ip.addAddress(words, bits, 0);
  if (around.shared !== undefined) core.ip.leaveToHost(0);
  for (const { to, bits, via } of settings.routes) core.ip.addRoute(to, bits, via, 0);
  for (const [index, link] of links.entries()) link.setAddresses?.(core.ip.acceptedBy(index));
  const engine = new Engine({
    core,
    links,
    clock: around.clock,
    rng: around.rng,
    ephemeralPorts: settings.tcp.ephemeralPorts,
    claims: around.shared,
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
    dhcp,
    coreCounters: () => ({ ...core.counters, ...core.ip.counters }),
    warnings,
    after,
    teardown: [...links.map((link) => () => link.close()), () => capture?.close(), ...around.teardown],
  });
  engine.onLinkDown = (index, error) => debug('link %s is down: %s', links[index]?.name, error.message);
  engine.driver.start();
  around.links.forEach((link, index) => {
    const announce = (): void => {
      debug('link %s is up', link.name);
      core.ip.announce(index);
      engine.driver.touch();
    };
    if ('onUp' in link) link.onUp = announce;
    announce();
  });
  dhcp?.start();
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

interface Opened {
  readonly links: readonly Link[];
  readonly warnings: string[];
  readonly teardown: readonly (() => unknown)[];
  /** What coexistence decided; undefined = as the options say. */
  readonly ephemeralPorts: readonly [number, number] | undefined;
  readonly shared: ((port: number) => boolean) | undefined;
  readonly fence: Surroundings['fence'];
}

const TAP = 'tap:';

/** The links of the options: given ones, a TAP device, or an interface that the kernel uses, too. */
async function openLinks(settings: Settings): Promise<Opened> {
  const { device, mac, rings, spin } = settings;
  const plain = {
    warnings: [] as string[],
    teardown: [],
    ephemeralPorts: undefined,
    shared: undefined,
    fence: undefined,
  };
  if (device === undefined) return { ...plain, links: settings.links };
  if (device.startsWith(TAP)) {
    const { vlan } = settings;
    return { ...plain, links: [openTap({ device: device.slice(TAP.length), mac, vlan, spinMicros: spin })] };
  }
  const arrangement = await arrange(
    {
      device,
      addresses: settings.addresses.map(({ text }) => text),
      mode: settings.mode,
      ports: settings.ports,
      ephemeralPorts: settings.ephemeralPorts,
    },
    // Without an address there is nothing to test: one that DHCP gets is fenced when it comes.
    settings.selfTest && settings.addresses.length > 0 ? injectFrames : null,
  );
  const { mode, ephemeralPorts, claimed } = arrangement.plan;
  const [first, last] = ephemeralPorts ?? settings.tcp.ephemeralPorts;
  try {
    const link = openAfPacket({
      device,
      mac: mac ?? (mode === 'own-mac' ? ownMac(settings.addresses[0]?.words ?? hashOf(device)) : undefined),
      smallSlots: rings.small,
      largeSlots: rings.large,
      spinMicros: spin,
      fds: settings.fds ?? inheritedFds(),
      vlan: settings.vlan,
      ports: mode === 'shared' ? { first, last, also: settings.ports } : undefined,
    });
    const warnings = [...arrangement.warnings];
    const unwatch = watchKernel(arrangement, device, (sentence) => {
      warnings.push(sentence);
      process.emitWarning(`usertcp: ${sentence}`, { code: 'USERTCP_KERNEL_ANSWERS' });
    });
    const teardown = [unwatch, () => arrangement.release()];
    const shared = claimed && ((port: number): boolean => claimed.has(port));
    return { links: [link], warnings, teardown, ephemeralPorts, shared, fence: fenceOn(settings, device, mode) };
  } catch (error) {
    throw await undoAll([() => arrangement.release()], [error]);
  }
}

/** What `usertcp open` handed down; for the first stack of the process only. */
function inheritedFds(): readonly number[] | undefined {
  const { USERTCP_FDS: given } = process.env;
  delete process.env.USERTCP_FDS;
  return given?.split(',').map(Number);
}

/** Locally administered, and the same each time the address is: neighbours' caches stay right. */
function ownMac(address: Int32Array): Uint8Array {
  const low = address[3]!;
  return Uint8Array.of(0x02, 0x75, low >>> 24, low >>> 16, low >>> 8, low);
}

/**
 * Ingress rules for an address that came later. There is no self-test: our own end is open by now, and would answer its
 * packets.
 */
function fenceOn({ ports, ephemeralPorts }: Settings, device: string, mode: Mode): Surroundings['fence'] {
  return async (address) => {
    const arrangement = await arrange({ device, addresses: [address], mode, ports, ephemeralPorts }, null);
    return () => arrangement.release();
  };
}

/** Something of its own for each host and device where no address is known yet. */
function hashOf(device: string): Int32Array {
  return Int32Array.of(0, 0, 0, createHash('sha256').update(`${hostname()} ${device}`).digest().readInt32BE());
}
