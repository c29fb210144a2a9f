/** A StackCore alone (no shell) on a simulated link in virtual time; the peer is a ScriptPort that answers ARP and ND. */
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import type { OpenOptions, TcpDefaults } from '../../../src/core/api.ts';
import * as codes from '../../../src/core/events.ts';
import type { IpSettings } from '../../../src/core/ip/settings.ts';
import { StackCore } from '../../../src/core/stack-core.ts';
import { stateName } from '../../../src/core/tcp/figure5.ts';
import type { TcpInfo } from '../../../src/core/tcp/info.ts';
import { SCRATCH_ROWS } from '../../../src/core/tcp/rows.ts';
import { ScriptPort, SeededRng, SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import type { Clock } from '../../../src/ports.ts';
import { formatAddress, parseAddress } from '../../../src/wire/address-text.ts';
import { DEFAULTS } from '../../property/pair/defaults.ts';
import type { Backend, Call, SentFrame, StackEvent, Tuple } from './backend.ts';
import { decodeFrame } from './frame.ts';
import { EVENT_TYPES, eventDetail, resultName } from './names.ts';
import { neighbourAnswer } from './neighbour.ts';

export interface CoreBackendOptions {
  readonly family?: 4 | 6;
  readonly tcp?: Partial<TcpDefaults>;
  readonly ip?: Partial<IpSettings>;
  /** Per connection. */
  readonly open?: OpenOptions;
  readonly mtu?: number;
  readonly seed?: number;
  readonly backlog?: number;
  readonly maxConnections?: number;
  /** Delivered text counts as read at once (default), or when the script says `read`. */
  readonly reading?: 'automatic' | 'manual';
}

/** Plain enough to be read in a script: one window, no scaling by itself, the RTO floor of RFC 6298. */
export const SCRIPT_DEFAULTS: TcpDefaults = {
  ...DEFAULTS,
  sendBuffer: 100_000,
  receiveBuffer: 10_000,
  initialWindow: 10_000,
  minRto: 1000,
};

const LOCAL = { 4: '10.0.0.1', 6: 'fd00::1' };
const BEGIN = 1_000_000;
const TOLERANCE = 1500;
/** Rows before it are scratch, never connections. */
const FIRST_ROW = SCRATCH_ROWS;

export class CoreBackend implements Backend {
  readonly local: string;
  readonly mac: Uint8Array;
  readonly peerMac: Uint8Array;
  readonly lport = 8080;
  readonly exact = true;
  readonly patience = 0;
  readonly sent: SentFrame[] = [];
  readonly events: StackEvent[] = [];
  readonly core: StackCore;
  readonly link: SimLink;
  readonly #clock = new VirtualClock(BEGIN);
  readonly #alarm: Clock = this.#clock.alarm();
  readonly #port: ScriptPort;
  readonly #options: CoreBackendOptions;
  readonly #rows: number;
  readonly #words = new Int32Array(4);
  readonly #frames: { readonly time: number; readonly bytes: Uint8Array; readonly out: boolean }[] = [];

  constructor(options: CoreBackendOptions = {}) {
    this.#options = options;
    this.local = LOCAL[options.family ?? 4];
    const wire = new SimWire({ clock: this.#clock });
    this.link = new SimLink(wire, { mtu: options.mtu ?? 1500, ringBytes: 1 << 18 });
    this.#port = new ScriptPort(wire, { onFrame: (frame, time) => this.#received(frame, time) });
    this.mac = this.link.mac;
    this.peerMac = this.#port.mac;
    this.#rows = options.maxConnections ?? 64;
    this.core = new StackCore({
      links: [this.link],
      memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
      rng: new SeededRng(options.seed ?? 7),
      maxConnections: this.#rows,
      arenaBytes: 1 << 20,
      tcp: { ...SCRIPT_DEFAULTS, ...options.tcp },
      ...(options.ip !== undefined && { ip: options.ip }),
    });
    this.core.ip.addAddress(parseAddress(LOCAL[4]), 120, 0);
    this.core.ip.addAddress(parseAddress(LOCAL[6]), 64, 0);
    this.link.start(
      (n) => this.#turn(() => this.core.handleBurst(0, n, this.now())),
      () => {},
    );
  }

  early(): number {
    return TOLERANCE;
  }

  late(): number {
    return TOLERANCE;
  }

  tells(): boolean {
    return true;
  }

  now(): number {
    return this.#clock.now();
  }

  get happened(): number {
    return this.now();
  }

  pass(until: number, enough: () => boolean = () => false): void {
    if (!this.#clock.runWhile(() => !enough(), until)) return;
    if (this.#clock.now() < until) this.#clock.run(until);
  }

  inject(frames: readonly Uint8Array[]): void {
    for (const bytes of frames) {
      this.#frames.push({ time: this.now(), bytes, out: false });
      this.#port.send(bytes);
    }
    this.#clock.run(this.now());
  }

  call(tuple: Tuple, call: Call): string {
    let result = 0;
    this.#turn(() => {
      result = this.#call(tuple, call);
    });
    this.#clock.run(this.now());
    return resultName(result);
  }

  /** What stands for the four-tuple; else of the listener on its port; else -1. */
  rowOf({ local, lport, remote, rport }: Tuple): number {
    const found = this.core.find(parseAddress(local), lport, parseAddress(remote), rport);
    if (found >= 0) return found;
    let listener = -1;
    for (let row = FIRST_ROW; row < FIRST_ROW + this.#rows; row++) {
      const state = stateName(this.core.state(row, this.core.generation(row)));
      if (state === 'CLOSED' || this.core.endpoint(row, 0, this.#words) !== lport) continue;
      if (state === 'LISTEN') listener = row;
    }
    return listener;
  }

  info(tuple: Tuple): TcpInfo {
    return this.core.info(this.rowOf(tuple));
  }

  state(tuple: Tuple): string {
    const row = this.rowOf(tuple);
    return row < 0 ? 'CLOSED' : stateName(this.core.state(row, this.core.generation(row)));
  }

  capture(): Uint8Array {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk.slice()), 'usertcp conformance');
    const face = writer.addInterface({ name: 'script' });
    for (const { time, bytes, out } of this.#frames)
      writer.packet(face, time, bytes, { direction: out ? 'out' : 'in' });
    return Buffer.concat(chunks);
  }

  close(): Promise<void> {
    return this.link.close();
  }

  #received(bytes: Uint8Array, time: number): void {
    const answer = neighbourAnswer(bytes, this.peerMac);
    if (answer !== undefined) this.#port.send(answer);
    if (decodeFrame(bytes) === undefined) return;
    this.#frames.push({ time, bytes, out: true });
    this.sent.push({ time, bytes });
  }

  /** What the shell's driver does, as documented at the top of core/api.ts. */
  #turn(happens: () => void): void {
    happens();
    do {
      this.#dispatch();
      for (let n = this.core.pollTransmit(0, this.now()); n > 0; n = this.core.pollTransmit(0, this.now()))
        this.link.flush(n);
    } while (this.core.events.count > 0);
    this.core.pollEnd();
    this.#alarm.setAlarm(this.core.pollAlarm(), () => this.#turn(() => this.core.handleTimers(this.now())));
  }

  #dispatch(): void {
    const { events } = this.core;
    for (let n = 0; n < events.count; n++) {
      const w = events.words.subarray(n * codes.EVENT_WORDS, (n + 1) * codes.EVENT_WORDS);
      const type = EVENT_TYPES[w[0]!] ?? `event ${w[0]}`;
      const row = w[1]!;
      const lport = this.core.endpoint(row, 0, this.#words);
      const rport = this.core.endpoint(row, 1, this.#words);
      const about = {
        time: this.now(),
        type,
        lport,
        rport,
        remote: formatAddress(this.#words),
        detail: eventDetail(type, w),
      };
      if (w[0] === codes.EV_URGENT && w[3] === 3) this.events.push({ ...about, text: Uint8Array.of(w[5]!) });
      else if (w[0] !== codes.EV_DATA) this.events.push(about);
      else {
        const memory = w[3] === codes.REGION_ARENA ? this.core.arena : this.link.rxMemory;
        this.events.push({ ...about, text: memory.slice(w[4]!, w[4]! + w[5]!) });
        if (this.#options.reading !== 'manual') this.core.callConsumed(row, w[5]!);
      }
      if (w[0] === codes.EV_ACCEPT && this.#options.backlog === undefined) this.core.callAccepted(row);
    }
    events.count = 0;
  }

  #call(tuple: Tuple, { name, words, text }: Call): number {
    const now = this.now();
    const { core } = this;
    const open = this.#options.open ?? {};
    const row = this.rowOf(tuple);
    if (name === 'listen') {
      return Math.min(0, core.callListen(new Int32Array(4), tuple.lport, this.#options.backlog ?? 128, open, now));
    }
    if (name === 'connect') {
      const local = parseAddress(tuple.local);
      const made = core.callConnect(local, tuple.lport, parseAddress(tuple.remote), tuple.rport, open, now);
      if (made >= 0 && text !== undefined && text.length > 0) core.callSend(made, text, 0, text.length, now);
      return Math.min(0, made);
    }
    if (row < 0) return codes.ENOTCONN;
    switch (name) {
      case 'open':
        return core.callOpen(row, words.includes('nobody') ? null : parseAddress(tuple.remote), tuple.rport, now);
      case 'send':
        return words.includes('urgent')
          ? core.callSendUrgent(row, text!, 0, text!.length, now)
          : core.callSend(row, text!, 0, text!.length, now);
      case 'read':
        core.callConsumed(row, Number(words[0]));
        return Number(words[0]);
      case 'discard':
        return core.callDiscardUnsent(row);
      case 'tos':
        core.callSetTos(row, Number(words[0]));
        return codes.OK;
      case 'close':
        return core.callClose(row, now);
      case 'abort':
        return core.callAbort(row, now);
      case 'giveup':
        return core.callGiveUpReading(row, now);
      case 'nodelay':
        core.callSetNoDelay(row, words[0] === 'on');
        return codes.OK;
      case 'cork':
        core.callCork(row, words[0] === 'on');
        return codes.OK;
      case 'keepalive':
        core.callSetKeepAlive(row, words[0] !== 'off', Number(words[0]), Number(words[1]), Number(words[2]), now);
        return codes.OK;
      case 'usertimeout':
        core.callSetUserTimeout(row, Number(words[0]));
        return codes.OK;
      case 'status':
        return codes.OK;
    }
    throw new Error(`no call ${name}`);
  }
}
