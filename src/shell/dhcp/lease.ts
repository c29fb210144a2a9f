/** What a server gives: an address, for how long, and what belongs to it. */
import { formatIpv4 } from '../../wire/address-text.ts';
import {
  addressesOf,
  type DhcpMessage,
  numberOf,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_MTU,
  OPTION_ROUTERS,
  OPTION_SERVER,
  OPTION_T1,
  OPTION_T2,
  textOf,
} from './message.ts';

export interface Lease {
  readonly address: number;
  /** Length of the network's prefix, 0 to 32. */
  readonly bits: number;
  readonly server: number;
  readonly routers: readonly number[];
  readonly dns: readonly number[];
  readonly domain: string | undefined;
  readonly mtu: number | undefined;
  /** Times in ms from the request that got it; Infinity = for good. */
  readonly t1: number;
  readonly t2: number;
  readonly lasts: number;
}

/** A lease as users see it. */
export interface LeaseInfo {
  /** With its prefix length, such as '10.0.0.7/24'. */
  readonly address: string;
  /** The server that gave it. */
  readonly server: string;
  /** Gateways, the preferred one first. */
  readonly routers: readonly string[];
  /** DNS servers. */
  readonly dns: readonly string[];
  /** Domain of names without a dot. */
  readonly domain: string | undefined;
  /** MTU of the network, bytes. */
  readonly mtu: number | undefined;
  /** Seconds; Infinity = for good. */
  readonly lease: number;
}

const FOREVER = 0xffffffff;
/** RFC 2132 §5.1. */
const LEAST_MTU = 68;

/** undefined when the message gives no lease that could be used. */
export function leaseOf(message: DhcpMessage): Lease | undefined {
  const server = numberOf(message, OPTION_SERVER);
  const seconds = numberOf(message, OPTION_LEASE);
  const bits = prefixOf(numberOf(message, OPTION_MASK), message.yiaddr);
  if (server === undefined || seconds === undefined || bits === undefined || !isHost(message.yiaddr)) return undefined;
  const lasts = seconds === FOREVER ? Number.POSITIVE_INFINITY : Math.max(1, seconds) * 1000;
  // RFC 2131 §4.4.5: half and seven eighths, unless the server says something that makes sense.
  const t2 = within(numberOf(message, OPTION_T2), lasts * 0.875, lasts);
  const t1 = within(numberOf(message, OPTION_T1), Math.min(lasts * 0.5, t2), t2);
  const mtu = message.options.get(OPTION_MTU);
  const told = mtu?.length === 2 ? (mtu[0]! << 8) | mtu[1]! : 0;
  return {
    address: message.yiaddr,
    bits,
    server: server | 0,
    routers: addressesOf(message, OPTION_ROUTERS).filter(isHost),
    dns: addressesOf(message, OPTION_DNS).filter(isHost),
    domain: textOf(message, OPTION_DOMAIN),
    mtu: told >= LEAST_MTU ? told : undefined,
    t1,
    t2,
    lasts,
  };
}

export function leaseInfo(lease: Lease): LeaseInfo {
  return {
    address: `${formatIpv4(lease.address)}/${lease.bits}`,
    server: formatIpv4(lease.server),
    routers: lease.routers.map(formatIpv4),
    dns: lease.dns.map(formatIpv4),
    domain: lease.domain,
    mtu: lease.mtu,
    lease: lease.lasts / 1000,
  };
}

function within(seconds: number | undefined, fallback: number, most: number): number {
  return seconds !== undefined && seconds > 0 && seconds * 1000 < most ? seconds * 1000 : fallback;
}

/** A unicast address that is not loopback. */
function isHost(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

/** Length of a mask; without one that of the address's class (RFC 2132 §3.3). undefined when ones follow zeros. */
function prefixOf(mask: number | undefined, address: number): number | undefined {
  if (mask === undefined) return address >>> 31 === 0 ? 8 : address >>> 30 === 2 ? 16 : 24;
  const bits = Math.clz32(~mask);
  return bits === 0 || (bits < 32 && mask << bits !== 0) ? undefined : bits;
}
