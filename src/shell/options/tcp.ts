/** Defaults of new connections: TcpDefaults of the core, every field optional, checked against a table of ranges. */
import type { TcpDefaults } from '../../core/api.ts';
import type { TcpSocketOptions } from '../connect.ts';
import { OptionError } from '../option-error.ts';
import { checkFlag, checkKnown, checkNumber, checkOneOf } from './check.ts';
import { checkCongestion } from './congestion.ts';

/** Sizes in bytes, times in ms. */
export type TcpOptions = { -readonly [K in keyof TcpDefaults]?: TcpDefaults[K] };

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY = 86_400_000;

export const tcpDefaults: TcpDefaults = {
  sendBuffer: 4 * MIB,
  receiveBuffer: 4 * MIB,
  initialWindow: 64 * KIB,
  timestamps: true,
  sack: true,
  windowScaling: true,
  noDelay: false,
  mtuProbing: true,
  ecn: 'accept',
  fastOpen: 'off',
  delayedAck: 40,
  minRto: 200,
  msl: 30_000, // [UNTAGGED-18] ADR 7
  finWait2: 60_000,
  timeWaits: 65_536,
  rfc1337: true,
  synCookies: true, // ADR 28
  orphanTimeout: 120_000,
  synRetries: 7, // [MUST-23] 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60 s: more than 3 minutes
  dataRetries: 15, // [SHLD-11] more than 100 s
  userTimeout: 0, // [UNTAGGED-24] ADR 12
  userTimeoutOption: false,
  notSentLowat: 0,
  ttl: 64,
  congestion: 'cubic', // ADR 24
  pacing: false,
  ephemeralPorts: [32768, 60999],
};

/** Allowed ranges and units. RFC 9293 [MUST-13, MUST-22, MUST-40, MUST-49] leave these to the user. */
const RANGES = {
  sendBuffer: [2 * KIB, 1024 * MIB, 'bytes'],
  receiveBuffer: [2 * KIB, 1024 * MIB, 'bytes'],
  initialWindow: [KIB, 1024 * MIB, 'bytes'],
  // RFC 9293 §3.8.6.3 [MUST-40]: less than half a second.
  delayedAck: [0, 499, 'ms'],
  minRto: [1, 60_000, 'ms'],
  msl: [1, 600_000, 'ms'],
  finWait2: [1, DAY, 'ms'],
  timeWaits: [1, 1 << 22, ''],
  orphanTimeout: [1, DAY, 'ms'],
  synRetries: [0, 127, ''],
  dataRetries: [0, 127, ''],
  userTimeout: [0, 2 ** 31 - 1, 'ms'],
  notSentLowat: [0, 1024 * MIB, 'bytes'],
  ttl: [1, 255, ''],
} as const satisfies Partial<Record<keyof TcpDefaults, readonly [number, number, string]>>;
/** Of one connection: the same ranges, and what the stack has no default for. */
const SOCKET_RANGES = {
  receiveBuffer: RANGES.receiveBuffer,
  sendBuffer: RANGES.sendBuffer,
  userTimeout: RANGES.userTimeout,
  ttl: RANGES.ttl,
  typeOfService: [0, 255, ''],
  // As in node:net, 0 is the default.
  keepAliveInitialDelay: [0, 2 ** 31 - 1, 'ms'],
  keepAliveInterval: [1, 2 ** 31 - 1, 'ms'],
  keepAliveCount: [1, 127, ''],
  maxBuffered: [1, Number.MAX_SAFE_INTEGER, 'bytes'],
} as const satisfies Partial<Record<keyof TcpSocketOptions, readonly [number, number, string]>>;
const FLAGS = [
  'timestamps',
  'sack',
  'windowScaling',
  'noDelay',
  'mtuProbing',
  'userTimeoutOption',
  'pacing',
  'rfc1337',
] as const;

/** Of a connection, when it is opened or listened for. */
export const SOCKET_NAMES: readonly string[] = [
  ...Object.keys(SOCKET_RANGES),
  'noDelay',
  'keepAlive',
  'congestion',
  'urgent',
];

/** Throws OptionError unless a connection or listener can be opened with these. */
export function checkSocketTcp(options: TcpSocketOptions): void {
  if (typeof options !== 'object' || options === null) throw new OptionError('options', options, 'an object');
  for (const [name, [least, most, unit]] of Object.entries(SOCKET_RANGES)) {
    checkNumber(name, options[name as keyof typeof SOCKET_RANGES], 0, least, most, unit);
  }
  checkFlag('noDelay', options.noDelay, false);
  checkFlag('keepAlive', options.keepAlive, false);
  checkCongestion('congestion', options.congestion);
  checkUrgent(options.urgent);
}

/** Where the last octet of urgent data goes. */
export function checkUrgent(urgent: TcpSocketOptions['urgent']): 'inline' | 'out-of-band' {
  return checkOneOf('urgent', urgent, ['inline', 'out-of-band'], 'inline');
}

/** Throws OptionError unless a live connection can be given this value: the ranges are those at its opening. */
export function checkSetting(name: keyof typeof SOCKET_RANGES, value: number): void {
  const [least, most, unit] = SOCKET_RANGES[name];
  checkNumber(name, value ?? Number.NaN, 0, least, most, unit);
}

/** The three numbers of keep-alive, by the names that the caller gave them. */
export function checkKeepAlive(
  idle: number,
  interval: number,
  count: number,
  names = ['keepAliveInitialDelay', 'keepAliveInterval', 'keepAliveCount'],
): void {
  const ranges = [SOCKET_RANGES.keepAliveInitialDelay, SOCKET_RANGES.keepAliveInterval, SOCKET_RANGES.keepAliveCount];
  for (const [n, value] of [idle, interval, count].entries()) {
    const [least, most, unit] = ranges[n]!;
    checkNumber(names[n]!, value, 0, least, most, unit);
  }
}

export function checkTcp(options: TcpOptions | undefined): TcpDefaults {
  if (options === undefined) return tcpDefaults;
  if (typeof options !== 'object' || options === null) throw new OptionError('tcp', options, 'an object');
  checkKnown('tcp', options, Object.keys(tcpDefaults));
  for (const [name, [least, most, unit]] of Object.entries(RANGES)) {
    checkNumber(`tcp.${name}`, options[name as keyof typeof RANGES], 0, least, most, unit);
  }
  for (const name of FLAGS) checkFlag(`tcp.${name}`, options[name], false);
  checkCongestion('tcp.congestion', options.congestion);
  checkSynCookies(options.synCookies);
  checkOneOf('tcp.ecn', options.ecn, ['off', 'accept', 'on', 'accurate'], tcpDefaults.ecn);
  checkOneOf('tcp.fastOpen', options.fastOpen, ['off', 'client', 'server', 'on'], 'off');
  checkPorts(options.ephemeralPorts);
  return { ...tcpDefaults, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) };
}

function checkPorts(ports: readonly [number, number] | undefined): void {
  if (ports === undefined) return;
  const valid =
    Array.isArray(ports) && ports.length === 2 && ports.every((p) => Number.isInteger(p) && p >= 1024 && p <= 65535);
  if (!valid || ports[0] > ports[1])
    throw new OptionError('tcp.ephemeralPorts', ports, 'two ports [first, last] from 1024 to 65535');
}

function checkSynCookies(wish: boolean | 'always' | undefined): void {
  if (wish !== undefined && typeof wish !== 'boolean' && wish !== 'always')
    throw new OptionError('tcp.synCookies', wish, "true, false or 'always'");
}
