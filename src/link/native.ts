/** Finds, loads and checks the addon. Without it everything but real devices works. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as abi from '../wire/abi.ts';

export interface NativeFacts {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly index: number;
  /** The device completes partial checksums; cuts TCP super-segments. */
  readonly checksum: boolean;
  readonly segmentation: boolean;
  readonly capacity: number;
  /** errno of why there is no near ring although there could be (ADR 48); 0 = none. */
  readonly nearRefused?: number;
}

export interface NativeFilter {
  /** Mapped form, four words each. */
  readonly addresses: Int32Array;
  readonly arp?: boolean;
  readonly icmp?: 'all' | 'errors' | 'none';
  /** Only TCP to the ports below, and no broadcast or multicast: the host keeps the address. */
  readonly shared?: boolean;
  /** Ranges: the first port and the last, in pairs. */
  readonly ports?: Int32Array;
  /** Of an address that several stacks share: the function that steers flows. */
  readonly steering?: NativeSteering;
  /** Buckets (a bit each) of others whose frames are to come here, too; and whether with the SYNs. */
  readonly kept?: Int32Array;
  readonly keptSyns?: boolean;
}

export interface NativeSteering {
  readonly key0: number;
  readonly key1: number;
  /** UDP ports that stacks choose. */
  readonly first: number;
  readonly last: number;
  /** TCP ports that have buckets of their own, by berth; 0 = nobody's. */
  readonly ports: Int32Array;
}

export interface NativeLink {
  /** Detached by close(). */
  readonly rxMemory: ArrayBuffer;
  readonly rx: ArrayBuffer;
  readonly tx: ArrayBuffer;
  readonly counters: ArrayBuffer;
  facts(): NativeFacts;
  attach(rows: Int32Array, flows: Int32Array, hops: Int32Array, arena: Uint8Array): void;
  lend(region: number, bytes: Uint8Array | null): void;
  start(onBurst: (n: number) => void, onDown: (errno: number) => void): void;
  /** 0, or the errno of a link that is down. */
  flush(n: number): number;
  setFilter(filter: NativeFilter): void;
  /**
   * Joins the groups of sockets for small and for large frames; -1 = new ones. Their numbers. `sockets` gets two descriptors of them
   * that outlive the link: closeSockets() takes them out.
   */
  join(small: number, large: number, sockets: Int32Array): number[];
  /** For the groups: the position in them of who has each bucket. */
  steer(options: { readonly steering: NativeSteering }, positions: Uint8Array): void;
  /** Reads the device's facts again and polls it again: 0 when it is there, else errno. */
  reopen(): number;
  /** Whether the device has another MTU, MAC address or name than its facts say. */
  changed(): boolean;
  /** See Link. */
  readLong(on: boolean): boolean;
  ref(): void;
  unref(): void;
  close(): Promise<void>;
}

export interface PacketLinkOptions {
  readonly device: string;
  readonly mac?: Uint8Array | undefined;
  readonly smallSlots?: number | undefined;
  readonly largeSlots?: number | undefined;
  /** Not 0: the address is shared with other stacks; slots for what is steered to nobody. */
  readonly asideSlots?: number | undefined;
  /** 0: super-segments are cut here where the device cannot, instead of by the kernel. Default 1. */
  readonly kernelCuts?: 0 | 1 | undefined;
  /**
   * Packet sockets that somebody with the right to open them did: for small frames, for large ones, and to send (without
   * the third, the first sends). The link owns and closes them, unless it cannot take all of them.
   */
  readonly fds?: readonly number[] | undefined;
  /** Frames of this 802.1Q VLAN only, and what is sent gets its tag; 0 (default): untagged ones. */
  readonly vlan?: number | undefined;
  readonly spinMicros?: number | undefined;
  readonly rxDescriptors?: number | undefined;
  readonly txDescriptors?: number | undefined;
  readonly checksum?: string | undefined;
}

export interface TapLinkOptions {
  readonly device: string;
  readonly mac: Uint8Array;
  readonly slots?: number | undefined;
  readonly vlan?: number | undefined;
  readonly spinMicros?: number | undefined;
  readonly rxDescriptors?: number | undefined;
  readonly txDescriptors?: number | undefined;
  readonly checksum?: string | undefined;
}

export interface Native {
  readonly PacketLink: new (options: PacketLinkOptions) => NativeLink;
  readonly TapLink: new (options: TapLinkOptions) => NativeLink;
  /** Memory that comes back when JavaScript's collector drops it. `trim`: what waits, and what comes back from now on, is freed. */
  readonly BlockPool: new () => { take(): ArrayBuffer | undefined; trim(): void };
  /** Detaches the ArrayBuffers of these and frees their memory at once. */
  release(chunks: readonly Uint8Array[]): void;
  abi(): { words: Record<string, number>; counters: string[] };
  /** What it returns has the callback called once, before the event loop polls next; the process lives until then. */
  beforePoll(callback: () => void): () => void;
  checksumKernels(): string[];
  /** The field as it stands in a header. `kernel` '' is the best one. */
  checksum(kernel: string, bytes: Uint8Array): number;
  parse(frame: Uint8Array, vnetFlags?: number, gsoSize?: number, kernel?: string): { desc: Int32Array; drop: string };
  /** `offload`: 1 partial checksums, 2 super-segments. `lent`: regions by number; 0 is the arena. */
  encode(
    descriptors: Int32Array,
    arena: Uint8Array,
    rows: Int32Array,
    hops: Int32Array,
    mac: Uint8Array,
    offload?: number,
    lent?: readonly (Uint8Array | null)[],
    vlan?: number,
  ): Uint8Array[];
  /** `type`, `tci`: of a tag that is not in the frame any more. */
  inVlan(frame: Uint8Array, vlan: number, type?: number, tci?: number): boolean;
  /** Three sockets for `fds`, of this network namespace; needs CAP_NET_RAW. They are nobody's until then. */
  openPacketSockets(): number[];
  /** Closes descriptors of `join`; -1 stands in their place. */
  closeSockets(sockets: Int32Array): void;
  /** When this environment ends, however it does, and the word is `holder` then, it becomes -1. */
  watchLock(words: Int32Array, at: number, holder: number): void;
  flowLookup(flows: Int32Array, rows: Int32Array, identity: Int32Array): number;
  flowBucket(options: { readonly steering: NativeSteering }, identity: Int32Array): number;
  portBucket(options: { readonly steering: NativeSteering }, port: number): number;
  /** Classic BPF, two words an instruction. */
  steeringProgram(options: { readonly steering: NativeSteering }, positions: Uint8Array): Uint32Array;
  filterProgram(filter: NativeFilter, part: '' | 'steered' | 'aside'): Uint32Array;
  halfSipHash(key0: number, key1: number, words: Int32Array): number;
}

export class NoNativeError extends Error {
  readonly code = 'ERR_USERTCP_NO_NATIVE';
}

/** Compares every number of abi.ts with the addon's; the first difference is the reason not to go on. */
function checkAbi(native: Native): void {
  const theirs = native.abi();
  for (const [name, value] of Object.entries(abi)) {
    if (typeof value !== 'number' || theirs.words[name] === value) continue;
    throw new Error(
      `built for another ABI: ${name} is ${value} in src/wire/abi.ts and ${theirs.words[name]} in the addon`,
    );
  }
  const counters = abi.COUNTERS.join(' ');
  if (theirs.counters.join(' ') !== counters) throw new Error('built for another ABI: COUNTERS differ');
}

/** Only glibc names its version in the report. */
function libc(): string {
  if (process.platform !== 'linux') return '';
  // With the network the report names every open socket, which may ask DNS. Older versions do not know the property.
  const reporter = process.report as { excludeNetwork?: boolean; getReport(): object };
  const before = reporter.excludeNetwork;
  if (before !== undefined) reporter.excludeNetwork = true;
  const report = reporter.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (before !== undefined) reporter.excludeNetwork = before;
  const version = report.header?.glibcVersionRuntime;
  return version ? `, glibc ${version}` : ', musl';
}

const root = new URL('../../', import.meta.url);
const fileOf = (path: string): string => fileURLToPath(new URL(path, root));
const BUILD = 'scripts/build-native.mjs';
/** CPUs for which the package brings a binary: one for glibc and musl (ADR 36). */
const PREBUILT = ['x64', 'arm64'];

/** The developer's build, else what the package brings. Every failure is told. */
function load(): Native {
  const { platform, arch, version } = process;
  const here = `platform ${platform}-${arch}${libc()}, Node ${version}`;
  if (process.env.USERTCP_NATIVE === 'off') {
    throw new NoNativeError(`usertcp: the native addon is switched off by USERTCP_NATIVE=off (${here}). Unset it.`);
  }
  if (platform !== 'linux') {
    throw new NoNativeError(
      `usertcp: no native addon for ${here}: AF_PACKET and TAP are Linux. Here the simulator works (import 'usertcp/sim'), and ` +
        'loopback (createStack() without a device). For a wire: docker run --cap-add=NET_RAW --cap-add=NET_ADMIN ...',
    );
  }
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const path of ['build/Release/usertcp.node', `prebuilds/linux-${arch}.node`]) {
    const file = fileOf(path);
    if (!existsSync(file)) {
      tried.push(`${path}: not there`);
      continue;
    }
    try {
      const native = require(file) as Native;
      checkAbi(native);
      return native;
    } catch (error) {
      tried.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new NoNativeError(`usertcp: no native addon for ${here}. Tried ${tried.join('; ')}. ${nextStep(arch)}`);
}

/** A clone can build it. An installed package has one, or there is none for this CPU. */
function nextStep(arch: string): string {
  if (existsSync(fileOf(BUILD))) return `Build it: node ${BUILD} --force`;
  if (PREBUILT.includes(arch)) return 'Install it anew: npm install --force usertcp';
  return `The package has one for ${PREBUILT.join(' and ')}; build it for ${arch} in a clone (npm run build)`;
}

/** What load() gave, once for each thread. A failure is kept as well: the file system is asked only once. */
const loaded: { native?: Native; error?: unknown } = {};

export function native(): Native {
  if (loaded.error !== undefined) throw loaded.error;
  if (!loaded.native) {
    try {
      loaded.native = load();
    } catch (error) {
      loaded.error = error;
      throw error;
    }
  }
  return loaded.native;
}
