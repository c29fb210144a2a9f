/**
 * Neighbor Discovery (RFC 4861): NS, NA, RS, RA and their options, by offset. Writers leave the checksum to
 * `sealIcmp6`, which needs the IPv6 header.
 */
import { readIpv6Address, writeIpv6Address } from './address.ts';
import { get16, get32, put32 } from './bytes.ts';
import { macHi, macLo, putMac } from './ethernet.ts';
import { ND_NEIGHBOR_ADVERTISEMENT, ND_NEIGHBOR_SOLICITATION, ND_ROUTER_SOLICITATION } from './icmp6.ts';

export const ND_SOURCE_MAC = 1;
export const ND_TARGET_MAC = 2;
export const ND_PREFIX = 3;
export const ND_MTU = 5;
/** RFC 8106 §5.1. */
export const ND_DNS = 25;

export const NA_ROUTER = 0x80;
export const NA_SOLICITED = 0x40;
export const NA_OVERRIDE = 0x20;

export const PREFIX_ON_LINK = 0x80;
export const PREFIX_AUTONOMOUS = 0x40;

/** Fixed parts, in front of the options. */
export const RS_BYTES = 8;
export const RA_BYTES = 16;
export const NS_BYTES = 24;
const MAC_OPTION = 8;
const PREFIX_OPTION = 32;

/** Fits into what a router of a real network says; further ones are ignored. */
export const MAX_ND_PREFIXES = 8;
export const MAX_ND_DNS = 4;

/** Options of one message. A word that was not sent is 0. */
export class NdOptions {
  hasSourceMac = false;
  sourceMacHi = 0;
  sourceMacLo = 0;
  hasTargetMac = false;
  targetMacHi = 0;
  targetMacLo = 0;
  mtu = 0;
  prefixes = 0;
  /** Per prefix: 4 words of address, then length, flags (PREFIX_*), valid and preferred lifetime in seconds. */
  readonly prefix = new Int32Array(8 * MAX_ND_PREFIXES);
  dnsServers = 0;
  /** Seconds the servers are good for, as the last such option said. */
  dnsLifetime = 0;
  readonly dns = new Int32Array(4 * MAX_ND_DNS);

  /** Reads the options in [o, end). False when one has length 0 or does not fit: RFC 4861 §4.6 drops the packet. */
  read(b: Uint8Array, o: number, end: number): boolean {
    this.hasSourceMac = false;
    this.hasTargetMac = false;
    this.mtu = 0;
    this.prefixes = 0;
    this.dnsServers = 0;
    for (let at = o; at < end; ) {
      const length = at + 2 <= end ? b[at + 1]! * 8 : 0;
      if (length === 0 || at + length > end) return false;
      this.#take(b, at, b[at]!, length);
      at += length;
    }
    return true;
  }

  #take(b: Uint8Array, o: number, kind: number, length: number): void {
    switch (kind) {
      case ND_SOURCE_MAC:
        this.hasSourceMac = true;
        this.sourceMacHi = macHi(b, o + 2);
        this.sourceMacLo = macLo(b, o + 2);
        break;
      case ND_TARGET_MAC:
        this.hasTargetMac = true;
        this.targetMacHi = macHi(b, o + 2);
        this.targetMacLo = macLo(b, o + 2);
        break;
      case ND_MTU:
        this.mtu = get32(b, o + 4);
        break;
      case ND_PREFIX:
        if (length === PREFIX_OPTION && this.prefixes < MAX_ND_PREFIXES) this.#takePrefix(b, o);
        break;
      case ND_DNS:
        this.dnsLifetime = get32(b, o + 4);
        for (let at = o + 8; at + 16 <= o + length && this.dnsServers < MAX_ND_DNS; at += 16) {
          readIpv6Address(b, at, this.dns, 4 * this.dnsServers++);
        }
        break;
    }
  }

  #takePrefix(b: Uint8Array, o: number): void {
    const at = 8 * this.prefixes++;
    readIpv6Address(b, o + 16, this.prefix, at);
    this.prefix[at + 4] = b[o + 2]!;
    this.prefix[at + 5] = b[o + 3]!;
    this.prefix[at + 6] = get32(b, o + 4);
    this.prefix[at + 7] = get32(b, o + 8);
  }
}

/** Target of the NS or NA at `o`. */
export function readNdTarget(b: Uint8Array, o: number, out: Int32Array, at = 0): void {
  readIpv6Address(b, o + 8, out, at);
}

/** NA_* of the NA at `o`. */
export function naFlags(b: Uint8Array, o: number): number {
  return b[o + 4]!;
}

/** Seconds this router may be used as default router; 0 = not at all. */
export function raLifetime(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

/** ms; 0 = not specified. */
export function raReachableTime(b: Uint8Array, o: number): number {
  return get32(b, o + 8);
}

/** ms; 0 = not specified. */
export function raRetransTimer(b: Uint8Array, o: number): number {
  return get32(b, o + 12);
}

/** The MAC is left out when the source is unspecified, as in duplicate address detection (`mac` null). */
export function writeNeighborSolicitation(
  out: Uint8Array,
  o: number,
  target: Int32Array,
  at: number,
  mac: Uint8Array | null,
): number {
  writeNeighbor(out, o, ND_NEIGHBOR_SOLICITATION, 0, target, at);
  return NS_BYTES + (mac === null ? 0 : writeMacOption(out, o + NS_BYTES, ND_SOURCE_MAC, mac));
}

export function writeNeighborAdvertisement(
  out: Uint8Array,
  o: number,
  flags: number,
  target: Int32Array,
  at: number,
  mac: Uint8Array,
): number {
  writeNeighbor(out, o, ND_NEIGHBOR_ADVERTISEMENT, flags << 24, target, at);
  return NS_BYTES + writeMacOption(out, o + NS_BYTES, ND_TARGET_MAC, mac);
}

function writeNeighbor(out: Uint8Array, o: number, type: number, word: number, target: Int32Array, at: number): void {
  put32(out, o, type << 24);
  put32(out, o + 4, word);
  writeIpv6Address(out, o + 8, target, at);
}

export function writeRouterSolicitation(out: Uint8Array, o: number, mac: Uint8Array | null): number {
  put32(out, o, ND_ROUTER_SOLICITATION << 24);
  put32(out, o + 4, 0);
  return RS_BYTES + (mac === null ? 0 : writeMacOption(out, o + RS_BYTES, ND_SOURCE_MAC, mac));
}

export function writeMacOption(out: Uint8Array, o: number, kind: number, mac: Uint8Array): number {
  out[o] = kind;
  out[o + 1] = 1;
  putMac(out, o + 2, macHi(mac, 0), macLo(mac, 0));
  return MAC_OPTION;
}
