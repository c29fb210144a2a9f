/**
 * The whole stack without a world, as the shell sees it: (state, input, now) in, outputs out. Four families of methods:
 * `handle*` = the world speaks, `call*` = the user speaks, `poll*` = what now, getters. Nothing here owns a clock,
 * a socket or a promise. A driver runs, per wake:
 *
 *   core.handleBurst(link, n, now) → dispatch core.events (which may make calls) → over the links, until none has more:
 *   while ((n = core.pollTransmit(link, now)) > 0) link.flush(n) → core.pollEnd() → clock.setAlarm(core.pollAlarm())
 */

import type { Link, Memory, Micros, Rng } from '../ports.ts';
import type { BudgetLimits } from './budget.ts';
import type { EventQueue } from './events.ts';
import type { IpLayer } from './ip/ip-layer.ts';
import type { IpSettings } from './ip/settings.ts';
import type { MemoryUse } from './memory-use.ts';
import type { Share } from './share.ts';
import type { CongestionController } from './tcp/congestion/controller.ts';
import type { CoreCounters } from './tcp/counters.ts';
import type { TcpInfo } from './tcp/info.ts';
import type { SourceRoute } from './tcp/source-routes.ts';
import type { AskAboutSyn } from './tcp/syn-hook.ts';
import type { TraceQueue } from './trace.ts';
import type { Udp } from './udp/udp.ts';

export interface CoreOptions {
  readonly links: readonly Link[];
  readonly memory: Memory;
  readonly rng: Rng;
  readonly maxConnections: number;
  /** Bytes reserved for payload to send, out-of-order data and raw frames. */
  readonly arenaBytes: number;
  /** What connections may hold of the arena; absent: all of it. */
  readonly budget?: Partial<BudgetLimits>;
  /** Defaults for new connections; see TcpDefaults. */
  readonly tcp: TcpDefaults;
  /** What differs from DEFAULT_IP. */
  readonly ip?: Partial<IpSettings>;
}

/** Settings of new connections; `TcpOptions` has the same names. */
export interface TcpDefaults {
  /** Bytes written that may be unacknowledged or unsent. */
  readonly sendBuffer: number;
  /** Largest receive buffer; the window offered first is `initialWindow`. */
  readonly receiveBuffer: number;
  /** Bytes of the receive window offered first, where `receiveBuffer` is not less. */
  readonly initialWindow: number;
  /** Whether we ask for timestamps (RFC 7323). */
  readonly timestamps: boolean;
  /** Whether we ask for selective acknowledgments (RFC 2018). */
  readonly sack: boolean;
  /** Whether we ask for window scaling (RFC 7323 §2). */
  readonly windowScaling: boolean;
  /** Whether Nagle is off (RFC 9293 §3.7.4). */
  readonly noDelay: boolean;
  /** ms that an ACK may wait (RFC 9293 §3.8.6.3). */
  readonly delayedAck: number;
  /** ms: least retransmission timeout (RFC 6298 §2.4, ADR 9). */
  readonly minRto: number;
  /** ms; MSL: TIME_WAIT lasts twice this. */
  readonly msl: number;
  /** Connections in TIME_WAIT; beyond it the oldest ends early. Default of a stack: 65,536. */
  readonly timeWaits?: number;
  /** Whether a RST is ignored in TIME_WAIT (RFC 1337). Default true. */
  readonly rfc1337?: boolean;
  /** ms an orphan may stay in FIN_WAIT_2. */
  readonly finWait2: number;
  /** ms an orphan may wait behind a closed window before it is reset. */
  readonly orphanTimeout: number;
  /** How often a SYN is sent again (R2 of RFC 9293 §3.8.3). */
  readonly synRetries: number;
  /** Whether a full SYN queue answers with cookies instead of dropping (RFC 4987 §3.6). Default true. */
  readonly synCookies?: boolean | 'always';
  /** How often text is sent again (R2 of RFC 9293 §3.8.3). */
  readonly dataRetries: number;
  /** ms; 0 = by retries only (R2). */
  readonly userTimeout: number;
  /** Says the user timeout to the peer, and waits as long as the peer asks (RFC 5482). */
  readonly userTimeoutOption: boolean;
  /** bytes that may wait unsent before SEND takes no more; 0 = as many as the send buffer holds. */
  readonly notSentLowat: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** Whether larger segments are tried on a path that was found narrow, and smaller ones when large ones vanish (RFC 4821). */
  readonly mtuProbing: boolean;
  /** Name of a controller, or one of your own. */
  readonly congestion: string | CongestionController;
  /** Sends at a rate instead of in windows, also where the controller does not ask for it. */
  readonly pacing: boolean;
  /** Explicit congestion notification: never; when the peer asks; ask for RFC 3168; ask for RFC 9768. */
  readonly ecn: 'off' | 'accept' | 'on' | 'accurate';
  /**
   * TCP Fast Open (RFC 7413), as the end that connects, that listens, or both. Text on a SYN may be delivered twice: only for
   * requests that do no harm when they are repeated.
   */
  readonly fastOpen?: 'off' | 'client' | 'server' | 'on';
  /** First and last of the ports that `connect` takes by itself. */
  readonly ephemeralPorts: readonly [number, number];
}

/** Per connection; everything optional falls back to TcpDefaults. */
export interface OpenOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: { readonly idle: number; readonly interval: number; readonly count: number };
  readonly userTimeout?: number;
  readonly tos?: number;
  readonly ttl?: number;
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  readonly congestion?: string | CongestionController;
  /** The octet before the urgent pointer is no text, but an EV_URGENT of its own (RFC 6093 §2). */
  readonly outOfBand?: boolean;
  /** Of an active OPEN: other than the default says. */
  readonly fastOpen?: boolean;
  /** Of an active OPEN to an IPv4 address [MUST-51]. */
  readonly sourceRoute?: SourceRoute;
}

/** Signatures the shell is written against (implemented by StackCore). Addresses are 4 words in the mapped form. */
export interface Core {
  readonly events: EventQueue;
  readonly arena: Uint8Array;
  readonly ip: IpLayer;
  readonly udp: Udp;
  /** Which flows are ours, where other stacks have the address, too. */
  readonly share: Share;
  readonly counters: CoreCounters;
  /** Records of transitions while `tracing`, else null. */
  readonly trace: TraceQueue | null;
  tracing: boolean;
  /** EV_STATE and EV_RETRANSMIT are told. */
  telling: boolean;
  /** A user's congestion controller threw; its connection went on with NewReno. */
  onControllerFault: (error: unknown) => void;
  /** Asked for every SYN that would be answered; absent until somebody wants to be. */
  onSyn: AskAboutSyn;

  handleBurst(link: number, descriptors: number, now: Micros): void;
  handleTimers(now: Micros): void;
  handleLinkDown(link: number): void;
  /** The link carries longer packets now, or only shorter ones: segments are cut accordingly. */
  handleLinkChanged(link: number, now: Micros): void;
  /** An address is taken from us: its connections end with EADDRNOTAVAIL. */
  handleAddressGone(address: Int32Array, now: Micros): void;

  /** LISTEN. Returns a row, or an error (< 0): EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOBUFS. All-zero address = any. */
  callListen(laddr: Int32Array, port: number, backlog: number, options: OpenOptions, now: Micros): number;
  /** Active OPEN. lport 0 = choose; laddr all zero = choose by route. */
  callConnect(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    options: OpenOptions,
    now: Micros,
  ): number;
  /** Takes a child (its row) out of its listener's accept queue: it counts against the backlog until then. */
  callAccepted(row: number): void;
  /** Copies up to length bytes into the send queue; returns how many were taken (EV_DRAIN follows when < length) or < 0. */
  callSend(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number;
  /** As callSend, but without a copy: the bytes are sent from where they are and must not change until acknowledged. */
  callLend(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number;
  /** As callSend, and the last of these bytes is urgent (RFC 9293 §3.8.5). At least one byte. */
  callSendUrgent(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number;
  /** FLUSH: throws away what was not sent yet; returns how many bytes that was. */
  callDiscardUnsent(row: number): number;
  /** OPEN on an existing record: LISTEN turns active when a remote is given (T013), anything else is an error. */
  callOpen(row: number, raddr: Int32Array | null, rport: number, now: Micros): number;
  /** The application consumed n delivered bytes: the window opens by as much. */
  callConsumed(row: number, n: number, now?: Micros): void;
  /** CLOSE: our direction ends after the queued data; reading goes on. */
  callClose(row: number, now: Micros): number;
  /** Nobody reads any more: with unread data held this resets [SHLD-3]; otherwise later text draws RST, FIN_WAIT_2 gets a timer. */
  callGiveUpReading(row: number, now: Micros): number;
  /** ABORT: RST when synchronized; EV_CLOSED(ECONNABORTED) follows. */
  callAbort(row: number, now: Micros): number;
  callSetNoDelay(row: number, on: boolean): void;
  callSetKeepAlive(row: number, on: boolean, idleMs: number, intervalMs: number, count: number, now: Micros): void;
  callSetUserTimeout(row: number, ms: number): void;
  /** From now on the buffer is of that size and does not grow by itself. What it holds, and what was offered to the peer, stays. */
  callSetBuffer(row: number, which: 'send' | 'receive', bytes: number): void;
  callSetTos(row: number, tos: number): void;
  /** See OpenOptions.outOfBand. */
  callSetOutOfBand(row: number, on: boolean): void;
  /** Of a connection, or of those that a LISTEN will bring. */
  callSetCongestion(row: number, choice: string | CongestionController, now: Micros): void;
  /** true = hold back partial segments, false = let them go. */
  callCork(row: number, on: boolean): void;

  /** One of TUNE_* (tcp/tuning.ts). Returns OK or an error (< 0). */
  callTune(row: number, what: number, value: number, now: Micros): number;
  /** EV_ACKED for each ACK that moves SND.UNA, or no more. */
  callTellAcked(row: number, on: boolean): void;

  /** Fills link.tx; returns the number of descriptors, 0 when nothing is due on this link. */
  pollTransmit(link: number, now: Micros): number;
  /** After the last pollTransmit of a turn: borrowed memory of the core's own (reassembled text) may be reused. */
  pollEnd(): void;
  /** Adds the buckets, and the local ports, of what is here and is not ours by `share` any more. */
  leftBehind(buckets: Int32Array, ports: Int32Array): void;
  /** When handleTimers wants to be called; Infinity = never. */
  pollAlarm(): Micros;

  /**
   * What stands for the connection between these ends: a row; a number beyond all rows in TIME_WAIT, which `state`,
   * `endpoint`, `info` and the calls of §3.10 take as well; -1 when there is none.
   */
  find(laddr: Int32Array, lport: number, raddr: Int32Array, rport: number): number;
  /** State bit of the row (figure5.ts), or CLOSED when gen does not match. */
  state(row: number, gen: number): number;
  generation(row: number): number;
  /** Local (0) or remote (1) address words copied to `out`; returns the port. */
  endpoint(row: number, which: 0 | 1, out: Int32Array): number;
  /** Bytes queued and not acknowledged. */
  sendQueued(row: number): number;
  /** Payload octets that the peer has acknowledged in all. */
  acknowledged(row: number): number;
  /** `now`: for the times in it; absent, that of the last turn. */
  info(row: number, now?: Micros): TcpInfo;
  readonly memory: MemoryUse;
  /** Everything a connection is, to be taken up by `importConnection` of another core; the row is gone here afterwards. */
  exportConnection(row: number, now: Micros): ArrayBuffer;
  /** Row of the connection taken up, or an error (< 0). */
  importConnection(snapshot: ArrayBuffer, now: Micros): number;
  /** Rows in use, by anything but LISTEN. */
  readonly connections: number;
  /** Connections in TIME_WAIT. */
  readonly timeWaits: number;
  /** Entries in SYN queues. */
  readonly halfOpens: number;
}
