/**
 * Options of a stack, checked as a whole before anything is opened. Every complaint names the option, shows what came
 * and says what is allowed (ERR_USERTCP_OPTION).
 */

import type { TcpDefaults } from '../../core/api.ts';
import type { BudgetLimits } from '../../core/budget.ts';
import type { IpSettings } from '../../core/ip/settings.ts';
import type { Clock, Link, Memory, Rng } from '../../ports.ts';
import type { CaptureOptions, CaptureSink } from '../capture-file.ts';
import { PortSet } from '../coexist/port-set.ts';
import { OptionError } from '../option-error.ts';
import { type Address, checkAddresses, checkMac, checkRoutes, type Route, type RouteOption } from './addresses.ts';
import { type BudgetOptions, checkBudget } from './budget.ts';
import { checkFlag, checkKnown, checkMethods, checkNumber, checkOneOf } from './check.ts';
import { checkDhcp, type DhcpOptions, type DhcpSettings } from './dhcp.ts';
import { checkDns, type DnsOptions, type DnsSettings } from './dns.ts';
import { checkIp, type IpOptions } from './ip.ts';
import { checkShard, type ShardOptions } from './shard.ts';
import { checkSource } from './source.ts';
import { checkTcp, type TcpOptions } from './tcp.ts';
import { checkWarmUp } from './warm-up.ts';

export type { CaptureOptions, CaptureSink } from '../capture-file.ts';
export type { Address, Route, RouteOption } from './addresses.ts';
export type { BudgetOptions } from './budget.ts';
export type { DhcpOptions } from './dhcp.ts';
export type { DnsOptions } from './dns.ts';
export type { IpOptions } from './ip.ts';
export type { ShardOptions } from './shard.ts';
export type { TcpOptions } from './tcp.ts';

/** Slots of the receive rings of a device. */
export interface RingSlots {
  /** Of 2 KB, for small frames. */
  small?: number;
  /** Of 68 KB, for super-frames. */
  large?: number;
}

/** How the stack lives beside the kernel on a device. */
export type Mode = 'own' | 'own-mac' | 'shared' | 'auto';

/** What `createStack` takes. Checked as a whole before anything is opened. */
export interface StackOptions {
  /** Name of a network interface, such as 'eth0'. 'tap:NAME' opens a TAP device. One of device, link and links. */
  device?: string;
  /** A link of your own, such as a simulated one. */
  link?: Link;
  /** Several of them. */
  links?: readonly Link[];
  /**
   * 'own': addresses the kernel does not have. 'own-mac': also a MAC of their own. 'shared': the kernel's address,
   * only our ports. 'auto' (default): 'shared' when the kernel has the address, else 'own'.
   */
  mode?: Mode;
  /** '10.0.0.2/24', 'fd00::2/64'. */
  addresses?: readonly string[];
  /** Asks a DHCP server on the device for an IPv4 address, its network, gateway and DNS servers. */
  dhcp?: boolean | DhcpOptions;
  /** DNS servers that names are asked of, over the stack itself; 'system' = those of /etc/resolv.conf that are not the host itself. Default: those of the lease. */
  dns?: readonly string[] | 'system' | DnsOptions;
  /** Default routes: one gateway per family. */
  gateway?: string | readonly string[];
  /** Further routes. */
  routes?: readonly RouteOption[];
  /** MAC to use in mode 'own-mac'; made of the address when absent. */
  mac?: string;
  /**
   * Two or three packet sockets that somebody with the right to open them did, for the device: no rights needed here. What
   * `usertcp open -- node app.js` hands down is taken without saying so.
   */
  fds?: readonly number[];
  /** This is one of several stacks with these addresses on the device, each in a worker: docs/sharding.md. */
  shard?: ShardOptions;
  /** 802.1Q VLAN of the device, 1 to 4094: its frames only, and ours get its tag. */
  vlan?: number;
  /** Whether to prove at the start that the kernel keeps out of it, when it can be proved. Default true. */
  selfTest?: boolean;
  /** Mode 'shared': ports that we listen on, in 1000 ranges at most; the kernel keeps all others. */
  ports?: readonly number[];
  /** At least 16 bytes: initial sequence numbers and hashes follow from it (replay, hand-over). Default: random. */
  secret?: Uint8Array | string;
  /** Connections at a time. TIME_WAIT is counted apart: `tcp.timeWaits`. Default 65536. */
  maxConnections?: number;
  /** Bytes reserved (not used) for data to send and out-of-order data. Default 256 MiB. */
  arenaBytes?: number;
  /** What connections may hold of that: all, of one listener, of one peer. Default: all of it. */
  budget?: BudgetOptions;
  /** Slots of the receive rings of a device. */
  rings?: RingSlots;
  /** Microseconds to look for the next frame before sleeping; 0 = off. Default 60. */
  spin?: number;
  /**
   * Whether V8 compiles before the first peer knocks: createStack plays traffic in memory first, for four seconds (or so many ms) at
   * most. Costs some 3 s of CPU time, on two cores 2 s; for servers whose first answers count. Default false.
   */
  warmUp?: boolean | number;
  /** Path of a pcapng file, also with a limit per packet, or a sink for its bytes. State changes are in its comments. */
  capture?: string | CaptureOptions | CaptureSink;
  /** 127.0.0.0/8, ::1 and own addresses reach the stack itself. Default true. */
  loopback?: boolean;
  /** Defaults of new connections. */
  tcp?: TcpOptions;
  /** Options of the IP layer. */
  ip?: IpOptions;
  /** Time of your own, as in a simulation. */
  clock?: Clock;
  /** Randomness of your own, as in a simulation. */
  rng?: Rng;
  /** Where the tables of the stack lie. */
  memory?: Memory;
}

/** Options with everything decided. */
export interface Settings {
  readonly device: string | undefined;
  readonly links: readonly Link[];
  readonly mode: Mode;
  readonly addresses: readonly Address[];
  readonly dhcp: DhcpSettings | undefined;
  readonly dns: DnsSettings;
  readonly routes: readonly Route[];
  readonly mac: Uint8Array | undefined;
  readonly fds: readonly number[] | undefined;
  readonly shard: ShardOptions | undefined;
  readonly vlan: number | undefined;
  readonly selfTest: boolean;
  readonly ports: PortSet;
  readonly secret: Uint8Array | undefined;
  readonly maxConnections: number;
  readonly arenaBytes: number;
  readonly budget: Partial<BudgetLimits>;
  readonly rings: { readonly small?: number; readonly large?: number };
  readonly spin: number;
  /** ms; 0 = off. */
  readonly warmUp: number;
  readonly capture: string | CaptureOptions | CaptureSink | undefined;
  readonly loopback: boolean;
  readonly tcp: TcpDefaults;
  readonly ip: Partial<IpSettings>;
  /** undefined = the user did not choose. */
  readonly ephemeralPorts: readonly [number, number] | undefined;
  readonly clock: Clock | undefined;
  readonly rng: Rng | undefined;
  readonly memory: Memory | undefined;
}

const NAMES = [
  'device',
  'link',
  'links',
  'mode',
  'addresses',
  'dhcp',
  'dns',
  'gateway',
  'routes',
  'mac',
  'fds',
  'shard',
  'vlan',
  'selfTest',
  'ports',
  'secret',
  'maxConnections',
  'arenaBytes',
  'budget',
  'rings',
  'spin',
  'warmUp',
  'capture',
  'loopback',
  'tcp',
  'ip',
  'clock',
  'rng',
  'memory',
] as const satisfies readonly (keyof StackOptions)[];
const MODES = ['own', 'own-mac', 'shared', 'auto'] as const;
const MIB = 1 << 20;

/** Throws OptionError for the first thing that is wrong; opens nothing. */
export function checkOptions(options: StackOptions = {}): Settings {
  if (typeof options !== 'object' || options === null) throw new OptionError('options', options, 'an object');
  checkKnown('', options, NAMES);
  const links = checkSource(options);
  const loopback = checkFlag('loopback', options.loopback, true);
  const addresses = checkAddresses(options.addresses);
  const wire = links.length > 0 || options.device !== undefined;
  if (!wire && !loopback) {
    throw new OptionError(
      'loopback',
      false,
      'true when there is no device, link or links',
      'Name a device, such as device: "eth0".',
    );
  }
  refuseOfDevice(options);
  const dhcp = checkDhcp(options.dhcp);
  if (wire && addresses.length === 0 && dhcp === undefined && options.ip?.slaac !== true) {
    throw new OptionError(
      'addresses',
      options.addresses,
      'at least one address with its prefix, such as ["10.0.0.2/24"]',
      'Or ask the network for one: dhcp: true.',
    );
  }
  refuseDhcp(options, wire);
  checkMethods('clock', options.clock, ['now', 'setAlarm'], 'a Clock: an object with now and setAlarm');
  checkMethods('rng', options.rng, ['u32'], 'an Rng: an object with u32');
  checkMethods('memory', options.memory, ['region'], 'a Memory: an object with region');
  return {
    device: options.device,
    links,
    mode: checkOneOf('mode', options.mode, MODES, 'auto'),
    addresses,
    dhcp,
    dns: checkDns(options.dns),
    routes: checkRoutes(options.gateway, options.routes, addresses),
    mac: checkMac(options.mac),
    fds: checkFds(options),
    shard: checkShard(options.shard, options),
    vlan: options.vlan === undefined ? undefined : checkNumber('vlan', options.vlan, 1, 1, 4094),
    selfTest: checkFlag('selfTest', options.selfTest, true),
    ports: checkPorts(options.ports),
    secret: checkSecret(options.secret),
    maxConnections: checkNumber('maxConnections', options.maxConnections, 65536, 1, 1 << 22),
    arenaBytes: checkNumber('arenaBytes', options.arenaBytes, 256 * MIB, MIB, 2 ** 31 - 1),
    budget: checkBudget(options.budget),
    rings: checkRings(options.rings),
    spin: checkNumber('spin', options.spin, 60, 0, 1000, 'µs'),
    warmUp: checkWarmUp(options.warmUp),
    capture: checkCapture(options.capture),
    loopback,
    tcp: checkTcp(options.tcp),
    ip: checkIp(options.ip, options.device !== undefined),
    ephemeralPorts: options.tcp?.ephemeralPorts,
    clock: options.clock,
    rng: options.rng,
    memory: options.memory,
  };
}

const OF_DEVICE = ['mode', 'mac', 'vlan', 'ports', 'rings'] as const;
const OF_WIRE = ['addresses', 'gateway', 'routes', ...OF_DEVICE] as const;

/** Without a device these would do nothing: a server on such an address would be heard by nobody, and such a VLAN be none. */
function refuseOfDevice(options: StackOptions): void {
  if (options.device !== undefined) return;
  const source = options.link !== undefined ? 'link' : options.links !== undefined ? 'links' : undefined;
  const name = (source === undefined ? OF_WIRE : OF_DEVICE).find((each) => options[each] !== undefined);
  if (name === undefined) return;
  if (source === undefined)
    throw new OptionError(name, options[name], 'absent without a device', 'Name one, such as device: "eth0".');
  throw new OptionError(name, options[name], `absent with ${source}`, 'Such a link was made with what it has of that.');
}

function refuseDhcp({ dhcp, mode }: StackOptions, wire: boolean): void {
  if (dhcp === undefined || dhcp === false) return;
  if (!wire) throw new OptionError('dhcp', dhcp, 'absent without a device', 'Name one, such as device: "eth0".');
  if (mode === 'shared')
    throw new OptionError(
      'dhcp',
      dhcp,
      "absent in mode 'shared'",
      "There the address is the host's, which has it already.",
    );
}

function checkPorts(ports: readonly number[] = []): PortSet {
  if (!Array.isArray(ports)) throw new OptionError('ports', ports, 'an array of ports, such as [80, 443]');
  const checked = ports.map((port: number, i) => checkNumber(`ports[${i}]`, port, 0, 1, 65535));
  return new PortSet(checked.map((port) => [port, port]));
}

/** Standard input, output and error are never packet sockets. */
function checkFds({ fds, device }: StackOptions): readonly number[] | undefined {
  if (fds === undefined) return undefined;
  if (!Array.isArray(fds) || fds.length < 2 || fds.length > 3 || !fds.every((n) => Number.isInteger(n) && n >= 3)) {
    throw new OptionError(
      'fds',
      fds,
      'two or three file descriptors, integers from 3 on',
      'usertcp open hands them down.',
    );
  }
  if (device === undefined) throw new OptionError('device', device, 'the interface that fds are for');
  return fds;
}

function checkSecret(secret: Uint8Array | string | undefined): Uint8Array | undefined {
  if (secret === undefined) return undefined;
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  if (!(bytes instanceof Uint8Array) || bytes.length < 16) {
    throw new OptionError(
      'secret',
      typeof secret === 'string' ? '(hidden)' : secret,
      'at least 16 bytes',
      'crypto.randomBytes(32) makes a good one.',
    );
  }
  return bytes;
}

function checkRings(rings: StackOptions['rings']): { small?: number; large?: number } {
  if (rings === undefined) return {};
  if (typeof rings !== 'object' || rings === null)
    throw new OptionError('rings', rings, 'an object { small, large } of slot numbers');
  checkKnown('rings', rings, ['small', 'large']);
  return {
    ...(rings.small !== undefined && { small: checkNumber('rings.small', rings.small, 0, 64, 1 << 17) }),
    ...(rings.large !== undefined && { large: checkNumber('rings.large', rings.large, 0, 16, 4096) }),
  };
}

function checkCapture(capture: StackOptions['capture']): Settings['capture'] {
  if (capture === undefined || (typeof capture === 'string' && capture !== '')) return capture;
  if (typeof capture === 'object' && capture !== null) {
    if ('write' in capture && typeof capture.write === 'function') return capture;
    if ('file' in capture && typeof capture.file === 'string') {
      checkKnown('capture', capture, ['file', 'snaplen']);
      checkNumber('capture.snaplen', capture.snaplen, 0, 0, 1 << 18, 'bytes');
      return capture;
    }
  }
  throw new OptionError(
    'capture',
    capture,
    'the path of a file to write, { file, snaplen }, or an object with write(bytes)',
  );
}
