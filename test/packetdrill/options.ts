/** getsockopt and setsockopt: what of Linux's options our stack has a word for. */
import type { StackCore } from '../../src/core/stack-core.ts';
import type { TcpInfo } from '../../src/core/tcp/info.ts';
import { coreFailed, failed, int32, OK, type Reply } from './linux.ts';
import type { Sock } from './sock.ts';

const SOL_IP = 0;
const SOL_SOCKET = 1;
const SOL_TCP = 6;
const SOL_IPV6 = 41;
const key = (level: number, name: number): string => `${level} ${name}`;

const SO_ERROR = key(SOL_SOCKET, 4);
const SO_SNDBUF = key(SOL_SOCKET, 7);
const SO_RCVBUF = key(SOL_SOCKET, 8);
const SO_KEEPALIVE = key(SOL_SOCKET, 9);
const SO_MEMINFO = key(SOL_SOCKET, 55);
const SO_LINGER = key(SOL_SOCKET, 13);
const IP_TOS = key(SOL_IP, 1);
const IPV6_TCLASS = key(SOL_IPV6, 67);
const NODELAY = key(SOL_TCP, 1);
const CORK = key(SOL_TCP, 3);
const KEEPIDLE = key(SOL_TCP, 4);
const KEEPINTVL = key(SOL_TCP, 5);
const KEEPCNT = key(SOL_TCP, 6);
const INFO = key(SOL_TCP, 11);
const CONGESTION = key(SOL_TCP, 13);
const USER_TIMEOUT = key(SOL_TCP, 18);
const CC_INFO = key(SOL_TCP, 26);
/** Kept and given back, without any effect: REUSEADDR, PRIORITY, REUSEPORT, MARK; MTU_DISCOVER. */
const INERT = [2, 12, 15, 36].map((name) => key(SOL_SOCKET, name)).concat(key(SOL_IP, 10), key(SOL_IPV6, 23));

const KEEP_DEFAULTS = { idle: 7200, interval: 75, count: 9 };
const CONTROLLERS: Readonly<Record<string, string>> = { reno: 'newreno', cubic: 'cubic', bbr: 'bbr', dctcp: 'dctcp' };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').replace(/\0.*/s, '');

export function setOption(
  core: StackCore,
  s: Sock,
  level: number,
  name: number,
  bytes: Uint8Array,
  now: number,
): Reply {
  const which = key(level, name);
  // IP options may be single bytes.
  if (bytes.length === 0) return failed('EINVAL');
  const value = bytes.length >= 4 ? Buffer.from(bytes).readInt32LE() : bytes[0]!;
  const live = s.row >= 0 && s.kind === 'stream';
  switch (which) {
    case NODELAY:
      if (live) core.callSetNoDelay(s.row, value !== 0);
      break;
    case CORK:
      if (live) core.callCork(s.row, value !== 0);
      break;
    case IP_TOS:
    case IPV6_TCLASS:
      if (live) core.callSetTos(s.row, value & 0xff);
      break;
    case USER_TIMEOUT:
      if (value < 0) return failed('EINVAL');
      if (live) core.callSetUserTimeout(s.row, value);
      break;
    case CONGESTION: {
      const controller = CONTROLLERS[text(bytes)];
      if (controller === undefined) return failed('ENOENT');
      if (live) core.callSetCongestion(s.row, controller, now);
      s.congestion = controller;
      break;
    }
    case SO_LINGER:
      s.options.set(SO_LINGER, value === 0 ? -1 : Buffer.from(bytes).readInt32LE(4));
      return OK;
    case KEEPIDLE:
    case KEEPINTVL:
    case KEEPCNT:
      if (value < 1) return failed('EINVAL');
      break;
    case SO_KEEPALIVE:
    case SO_SNDBUF:
    case SO_RCVBUF:
      break;
    default:
      if (!INERT.includes(which)) return failed('ENOPROTOOPT');
  }
  s.options.set(which, value);
  if (live && [SO_KEEPALIVE, KEEPIDLE, KEEPINTVL, KEEPCNT].includes(which)) {
    const k = keepAlive(s);
    core.callSetKeepAlive(s.row, k !== undefined, k?.idle ?? 0, k?.interval ?? 0, k?.count ?? 0, now);
  }
  return OK;
}

export function getOption(core: StackCore, s: Sock, level: number, name: number, room: number): Reply {
  const which = key(level, name);
  if (which === SO_ERROR) {
    const error = s.error === 0 ? 0 : (coreFailed(s.error).errno ?? 0);
    s.error = 0;
    return { result: 0, bytes: int32(error) };
  }
  if (which === INFO) {
    const info = s.row >= 0 ? core.info(s.row) : undefined;
    return { result: 0, bytes: info === undefined ? new Uint8Array(room) : infoBytes(info, room) };
  }
  // packetdrill asks for these, whether or not its script looks at them.
  if (which === SO_MEMINFO) return { result: 0, bytes: new Uint8Array(room) };
  if (which === CC_INFO) return { result: 0, bytes: new Uint8Array(0) };
  if (which === CONGESTION) return { result: 0, bytes: Buffer.from(`${s.congestion ?? 'cubic'}\0`) };
  let value = s.options.get(which);
  if (value !== undefined && (which === SO_SNDBUF || which === SO_RCVBUF)) value *= 2;
  return value === undefined && level !== SOL_SOCKET && level !== SOL_IP && level !== SOL_TCP
    ? failed('ENOPROTOOPT')
    : { result: 0, bytes: int32(value ?? 0) };
}

/** What a connection begins with, of what was set before there was one. */
export function openOptions(s: Sock): object {
  const { options } = s;
  const k = keepAlive(s);
  const tos = options.get(IP_TOS) ?? options.get(IPV6_TCLASS);
  return {
    ...(options.get(NODELAY) ? { noDelay: true } : {}),
    ...(k === undefined ? {} : { keepAlive: k }),
    ...(options.has(USER_TIMEOUT) ? { userTimeout: options.get(USER_TIMEOUT) } : {}),
    ...(tos === undefined ? {} : { tos }),
    // Linux doubles what is asked for (and says so), and needs half of it for itself.
    ...(options.has(SO_RCVBUF) ? { receiveBuffer: Math.max(2048, options.get(SO_RCVBUF)!) } : {}),
    ...(options.has(SO_SNDBUF) ? { sendBuffer: Math.max(2048, options.get(SO_SNDBUF)!) } : {}),
    ...(s.congestion === undefined ? {} : { congestion: s.congestion }),
  };
}

/** Whether close() resets. */
export const lingersNot = (s: Sock): boolean => s.options.get(SO_LINGER) === 0;

export const corked = (s: Sock): boolean => (s.options.get(CORK) ?? 0) !== 0;

function keepAlive({ options }: Sock): { idle: number; interval: number; count: number } | undefined {
  if (!options.get(SO_KEEPALIVE)) return undefined;
  return {
    idle: (options.get(KEEPIDLE) ?? KEEP_DEFAULTS.idle) * 1000,
    interval: (options.get(KEEPINTVL) ?? KEEP_DEFAULTS.interval) * 1000,
    count: options.get(KEEPCNT) ?? KEEP_DEFAULTS.count,
  };
}

const STATES = [
  ['ESTABLISHED', 'SYN_SENT', 'SYN_RECEIVED', 'FIN_WAIT_1', 'FIN_WAIT_2', 'TIME_WAIT'],
  ['CLOSED', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING'],
].flat();

/** struct tcp_info, as far as STATUS tells; the rest is zero. Windows count segments there. */
function infoBytes(info: TcpInfo, room: number): Uint8Array {
  const bytes = Buffer.alloc(Math.max(room, 256));
  const mss = Math.max(1, info.mss);
  const packets = (n: number): number => Math.ceil(n / mss);
  bytes[0] = STATES.indexOf(info.state) + 1;
  bytes[5] =
    (info.timestamps ? 1 : 0) | (info.sack ? 2 : 0) | (info.rcvScale > 0 ? 4 : 0) | (info.ecn === 'off' ? 0 : 8);
  bytes[6] = info.sndScale | (info.rcvScale << 4);
  const words: readonly (readonly [number, number])[] = [
    [8, info.rtoMs * 1000],
    [16, info.mss],
    [24, packets(info.inFlight)],
    [60, info.pathMtu],
    [68, info.srttUs],
    [72, info.rttvarUs],
    [76, Math.min(0x7fffffff, Math.floor(info.ssthresh / mss))],
    [80, Math.floor(info.cwnd / mss)],
    [100, info.retransmits],
    [148, info.minRttUs],
  ];
  for (const [at, value] of words) bytes.writeUInt32LE(Math.max(0, Math.min(0xffffffff, Math.floor(value))), at);
  return bytes.subarray(0, room);
}
