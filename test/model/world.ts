/** Two hosts (or one that talks to itself) and what is under way between them; every action the checker can choose. */

import type { OpenOptions, TcpDefaults } from '../../src/core/api.ts';
import { SCRIPT_DEFAULTS } from '../conformance/script/core-backend.ts';
import { Fingerprint } from './fingerprint.ts';
import { DST, type Frame, get32, keyOf, L4 } from './frame.ts';
import { address, type CoreClass, Host, type SavedHost } from './host.ts';
import { forge } from './inject.ts';
import type { Budget, Scenario } from './scenario.ts';
import { call } from './user.ts';

export type Action =
  | { readonly kind: 'deliver' | 'drop' | 'double'; readonly to: number; readonly n: number }
  | { readonly kind: 'timer'; readonly host: number }
  | { readonly kind: 'op'; readonly host: number; readonly op: string }
  | { readonly kind: 'inject'; readonly n: number }
  | { readonly kind: 'cut' };

/** What an action handed to a host. */
export interface Arrival {
  readonly host: number;
  readonly bytes: Uint8Array;
}

export interface WorldState {
  readonly hosts: readonly SavedHost[];
  readonly net: readonly (readonly Frame[])[];
  readonly left: Budget;
  readonly cut: boolean;
  readonly disturbed: boolean;
}

/** Segments under way to one host; what is more is lost. */
const MOST_UNDER_WAY = 5;
/** The first sequence number: the wrap lies within the first three octets. */
const FIRST_SEQ = -2;
const BEGIN = 1_000_000;
/** Ops that need no connection. */
const OWN_BUSINESS = /^(listen|connect|unlisten|open|restart)/;

export const DEFAULTS: TcpDefaults = {
  ...SCRIPT_DEFAULTS,
  sendBuffer: 64,
  receiveBuffer: 64,
  initialWindow: 64,
  timestamps: false,
  windowScaling: false,
  noDelay: true,
  delayedAck: 0,
  msl: 30_000,
  synRetries: 3,
  dataRetries: 4,
  mtuProbing: false,
};

export class World {
  readonly scenario: Scenario;
  readonly hosts: Host[];
  net: readonly (readonly Frame[])[];
  left: Budget;
  cut = false;
  /** A user broke the connection off, a host forgot, or a stranger spoke: bytes may be missing at the end. */
  disturbed = false;
  /** Control bits of the segment that arrived last. */
  lastFlags = 0;
  /** The last action was a read that the peer was told of. */
  answeredRead = false;
  readonly #fresh: readonly SavedHost[];
  readonly #fingerprint = new Fingerprint();
  readonly open: OpenOptions;

  constructor(core: CoreClass, scenario: Scenario) {
    this.scenario = scenario;
    const tcp = { ...DEFAULTS, ...scenario.tcp };
    const count = scenario.scripts.length;
    this.open = scenario.open ?? {};
    this.hosts = scenario.scripts.map((_, n) => new Host(core, n, count === 1 ? 0 : 1 - n, tcp));
    this.net = this.hosts.map(() => []);
    this.left = scenario.budget;
    for (const host of this.hosts) this.#setClock(host);
    this.#fresh = this.hosts.map((h) => h.save());
    if (scenario.lateListen) return;
    for (const { index } of this.hosts) {
      if (scenario.scripts[index]![0] === 'listen') this.act({ kind: 'op', host: index, op: 'listen' });
    }
  }

  /** The clock drives the ISS: it is set so that the connection's first octets lie around the wrap. */
  #setClock(host: Host): void {
    const virgin = host.save();
    host.state = { ...host.state, now: BEGIN };
    host.turn(() => void host.open(this.remote(host.index), {}), true);
    const iss = get32(host.link.sent[0]!, L4 + 4);
    host.restore(virgin);
    const ahead = (FIRST_SEQ - iss) >>> 0;
    host.state = { ...host.state, now: BEGIN + 4 * ahead };
  }

  remote(host: number): Int32Array {
    return address(this.hosts.length === 1 ? 0 : 1 - host);
  }

  save(): WorldState {
    const { net, left, cut, disturbed } = this;
    return { hosts: this.hosts.map((h) => h.save()), net, left, cut, disturbed };
  }

  restore(saved: WorldState): void {
    for (let n = 0; n < this.hosts.length; n++) this.hosts[n]!.restore(saved.hosts[n]!);
    this.net = saved.net;
    this.left = saved.left;
    this.cut = saved.cut;
    this.disturbed = saved.disturbed;
  }

  clear(): void {
    for (const host of this.hosts) host.clear();
  }

  get quiet(): boolean {
    return this.net.every((queue) => queue.length === 0);
  }

  actions(): Action[] {
    const list: Action[] = [];
    const { left, net } = this;
    for (let to = 0; to < net.length; to++) {
      const queue = net[to]!;
      for (let n = 0; n < queue.length; n++) {
        if (queue.findIndex((f) => f.key === queue[n]!.key) < n) continue; // the same segment twice
        if (n === 0 || left.reorder > 0) list.push({ kind: 'deliver', to, n });
        if (left.drop > 0) list.push({ kind: 'drop', to, n });
        if (left.double > 0) list.push({ kind: 'double', to, n });
      }
    }
    for (const { index: host, core } of this.hosts) {
      for (const op of this.ops(host)) list.push({ kind: 'op', host, op });
      if ((this.quiet || left.early > 0) && core.pollAlarm() !== Infinity && this.#mayPass(host))
        list.push({ kind: 'timer', host });
    }
    if (left.inject > 0) (this.scenario.strangers ?? []).forEach((_, n) => void list.push({ kind: 'inject', n }));
    if (left.cut > 0) list.push({ kind: 'cut' });
    return list;
  }

  /** Clocks run alike: no timer is overtaken twice by those of the other host. */
  #mayPass(host: number): boolean {
    const { wait } = this.hosts[host]!;
    return this.hosts.every((h) => !h.state.late || wait < h.wait || h.index === host);
  }

  /** What the user of this host may do next. */
  ops(host: number): readonly string[] {
    const { conn } = this.hosts[host]!;
    const reads = this.scenario.slowReader && conn !== undefined && conn.over === undefined && conn.unread > 0;
    return reads ? ['read', ...this.#scripted(host)] : this.#scripted(host);
  }

  #scripted(host: number): readonly string[] {
    const { state, conn } = this.hosts[host]!;
    const next = this.scenario.scripts[host]![state.at];
    if (next === undefined) return [];
    const alternatives = next.split('|');
    if (OWN_BUSINESS.test(next)) return alternatives;
    if (next.startsWith('next')) return [];
    return conn === undefined ? [] : alternatives;
  }

  act(action: Action): void {
    const { left } = this;
    switch (action.kind) {
      case 'deliver':
        if (action.n > 0) this.left = { ...left, reorder: left.reorder - 1 };
        this.#deliver(action.to, this.#take(action.to, action.n));
        break;
      case 'double':
        this.left = { ...left, double: left.double - 1 };
        this.#deliver(action.to, this.net[action.to]![action.n]!);
        break;
      case 'drop':
        this.left = { ...left, drop: left.drop - 1 };
        this.#take(action.to, action.n);
        break;
      case 'timer':
        if (!this.quiet) this.left = { ...left, early: left.early - 1 };
        this.#timer(action.host);
        break;
      case 'op':
        this.#op(this.hosts[action.host]!, action.op);
        break;
      case 'inject': {
        this.left = { ...left, inject: left.inject - 1 };
        const what = this.scenario.strangers![action.n]!;
        const to = this.hosts[what.to]!;
        const bytes = forge(what, this.hosts);
        this.disturbed = true;
        this.lastFlags = what.flags;
        to.deliver(bytes, this.#reads);
        this.#collect();
        break;
      }
      case 'cut':
        this.left = { ...left, cut: left.cut - 1 };
        this.cut = true;
        this.net = this.net.map(() => []);
    }
    for (const host of this.hosts) this.#skip(host);
  }

  /** The users walk away: what they still hold open is closed, and nobody reads any more. */
  leave(): void {
    this.disturbed = true;
    for (const host of this.hosts) {
      const { core, conn, state } = host;
      if (conn === undefined || conn.over !== undefined) continue;
      host.change(conn.row, conn.gen, { closed: true, gaveUp: true });
      host.turn(() => {
        if (core.callGiveUpReading(conn.row, state.now) === 0 && core.generation(conn.row) === conn.gen)
          core.callClose(conn.row, state.now);
      }, true);
    }
    this.#collect();
  }

  /** The segment that the action will deliver. */
  arrival(action: Action): Arrival | undefined {
    if (action.kind === 'deliver' || action.kind === 'double')
      return { host: action.to, bytes: this.net[action.to]![action.n]!.bytes };
    if (action.kind !== 'inject') return undefined;
    const what = this.scenario.strangers![action.n]!;
    return { host: what.to, bytes: forge(what, this.hosts) };
  }

  get #reads(): boolean {
    return !(this.scenario.slowReader ?? false);
  }

  #take(to: number, n: number): Frame {
    const frame = this.net[to]![n]!;
    this.net = this.net.map((queue, host) => (host === to ? queue.filter((_, at) => at !== n) : queue));
    return frame;
  }

  #deliver(to: number, frame: Frame): void {
    this.lastFlags = frame.bytes[L4 + 13]!;
    this.hosts[to]!.deliver(frame.bytes, this.#reads);
    this.#collect();
  }

  #timer(host: number): void {
    const passed = this.hosts[host]!.passTime(this.#reads);
    for (const other of this.hosts) if (other.index !== host) other.passQuietly(passed);
    // RFC 9293 §3.4.2: no segment lives longer than MSL.
    if (passed >= (this.scenario.tcp?.msl ?? DEFAULTS.msl)) this.net = this.net.map(() => []);
    this.#collect();
  }

  #collect(): void {
    for (const host of this.hosts) {
      const { sent } = host.link;
      if (sent.length === 0) continue;
      host.link.sent = [];
      if (this.cut) continue;
      for (const bytes of sent) {
        const to = bytes[DST + 3]! - 1;
        const queue = this.net[to]!;
        if (queue.length >= MOST_UNDER_WAY) continue;
        this.net = this.net.map((q, n) => (n === to ? [...q, { bytes, key: keyOf(bytes) }] : q));
      }
    }
  }

  #op(host: Host, op: string): void {
    const [name, count] = op.split(' ');
    if (name !== 'read') host.state = { ...host.state, at: host.state.at + 1 };
    if (name === 'restart') {
      host.restart(this.#fresh[host.index]!.core, 100e6);
      this.disturbed = true;
    } else host.turn(() => call(this, host, name!, Number(count ?? 0)), this.#reads);
    this.answeredRead = name === 'read' && host.link.sent.length > 0;
    this.#collect();
  }

  /** What the script still wants of a connection that is over is passed by. */
  #skip(host: Host): void {
    const script = this.scenario.scripts[host.index]!;
    let { at } = host.state;
    for (; at < script.length; at++) {
      const next = script[at]!;
      const [name, count] = next.split(' ');
      if (
        name === 'next'
          ? host.state.conns.length < Number(count)
          : OWN_BUSINESS.test(next) || host.conn?.over === undefined
      )
        break;
    }
    if (at !== host.state.at) host.state = { ...host.state, at };
  }

  fingerprint(): number {
    const f = this.#fingerprint;
    f.begin();
    for (const host of this.hosts) f.host(host);
    for (const queue of this.net) {
      f.add(queue.length);
      for (const frame of queue) f.add(frame.key);
    }
    const { drop, double, reorder, early, inject, cut } = this.left;
    f.add(drop | (double << 4) | (reorder << 8) | (early << 12) | (inject << 16) | (cut << 20));
    f.add(Number(this.cut) * 2 + Number(this.disturbed));
    return f.end();
  }
}
