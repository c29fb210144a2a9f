/** Runs the DHCP client: its socket and its alarm, and what a lease means to the stack. */
import { EventEmitter } from 'node:events';
import { type InspectOptions, inspect } from 'node:util';
import { formatIpv4, formatMac } from '../../wire/address-text.ts';
import type { Engine } from '../engine.ts';
import { StackError } from '../errors.ts';
import type { DhcpSettings } from '../options/dhcp.ts';
import { shown } from '../shown.ts';
import { UdpSocket } from '../udp.ts';
import { type Lease, type LeaseInfo, leaseInfo } from './lease.ts';
import { type DhcpInput, DhcpMachine, type DhcpOutput, type DhcpState } from './machine.ts';
import { decodeDhcp, encodeDhcp } from './message.ts';

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const BROADCAST = '255.255.255.255';
/** IP and UDP headers of a message that fills the link. */
const HEADERS = 28;
const LEAST_SIZE = 576;
const LARGEST_SIZE = 1500;
/** setTimeout holds no more. */
const LONGEST_ALARM = 2 ** 31 - 1;

/** What is done with a lease, in the stack and around it. */
export interface Household {
  /** The address is ours from now on; rejects when it cannot be. */
  moveIn(lease: Lease): Promise<void>;
  /** The same address, perhaps with other routers or servers. */
  renew(before: Lease, lease: Lease): void;
  /** The address is not ours any more: what uses it ends. */
  moveOut(lease: Lease): Promise<void>;
  /** Whether another host has the address (RFC 5227 §2.1). */
  isTaken?(lease: Lease): Promise<boolean>;
}

export interface DhcpParts {
  readonly engine: Engine;
  readonly settings: DhcpSettings;
  readonly household: Household;
  /** ms, from any origin. */
  readonly now: () => number;
  readonly random: () => number;
  readonly after: (ms: number, fn: () => void, quiet?: boolean) => () => void;
}

interface DhcpEvents {
  /** An address was got, or got again. */
  bound: [lease: LeaseInfo];
  /** It is gone. */
  lost: [why: string, lease: LeaseInfo];
}

/** `stack.dhcp`. */
export class DhcpClient extends EventEmitter<DhcpEvents> {
  readonly #parts: DhcpParts;
  readonly #machine: DhcpMachine;
  readonly #socket: UdpSocket;
  #cancel = (): void => {};
  /** Whose address the stack has. */
  #housed: Lease | undefined;
  /** Moves happen one after the other. */
  #moving: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #waiting = new Set<(error: Error | undefined, lease?: LeaseInfo) => void>();

  /** @internal Begins to look for a server when `start` is called. */
  constructor(parts: DhcpParts) {
    super();
    this.#parts = parts;
    const link = parts.engine.links[0]!;
    this.#machine = new DhcpMachine({
      mac: link.mac,
      client: parts.settings.clientId ?? Uint8Array.of(0, ...Buffer.from(`usertcp-${formatMac(link.mac)}`)),
      hostname: parts.settings.hostname,
      random: parts.random,
      maxSize: Math.max(LEAST_SIZE, Math.min(link.mtu - HEADERS, LARGEST_SIZE)),
    });
    this.#socket = new UdpSocket(parts.engine, {
      port: CLIENT_PORT,
      address: '0.0.0.0',
      broadcast: true,
      nameless: true,
    });
    // What keeps the process alive is what the application does, not the lease.
    this.#socket.unref();
    this.#socket.on('error', () => {}); // the next try is in the machine's hands
    this.#socket.onMessage((bytes, from) => {
      if (from.port !== SERVER_PORT) return;
      const message = decodeDhcp(bytes);
      if (message !== undefined) this.#step({ type: 'message', message });
    });
  }

  /** The lease whose address the stack has. */
  get lease(): LeaseInfo | undefined {
    return this.#housed === undefined ? undefined : leaseInfo(this.#housed);
  }

  /** State of RFC 2131, figure 5. */
  get state(): DhcpState {
    return this.#machine.state;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return shown('DhcpClient', { state: this.state, lease: this.lease }, depth, options);
  }

  /** @internal */
  start(): void {
    this.#step({ type: 'start' });
  }

  /** Resolves when the stack has an address; rejects after `timeout` ms with what was missing. */
  ready(timeout = this.#parts.settings.timeout): Promise<LeaseInfo> {
    const { lease } = this;
    if (lease !== undefined) return Promise.resolve(lease);
    const { engine, after } = this.#parts;
    engine.hold();
    return new Promise<LeaseInfo>((resolve, reject) => {
      const tell = (error: Error | undefined, got?: LeaseInfo): void => {
        if (!this.#waiting.delete(tell)) return;
        cancel();
        engine.letGo();
        if (error === undefined) resolve(got!);
        else reject(error);
      };
      const cancel = after(timeout, () => tell(this.#tooLate(timeout)));
      this.#waiting.add(tell);
    });
  }

  /** @internal Somebody else has this address: when it is that of the lease, it is declined (RFC 2131 §4.4.1). */
  taken(address: string): void {
    const { lease } = this.#machine;
    if (lease !== undefined && formatIpv4(lease.address) === address) this.conflict();
  }

  /** @internal Another host was found to use our address. */
  conflict(): void {
    this.#step({ type: 'conflict' });
  }

  /** @internal The address goes back to the server, which may have to be looked for: for `timeout` ms at most. */
  async stop(timeout: number): Promise<void> {
    this.#step({ type: 'stop' });
    this.#parts.engine.driver.flush();
    if (timeout > 0 && this.#socket.queuedBytes > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#parts.after(timeout, resolve);
        this.#socket.onDrain(() => {
          cancel();
          resolve();
        });
      });
    }
    this.#socket.close();
    for (const tell of this.#waiting) tell(new StackError('ERR_USERTCP_CLOSED', 'the stack is closed'));
    this.#move(() => this.#leave('the stack was closed'));
    await this.#moving;
  }

  #step(input: DhcpInput): void {
    for (const output of this.#machine.step(input, this.#parts.now())) this.#carryOut(output);
    this.#cancel();
    const { deadline } = this.#machine;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(LONGEST_ALARM, Math.max(1, deadline - this.#parts.now()));
    this.#cancel = this.#parts.after(ms, () => this.#step({ type: 'time' }), true);
  }

  #carryOut(output: DhcpOutput): void {
    switch (output.type) {
      case 'send':
        return this.#send(output);
      case 'bound':
        this.#move(() => this.#settle(output.lease));
        return;
      case 'lost':
        this.#move(() => this.#leave(output.why));
    }
  }

  #send({ message, to, from }: DhcpOutput & { type: 'send' }): void {
    try {
      const address = to === 0 ? BROADCAST : formatIpv4(to);
      this.#socket.send(encodeDhcp(message), SERVER_PORT, address, from === 0 ? undefined : formatIpv4(from));
    } catch (error) {
      this.#failure = error; // as with a lost message, the next try follows
    }
  }

  #move(act: () => Promise<void>): void {
    this.#moving = this.#moving.then(act).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  async #settle(lease: Lease): Promise<void> {
    const { household } = this.#parts;
    if (this.#machine.lease !== lease) return; // lost again before its turn came
    const before = this.#housed;
    if (before !== undefined) {
      household.renew(before, lease);
    } else {
      if ((await household.isTaken?.(lease)) === true) return this.conflict();
      await this.#enter(lease);
    }
    this.#housed = lease;
    const info = leaseInfo(lease);
    for (const tell of this.#waiting) tell(undefined, info);
    this.emit('bound', info);
  }

  /** Who waits hears why an address cannot be used here, which is no fault of the network's. */
  async #enter(lease: Lease): Promise<void> {
    try {
      await this.#parts.household.moveIn(lease);
    } catch (error) {
      this.#step({ type: 'unusable', why: error instanceof Error ? error.message : String(error) });
      for (const tell of this.#waiting) tell(error as Error);
      throw error;
    }
  }

  async #leave(why: string): Promise<void> {
    const lease = this.#housed;
    if (lease === undefined) return;
    this.#housed = undefined;
    await this.#parts.household.moveOut(lease);
    this.emit('lost', why, leaseInfo(lease));
  }

  #tooLate(timeout: number): Error {
    const { complaint, offers, state } = this.#machine;
    const device = this.#parts.engine.links[0]!.name;
    const cause = this.#failure instanceof Error ? this.#failure : undefined;
    const why =
      cause !== undefined
        ? cause.message
        : (complaint ??
          (offers === 0 ? 'no server answered' : `a server offered an address and did not confirm it (${state})`));
    return new StackError(
      'ERR_USERTCP_DHCP',
      `dhcp: no address on ${device} after ${timeout} ms: ${why}. ` +
        `Look whether a DHCP server is on that network and lets MAC ${formatMac(this.#parts.engine.links[0]!.mac)} in, ` +
        'wait longer with dhcp: { timeout }, or give an address of your own: addresses: ["10.0.0.2/24"]',
      cause === undefined ? undefined : { cause },
    );
  }
}
