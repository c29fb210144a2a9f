/** Addresses, prefixes and MACs as people write them ↔ words. For configuration and messages, not for packets. */
import { ADDRESS_WORDS, isMapped, MAPPED_BITS, mapIpv4 } from './address.ts';

/** An address with the length of its network prefix, counted in the mapped form (an IPv4 /24 is 120). */
export interface Cidr {
  readonly address: Int32Array;
  readonly bits: number;
}

const IPV4_SHAPE = /^\d{1,3}(\.\d{1,3}){3}$/;
const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;
const MAC_SHAPE = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/;

/** Throws a TypeError that names the value and what is allowed. */
export function parseAddress(text: string): Int32Array {
  const words = tryParseAddress(text);
  if (words === undefined) {
    const zone = text.includes('%') ? ' (without a zone: the link is an option of its own)' : '';
    throw new TypeError(`not an IP address: ${JSON.stringify(text)}; use "192.0.2.1" or "2001:db8::1"${zone}`);
  }
  return words;
}

export function tryParseAddress(text: string): Int32Array | undefined {
  const words = new Int32Array(ADDRESS_WORDS);
  if (text.includes(':')) return readIpv6Text(text, words) ? words : undefined;
  const address = parseIpv4(text);
  if (address === undefined) return undefined;
  mapIpv4(address, words);
  return words;
}

/** An IPv4 address in the clothes of IPv6, such as ::ffff:127.0.0.1. */
export function isMappedText(text: string): boolean {
  const words = text.includes(':') ? tryParseAddress(text) : undefined;
  return words !== undefined && isMapped(words);
}

/** Dotted decimal only: octal and short forms ("127.1") mean different things to different programs (RFC 6943 §3.1.1). */
function parseIpv4(text: string): number | undefined {
  if (!IPV4_SHAPE.test(text)) return undefined;
  let address = 0;
  for (const part of text.split('.')) {
    const byte = Number(part);
    if (byte > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    address = (address << 8) | byte;
  }
  return address;
}

/** RFC 4291 §2.2: eight groups, one run of zeros as "::", the last two groups possibly dotted. */
function readIpv6Text(text: string, out: Int32Array): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = groups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return false;
  const zeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return false;
  const all = [...head, ...new Array<number>(zeros).fill(0), ...tail];
  for (let i = 0; i < ADDRESS_WORDS; i++) out[i] = (all[2 * i]! << 16) | all[2 * i + 1]!;
  return true;
}

function groups(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const found: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (IPV6_GROUP.test(part)) {
      found.push(Number.parseInt(part, 16));
      continue;
    }
    const address = mayEndDotted && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (address === undefined) return undefined;
    found.push(address >>> 16, address & 0xffff);
  }
  return found;
}

/** The canonical form of RFC 5952; a mapped address as dotted IPv4. */
export function formatAddress(w: Int32Array, at = 0): string {
  if (isMapped(w, at)) return formatIpv4(w[at + 3]!);
  const parts: number[] = [];
  for (let i = 0; i < ADDRESS_WORDS; i++) parts.push(w[at + i]! >>> 16, w[at + i]! & 0xffff);
  const [start, length] = longestZeros(parts);
  const hex = (from: number, to: number): string =>
    parts
      .slice(from, to)
      .map((p) => p.toString(16))
      .join(':');
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`;
}

export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The first of the longest runs of zero groups (RFC 5952 §4.2.3). */
function longestZeros(parts: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < parts.length; i++) {
    let end = i;
    while (parts[end] === 0) end++;
    if (end - i > best[1]) best = [i, end - i];
    i = Math.max(i, end - 1);
  }
  return best;
}

/** "10.0.0.2/24" or "2001:db8::2/64". */
export function parseCidr(text: string): Cidr {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : tryParseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  const most = address !== undefined && isMapped(address) ? 32 : 128;
  if (address === undefined || !/^\d{1,3}$/.test(length) || Number(length) > most) {
    const why = address === undefined ? 'use "10.0.0.2/24" or "2001:db8::2/64"' : `prefix length is 0 to ${most}`;
    throw new TypeError(`not an address with a prefix length: ${JSON.stringify(text)}; ${why}`);
  }
  return { address, bits: Number(length) + (most === 32 ? MAPPED_BITS : 0) };
}

export function parseMac(text: string): Uint8Array {
  if (!MAC_SHAPE.test(text)) {
    throw new TypeError(`not a MAC address: ${JSON.stringify(text)}; use six bytes, "02:00:00:00:00:01"`);
  }
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

export function formatMac(b: Uint8Array, o = 0): string {
  return Array.from(b.subarray(o, o + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
