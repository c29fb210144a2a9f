/** A network interface of the host through AF_PACKET: frames the kernel hands over, and frames it never made. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { Link, LinkOffload, SharedRegions } from '../ports.ts';
import { counter } from '../wire/drop.ts';
import { checkVlan } from '../wire/ethernet.ts';
import { BurstGate } from './burst-gate.ts';
import {
  type NativeFacts,
  type NativeFilter,
  type NativeLink,
  type NativeSteering,
  native,
  type PacketLinkOptions,
} from './native.ts';

export interface AfPacketOptions extends Omit<PacketLinkOptions, 'checksum'> {
  /** Shared mode: the host keeps its address, only TCP to these ports is ours. */
  readonly ports?: readonly (readonly [first: number, last: number])[] | undefined;
}

/** Largest IP packet: with an Ethernet header and an 802.1Q tag before it the frame has a 16-bit length. Super-segments are cut by the device or by the addon. */
const MAX_PACKET = 65535 - 18;
/** How often a device that went away is looked for. */
const REOPEN_MS = 500;
/** How often one that is there is asked whether it has another MTU or MAC address. What it refuses to send has it asked at once. */
const LOOK_MS = 5000;
/** It is not there, or down. */
const AWAY: ReadonlySet<number> = new Set([constants.errno.ENODEV, constants.errno.ENETDOWN, constants.errno.ENXIO]);
const TX_ERRORS = counter('txErrors');

/** Node-API's words for napi_no_external_buffers_allowed. */
const FOREIGN_MEMORY = /external buffers are not allowed/i;

const grantsFor = (device: string): string =>
  `Run it by sudo npx usertcp open ${device} -- node app.js, which opens it and runs Node without rights; or give Node the right, ` +
  'once, for every program it runs: sudo setcap cap_net_raw,cap_net_admin+ep $(readlink -f $(which node)); ' +
  'in a container, as its root: docker run --cap-add=NET_RAW --cap-add=NET_ADMIN; or in a namespace of your own: unshare -Urn';

/** `error` with what to do about it, when it is about rights, or about where this process runs. */
export function explainRights(error: unknown, device: string, grant = grantsFor(device)): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof Error && FOREIGN_MEMORY.test(error.message)) {
    error.message =
      `usertcp: '${device}' cannot be opened here: its ring is memory of the kernel, and this program's V8 shows JavaScript none but ` +
      'its own, as in Electron (ADR 32). Open it in a process on plain Node; the simulator and loopback work everywhere';
    return Object.assign(error, { code: 'ERR_USERTCP_FOREIGN_MEMORY' });
  }
  if (!(error instanceof Error) || (code !== 'EPERM' && code !== 'EACCES')) return error;
  error.message = `usertcp: opening '${device}' needs CAP_NET_RAW and CAP_NET_ADMIN (${error.message}). ${grant}`;
  return error;
}

const offloadOf = ({ checksum }: NativeFacts): LinkOffload => ({ txChecksum: checksum, maxPacket: MAX_PACKET });

/** The part that both devices of the addon share: {@link openAfPacket} and `openTap` say which one it is. */
export class NativeDevice implements Link {
  readonly kind = 'ether';
  readonly rxMemory: Uint8Array;
  readonly rx: Int32Array;
  readonly tx: Int32Array;
  readonly counters: Float64Array;
  offload: LinkOffload;
  /** Called when the device is back after `onDown`. */
  onUp: (() => void) | undefined;
  /** Called, outside of bursts and flushes, when `mtu` or `mac` is another one. */
  onChange: ((what: { readonly mac: boolean; readonly mtu: boolean }) => void) | undefined;
  /** Called when the device has another name. */
  onRename: ((name: string) => void) | undefined;
  /** Called once for each time that the device is there again and cannot be used: with the name of the error. */
  onStuck: ((code: string) => void) | undefined;
  #facts: NativeFacts;
  #filter: Omit<NativeFilter, 'addresses'>;
  #native: NativeLink;
  #onDown: ((error: Error) => void) | undefined;
  #reopenTimer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #txErrors = 0;
  #stuck = false;
  #closed = false;
  #closing: Promise<void> | undefined;
  readonly #gate = new BurstGate();
  /** Whether the process lives for it; the timer that looks for a device that went away stands in for the addon's handles. */
  #held = true;
  #addresses: Int32Array | undefined;
  #mtuLimit = Number.POSITIVE_INFINITY;

  constructor(link: NativeLink, filter: Omit<NativeFilter, 'addresses'>) {
    this.#native = link;
    this.#filter = filter;
    this.#facts = link.facts();
    this.offload = offloadOf(this.#facts);
    this.rxMemory = new Uint8Array(link.rxMemory);
    this.rx = new Int32Array(link.rx);
    this.tx = new Int32Array(link.tx);
    this.counters = new Float64Array(link.counters);
  }

  get name(): string {
    return this.#facts.name;
  }
  get mac(): Uint8Array {
    return this.#facts.mac;
  }
  get mtu(): number {
    return Math.min(this.#facts.mtu, MAX_PACKET, this.#mtuLimit);
  }
  get capacity(): number {
    return this.#facts.capacity;
  }
  /** Whether super-segments are handed over, to be cut by the device or by the kernel. */
  get segmentation(): boolean {
    return this.#facts.segmentation;
  }

  /** What the kernel refused, and what that means. */
  get warnings(): string[] {
    const { nearRefused = 0 } = this.#facts;
    if (nearRefused === 0) return [];
    const code = getSystemErrorName(-nearRefused);
    return [
      `the kernel refuses groups of packet sockets (PACKET_FANOUT: ${code}): small frames come by one ring, which costs some speed`,
    ];
  }

  attach(shared: SharedRegions): void {
    this.#native.attach(shared.rows, shared.flows, shared.hops, shared.arena);
  }

  lend(region: number, bytes: Uint8Array | null): void {
    this.#native.lend(region, bytes);
  }

  start(onBurst: (n: number) => void, onDown: (error: Error) => void): void {
    this.#onDown = onDown;
    this.#native.start(
      (n) => {
        this.#gate.enter();
        try {
          onBurst(n);
        } finally {
          this.#gate.leave();
        }
      },
      (errno) => this.#down(errno),
    );
    this.#lookTimer = setInterval(this.#look, LOOK_MS);
    this.#lookTimer.unref();
  }

  flush(n: number): void {
    const errno = this.#native.flush(n);
    if (errno !== 0) this.#down(errno);
    const errors = this.counters[TX_ERRORS]!;
    if (errors === this.#txErrors) return;
    this.#txErrors = errors;
    // Frames may be longer than the device takes by now. Not here: this is the middle of a turn.
    this.#soon ??= setImmediate(this.#look);
    this.#soon.unref();
  }

  limitMtu(mtu: number): void {
    this.#mtuLimit = mtu;
  }

  setAddresses(addresses: Int32Array): void {
    this.#addresses = addresses;
    this.#native.setFilter({ ...this.#filter, addresses });
  }

  /** Changes what else the filter says. */
  refine(part: Omit<NativeFilter, 'addresses'>): void {
    this.#filter = { ...this.#filter, ...part };
    if (this.#addresses !== undefined && !this.#closed) this.setAddresses(this.#addresses);
  }

  readLong(on: boolean): boolean {
    return !this.#closed && this.#native.readLong(on);
  }

  /** Of stacks that share an address: see NativeLink. */
  join(small: number, large: number, sockets: Int32Array): number[] {
    return this.#native.join(small, large, sockets);
  }
  steer(steering: NativeSteering, positions: Uint8Array): void {
    if (!this.#closed) this.#native.steer({ steering }, positions);
  }

  /** Asks the device again for its MTU and offloads; they change under `ip link` and `ethtool`. */
  redetect(): void {
    const { mtu } = this;
    const mac = Buffer.from(this.mac);
    const errno = this.#native.reopen();
    if (errno !== 0) return this.#down(errno);
    this.#ask();
    const moved = !mac.equals(this.mac);
    const resized = mtu !== this.mtu;
    if (moved || resized) this.onChange?.({ mac: moved, mtu: resized });
  }

  readonly #look = (): void => {
    this.#soon = undefined;
    if (!this.#closed && this.#reopenTimer === undefined && this.#native.changed()) this.redetect();
  };

  ref(): void {
    this.#held = true;
    this.#native.ref();
    this.#reopenTimer?.ref();
  }
  unref(): void {
    this.#held = false;
    this.#native.unref();
    this.#reopenTimer?.unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Promises may run within a burst (`usertcp/net`). Its memory is read until it is over, and the addon takes that away at once. */
  async #close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reopenTimer);
    clearInterval(this.#lookTimer);
    if (this.#gate.within) await this.#gate.over();
    await this.#native.close();
  }

  #ask(): void {
    const { name } = this;
    this.#facts = this.#native.facts();
    this.offload = offloadOf(this.#facts);
    if (this.name !== name) this.onRename?.(this.name);
  }

  #down(errno: number): void {
    if (this.#reopenTimer || this.#closed) return;
    this.#reopenTimer = setInterval(() => this.#reopen(), REOPEN_MS);
    if (!this.#held) this.#reopenTimer.unref();
    const error = Object.assign(new Error(`usertcp: '${this.name}' is down`), { code: 'ENETDOWN', errno: -errno });
    this.#onDown?.(error);
  }

  #reopen(): void {
    const errno = this.#native.reopen();
    if (errno !== 0 && !AWAY.has(errno) && !this.#stuck) {
      this.#stuck = true;
      this.onStuck?.(getSystemErrorName(-errno));
    }
    if (errno !== 0) return;
    this.#stuck = false;
    clearInterval(this.#reopenTimer);
    this.#reopenTimer = undefined;
    this.#ask();
    this.onUp?.();
  }
}

/**
 * Packet sockets for the `fds` of a process without rights, to be handed down as its stdio. They belong to this network
 * namespace and receive nothing until a link takes them.
 */
export function openPacketSockets(device: string): number[] {
  try {
    return native().openPacketSockets();
  } catch (error) {
    throw explainRights(error, device, 'Run it by sudo');
  }
}

export function openAfPacket(options: AfPacketOptions): NativeDevice {
  const { ports, ...rest } = options;
  const { PacketLink } = native();
  const filter: Omit<NativeFilter, 'addresses'> = ports
    ? {
        shared: true,
        arp: true,
        icmp: 'errors', // ARP: answers to our own questions
        ports: Int32Array.from(ports.flat()),
      }
    : {};
  try {
    const vlan = checkVlan(options.vlan ?? 0);
    return new NativeDevice(new PacketLink({ ...rest, vlan, checksum: process.env.USERTCP_CHECKSUM }), filter);
  } catch (error) {
    throw explainRights(error, options.device);
  }
}
