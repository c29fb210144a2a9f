/** Addresses, routes and MACs among the options. */
import { isLoopback, isMapped, isMulticast, isUnspecified, MAPPED_BITS, samePrefix } from '../../wire/address.ts';
import { formatAddress, parseCidr, parseMac, tryParseAddress } from '../../wire/address-text.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown } from './check.ts';

/** A route. */
export interface RouteOption {
  /** Destination, such as '192.168.0.0/16' or '::/0'. */
  to: string;
  /** Next hop; absent = on the link. */
  via?: string;
}

/** An address of ours; `bits` counts in the mapped form (an IPv4 /24 is 120). */
export interface Address {
  readonly text: string;
  readonly words: Int32Array;
  readonly bits: number;
}

export interface Route {
  readonly to: Int32Array;
  readonly bits: number;
  readonly via: Int32Array | null;
}

const EXAMPLES = '"10.0.0.2/24" or "fd00::2/64"';
const DEFAULT4 = '0.0.0.0/0';
const DEFAULT6 = '::/0';

export function checkAddresses(addresses: readonly string[] | undefined): Address[] {
  if (addresses === undefined) return [];
  if (!Array.isArray(addresses))
    throw new OptionError('addresses', addresses, `an array such as [${EXAMPLES.replace(' or ', ', ')}]`);
  const seen = new Set<string>();
  return addresses.map((text: unknown, i) => {
    const name = `addresses[${i}]`;
    const { address, bits } = cidr(name, text);
    if (isUnspecified(address) || isMulticast(address) || isLoopback(address)) {
      throw new OptionError(
        name,
        text,
        'a unicast address that is not a loopback one',
        'Loopback addresses are there without asking.',
      );
    }
    const plain = formatAddress(address);
    if (seen.has(plain)) throw new OptionError(name, text, 'given once');
    seen.add(plain);
    return { text: plain, words: address, bits };
  });
}

/** Routes and gateways in one list. A next hop must be a neighbour: on the prefix of one of our addresses. */
export function checkRoutes(
  gateway: string | readonly string[] | undefined,
  routes: readonly RouteOption[] | undefined,
  addresses: readonly Address[],
): Route[] {
  const list: [name: string, to: Int32Array, bits: number, via: Int32Array | null][] = [];
  const gateways = gateway === undefined ? [] : typeof gateway === 'string' ? [gateway] : gateway;
  if (!Array.isArray(gateways))
    throw new OptionError('gateway', gateway, 'an IP address, or an array with one per family');
  gateways.forEach((text: unknown, i) => {
    const name = typeof gateway === 'string' ? 'gateway' : `gateway[${i}]`;
    const via = literal(name, text);
    const { address, bits } = parseCidr(isMapped(via) ? DEFAULT4 : DEFAULT6);
    list.push([name, address, bits, via]);
  });
  if (routes !== undefined && !Array.isArray(routes))
    throw new OptionError('routes', routes, 'an array such as [{ to: "0.0.0.0/0", via: "10.0.0.1" }]');
  (routes ?? []).forEach((route: RouteOption, i) => {
    const name = `routes[${i}]`;
    if (typeof route !== 'object' || route === null) throw new OptionError(name, route, 'an object { to, via }');
    checkKnown(name, route, ['to', 'via']);
    const { address, bits } = cidr(`${name}.to`, route.to);
    const via = route.via === undefined ? null : literal(`${name}.via`, route.via);
    if (via !== null && isMapped(via) !== isMapped(address)) {
      throw new OptionError(`${name}.via`, route.via, `an address of the family of to (${route.to})`);
    }
    list.push([`${name}.via`, address, bits, via]);
  });
  return list.map(([name, to, bits, via]) => {
    if (via !== null) checkNeighbour(name, via, addresses);
    return { to, bits, via };
  });
}

export function checkMac(mac: string | undefined): Uint8Array | undefined {
  if (mac === undefined) return undefined;
  const allowed = 'a unicast MAC of six bytes, such as "02:00:00:00:00:01"';
  let bytes: Uint8Array;
  try {
    bytes = parseMac(mac);
  } catch {
    throw new OptionError('mac', mac, allowed);
  }
  if (bytes[0]! & 1) throw new OptionError('mac', mac, allowed, 'The lowest bit of the first byte marks a group.');
  return bytes;
}

function cidr(name: string, text: unknown): { address: Int32Array; bits: number } {
  if (typeof text !== 'string')
    throw new OptionError(name, text, `an address with its prefix length, such as ${EXAMPLES}`);
  try {
    return parseCidr(text);
  } catch {
    const bare = tryParseAddress(text);
    const fix = bare === undefined ? undefined : `Did you mean "${text}/${isMapped(bare) ? 24 : 64}"?`;
    throw new OptionError(name, text, `an address with its prefix length, such as ${EXAMPLES}`, fix);
  }
}

function literal(name: string, text: unknown): Int32Array {
  const words = typeof text === 'string' ? tryParseAddress(text) : undefined;
  if (words === undefined) throw new OptionError(name, text, 'an IP address such as "10.0.0.1" or "fd00::1"');
  return words;
}

function checkNeighbour(name: string, via: Int32Array, addresses: readonly Address[]): void {
  const linkLocal = !isMapped(via) && via[0]! >>> 22 === 0x3fa;
  if (linkLocal || addresses.some(({ words, bits }) => samePrefix(words, 0, via, 0, bits))) return;
  const prefixes = addresses.map(({ text, words, bits }) => `${text}/${isMapped(words) ? bits - MAPPED_BITS : bits}`);
  throw new OptionError(
    name,
    formatAddress(via),
    `a neighbour: inside the prefix of one of our addresses (${prefixes.join(', ') || 'none given'})`,
  );
}
