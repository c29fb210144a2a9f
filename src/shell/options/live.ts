/** What may be set of a live connection at any time, in one table: each name with its check and what it does. */
import { TUNE_ECN, TUNE_LOW_WATER, TUNE_MAX_SEGMENT, TUNE_PACING, TUNE_TTL } from '../../core/tcp/tuning.ts';
import { KEEP_ALIVE } from '../connect.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown, checkNumber } from './check.ts';
import { type CongestionChoice, checkCongestion } from './congestion.ts';
import { checkKeepAlive, checkSetting, checkUrgent } from './tcp.ts';

/** When a silent peer is probed (RFC 9293 §3.8.4). */
export interface KeepAliveTimes {
  /** ms of silence before the first probe. Default two hours. */
  idle?: number;
  /** ms from one probe to the next. Default 75 s. */
  interval?: number;
  /** Unanswered probes that end the connection. Default 9. */
  count?: number;
}

/** Sizes in bytes, times in ms. What is absent stays as it is. */
export interface LiveOptions {
  /** true: small writes leave at once (Nagle off). */
  noDelay?: boolean;
  /** true: partial segments wait (for 200 ms at most); false lets them go. */
  cork?: boolean;
  /** Probes of a silent peer; `idle`, `interval`, `count` as RFC 9293 §3.8.4 has them. */
  keepAlive?: boolean | KeepAliveTimes;
  /** Longest time that text may stay unacknowledged (RFC 5482); 0 = by retransmissions. */
  userTimeout?: number;
  /** TOS or traffic class byte. */
  typeOfService?: number;
  /** TTL or hop limit. */
  ttl?: number;
  /** false: our text is not marked as ECN-capable. true, the default, where both ends agreed on ECN. */
  ecn?: boolean;
  /** A congestion controller by name, or one of your own. */
  congestion?: CongestionChoice;
  /** Bytes a second that leave at most, whatever the controller says; 0 = no limit. */
  pacingRate?: number;
  /** Bytes that may wait unsent before `write` returns false, however large the send buffer is; 0 = no limit. */
  notSentLowWater?: number;
  /** Bytes of a segment behind its TCP header of 20. It can be lowered, once established, and not raised again. */
  maxSegment?: number;
  /** Bytes that may wait for the reader: from now on fixed. */
  receiveBuffer?: number;
  /** Bytes taken before `write` returns false: from now on fixed. */
  sendBuffer?: number;
  /** See `Conn.setMaxBuffered`; Infinity = no limit. */
  maxBuffered?: number;
  /** Where the last octet of urgent data goes: see `TcpSocketOptions.urgent`. */
  urgent?: 'inline' | 'out-of-band';
  /**
   * How `close()`, letting go of a Connection, and `destroy()` of a socket in the middle of a talk, end it. ms that the peer may take to end, too: what it still sends is read and thrown
   * away, so that no reset destroys our last words; then it is reset. 0 = reset at once. null, the default: unread text resets
   * [SHLD-3], else it ends in the background.
   */
  linger?: number | null;
}

/** What does it: a `Conn`. */
export interface Live {
  setNoDelay(on: boolean): unknown;
  cork(on: boolean): unknown;
  setKeepAlive(on: boolean, idle?: number, interval?: number, count?: number): unknown;
  setUserTimeout(ms: number): unknown;
  setTypeOfService(tos: number): unknown;
  setCongestionControl(choice: CongestionChoice): unknown;
  setReceiveBuffer(bytes: number): unknown;
  setSendBuffer(bytes: number): unknown;
  setMaxBuffered(bytes: number): unknown;
  setUrgent(urgent: 'inline' | 'out-of-band'): unknown;
  setLinger(ms: number | null): unknown;
  tune(what: number, value: number): boolean;
  readonly state: string;
}

const MIB = 1024 * 1024;
const DAY = 86_400_000;
const FASTEST = 16 * 0x7fffffff;
/** Numbers that the core takes as they are. */
const TUNES = {
  ttl: [TUNE_TTL, 1, 255, ''],
  pacingRate: [TUNE_PACING, 0, FASTEST, 'bytes a second, 0 = no limit'],
  notSentLowWater: [TUNE_LOW_WATER, 0, 1024 * MIB, 'bytes, 0 = no limit'],
  maxSegment: [TUNE_MAX_SEGMENT, 48, 65_495, 'bytes'],
} as const;
const SIZES = {
  userTimeout: 'setUserTimeout',
  typeOfService: 'setTypeOfService',
  receiveBuffer: 'setReceiveBuffer',
  sendBuffer: 'setSendBuffer',
} as const;
const FLAGS = ['noDelay', 'cork', 'ecn'] as const;
const NAMES = [
  ...FLAGS,
  'keepAlive',
  'congestion',
  'maxBuffered',
  'urgent',
  'linger',
  ...Object.keys(TUNES),
  ...Object.keys(SIZES),
];

/** All of them, or none: a wrong value throws OptionError before the first is set. */
export function setLive(conn: Live, options: LiveOptions): void {
  checkLive(options, conn.state);
  applyLive(conn, options);
}

/** What was checked. */
export function applyLive(conn: Live, options: LiveOptions): void {
  for (const name of Object.keys(options) as (keyof LiveOptions)[]) {
    if (options[name] !== undefined) apply(conn, name, options);
  }
}

/** Throws OptionError unless a connection in this state can be given these. */
export function checkLive(o: LiveOptions, state: string): void {
  if (typeof o !== 'object' || o === null) throw new OptionError('options', o, 'an object such as { noDelay: true }');
  checkKnown('', o, NAMES);
  for (const name of FLAGS) {
    if (o[name] !== undefined && typeof o[name] !== 'boolean') throw new OptionError(name, o[name], 'true or false');
  }
  for (const [name, [, least, most, unit]] of Object.entries(TUNES))
    checkNumber(name, o[name as keyof typeof TUNES], 0, least, most, unit);
  for (const name of Object.keys(SIZES) as (keyof typeof SIZES)[])
    if (o[name] !== undefined) checkSetting(name, o[name]);
  if (o.maxBuffered !== undefined && o.maxBuffered !== Number.POSITIVE_INFINITY)
    checkSetting('maxBuffered', o.maxBuffered);
  checkCongestion('congestion', o.congestion);
  checkUrgent(o.urgent);
  checkLinger(o.linger);
  const { keepAlive } = o;
  if (typeof keepAlive === 'object' && keepAlive !== null) {
    checkKnown('keepAlive', keepAlive, Object.keys(KEEP_ALIVE));
    const { idle, interval, count } = { ...KEEP_ALIVE, ...keepAlive };
    checkKeepAlive(idle, interval, count, ['keepAlive.idle', 'keepAlive.interval', 'keepAlive.count']);
  } else if (keepAlive !== undefined && typeof keepAlive !== 'boolean')
    throw new OptionError('keepAlive', keepAlive, 'true, false or { idle, interval, count }');
  if (o.maxSegment !== undefined && (state === 'SYN_SENT' || state === 'SYN_RECEIVED'))
    throw new OptionError('maxSegment', o.maxSegment, `absent in ${state}`, 'Set it once the connection is open.');
}

/** ms, or null. */
export function checkLinger(linger: number | null | undefined): void {
  if (linger !== null) checkNumber('linger', linger, 0, 0, DAY, 'ms, or null');
}

function apply(conn: Live, name: keyof LiveOptions, o: LiveOptions): void {
  if (name in TUNES) return void conn.tune(TUNES[name as keyof typeof TUNES][0], o[name] as number);
  if (name in SIZES) return void conn[SIZES[name as keyof typeof SIZES]](o[name] as number);
  switch (name) {
    case 'noDelay':
      return void conn.setNoDelay(o.noDelay!);
    case 'cork':
      return void conn.cork(o.cork!);
    case 'ecn':
      return void conn.tune(TUNE_ECN, Number(o.ecn));
    case 'keepAlive': {
      const { idle, interval, count } = { ...KEEP_ALIVE, ...(typeof o.keepAlive === 'object' ? o.keepAlive : {}) };
      return void conn.setKeepAlive(o.keepAlive !== false, idle, interval, count);
    }
    case 'congestion':
      return void conn.setCongestionControl(o.congestion!);
    case 'maxBuffered':
      return void conn.setMaxBuffered(o.maxBuffered!);
    case 'urgent':
      return void conn.setUrgent(o.urgent!);
    case 'linger':
      return void conn.setLinger(o.linger!);
  }
}
