/** The active OPEN of every API level: checks its options, finds the address, calls the engine. */
import type { lookup } from 'node:dns';
import type { OpenOptions } from '../core/api.ts';
import { isMapped, isUnspecified } from '../wire/address.ts';
import { parseAddress, tryParseAddress } from '../wire/address-text.ts';
import { tooMuch } from './caps.ts';
import type { Conn } from './conn.ts';
import type { Engine } from './engine.ts';
import { systemError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { heldLookup } from './held-lookup.ts';
import { OptionError } from './option-error.ts';
import { checkFlag, checkKnown, checkNumber, checkSignal } from './options/check.ts';
import type { CongestionChoice } from './options/congestion.ts';
import { checkSourceRoute, type SourceRouteOptions } from './options/source-route.ts';
import { checkSocketTcp, SOCKET_NAMES } from './options/tcp.ts';

/** Per connection; what is absent comes from the stack's `tcp` options. Times are in ms, sizes in bytes. */
export interface TcpSocketOptions {
  /** Nagle off. */
  noDelay?: boolean;
  /** Keep-alive probes. */
  keepAlive?: boolean;
  /** Idle time before the first probe. */
  keepAliveInitialDelay?: number;
  /** From one probe to the next. */
  keepAliveInterval?: number;
  /** Unanswered probes that end the connection. */
  keepAliveCount?: number;
  /** Longest time that data may stay unacknowledged (RFC 5482); 0 = by retransmissions. */
  userTimeout?: number;
  /** TOS / traffic class byte. */
  typeOfService?: number;
  /** TTL or hop limit, 1 to 255. */
  ttl?: number;
  /** Bytes of the receive buffer from the start; it does not grow. Absent: it grows up to `tcp.receiveBuffer`. */
  receiveBuffer?: number;
  /** Bytes of the send buffer from the start; it does not grow. Absent: it grows up to `tcp.sendBuffer`. */
  sendBuffer?: number;
  /** See Conn.setMaxBuffered: a larger write fails with ERR_USERTCP_MAX_BUFFERED. Default none. */
  maxBuffered?: number;
  /** A congestion controller by name ('newreno', 'cubic', 'bbr', 'dctcp'), or one of your own. */
  congestion?: CongestionChoice;
  /**
   * The last octet of urgent data: text like the rest (RFC 6093 §3, the default), or taken out of it and told by `outOfBand`, as
   * sockets do without SO_OOBINLINE.
   */
  urgent?: 'inline' | 'out-of-band';
}

/** An active OPEN. */
export interface ConnectOptions extends TcpSocketOptions {
  /** The peer's, 1 to 65535. */
  port: number;
  /** IP literal (0.0.0.0 and :: are ourselves), or a name: the stack's own DNS servers are asked where it has some (`dns`, `dhcp`), else node:dns. */
  host?: string;
  /** One of our addresses; default the one that fits (RFC 6724). */
  localAddress?: string;
  /** Default one that nobody can guess (RFC 6056). */
  localPort?: number;
  /** 4 or 6 restricts what a name may resolve to; 0 = either. */
  family?: 0 | 4 | 6;
  /** In place of the DNS servers and of node:dns. */
  lookup?: typeof lookup;
  /** `open` only: ms after which the next address of a name is tried beside the ones before (RFC 8305). Default 250. */
  attemptDelay?: number;
  /** Gives it up: AbortError, `ABORT_ERR`. */
  signal?: AbortSignal;
  /** TCP Fast Open (RFC 7413), whatever `tcp.fastOpen` says: what is written in the tick of `connect` goes with the SYN, as `data`. */
  fastOpen?: boolean;
  /**
   * Sent first. With Fast Open it goes with the SYN to a server that gave us a cookie before, and may then be delivered
   * twice: only requests that do no harm when they are repeated.
   */
  data?: Uint8Array | string;
  /** The way that packets take to an IPv4 address [MUST-51]; see `ip.sourceRoutes` for the other end. */
  sourceRoute?: SourceRouteOptions;
}

const CONNECT_NAMES = [
  ...SOCKET_NAMES,
  'port',
  'host',
  'localAddress',
  'localPort',
  'family',
  'lookup',
  'attemptDelay',
  'signal',
  'fastOpen',
  'data',
  'sourceRoute',
];
const ANY = new Int32Array(4);
const LOOPBACK = { v4: parseAddress('127.0.0.1'), v6: parseAddress('::1') } as const;
/** ms; [MUST-28] two hours. */
export const KEEP_ALIVE = { idle: 7_200_000, interval: 75_000, count: 9 } as const;

/** The core's options of the users'. */
export function openOptions(options: TcpSocketOptions): OpenOptions {
  return {
    ...(options.noDelay !== undefined && { noDelay: options.noDelay }),
    ...(options.keepAlive === true && {
      keepAlive: {
        idle: options.keepAliveInitialDelay || KEEP_ALIVE.idle,
        interval: options.keepAliveInterval ?? KEEP_ALIVE.interval,
        count: options.keepAliveCount ?? KEEP_ALIVE.count,
      },
    }),
    ...(options.userTimeout !== undefined && { userTimeout: options.userTimeout }),
    ...(options.typeOfService !== undefined && { tos: options.typeOfService }),
    ...(options.ttl !== undefined && { ttl: options.ttl }),
    ...(options.receiveBuffer !== undefined && { receiveBuffer: options.receiveBuffer }),
    ...(options.sendBuffer !== undefined && { sendBuffer: options.sendBuffer }),
    ...(options.congestion !== undefined && { congestion: options.congestion }),
    ...(options.urgent !== undefined && { outOfBand: options.urgent === 'out-of-band' }),
  };
}

/** Throws OptionError unless `port` may be connected to (1..65535) or listened on (0..65535). */
export function checkPort(name: string, port: unknown, lowest: 0 | 1): number {
  const n = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (typeof n === 'number' && Number.isInteger(n) && n >= lowest && n <= 65535) return n;
  throw new OptionError(name, port, `an integer from ${lowest} to 65535`);
}

/** As `checkConnect`, and names that do not exist are refused. Streams take any, as node:net: http hands on all that it was given. */
export function checkConnectNames(options: ConnectOptions): ConnectOptions {
  const checked = checkConnect(options);
  checkKnown('', options, CONNECT_NAMES);
  return checked;
}

/** Throws OptionError for what could not be opened, before anything is looked up; `port` becomes a number. */
export function checkConnect(options: ConnectOptions): ConnectOptions {
  checkSocketTcp(options);
  const checked = { ...options, port: checkPort('port', options.port, 1) };
  if (options.localPort !== undefined) checked.localPort = checkPort('localPort', options.localPort, 0);
  bindAddress('localAddress', options.localAddress);
  checkSearch(options);
  for (const name of ['family', 'lookup', 'signal'] as const) if (checked[name] === null) delete checked[name];
  checkSourceRoute(options.sourceRoute);
  checkNumber('attemptDelay', options.attemptDelay, 0, 10, 10_000, 'ms'); // RFC 8305 §5: never less than 10 ms
  const { fastOpen, data, maxBuffered } = options;
  checkFlag('fastOpen', fastOpen, false);
  if (data !== undefined && typeof data !== 'string' && !(data instanceof Uint8Array))
    throw new OptionError('data', data, 'bytes or a text');
  if (data !== undefined && maxBuffered !== undefined && Buffer.byteLength(data) > maxBuffered)
    throw tooMuch('open()', Buffer.byteLength(data), 0, maxBuffered);
  return checked;
}

/** What says where to find the peer. null is absent, as in node:net. */
function checkSearch({ host, family, lookup, signal }: ConnectOptions): void {
  if (typeof (host ?? '-') !== 'string' || host === '') throw new OptionError('host', host, 'an IP address or a name');
  if (![0, 4, 6].includes(family ?? 0)) throw new OptionError('family', family, 'one of 0, 4, 6');
  if (typeof (lookup ?? checkSearch) !== 'function')
    throw new OptionError('lookup', lookup, 'a function like dns.lookup');
  checkSignal(signal ?? undefined);
}

/** Address words to bind to; all zero (any address of either family) for undefined and "::". */
export function bindAddress(name: string, text: string | undefined): Int32Array {
  if (text === undefined || text === '') return ANY;
  const words = typeof text === 'string' ? tryParseAddress(text) : undefined;
  if (words === undefined) throw new OptionError(name, text, 'an IP address such as "10.0.0.2" or "fd00::2"');
  return words;
}

/** Calls back with the address words of a host name, at once for a literal. `host` null = ourselves. Returns what gives the question up. */
export function resolveHost(
  engine: Engine,
  options: ConnectOptions,
  done: (error: Error | null, words: Int32Array, text: string, family: 4 | 6) => void,
): (() => void) | undefined {
  const host = options.host ?? 'localhost';
  const literal = tryParseAddress(host);
  if (literal !== undefined) {
    done(null, literal, host, host.includes(':') ? 6 : 4);
    return undefined;
  }
  const own = engine.resolver;
  if (options.lookup === undefined && own !== undefined && own.servers.length > 0) {
    own.lookup(host, options.family).then(
      ([address]) => done(null, parseAddress(address!), address!, address!.includes(':') ? 6 : 4),
      (error: Error) => done(error, ANY, host, 4),
    );
    return undefined;
  }
  return heldLookup(engine, options.lookup, host, { family: options.family ?? 0 }, (error, address, family) => {
    const text = (error ?? null) === null && typeof address === 'string' ? address : '';
    const words = tryParseAddress(text);
    if (words === undefined) return done(error ?? noAddress(host), ANY, host, 4);
    done(null, words, text, family === 6 ? 6 : 4);
  });
}

/** A lookup called back with nothing that is an address: as when there is none. */
export function noAddress(host: string): Error {
  const error = new Error(`getaddrinfo ENOTFOUND ${host}: the lookup gave no address`);
  return Object.assign(error, { errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

/**
 * Who connects to no address in particular connects to itself, as on Linux: to the IPv4 address that it is bound to, else to loopback.
 * RFC 1122 §3.2.1.3 (a) and RFC 4291 §2.5.2 have no packet sent there.
 */
function destination(to: Int32Array, from: Int32Array): Int32Array {
  if (!isUnspecified(to)) return to;
  if (isMapped(from)) return isMapped(to) ? from : LOOPBACK.v4;
  return isMapped(to) ? LOOPBACK.v4 : LOOPBACK.v6;
}

/**
 * Active OPEN to a known address; a refusal of the core comes back as the error `connect` shows, and so does what it throws (one
 * congestion controller too many): after a lookup nobody would catch it.
 */
export function openTo(
  engine: Engine,
  options: ConnectOptions,
  words: Int32Array,
  text: string,
  handlers: Handlers,
): Conn | Error {
  const bound = bindAddress('localAddress', options.localAddress);
  const local = isUnspecified(bound) ? ANY : bound;
  const { port, localPort = 0, fastOpen, data } = options;
  const sourceRoute = checkSourceRoute(options.sourceRoute);
  const open = {
    ...openOptions(options),
    ...(fastOpen !== undefined && { fastOpen }),
    ...(sourceRoute !== undefined && { sourceRoute }),
  };
  let conn: Conn | number;
  try {
    conn = engine.connect(local, localPort, destination(words, local), port, open, handlers);
  } catch (error) {
    return error as Error;
  }
  if (typeof conn === 'number') return systemError(conn, 'connect', text, port);
  if (data !== undefined) conn.write(data); // in the tick of the OPEN, so that the SYN can take it along
  if (options.maxBuffered !== undefined) conn.setMaxBuffered(options.maxBuffered);
  return conn;
}
