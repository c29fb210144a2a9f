/** Source routes in IPv4 headers: loose (LSRR) and strict (SSRR), RFC 791 §3.1, RFC 1122 §3.2.1.8. */
import { HOP_WORDS, ROUTE_FIRST, ROUTE_LENGTH, ROUTE_OPTIONS } from './abi.ts';
import { get32, put32 } from './bytes.ts';
import { writeChecksum } from './checksum.ts';
import { IPV4_HEADER, IPV4_OPTIONS } from './ip.ts';

export const LSRR = 131;
export const SSRR = 137;
const END = 0;
const NOP = 1;
/** Type, length and pointer stand before the addresses; pointers count from 1. */
export const ROUTE_DATA = 3;
/** As many addresses as an IPv4 header has room for. */
export const MOST_HOPS = 9;

/** What `findSourceRoute` says of a header without one, and of one that cannot be read to its end. */
export const NO_ROUTE = -1;
export const NONSENSE = -2;

/**
 * Where the source route stands in the header [l3, l4) of an IPv4 packet. NONSENSE: an option before it has no length, or one that
 * is no option's. A route may be hidden behind it, and another host may see that route.
 */
export function findSourceRoute(b: Uint8Array, l3: number, l4: number): number {
  for (let o = l3 + IPV4_HEADER; o < l4 && b[o] !== END; ) {
    if (b[o] === NOP) {
      o++;
      continue;
    }
    if (b[o] === LSRR || b[o] === SSRR) return o;
    const size = o + 1 < l4 ? b[o + 1]! : 0;
    if (size < 2 || size > l4 - o) return NONSENSE;
    o += size;
  }
  return NO_ROUTE;
}

/** Addresses in the route at `o`; -1 = malformed. */
export function routeHops(b: Uint8Array, o: number, l4: number): number {
  if (o + ROUTE_DATA > l4) return -1;
  const size = b[o + 1]!;
  if (size < ROUTE_DATA || o + size > l4 || (size - ROUTE_DATA) % 4 !== 0 || b[o + 2]! < 4) return -1;
  return (size - ROUTE_DATA) / 4;
}

/** Whether it has been travelled to its end: the packet is where it was sent to. */
export function isCompleted(b: Uint8Array, o: number): boolean {
  return b[o + 2]! > b[o + 1]!;
}

/** Where a packet of ours was going whose header [l3, l4) is quoted: on its way the last address of the route is its destination. */
export function quotedDestination(b: Uint8Array, l3: number, l4: number): number {
  const o = findSourceRoute(b, l3, l4);
  const onItsWay = o >= 0 && routeHops(b, o, l4) > 0 && !isCompleted(b, o);
  return get32(b, onItsWay ? o + b[o + 1]! - 4 : l3 + 16);
}

/**
 * Fills the entry at word `at` of the hop table: a packet goes to the first of `hops`, from there to the others in their order,
 * and to `destination` at last; the option names all but the first (RFC 1122 §3.2.1.8, case A). False: too many, or none.
 */
export function fillRoute(
  w: Int32Array,
  at: number,
  strict: boolean,
  hops: readonly number[],
  destination: number,
): boolean {
  const count = hops.length;
  if (count === 0 || count > MOST_HOPS) return false;
  w[at + ROUTE_LENGTH] = 4 + 4 * count;
  w[at + ROUTE_FIRST] = hops[0]! | 0;
  // In front a NOP, so that the addresses stand at multiples of four.
  const option = at + ROUTE_OPTIONS;
  w[option] = (NOP << 24) | ((strict ? SSRR : LSRR) << 16) | ((ROUTE_DATA + 4 * count) << 8) | 4;
  for (let n = 1; n < count; n++) w[option + n] = hops[n]! | 0;
  w[option + count] = destination;
  return true;
}

/**
 * Fills the entry at word `at` with the way back of the packet [l3, l4), which has a route and has come to its end: recorded from its sender
 * to us, so it is the same in reverse, and ends at the sender (RFC 1122 §3.2.1.8; where the record begins with the sender itself,
 * case B there, it is left out). False: there is none, for the record names nobody, or it is malformed.
 */
export function fillWayBack(w: Int32Array, at: number, b: Uint8Array, l3: number, l4: number): boolean {
  const o = findSourceRoute(b, l3, l4);
  if (o < 0) return false;
  const sender = get32(b, l3 + 12);
  const back: number[] = [];
  for (let n = routeHops(b, o, l4) - 1; n >= 0; n--) back.push(get32(b, o + ROUTE_DATA + 4 * n));
  if (back.at(-1) === sender) back.pop();
  return fillRoute(w, at, b[o] === SSRR, back, sender);
}

/** Word of the route that the high half of TX_HOP names: 0 = none, -1 = it is not there. */
export function routeWord(hops: Int32Array, hop: number): number {
  const at = hop < 0 ? 0 : (hop >>> 16) * HOP_WORDS;
  if (at === 0) return 0;
  if (at + HOP_WORDS > hops.length) return -1;
  const length = hops[at + ROUTE_LENGTH]!;
  return length > 0 && length <= IPV4_OPTIONS && length % 4 === 0 ? at : -1;
}

/** Turns the finished IPv4 header at `ip`, behind which there is room, into one that goes by the route. */
export function writeRoute(out: Uint8Array, ip: number, hops: Int32Array, at: number): void {
  const length = hops[at + ROUTE_LENGTH]!;
  out[ip] = 0x40 | ((IPV4_HEADER + length) >> 2);
  put32(out, ip + 16, hops[at + ROUTE_FIRST]!);
  for (let n = 0; n < length; n += 4) put32(out, ip + IPV4_HEADER + n, hops[at + ROUTE_OPTIONS + (n >> 2)]!);
  writeChecksum(out, ip + 10, ip, IPV4_HEADER + length);
}
