/** The links of a stack: given ones, a device, or the part of a device that is this one's among several stacks. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { type AfPacketOptions, openAfPacket } from './link/afpacket.ts';
import { injectFrames } from './link/inject.ts';
import { native } from './link/native.ts';
import { openTap } from './link/tap.ts';
import type { Link } from './ports.ts';
import { type Arrangement, arrange } from './shell/coexist/arrangement.ts';
import { Following } from './shell/coexist/following.ts';
import { brokerOf, packetSocketsOf } from './shell/coexist/handed-down.ts';
import { kernelFacts } from './shell/coexist/kernel-facts.ts';
import { plan, type Wish } from './shell/coexist/plan.ts';
import { watchKernel } from './shell/coexist/watch.ts';
import type { Mode, Settings } from './shell/options/stack-options.ts';
import { lendAddon } from './shell/shards/addon.ts';
import type { Shard } from './shell/shards/shard.ts';
import { undoAll } from './shell/undo.ts';
import { warner } from './shell/warner.ts';
import type { Surroundings } from './stack-assembly.ts';

export interface Opened {
  readonly links: readonly Link[];
  readonly warnings: string[];
  readonly teardown: readonly (() => unknown)[];
  /** What coexistence decided; undefined = as the options say. */
  readonly ephemeralPorts: readonly [number, number] | undefined;
  readonly shared: ((port: number) => boolean) | undefined;
  readonly fence: Surroundings['fence'];
}

lendAddon(native);

/** Of a shard for which another one keeps the kernel away. */
const NOBODY: Omit<Arrangement, 'plan'> = { warnings: [], offences: async () => [], release: async () => {} };

const TAP = 'tap:';
/** For what is steered to no shard: neighbours, errors, fragments; and after a change, frames of connections from before. */
const ASIDE_SLOTS = 120;

/** The links of the options: given ones, a TAP device, or an interface that the kernel uses, too. */
export async function openLinks(settings: Settings, shard: Shard | undefined): Promise<Opened> {
  const { device, mac, spin } = settings;
  const plain = {
    warnings: [] as string[],
    teardown: [],
    ephemeralPorts: undefined,
    shared: undefined,
    fence: undefined,
  };
  if (device === undefined) return { ...plain, links: settings.links };
  native(); // that there is none is said before anything is asked of the host, or changed
  if (device.startsWith(TAP)) {
    const { vlan } = settings;
    return { ...plain, links: [openTap({ device: device.slice(TAP.length), mac, vlan, spinMicros: spin })] };
  }
  const wish: Wish = {
    device,
    vlan: settings.vlan,
    addresses: settings.addresses.map(({ text }) => text),
    leased: settings.dhcp !== undefined,
    automatic: settings.ip.slaac === true,
    mode: settings.mode,
    ports: settings.ports,
    ephemeralPorts: settings.ephemeralPorts,
  };
  if (shard !== undefined) return openShard(settings, wish, shard);
  return openDevice(settings, wish, await arrangeFor(settings, wish));
}

/** A socket in a group stays bound to what it was bound to first. */
const REMADE =
  '. When a device was made anew, stacks with shard have to be, too: restart the program (docs/sharding.md)';

/** One of the shards keeps the kernel away, for all of them. */
async function openShard(settings: Settings, wish: Wish, shard: Shard): Promise<Opened> {
  try {
    const first = await shard.turn();
    const arrangement = first ? await arrangeFor(settings, wish) : { ...NOBODY, plan: plan(wish, kernelFacts()) };
    return await openDevice(settings, wish, arrangement, shard);
  } catch (error) {
    shard.close();
    throw error;
  }
}

function arrangeFor(settings: Settings, wish: Wish): Promise<Arrangement> {
  // Without an address there is nothing to test: one that DHCP gets is fenced when it comes.
  return keepKernelAway(wish, settings.selfTest && settings.addresses.length > 0);
}

/** Here, or by the process with rights that `usertcp open` left behind. */
function keepKernelAway(wish: Wish, selfTest: boolean): Promise<Arrangement> {
  return brokerOf(wish.device)?.arrange(wish, selfTest) ?? arrange(wish, selfTest ? injectFrames : null);
}

/** The link of a device; the arrangement is undone when there is none. */
async function openDevice(settings: Settings, wish: Wish, arrangement: Arrangement, shard?: Shard): Promise<Opened> {
  const { mac, rings, spin } = settings;
  const { device } = wish;
  const { mode, ephemeralPorts, claimed } = arrangement.plan;
  try {
    const options: AfPacketOptions = {
      device,
      mac: mac ?? (mode === 'own-mac' ? ownMac(settings.addresses[0]?.words ?? hashOf(device)) : undefined),
      smallSlots: rings.small,
      largeSlots: rings.large,
      spinMicros: spin,
      fds: shard ? undefined : (settings.fds ?? packetSocketsOf(device)),
      asideSlots: shard && ASIDE_SLOTS,
      vlan: settings.vlan,
      ports: claimed?.ranges,
    };
    const link = shard ? shard.open(() => openAfPacket(options)) : openAfPacket(options);
    const warnings = [...arrangement.warnings, ...link.warnings];
    const warn = warner(warnings, 'USERTCP_KERNEL_ANSWERS');
    const stuck = warner(warnings, 'USERTCP_DEVICE');
    const following = new Following(warn);
    link.onRename = (name) => void following.renamed(name);
    link.onStuck = (code) => stuck(`'${link.name}' is there again and cannot be used (${code})${shard ? REMADE : ''}`);
    const again = (name: string): Promise<Arrangement> =>
      keepKernelAway({ ...wish, device: name, mode, ephemeralPorts }, false);
    const ours = arrangement.offences === NOBODY.offences ? arrangement : following.add(arrangement, again);
    const unwatch = watchKernel(ours, device, warn);
    const teardown = [unwatch, () => ours.release()];
    const shared = claimed && ((port: number): boolean => claimed.has(port));
    const fence = fenceOn(settings, mode, () => link.name, following);
    return { links: [link], warnings, teardown, ephemeralPorts, shared, fence };
  } catch (error) {
    throw await undoAll([() => arrangement.release()], [error]);
  }
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
function fenceOn(
  { vlan, ports, ephemeralPorts }: Settings,
  mode: Mode,
  device: () => string,
  following: Following,
): Surroundings['fence'] {
  return async (address) => {
    const on = (name: string): Promise<Arrangement> =>
      keepKernelAway({ device: name, vlan, addresses: [address], mode, ports, ephemeralPorts }, false);
    const arrangement = following.add(await on(device()), on);
    return () => arrangement.release();
  };
}

/** Something of its own for each host and device where no address is known yet. */
function hashOf(device: string): Int32Array {
  return Int32Array.of(0, 0, 0, createHash('sha256').update(`${hostname()} ${device}`).digest().readInt32BE());
}
